//! Alerts: when each would have called somebody, and how long after what it is to tell of.

use super::quantity::{self, Kind};
use super::result::RunResult;
use super::style::{Role, Style, width, wrapped};
use crate::experiment::AlertSeen;
use crate::stats::Estimate;
use std::fmt::Write;

/// The block for a terminal; empty where there are no alerts.
pub(super) fn lines(result: &RunResult, style: Style) -> Vec<String> {
    let alerts = &result.summary.alerts;
    if alerts.is_empty() {
        return Vec::new();
    }
    let widest = |of: fn(&AlertSeen) -> &str| alerts.iter().map(|alert| width(&style.signs(of(alert)))).max().unwrap_or(0);
    let name_width = widest(|alert| &alert.name);
    let mut lines = vec![style.paint(Role::Heading, "alerts")];
    for alert in alerts {
        let (mark, word, role) = verdict(alert);
        let head = style.paint(role, &style.signs(&format!("{mark} {word:<7}")));
        let (name, rule) = (style.signs(&alert.name), style.signs(&alert.expression));
        lines.push(format!("{head}  {name:<name_width$}  {rule}"));
        let text = wrapped(&style.signs(&sentence(alert)), style.width.saturating_sub(11));
        lines.extend(text.iter().map(|line| format!("{:11}{line}", "")));
    }
    lines
}

/// The block as Markdown, of cells that are escaped by `cell` and `code`; empty where there are no alerts.
pub(super) fn markdown(result: &RunResult, cell: impl Fn(&str) -> String, code: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    for (at, alert) in result.summary.alerts.iter().enumerate() {
        if at == 0 {
            out.push_str("\n## Alerts\n\n| alert | rule | fired |\n| --- | --- | --- |\n");
        }
        let _ = writeln!(out, "| {} | `{}` | {} |", cell(&alert.name), code(&alert.expression), cell(&sentence(alert)));
    }
    out
}

fn verdict(alert: &AlertSeen) -> (char, &'static str, Role) {
    let false_alarms = alert.false_alarms.as_ref().and_then(|count| count.estimate).is_some_and(|count| count > 0.0);
    match alert.fired {
        0 => ('-', "silent", Role::Faint),
        _ if false_alarms => ('✗', "false", Role::Bad),
        _ => ('!', "fired", Role::Caution),
    }
}

/// How often, when, and how long after what.
fn sentence(alert: &AlertSeen) -> String {
    let time = |estimate: &Estimate| quantity::sentence(estimate, Kind::Time);
    let plain = |value: f64| quantity::plainly(value, Kind::Time);
    let count = |estimate: &Estimate| quantity::sentence(estimate, Kind::Plain);
    let watched = match alert.replications {
        1 => "1 replication".to_owned(),
        n => format!("{n} replications"),
    };
    let cause = alert.cause.as_ref().map(|cause| {
        let what = if cause.what == "fault" { "the fault" } else { "the change of rates" };
        format!("{what} at {}", plain(cause.at))
    });
    if alert.fired == 0 {
        let after = cause.map_or_else(String::new, |cause| format!(", in spite of {cause}"));
        return format!("never in {watched}{after}");
    }
    let mut text = format!("in {} of {watched}, first at {}", alert.fired, time(&alert.first));
    if let (Some(earliest), Some(latest)) = (alert.earliest, alert.latest)
        && latest > earliest
    {
        let _ = write!(text, ", from {} to {}", plain(earliest), plain(latest));
    }
    if let Some(cause) = cause {
        match alert.delay.estimate {
            Some(_) => {
                let _ = write!(text, "; {} after {cause}", time(&alert.delay));
            }
            None => {
                let _ = write!(text, "; not after {cause}");
            }
        }
    }
    match alert.firings.estimate {
        Some(1.0) => text.push_str("; once a replication"),
        _ => {
            let _ = write!(text, "; {} times a replication", count(&alert.firings));
        }
    }
    if let Some(early) = alert.false_alarms.as_ref().filter(|early| early.estimate.is_some_and(|count| count > 0.0)) {
        let _ = write!(text, ", {} of them false alarms", count(early));
    }
    text
}
