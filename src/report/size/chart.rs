//! The charts of a sizing: each goal's metric against the size, or, of two paths, over both.

use super::result::{Fate, Sizing, Tried};
use crate::report::chart::{Canvas, Cell, Curves, Dot, Drawing, Heat, Horizontal, Line};
use crate::report::quantity::{Kind, plainly};
use crate::units::Written;

/// A value, and the ends of its interval where it has one.
type Found = (f64, Option<(f64, f64)>);

/// A map shows so many values on each side of the answer.
const AROUND: usize = 6;

/// One chart for each goal, by name.
pub(super) fn pictures(sizing: &Sizing, canvas: Canvas) -> Vec<(String, Drawing)> {
    let Some(goals) = sizing.tried.iter().map(|tried| tried.goals.len()).max() else { return Vec::new() };
    let name = |at: usize| sizing.tried.iter().find_map(|tried| tried.goals.get(at)).map(|goal| goal.name.clone());
    let draw = |at: usize| match sizing.provenance.ranges.len() {
        1 => curve(sizing, at).draw(canvas),
        _ => field(sizing, at).draw(canvas),
    };
    (0..goals).filter_map(|at| Some((name(at)?, draw(at)))).collect()
}

fn title(sizing: &Sizing) -> String {
    sizing.title.clone().filter(|title| !title.trim().is_empty()).unwrap_or_else(|| sizing.name.clone())
}

/// The tried values that have a number for this goal, with the number, in the order of the range.
fn found(sizing: &Sizing, goal: usize) -> impl Iterator<Item = (&Tried, f64, Option<(f64, f64)>)> {
    sizing.tried.iter().filter_map(move |tried| {
        let value = &tried.goals.get(goal)?.reading.as_ref()?.value;
        Some((tried, value.estimate?, value.low.zip(value.high)))
    })
}

fn curve(sizing: &Sizing, goal: usize) -> Curves {
    let (path, values) =
        sizing.provenance.ranges.first().map_or(("", &[][..]), |(path, values)| (path.as_str(), values.as_slice()));
    let numbers: Option<Vec<Written>> = values.iter().map(|value| Written::read(value)).collect();
    let kind = match numbers.as_deref().and_then(|numbers| numbers.first()) {
        Some(Written::Time(_)) => Kind::Time,
        Some(Written::Rate(_)) => Kind::Rate,
        Some(Written::Share(_)) => Kind::Share,
        _ => Kind::Plain,
    };
    let place = |tried: &Tried| {
        let at = tried.positions[0];
        numbers.as_ref().map_or(at as f64, |numbers| numbers[at].value())
    };
    let about = sizing.tried.iter().find_map(|tried| tried.goals.get(goal));
    let metric = about.map_or("", |goal| goal.metric.as_str());
    let dots = |of: &dyn Fn(&Tried) -> Option<Found>| -> Vec<Dot> {
        let dot = |tried: &Tried| of(tried).map(|(value, interval)| Dot { x: place(tried), value, interval, doubtful: false });
        sizing.tried.iter().filter_map(dot).collect()
    };
    let measured = dots(&|tried| {
        let value = &tried.goals.get(goal)?.reading.as_ref()?.value;
        Some((value.estimate?, value.low.zip(value.high)))
    });
    let theory = dots(&|tried| tried.theory.get(metric).map(|value| (*value, None)));
    let mut lines = vec![Line { label: "simulated".to_owned(), points: measured, predicted: false }];
    if theory.len() > 1 {
        lines.push(Line { label: "predicted by theory".to_owned(), points: theory, predicted: true });
    }
    let unstable: Vec<&str> = sizing
        .tried
        .iter()
        .filter(|tried| tried.fate == Fate::Unstable)
        .filter_map(|tried| tried.values.get(path))
        .map(String::as_str)
        .collect();
    let answer =
        sizing.values.get(path).and_then(|value| sizing.tried.iter().find(|tried| tried.values.get(path) == Some(value)));
    let reading = about.and_then(|goal| goal.reading.as_ref());
    let unit = found(sizing, goal).next().and_then(|(tried, ..)| tried.goals[goal].reading.as_ref());
    Curves {
        title: title(sizing),
        below: format!("{metric} against {path}; {} values tried, seed {}", sizing.tried.len(), sizing.provenance.seed),
        note: unstable.last().map(|last| format!("{last} and fewer are unstable")),
        across: if numbers.is_some() { Horizontal::Numbers(kind) } else { Horizontal::Words(values.to_vec()) },
        x_title: path.to_owned(),
        y_title: metric.to_owned(),
        kind: unit.or(reading).map_or(Kind::Plain, |reading| Kind::of(&reading.unit)),
        lines,
        band: format!("{} interval", plainly(sizing.provenance.confidence, Kind::Share)),
        doubtful: String::new(),
        limit: about.map(|goal| (goal.wanted, format!("goal {}", goal.name))),
        mark: answer.map(|tried| (place(tried), format!("the answer: {}", tried.values.get(path).map_or("", String::as_str)))),
    }
}

fn field(sizing: &Sizing, goal: usize) -> Heat {
    let ranges: Vec<(&String, &Vec<String>)> = sizing.provenance.ranges.iter().collect();
    let (across, up) = (ranges[0], ranges[1]);
    let third = sizing.values.get_index(2).map(|(path, value)| (path.clone(), value.clone()));
    let fits = |tried: &Tried| third.as_ref().is_none_or(|(path, value)| tried.values.get(path) == Some(value));
    let all: Vec<(&Tried, f64)> =
        found(sizing, goal).filter(|(tried, ..)| fits(tried)).map(|(tried, value, _)| (tried, value)).collect();
    // The part of the grid in which anything was tried, around the answer.
    let answer = sizing.tried.iter().find(|tried| !sizing.values.is_empty() && tried.values == sizing.values);
    let part = |axis: usize, values: &[String]| -> (usize, Vec<String>) {
        let at = || all.iter().map(|(tried, _)| tried.positions[axis]);
        let (mut from, mut to) = (at().min().unwrap_or(0), at().max().unwrap_or(0));
        if let Some(answer) = answer {
            (from, to) = (from.max(answer.positions[axis].saturating_sub(AROUND)), to.min(answer.positions[axis] + AROUND));
        }
        (from, values[from..=to.min(values.len() - 1)].to_vec())
    };
    let ((left, columns), (bottom, rows)) = (part(0, across.1), part(1, up.1));
    let mut cells = vec![vec![None; columns.len()]; rows.len()];
    let inside = |tried: &Tried| {
        (bottom..bottom + rows.len()).contains(&tried.positions[1]) && (left..left + columns.len()).contains(&tried.positions[0])
    };
    for (tried, value) in all.iter().filter(|(tried, _)| inside(tried)) {
        let missed = !matches!(tried.fate, Fate::Met | Fate::NearlyMet);
        cells[tried.positions[1] - bottom][tried.positions[0] - left] = Some(Cell { value: *value, doubtful: missed });
    }
    let about = sizing.tried.iter().find_map(|tried| tried.goals.get(goal));
    let metric = about.map_or("", |goal| goal.metric.as_str());
    let unit = all.first().and_then(|(tried, _)| tried.goals[goal].reading.as_ref());
    let named: Vec<String> = sizing.values.iter().map(|(path, value)| format!("{path} = {value}")).collect();
    let note = if named.is_empty() { "nothing will do".to_owned() } else { format!("the answer: {}", named.join(", ")) };
    Heat {
        title: title(sizing),
        below: format!("{metric} where it was tried; {} combinations tried, seed {}", sizing.tried.len(), sizing.provenance.seed),
        note: Some(note),
        columns: (across.0.clone(), columns),
        rows: (up.0.clone(), rows),
        kind: unit.map_or(Kind::Plain, |reading| Kind::of(&reading.unit)),
        cells,
        doubtful: "misses a goal".to_owned(),
    }
}
