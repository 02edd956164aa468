//! What was simulated, in a sentence: for the head of table, Markdown and charts.

use super::quantity::{Kind, plainly};
use super::result::RunResult;
use crate::units::Span;

/// `10 replications × 10min measured after 1min warm-up, seed 1`.
pub(super) fn plan(result: &RunResult) -> String {
    let provenance = &result.provenance;
    let times = match provenance.replications {
        1 => "1 replication".to_owned(),
        many => format!("{many} replications"),
    };
    let measured = match provenance.duration {
        Some(seconds) => format!(" × {} measured", length(seconds)),
        None => " until all work is done".to_owned(),
    };
    let warmup =
        if provenance.warmup > 0.0 { format!(" after {} warm-up", length(provenance.warmup)) } else { ", no warm-up".to_owned() };
    format!("{times}{measured}{warmup}, seed {}", provenance.seed)
}

/// A length of time as the user would write it, or rounded where that takes too many digits.
fn length(seconds: f64) -> String {
    let exact = Span::from_secs_f64(seconds).to_string().replace("us", "µs");
    if exact.chars().count() <= 7 { exact } else { plainly(seconds, Kind::Time) }
}

/// What the numbers behind ± are, where there are any.
pub(super) fn intervals(result: &RunResult) -> Option<String> {
    let any = result.summary.metrics.values().any(|reading| reading.value.low < reading.value.high);
    let percent = plainly(result.provenance.confidence, Kind::Share);
    any.then(|| format!("± is half of a {percent} interval"))
}

/// `precision: 2 % asked, 1.7 % reached after 25 replications`, where one was asked for.
pub(super) fn precision(result: &RunResult) -> Option<String> {
    let precision = result.precision.as_ref()?;
    let share = |share: f64| plainly(share, Kind::Share);
    let reached = match precision.reached {
        Some(reached) => format!("{} reached", share(reached)),
        None => "no interval".to_owned(),
    };
    Some(format!("precision: {} asked, {reached} after {} replications", share(precision.asked), precision.replications))
}

/// The title, or else the name.
pub(super) fn title(result: &RunResult) -> &str {
    result.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&result.name)
}
