//! A sizing for a terminal, and for a design document.

use super::result::{Fate, GoalFound, Neighbour, Sizing};
use crate::report::markdown::{cell, plain};
use crate::report::quantity::{Kind, NOTHING, Unit, plainly, shown};
use crate::report::rows::Rows;
use crate::report::style::{Role, Style, wrapped};
use std::fmt::Write;
use std::time::Duration;

/// The sizing as text, ending with a newline. `wall` is how long it took, if that is of interest.
pub fn size_table(sizing: &Sizing, style: Style, wall: Option<Duration>) -> String {
    let mut first = style.paint(Role::Heading, &style.signs(&sizing.name));
    if let Some(title) = &sizing.title {
        first.push_str(&style.signs(&format!(" — {title}")));
    }
    let mut lines = vec![first];
    let mut head = how(sizing);
    if let Some(wall) = wall {
        let _ = write!(
            head,
            "; {} events in {}",
            plainly(sizing.provenance.events as f64, Kind::Plain),
            plainly(wall.as_secs_f64(), Kind::Time)
        );
    }
    lines.extend(wrapped(&style.signs(&head), style.width));
    lines.push(String::new());
    let role = if sizing.values.is_empty() { Role::Bad } else { Role::Good };
    lines.extend(wrapped(&style.signs(&sizing.sentence), style.width).iter().map(|line| style.paint(role, line)));
    if let Some(advice) = &sizing.advice {
        lines.push(String::new());
        lines.extend(wrapped(&style.signs(advice), style.width));
    }
    if !sizing.tried.is_empty() {
        lines.push(String::new());
        lines.extend(rows(sizing).lines(style));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The sizing as Markdown, with what is needed to repeat it.
pub fn size_markdown(sizing: &Sizing) -> String {
    let title = sizing.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&sizing.name);
    let mut out = format!("# {}: size\n\n**{}**\n\n", plain(title), plain(&sizing.sentence));
    if let Some(advice) = &sizing.advice {
        let _ = writeln!(out, "{}\n", plain(advice));
    }
    if !sizing.tried.is_empty() {
        out.push_str(&rows(sizing).markdown(cell));
    }
    let provenance = &sizing.provenance;
    out.push_str("\n## Provenance\n\n");
    let _ = writeln!(out, "- {}", provenance.program);
    let _ = writeln!(out, "- scenario `{}`, SHA-256 `{}`", sizing.name.replace('`', "'"), provenance.scenario_sha256);
    let _ = writeln!(out, "- {}", plain(&how(sizing)));
    for set in &provenance.overrides {
        let _ = writeln!(out, "- `--set {}`", set.replace('`', "'"));
    }
    for (path, values) in &provenance.ranges {
        let _ = writeln!(out, "- `{}` from {} to {}", path.replace('`', "'"), ends(values).0, ends(values).1);
    }
    out
}

fn ends(values: &[String]) -> (&str, &str) {
    (values.first().map_or("", String::as_str), values.last().map_or("", String::as_str))
}

/// What was looked through, and how surely.
pub(super) fn how(sizing: &Sizing) -> String {
    let provenance = &sizing.provenance;
    let range = |(path, values): (&String, &Vec<String>)| {
        let (from, to) = ends(values);
        if values.len() == 1 { format!("{path} = {from}") } else { format!("{path} from {from} to {to}") }
    };
    let ranges: Vec<String> = provenance.ranges.iter().map(range).collect();
    format!(
        "{}; confidence {}, tolerance {}, seed {}",
        ranges.join(", "),
        plainly(provenance.confidence, Kind::Share),
        plainly(provenance.tolerance, Kind::Share),
        provenance.seed
    )
}

/// Every value that was tried.
pub(super) fn rows(sizing: &Sizing) -> Rows {
    let several = sizing.tried.iter().any(|tried| tried.cost.is_some());
    let mut head: Vec<(String, bool)> = sizing.provenance.ranges.keys().map(|path| (path.clone(), true)).collect();
    if several {
        head.push(("cost".to_owned(), true));
    }
    let goals: Vec<String> = sizing
        .tried
        .iter()
        .find(|tried| !tried.goals.is_empty())
        .map_or(Vec::new(), |tried| tried.goals.iter().map(|goal| goal.expression.clone()).collect());
    let units: Vec<Unit> = (0..goals.len()).map(|at| unit(sizing, at)).collect();
    head.extend(goals.iter().zip(&units).map(|(goal, unit)| {
        (if unit.label.is_empty() { goal.clone() } else { format!("{goal} ({})", per_one(unit.label)) }, true)
    }));
    head.extend([("".to_owned(), false), ("".to_owned(), false)]);
    let row = |tried: &super::result::Tried| {
        let mut row: Vec<String> = tried.values.values().cloned().collect();
        if several {
            row.push(tried.cost.map_or(String::new(), |cost| plainly(cost, Kind::Plain)));
        }
        let found = |(at, unit): (usize, &Unit)| {
            let reading = tried.goals.get(at).and_then(|goal| goal.reading.as_ref());
            reading.map_or(NOTHING.to_owned(), |reading| shown(&reading.value, *unit).text())
        };
        row.extend(units.iter().enumerate().map(found));
        row.push(fate(tried.fate).to_owned());
        row.push(if !sizing.values.is_empty() && tried.values == sizing.values {
            "◀ the answer".to_owned()
        } else {
            String::new()
        });
        row
    };
    Rows { head, rows: sizing.tried.iter().map(row).collect() }
}

/// One unit for all that was found of a goal.
fn unit(sizing: &Sizing, goal: usize) -> Unit {
    let readings = || sizing.tried.iter().filter_map(|tried| tried.goals.get(goal)?.reading.as_ref());
    let kind = readings().next().map_or(Kind::Plain, |reading| Kind::of(&reading.unit));
    kind.unit(readings().filter_map(|reading| reading.value.estimate))
}

/// `1/s` for `/s`.
fn per_one(unit: &str) -> String {
    if unit.starts_with('/') { format!("1{unit}") } else { unit.to_owned() }
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Met => "✓ met",
        Fate::NearlyMet => "✓ met, within the tolerance",
        Fate::NearlyMissed => "✗ missed, within the tolerance",
        Fate::Missed => "✗ missed",
        Fate::Unstable => "✗ unstable",
    }
}

impl Sizing {
    /// The answer itself: the value and how far inside it lies, or why there is none.
    pub(super) fn answer(&self) -> String {
        let percent = plainly(self.provenance.confidence, Kind::Share);
        if self.values.is_empty() {
            let range: Vec<String> = self
                .provenance
                .ranges
                .iter()
                .map(|(path, values)| format!("{path} from {} to {}", ends(values).0, ends(values).1))
                .collect();
            let reason = self.reason.as_deref().unwrap_or("no value meets every goal");
            return format!("Nothing in {} will do: {reason}.", range.join(", "));
        }
        let values: Vec<String> = self.values.iter().map(|(path, value)| format!("{path} = {value}")).collect();
        let least = match (values.len(), self.cost) {
            (1, _) => "is the smallest value that meets every goal".to_owned(),
            (_, Some(cost)) => {
                format!("is the cheapest combination that meets every goal, at a cost of {}", plainly(cost, Kind::Plain))
            }
            (_, None) => "is the cheapest combination that meets every goal".to_owned(),
        };
        let sure = if self.sure { format!(" ({percent} confidence)") } else { String::new() };
        let mut text = format!("{} {least}{sure}", values.join(" with "));
        if let Some(tight) = super::result::tightest(&self.goals) {
            let _ = write!(text, ": {} is {}, {} its goal", tight.metric, tight.found(), distance(tight));
        }
        text.push('.');
        text
    }

    /// The answer in words: the value, how far inside, what one more would bring and one less would do.
    pub fn in_words(&self) -> String {
        let mut text = self.answer();
        if self.values.is_empty() {
            return text;
        }
        let one = |side: &str, neighbour: &Neighbour| neighbour_in_words(side, neighbour, self.values.len() > 1);
        text.extend(self.one_more.iter().map(|neighbour| one("more", neighbour)));
        text.extend(self.one_less.iter().map(|neighbour| one("less", neighbour)));
        if self.one_less.is_empty() {
            text.push_str(" The range begins there.");
        }
        if !self.sure {
            let _ = write!(
                text,
                " A goal lies within the tolerance of {} at the answer or at the next smaller value: there the two are as good as each other.",
                plainly(self.provenance.tolerance, Kind::Share)
            );
        }
        text
    }
}

fn distance(goal: &GoalFound) -> String {
    match goal.margin {
        Some(_) => goal.distance(),
        None => "as wanted by".to_owned(),
    }
}

/// What a neighbour of the answer would do, with a blank before it.
pub(super) fn neighbour_in_words(side: &str, neighbour: &Neighbour, named: bool) -> String {
    let of = if named { format!(" {}", neighbour.path) } else { String::new() };
    let (head, value) = (format!(" One {side}{of}"), &neighbour.value);
    if neighbour.unstable.is_some() {
        return format!("{head} ({value}) is unstable: the backlog would grow without end.");
    }
    let Some(tight) = neighbour.tightest() else { return String::new() };
    let found = match &tight.reading {
        Some(reading) => reading.value.estimate.map_or("unknown".to_owned(), |value| plainly(value, Kind::of(&reading.unit))),
        None => "unknown".to_owned(),
    };
    match (side, neighbour.met) {
        ("less", false) => {
            format!("{head} ({value}) would miss it: {} would be {found}, {} the goal.", tight.metric, tight.distance())
        }
        _ => format!("{head} ({value}) would bring {} to {found}.", tight.metric),
    }
}
