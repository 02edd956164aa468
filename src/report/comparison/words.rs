//! A difference in plain words.

use super::super::quantity::{self, Kind, Unit};
use super::super::result::RunResult;
use super::difference::{Difference, Finding};
use crate::stats::Estimate;

/// From this ratio on an increase is told in times instead of per cent.
const TIMES: f64 = 2.0;

/// What is to be said of a difference; nothing where neither design has a number.
pub(super) fn sentence(found: &Difference, base: &RunResult, others: &[RunResult]) -> Option<String> {
    let (one, other) = (&found.baseline, &found.design);
    let of = |design: &RunResult| {
        let reading = design.summary.metrics.get(&found.metric)?;
        reading.value.estimate.map(|_| quantity::sentence(&reading.value, Kind::of_metric(&found.metric, &reading.unit)))
    };
    let here = others.iter().find(|design| design.name == *other).and_then(of);
    let there = of(base);
    let what = called(&found.metric);
    Some(match found.finding {
        Finding::Lower | Finding::Higher => {
            let values = format!("{} instead of {}", here?, there?);
            format!("{} ({values}).", told(found, &what))
        }
        Finding::NoDifference => {
            let seen = visible(found, base).map_or(String::new(), |seen| format!("; this experiment could have seen {seen}"));
            format!("No difference found between {other} and {one} in the {what} ({} and {}){seen}.", here?, there?)
        }
        Finding::Same => format!("The {what} is the same for {other} and {one} in every replication: {}.", here?),
        Finding::Unknown => {
            let reason = found.change.reason.as_deref().unwrap_or("there is no interval");
            match (here, there) {
                (Some(here), Some(there)) => {
                    format!(
                        "The {what} is {here} for {other} and {there} for {one}; whether that is chance cannot be told: {reason}."
                    )
                }
                _ => format!("The {what} of {other} and {one} cannot be compared: {reason}."),
            }
        }
        Finding::OnlyInDesign => {
            format!("Only {other} has a {what}: {}.", here.unwrap_or_else(|| "nothing was observed".to_owned()))
        }
        Finding::OnlyInBaseline => {
            format!("Only {one} has a {what}: {}.", there.unwrap_or_else(|| "nothing was observed".to_owned()))
        }
    })
}

/// Who has how much less or more than whom.
fn told(found: &Difference, what: &str) -> String {
    let (one, other) = (&found.baseline, &found.design);
    if let Some((statistic, producer)) = completion(&found.metric) {
        let word = if found.finding == Finding::Higher { "later" } else { "earlier" };
        let how_much = magnitude(&found.change, Kind::Time, word);
        return format!("With {other} all that `{producer}` asks for is done{statistic} {how_much} than with {one}");
    }
    format!("{other} has a {what} {}", amount(found, one))
}

/// Of a completion time: when, in words, and the producer.
fn completion(metric: &str) -> Option<(String, &str)> {
    let mut parts = metric.strip_prefix("producers.")?.split('.');
    let (producer, kind, statistic) = (parts.next()?, parts.next()?, parts.next()?);
    let words = match statistic {
        "mean" => " on average".to_owned(),
        percentile => format!(" at the {}", statistic_name(percentile)),
    };
    (kind == "completion").then_some((words, producer))
}

/// How much, and than who: `78 % lower [76, 80] than a`, `3.2 times as high [3.1, 3.3] as a`, `1.9 s higher [1.7, 2.1] than a`.
fn amount(found: &Difference, one: &str) -> String {
    let kind = Kind::of_metric(&found.metric, &found.unit);
    let word = if found.finding == Finding::Higher { "higher" } else { "lower" };
    let relative = &found.relative;
    let (Some(value), Some(low), Some(high)) = (relative.estimate, relative.low, relative.high) else {
        return format!("{} than {one}", magnitude(&found.change, kind, word));
    };
    if kind == Kind::Share {
        return format!("{} than {one}", points(&found.change, word));
    }
    if 1.0 + value >= TIMES {
        let [value, low, high] = quantity::with_ends(1.0 + value, 1.0 + low, 1.0 + high);
        return format!("{value} times as high [{low}, {high}] as {one}");
    }
    let (value, low, high) = oriented(value, low, high);
    let [value, low, high] = quantity::with_ends(100.0 * value, 100.0 * low, 100.0 * high);
    format!("{value} % {word} [{low}, {high}] than {one}")
}

/// Without sign: what is less by 2 to 4 is 2 to 4 less.
fn oriented(value: f64, low: f64, high: f64) -> (f64, f64, f64) {
    if value < 0.0 { (-value, -high, -low) } else { (value, low, high) }
}

/// `1.9 s later [1.7, 2.1]`.
fn magnitude(change: &Estimate, kind: Kind, word: &str) -> String {
    let (Some(value), Some(low), Some(high)) = (change.estimate, change.low, change.high) else {
        return format!("by an unknown amount {word}");
    };
    let (value, low, high) = oriented(value, low, high);
    let unit = kind.unit([value]);
    let [value, low, high] = quantity::with_ends(value / unit.size, low / unit.size, high / unit.size);
    format!("{} {word} [{low}, {high}]", quantity::labelled(&value, unit))
}

/// Of shares: `3.2 points lower [3.0, 3.4]`.
fn points(change: &Estimate, word: &str) -> String {
    let (Some(value), Some(low), Some(high)) = (change.estimate, change.low, change.high) else {
        return format!("by an unknown amount {word}");
    };
    let (value, low, high) = oriented(value, low, high);
    let [value, low, high] = quantity::with_ends(100.0 * value, 100.0 * low, 100.0 * high);
    format!("{value} percentage points {word} [{low}, {high}]")
}

/// The difference that would have been seen: as a share of the baseline's value, or by itself.
pub(super) fn visible(found: &Difference, base: &RunResult) -> Option<String> {
    let visible = found.visible?;
    let kind = Kind::of_metric(&found.metric, &found.unit);
    let value = base.summary.metrics.get(&found.metric).and_then(|reading| reading.value.estimate)?;
    let two = |value: f64, kind: Kind| {
        let unit: Unit = kind.unit([value]);
        quantity::labelled(&quantity::trimmed(&quantity::significant(value / unit.size, 2)), unit)
    };
    Some(match kind {
        Kind::Share => format!("{} percentage points", quantity::trimmed(&quantity::significant(100.0 * visible, 2))),
        _ if value > 0.0 && found.relative.low.is_some() => two(visible / value, Kind::Share),
        _ => two(visible, kind),
    })
}

/// A change in its column: `-48.1 ms [-52, -44]`.
pub(super) fn change(found: &Difference) -> String {
    let kind = Kind::of_metric(&found.metric, &found.unit);
    let Some(value) = found.change.estimate else { return quantity::NOTHING.to_owned() };
    let unit = kind.unit([value]);
    // A change of a share in per cent would be taken for a relative one.
    let labelled = |text: &str| if kind == Kind::Share { format!("{text} points") } else { quantity::labelled(text, unit) };
    let signed = |text: &str, value: f64| if value > 0.0 { format!("+{text}") } else { text.to_owned() };
    match (found.change.low, found.change.high) {
        (Some(low), Some(high)) if low < high => {
            let [shown, low, high] = quantity::with_ends(value / unit.size, low / unit.size, high / unit.size);
            format!("{} [{low}, {high}]", labelled(&signed(&shown, value)))
        }
        _ => signed(&labelled(&quantity::trimmed(&quantity::significant(value / unit.size, 3))), value),
    }
}

/// A relative change in its column: `-69.9 % [-71.5, -68.1]`, `×161 [158, 164]`.
pub(in crate::report) fn relative(found: &Difference) -> String {
    let relative = &found.relative;
    let Some(value) = relative.estimate else { return quantity::NOTHING.to_owned() };
    let times = 1.0 + value >= TIMES;
    let sign = |value: f64| if value > 0.0 { "+" } else { "" };
    let ends = match (relative.low, relative.high) {
        (Some(low), Some(high)) if low < high => Some((low, high)),
        _ => None,
    };
    match (ends, times) {
        (Some((low, high)), true) => {
            let [value, low, high] = quantity::with_ends(1.0 + value, 1.0 + low, 1.0 + high);
            format!("×{value} [{low}, {high}]")
        }
        (Some((low, high)), false) => {
            let [shown, low, high] = quantity::with_ends(100.0 * value, 100.0 * low, 100.0 * high);
            format!("{}{shown} % [{low}, {high}]", sign(value))
        }
        (None, true) => format!("×{}", quantity::significant(1.0 + value, 3)),
        (None, false) => format!("{}{}", sign(value), quantity::plainly(value, Kind::Share)),
    }
}

/// What is found, in its column.
pub(super) fn finding(found: &Difference, base: &RunResult) -> String {
    match found.finding {
        Finding::Lower => "lower".to_owned(),
        Finding::Higher => "higher".to_owned(),
        Finding::NoDifference => {
            let seen = visible(found, base).map_or(String::new(), |seen| format!(" (could have seen {seen})"));
            format!("no difference found{seen}")
        }
        Finding::Same => "the same in every replication".to_owned(),
        Finding::Unknown => "cannot be told".to_owned(),
        Finding::OnlyInBaseline => format!("only {} has it", found.baseline),
        Finding::OnlyInDesign => format!("only {} has it", found.design),
    }
}

/// A metric in words: `p99 wait of workers`.
pub(super) fn called(metric: &str) -> String {
    let parts: Vec<&str> = metric.splitn(3, '.').collect();
    let [table, name, kind] = parts[..] else { return metric.to_owned() };
    let (quantity, statistic) = match kind.split_once('.') {
        Some((quantity, statistic)) if is_statistic(statistic) => (quantity, Some(statistic)),
        _ => (kind, None),
    };
    let quantity = match quantity {
        "completion" => "completion time".to_owned(),
        "response" => "response time".to_owned(),
        "service" => "service time".to_owned(),
        "drain" => "time to drain".to_owned(),
        "busy" => "number of busy workers".to_owned(),
        other => other.replace(['.', '_'], " "),
    };
    let whose = match table {
        "queues" => format!("queue `{name}`"),
        "services" => format!("service `{name}`"),
        "hosts" => format!("host `{name}`"),
        "locks" => format!("lock `{name}`"),
        "caches" => format!("cache `{name}`"),
        _ => format!("`{name}`"),
    };
    match statistic {
        None => format!("{quantity} of {whose}"),
        Some("sd") => format!("standard deviation of the {quantity} of {whose}"),
        Some(statistic) => format!("{} {quantity} of {whose}", statistic_name(statistic)),
    }
}

fn is_statistic(word: &str) -> bool {
    ["mean", "sd", "min", "max"].contains(&word)
        || word.strip_prefix('p').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// `p99.9` for `p999`, and words for extremes.
fn statistic_name(statistic: &str) -> String {
    match statistic {
        "max" => "largest".to_owned(),
        "min" => "smallest".to_owned(),
        _ => match statistic.strip_prefix('p') {
            Some(digits) if digits.len() > 2 => format!("p{}.{}", &digits[..2], &digits[2..]),
            _ => statistic.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(value: f64, low: f64, high: f64) -> Estimate {
        Estimate { estimate: Some(value), low: Some(low), high: Some(high), ..Estimate::default() }
    }

    fn found(metric: &str, unit: &str, change: Estimate, relative: Estimate) -> Difference {
        Difference {
            metric: metric.to_owned(),
            baseline: "old".to_owned(),
            design: "new".to_owned(),
            finding: if change.low > Some(0.0) { Finding::Higher } else { Finding::Lower },
            change,
            unit: unit.to_owned(),
            relative,
            paired: true,
            narrower: None,
            visible: None,
        }
    }

    #[test]
    fn a_difference_is_told_as_people_would() {
        let wait = "consumers.workers.wait.p99";
        let completion = "producers.shop.completion.mean";
        let ratio = "producers.shop.failed.ratio";
        for (metric, unit, change, relative, text) in [
            (
                wait,
                "s",
                between(-0.0488, -0.052, -0.044),
                between(-0.782, -0.801, -0.761),
                "new has a p99 wait of `workers` 78.2 % lower [76.1, 80.1] than old",
            ),
            (
                wait,
                "s",
                between(0.012, 0.01, 0.014),
                between(0.24, 0.2, 0.28),
                "new has a p99 wait of `workers` 24 % higher [20, 28] than old",
            ),
            (
                completion,
                "s",
                between(1.9, 1.7, 2.1),
                between(0.3, 0.2, 0.4),
                "With new all that `shop` asks for is done on average 1.90 s later [1.70, 2.10] than with old",
            ),
            (
                ratio,
                "1",
                between(-0.05, -0.07, -0.03),
                between(-0.5, -0.7, -0.3),
                "new has a failed ratio of `shop` 5.0 percentage points lower [3.0, 7.0] than old",
            ),
        ] {
            assert_eq!(told(&found(metric, unit, change, relative), &called(metric)), text);
        }
    }

    #[test]
    fn metrics_have_names_in_words() {
        for (metric, words) in [
            ("consumers.workers.wait.p999", "p99.9 wait of `workers`"),
            ("queues.mail.drain", "time to drain of queue `mail`"),
            ("producers.web.offered.rate", "offered rate of `web`"),
            ("services.db.sojourn.sd", "standard deviation of the sojourn of service `db`"),
            ("queues.jobs.backlog.max", "largest backlog of queue `jobs`"),
        ] {
            assert_eq!(called(metric), words);
        }
    }
}
