//! Problems of a document: where, what, and what to write instead; rendered as rustc renders its own.
//!
//! A [`Place`] is a range of bytes in one of the texts that a scenario is made of: the document, or an override of the
//! command line. Rendering cuts the lines around the place out of the text first, so that a long document costs nothing.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;
use std::sync::Arc;

/// A range of bytes in one of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// 0 is the document, k the k-th override.
    pub text: usize,
    pub start: usize,
    pub end: usize,
}

impl Place {
    /// The first byte of a text.
    pub fn start_of(text: usize) -> Place {
        Place { text, start: 0, end: 0 }
    }

    /// A part of this place, by bytes from its start.
    pub fn part(self, range: std::ops::Range<usize>) -> Place {
        Place { text: self.text, start: self.start + range.start, end: self.start + range.end }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub value: T,
    pub place: Place,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The document cannot be simulated.
    Error,
    /// It can, but it is hardly what the user means.
    Warning,
}

/// One problem of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it; shown as `help:`.
    pub help: Vec<String>,
    place: Option<Place>,
    label: Option<String>,
    related: Vec<(Place, String)>,
}

impl Problem {
    pub(super) fn error(place: Place, message: impl Into<String>) -> Problem {
        Problem {
            severity: Severity::Error,
            message: message.into(),
            help: Vec::new(),
            place: Some(place),
            label: None,
            related: Vec::new(),
        }
    }

    pub(super) fn warning(place: Place, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(place, message) }
    }

    /// A problem of a document as a whole.
    pub(super) fn of_document(message: impl Into<String>) -> Problem {
        Problem { place: None, ..Problem::error(Place::start_of(0), message) }
    }

    pub(super) fn stands_at(&self, place: Place) -> bool {
        self.place == Some(place)
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = Some(label.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help.push(help.into());
        self
    }

    pub(super) fn maybe_help(mut self, help: Option<String>) -> Problem {
        self.help.extend(help);
        self
    }

    pub(super) fn related(mut self, place: Place, label: impl Into<String>) -> Problem {
        self.related.push((place, label.into()));
        self
    }
}

/// One of the texts that a scenario is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceText {
    /// As it is shown: the path of the file, or "command line".
    pub name: String,
    pub text: Arc<str>,
}

/// Everything that is wrong with a document, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    sources: Vec<SourceText>,
    list: Vec<Problem>,
}

/// So many problems are shown in full; who has more has one cause, or feeds us noise.
const SHOWN: usize = 50;

impl Problems {
    pub(super) fn new(sources: Vec<SourceText>, mut list: Vec<Problem>) -> Problems {
        list.sort_by_key(|problem| problem.place.map_or((0, 0), |place| (place.text, place.start)));
        list.dedup();
        Problems { sources, list }
    }

    /// One error in a text that is no scenario, such as the result of a run: what is wrong at these bytes, and what to do.
    pub fn of_text(name: &str, text: &str, span: std::ops::Range<usize>, message: &str, help: &str) -> Problems {
        let source = SourceText { name: name.to_owned(), text: text.into() };
        let place = Place { text: 0, start: span.start, end: span.end };
        Problems::new(vec![source], vec![Problem::error(place, message).help(help)])
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// Where a problem stands: the name of the text, line and column (both from 1, columns in characters).
    pub fn position(&self, problem: &Problem) -> Option<(&str, usize, usize)> {
        let place = problem.place?;
        let source = self.sources.get(place.text)?;
        let start = floor(&source.text, place.start);
        let before = &source.text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Some((&source.name, before.matches('\n').count() + 1, before[line_start..].chars().count() + 1))
    }

    /// The problems as a person reads them: place, source line, carets, help; with the colours of a terminal if wanted.
    pub fn render(&self, color: bool) -> String {
        let mut out = String::new();
        for problem in self.list.iter().take(SHOWN) {
            out.push_str(&self.render_one(problem, color));
            out.push_str("\n\n");
        }
        if self.list.len() > SHOWN {
            out.push_str(&format!("... and {} more\n\n", self.list.len() - SHOWN));
        }
        while out.ends_with("\n\n") {
            out.pop();
        }
        out
    }

    fn render_one(&self, problem: &Problem, color: bool) -> String {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(clean(&problem.message)));
        if let Some(place) = problem.place {
            // Places in the same text share a snippet when they are near each other, as rustc does it.
            let mut rest = Vec::new();
            let mut shared = vec![(place, problem.label.clone(), AnnotationKind::Primary)];
            for (other, label) in &problem.related {
                let near = other.text == place.text && other.start.abs_diff(place.start) < 20_000;
                let entry = (*other, Some(label.clone()), AnnotationKind::Context);
                if near { shared.push(entry) } else { rest.push(entry) }
            }
            group = group.elements(self.snippet(&shared));
            for entry in rest {
                group = group.elements(self.snippet(&[entry]));
            }
        }
        for help in &problem.help {
            group = group.element(Level::HELP.message(clean(help)));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// The lines around some places of one text, with a mark under each.
    fn snippet(
        &self,
        marks: &[(Place, Option<String>, AnnotationKind)],
    ) -> Option<Snippet<'static, annotate_snippets::Annotation<'static>>> {
        let source = self.sources.get(marks.first()?.0.text)?;
        let first = marks.iter().map(|(place, ..)| place.start).min()?;
        let last = marks.iter().map(|(place, ..)| place.end).max()?;
        let window = Window::around(&source.text, first, last);
        let mut snippet = Snippet::source(window.text.clone()).line_start(window.first_line).path(source.name.clone()).fold(true);
        for (place, label, kind) in marks {
            snippet = snippet.annotation(kind.span(window.span(&source.text, *place)).label(label.as_deref().map(clean)));
        }
        Some(snippet)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// Whole lines cut out of a text.
struct Window {
    text: String,
    start: usize,
    first_line: usize,
}

/// Lines longer than this are cut: nobody reads them, and the renderer would take its time.
const LONGEST: usize = 4_000;

impl Window {
    fn around(text: &str, first: usize, last: usize) -> Window {
        let first = floor(text, first);
        let last = floor(text, last).max(first);
        let mut start = text[..first].rfind('\n').map_or(0, |at| at + 1);
        let mut end = text[last..].find('\n').map_or(text.len(), |at| last + at);
        if end - start > LONGEST + 20_000 {
            start = start.max(floor(text, first.saturating_sub(LONGEST / 2)));
            end = floor(text, end.min(first + LONGEST / 2)).max(start);
        }
        let first_line = text[..start].matches('\n').count() + 1;
        // Control characters would reach the terminal; each is replaced by something of the same length.
        let text = text[start..end].chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }).collect();
        Window { text, start, first_line }
    }

    /// Where a place lies in the window. A place that runs over lines is cut at the end of its first.
    fn span(&self, whole: &str, place: Place) -> std::ops::Range<usize> {
        let at = |byte: usize| floor(whole, byte).saturating_sub(self.start).min(self.text.len());
        let start = floor(&self.text, at(place.start));
        let end = floor(&self.text, at(place.end)).max(start);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        start..end.min(line_end)
    }
}

/// The nearest boundary between characters at or below this byte.
fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// A message without control characters: what the user wrote is quoted in it.
fn clean(message: &str) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
