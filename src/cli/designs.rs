//! The designs that the user wants to compare: scenarios, a scenario and its variants, finished results.

use super::args::{Compare, Format};
use super::{Failure, complain, source};
use crate::model::{Metric, Model, metrics};
use crate::report::{Measured, RunResult, is_result, read_result};
use crate::scenario::{self, Document, Problems};
use std::fs;
use std::path::{Path, PathBuf};

/// One of the designs.
pub struct Design {
    /// What it is called in the comparison.
    pub name: String,
    /// A line that says what it is.
    pub title: Option<String>,
    /// Where its numbers come from.
    pub numbers: Numbers,
}

/// Where the numbers of a design come from.
pub enum Numbers {
    /// It is simulated.
    Simulated {
        /// The scenario.
        document: Document,
        /// What it means, with the changes.
        model: Box<Model>,
        /// `PATH=VALUE`, those of the command line first.
        changes: Vec<String>,
    },
    /// It was.
    Read(Box<RunResult>),
}

/// The largest result that is read.
const LARGEST: u64 = 1 << 30;

impl Design {
    /// What is measured of it, and what somebody waits for.
    pub fn measured(&self) -> Measured {
        match &self.numbers {
            Numbers::Simulated { model, .. } => Measured {
                goals: model.goals.iter().map(|goal| goal.metric.clone()).collect(),
                known: metrics(model).iter().flat_map(Metric::full_names).collect(),
                callers: model.producers.iter().filter(|one| one.calls()).map(|one| one.name.clone()).collect(),
            },
            Numbers::Read(result) => Measured {
                goals: result.goals.iter().map(|goal| goal.metric.clone()).collect(),
                known: result.summary.metrics.keys().cloned().collect(),
                callers: result.callers().into_iter().map(str::to_owned).collect(),
            },
        }
    }
}

/// All designs of the command line; the baseline first.
///
/// # Errors
/// A file that cannot be read or understood, or nothing to compare.
pub fn designs(arguments: &Compare) -> Result<Vec<Design>, Failure> {
    let files = files(&arguments.files)?;
    for (at, file) in files.iter().enumerate() {
        if files[..at].iter().any(|other| same_file(other, file)) {
            let cause = format!("{} is named twice: it differs in nothing from itself", file.display());
            return Err(Failure::Usage(format!("{cause}; name another file, or give the file [variants]")));
        }
    }
    let mut designs = Vec::new();
    for file in &files {
        designs.extend(read(file, arguments, files.len() == 1)?);
    }
    if designs.len() < 2 {
        let one = files.first().map_or_else(String::new, |file| file.display().to_string());
        return Err(Failure::Usage(match designs.first().map(|design| &design.numbers) {
            Some(Numbers::Read(_)) => format!("{one} is one result, and there is nothing to compare it with; name a second"),
            _ => format!(
                "{one} has no [variants], and there is nothing to compare it with; name a second file, or add\n\n    \
                 [variants.more-workers]\n    set = {{ \"consumers.workers.count\" = 4 }}\n"
            ),
        }));
    }
    let places: Vec<&Path> =
        if files.len() == 1 { vec![&files[0]; designs.len()] } else { files.iter().map(PathBuf::as_path).collect() };
    name_apart(&mut designs, &places)?;
    Ok(designs)
}

/// Folders stand for the result in them, or else for all scenarios in them.
fn files(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in arguments {
        let result = path.join("result.json");
        if path.is_dir() && result.is_file() {
            files.push(result);
        } else {
            files.extend(source::expand(std::slice::from_ref(path))?);
        }
    }
    Ok(files)
}

fn same_file(one: &Path, other: &Path) -> bool {
    let full = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    full(one) == full(other)
}

/// The designs of one file; with its variants where it is `alone`.
fn read(file: &Path, arguments: &Compare, alone: bool) -> Result<Vec<Design>, Failure> {
    if let Some(result) = result(file)? {
        let (name, title) = (result.name.clone(), result.title.clone());
        return Ok(vec![Design { name, title, numbers: Numbers::Read(Box::new(result)) }]);
    }
    let document = scenario::read(file)?;
    let understood = |changes: Vec<String>| -> Result<_, Failure> {
        let resolved = scenario::resolve(&document, &changes).map_err(|problems| Failure::problems(&problems))?;
        Ok((resolved, changes))
    };
    let (base, changes) = understood(arguments.set.clone())?;
    if arguments.format != Format::Quiet {
        complain(&base.warnings.render(super::stderr_has_color()));
    }
    let variants = if alone { base.variants } else { Vec::new() };
    let simulated = |model: Model, changes: Vec<String>| {
        let document = document.clone();
        Numbers::Simulated { document, model: Box::new(model), changes }
    };
    let title = base.model.title.clone();
    let mut designs = vec![Design { name: document.name.clone(), title, numbers: simulated(base.model, changes) }];
    for variant in variants {
        let (resolved, changes) = understood(arguments.set.iter().cloned().chain(variant.changes).collect())?;
        designs.push(Design { name: variant.name, title: variant.title, numbers: simulated(resolved.model, changes) });
    }
    Ok(designs)
}

/// The result in a file; `None` where it is meant as a scenario.
fn result(file: &Path) -> Result<Option<RunResult>, Failure> {
    if file.extension().is_none_or(|extension| extension != "json") {
        return Ok(None);
    }
    let unreadable = |source| Failure::Machine { doing: "read", path: file.to_owned(), source };
    if fs::metadata(file).map_err(unreadable)?.len() > LARGEST {
        return Err(Failure::Usage(format!("{} is larger than 1 GiB: compare the scenarios themselves", file.display())));
    }
    let text = String::from_utf8_lossy(&fs::read(file).map_err(unreadable)?).into_owned();
    if !is_result(&text) {
        return Ok(None);
    }
    let wrong = |error: crate::report::ReadResultError| {
        let shown = file.display().to_string();
        Failure::problems(&Problems::of_text(&shown, &text, error.span, &error.message, &error.help))
    };
    read_result(&text).map(Some).map_err(wrong)
}

/// Designs of one name get more of their paths: the folder of a result, the path of a scenario.
fn name_apart(designs: &mut [Design], places: &[&Path]) -> Result<(), Failure> {
    let twice = |designs: &[Design]| -> Vec<usize> {
        let same = |at: usize| designs.iter().filter(|other| other.name == designs[at].name).count() > 1;
        (0..designs.len()).filter(|&at| same(at)).collect()
    };
    for at in twice(designs) {
        let place = places[at];
        let folder = place.parent().and_then(Path::file_name);
        designs[at].name = match (&designs[at].numbers, folder) {
            (Numbers::Read(_), Some(folder)) => folder.to_string_lossy().into_owned(),
            _ => place.with_extension("").display().to_string(),
        };
    }
    if let Some(&at) = twice(designs).first().filter(|_| places.windows(2).any(|pair| pair[0] != pair[1])) {
        for at in twice(designs) {
            designs[at].name = places[at].display().to_string();
        }
        if twice(designs).is_empty() {
            return Ok(());
        }
        return Err(Failure::Usage(format!("two designs are called {}: rename a file", designs[at].name)));
    }
    match twice(designs).first() {
        None => Ok(()),
        Some(&at) => Err(Failure::Usage(format!("a variant has the name of its file, {}: rename the variant", designs[at].name))),
    }
}
