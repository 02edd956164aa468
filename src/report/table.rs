//! The result for a terminal: one screen for a small model.

use super::block::TABLES;
use super::quantity::{self, Kind};
use super::result::{GoalResult, RunResult, Verdict, Warning};
use super::style::{Role, Style, width, wrapped};
use super::{alerts, layout, preamble, presets, stability, theory};
use std::time::Duration;

/// The whole result as text, ending with a newline. `wall` is how long it took, if that is of interest.
pub fn table(result: &RunResult, style: Style, wall: Option<Duration>) -> String {
    let mut lines = head(result, style, wall);
    for block in TABLES.iter().filter_map(|table| table.block(result)) {
        lines.push(String::new());
        lines.extend(layout::lines(&block, style));
    }
    for beside in [theory::beside(result, style), stability::beside(result, style)] {
        if !beside.is_empty() {
            lines.push(String::new());
            lines.extend(beside);
        }
    }
    if !result.goals.is_empty() {
        lines.push(String::new());
        lines.extend(goals(result, style));
    }
    let alerts = alerts::lines(result, style);
    if !alerts.is_empty() {
        lines.push(String::new());
        lines.extend(alerts);
    }
    if !result.warnings.is_empty() {
        lines.push(String::new());
        lines.extend(warnings(&result.warnings, style));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// Name, title, and what was simulated.
fn head(result: &RunResult, style: Style, wall: Option<Duration>) -> Vec<String> {
    let mut first = style.paint(Role::Heading, &style.signs(&result.name));
    if let Some(title) = &result.title {
        first.push_str(&style.signs(&format!(" — {title}")));
    }
    let events: u64 = result.summary.replicates.iter().map(|replicate| replicate.events).sum();
    let mut effort = Vec::new();
    if events > 0 {
        effort.push(format!("{} events", quantity::plainly(events as f64, Kind::Plain)));
    }
    if let Some(wall) = wall {
        effort.push(format!("in {}", quantity::plainly(wall.as_secs_f64(), Kind::Time)));
    }
    let mut notes = Vec::from_iter(preamble::intervals(result));
    if !effort.is_empty() {
        notes.push(effort.join(" "));
    }
    let mut lines = vec![first];
    lines.extend(wrapped(&style.signs(&preamble::plan(result)), style.width));
    for part in preamble::parts(result) {
        lines.extend(wrapped(&style.signs(&part), style.width.saturating_sub(2)).iter().map(|line| format!("  {line}")));
    }
    for rests in presets::rests_on_sentences(&result.presets) {
        lines.extend(wrapped(&style.signs(&rests), style.width));
    }
    lines.extend(preamble::precision(result).map(|line| style.signs(&line)));
    for fault in &result.faults {
        lines.extend(wrapped(&style.signs(&format!("fault: {}", fault.what)), style.width));
    }
    lines.extend(wrapped(&style.signs(&notes.join("; ")), style.width).into_iter().filter(|line| !line.is_empty()));
    lines
}

/// One line a goal: verdict, name, what was wanted, what was found.
pub(super) fn goals(result: &RunResult, style: Style) -> Vec<String> {
    let texts: Vec<(String, String)> =
        result.goals.iter().map(|goal| (style.signs(&goal.name), style.signs(&goal.expression))).collect();
    let name_width = texts.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let wanted_width = texts.iter().map(|(_, wanted)| width(wanted)).max().unwrap_or(0);
    let mut lines = vec![style.paint(Role::Heading, "goals")];
    for (goal, (name, wanted)) in result.goals.iter().zip(&texts) {
        let (mark, word, role) = verdict(goal.verdict);
        let verdict = style.paint(role, &style.signs(&format!("{mark} {word:<12}")));
        let found = style.signs(&found(goal, result));
        let line = format!("{name:<name_width$}  {wanted:<wanted_width$}  {found}");
        if 16 + width(&line) <= style.width {
            lines.push(format!("{verdict}  {line}"));
        } else {
            lines.push(format!("{verdict}  {name}"));
            lines.extend(wrapped(wanted, style.width.saturating_sub(16)).iter().map(|line| format!("{:16}{line}", "")));
            lines.extend(wrapped(&found, style.width.saturating_sub(16)).iter().map(|line| format!("{:16}{line}", "")));
        }
    }
    lines
}

/// What was found for a goal's metric, with its interval or the reason for having none.
pub(super) fn found(goal: &GoalResult, result: &RunResult) -> String {
    let Some(reading) = result.summary.metrics.get(&goal.metric) else {
        return "not measured".to_owned();
    };
    let text = quantity::sentence(&reading.value, Kind::of_metric(&goal.metric, &reading.unit));
    match &reading.value.reason {
        Some(reason) => format!("{text} ({reason})"),
        None => text,
    }
}

/// Sign and word of a verdict, and how it looks.
pub(super) fn verdict(verdict: Verdict) -> (char, &'static str, Role) {
    match verdict {
        Verdict::Met => ('✓', "met", Role::Good),
        Verdict::Missed => ('✗', "missed", Role::Bad),
        Verdict::Inconclusive => ('?', "inconclusive", Role::Caution),
    }
}

/// Warnings as paragraphs.
pub(super) fn warnings(warnings: &[Warning], style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for warning in warnings {
        let text = wrapped(&style.signs(&warning.message), style.width.saturating_sub(9));
        for (at, line) in text.iter().enumerate() {
            let head = if at == 0 { style.paint(Role::Caution, "warning:") } else { " ".repeat(8) };
            lines.push(format!("{head} {line}"));
        }
    }
    lines
}
