//! A sweep for a terminal, and for a design document.

use super::seen::{Seen, Sweep};
use crate::experiment::Reading;
use crate::report::markdown::{cell, plain};
use crate::report::quantity::{self, Kind, NOTHING, Unit};
use crate::report::result::Verdict;
use crate::report::rows::Rows;
use crate::report::style::{Role, Style, wrapped};
use crate::report::table::verdict;
use std::fmt::Write;
use std::time::Duration;

/// More rows than these are shown in part: the files have all.
pub(super) const MOST_ROWS: usize = 40;
/// More knees than these are listed in part.
const MOST_KNEES: usize = 12;

/// The sweep as text, ending with a newline. `wall` is how long it took, if that is of interest.
pub fn sweep_table(sweep: &Sweep, style: Style, wall: Option<Duration>) -> String {
    let mut first = style.paint(Role::Heading, &style.signs(&sweep.plan.name));
    if let Some(title) = &sweep.plan.title {
        first.push_str(&style.signs(&format!(" — {title}")));
    }
    let mut lines = vec![first];
    let mut head = description(sweep);
    if let Some(wall) = wall {
        let _ = write!(head, "; in {}", quantity::plainly(wall.as_secs_f64(), Kind::Time));
    }
    lines.extend(wrapped(&style.signs(&head), style.width));
    lines.push(String::new());
    lines.extend(rows(sweep).lines(style));
    if sweep.points.len() > MOST_ROWS {
        lines.push(style.signs(&format!("… {} of {} points are shown; sweep.csv has all", MOST_ROWS, sweep.points.len())));
    }
    let knees = knees(sweep);
    if !knees.is_empty() {
        lines.push(String::new());
        for knee in knees {
            lines.extend(wrapped(&style.signs(&knee), style.width));
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The sweep as Markdown, with what is needed to repeat it.
pub fn sweep_markdown(sweep: &Sweep) -> String {
    let plan = &sweep.plan;
    let title = plan.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&plan.name);
    let mut out = format!("# {}: sweep\n\n{}.\n\n", plain(title), plain(&description(sweep)));
    out.push_str(&rows(sweep).markdown(cell));
    if sweep.points.len() > MOST_ROWS {
        let _ = writeln!(out, "\n{} of {} points are shown; `sweep.csv` has all.", MOST_ROWS, sweep.points.len());
    }
    for (at, knee) in knees(sweep).iter().enumerate() {
        let _ = writeln!(out, "{}- {}", if at == 0 { "\n" } else { "" }, plain(knee));
    }
    out.push_str("\n## Provenance\n\n");
    let _ = writeln!(out, "- {}", plan.program);
    let _ = writeln!(out, "- scenario `{}`, SHA-256 `{}`", plan.name.replace('`', "'"), plan.scenario_sha256);
    let _ = writeln!(out, "- seed {}, {}", plan.seed, effort(sweep));
    for set in &plan.overrides {
        let _ = writeln!(out, "- `--set {}`", set.replace('`', "'"));
    }
    for varied in &plan.grid {
        let _ = writeln!(out, "- `--vary {}={}`", varied.path.replace('`', "'"), values(&varied.values).replace('`', "'"));
    }
    out
}

fn effort(sweep: &Sweep) -> String {
    let plan = &sweep.plan;
    let how = match plan.precision {
        Some(precision) => format!("a precision of {}", quantity::plainly(precision, Kind::Share)),
        None => format!("{} replications", plan.replications),
    };
    format!("{how}, intervals of {}", quantity::plainly(plan.confidence, Kind::Share))
}

/// `20 points (count 1..20), 10 replications each, seed 1`
pub(super) fn description(sweep: &Sweep) -> String {
    let plan = &sweep.plan;
    let axes: Vec<String> = plan.grid.iter().map(|varied| format!("{}: {}", varied.path, values(&varied.values))).collect();
    let points = if sweep.points.len() == 1 { "point" } else { "points" };
    format!("{} {points} ({}), {}, seed {}", sweep.points.len(), axes.join("; "), effort(sweep), plan.seed)
}

/// A few values in full, many by their ends.
fn values(values: &[String]) -> String {
    match values {
        [first, second, .., last] if values.len() > 6 => format!("{first}, {second} … {last}"),
        few => few.join(", "),
    }
}

/// A sentence for each knee, as far as there are not too many, and what a knee is.
pub(super) fn knees(sweep: &Sweep) -> Vec<String> {
    let mut all: Vec<String> = sweep.knees.iter().take(MOST_KNEES).map(|knee| knee.sentence()).collect();
    if sweep.knees.len() > MOST_KNEES {
        all.push(format!("and {} more knees, which sweep.json lists", sweep.knees.len() - MOST_KNEES));
    }
    if !all.is_empty() {
        all.push(format!("a knee is {}", super::seen::DEFINITION));
    }
    all
}

/// The points with the metrics that are shown.
pub(super) fn rows(sweep: &Sweep) -> Rows {
    let mut head: Vec<(String, bool)> =
        sweep.plan.grid.iter().map(|varied| (varied.label(), !varied.numbers.is_empty())).collect();
    let units: Vec<(Kind, Unit)> = (0..sweep.metrics.len()).map(|at| unit(sweep, at)).collect();
    for (metric, (_, unit)) in sweep.metrics.iter().zip(&units) {
        let label =
            if unit.label.is_empty() { String::new() } else { format!(", {}", unit.label.trim_start_matches('/').to_owned()) };
        let label = if unit.label.starts_with('/') { format!(" {}", unit.label) } else { label };
        head.push((format!("{metric}{label}"), true));
    }
    let goals = sweep.points.iter().any(|seen| seen.goals.is_some());
    let states = sweep.points.iter().any(|seen| seen.state.is_some());
    if goals {
        head.push(("goals".to_owned(), false));
    }
    if states {
        head.push(("state".to_owned(), false));
    }
    let row = |seen: &Seen| -> Vec<String> {
        let mut row: Vec<String> =
            sweep.plan.grid.iter().zip(&seen.positions).map(|(varied, &at)| varied.values[at].clone()).collect();
        for (reading, (_, unit)) in seen.readings.iter().zip(&units) {
            row.push(reading.as_ref().map_or(NOTHING.to_owned(), |reading| quantity::shown(&reading.value, *unit).text()));
        }
        if goals {
            row.push(seen.goals.map_or(String::new(), words));
        }
        if states {
            row.push(seen.state.clone().unwrap_or_default());
        }
        row
    };
    // Evenly through the grid, with both ends.
    let (all, most) = (sweep.points.len(), MOST_ROWS);
    let shown: Vec<&Seen> = match all > most {
        true => (0..most).map(|at| &sweep.points[at * (all - 1) / (most - 1)]).collect(),
        false => sweep.points.iter().collect(),
    };
    Rows { head, rows: shown.into_iter().map(row).collect() }
}

fn words(of: Verdict) -> String {
    let (mark, word, _) = verdict(of);
    format!("{mark} {word}")
}

/// One unit for a whole column.
pub(super) fn unit(sweep: &Sweep, metric: usize) -> (Kind, Unit) {
    let readings = || sweep.points.iter().filter_map(|seen| seen.readings[metric].as_ref());
    let kind = readings().next().map_or(Kind::Plain, |reading: &Reading| Kind::of(&reading.unit));
    (kind, kind.unit(readings().filter_map(|reading| reading.value.estimate)))
}
