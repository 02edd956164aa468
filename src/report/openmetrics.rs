//! What happened over time in the OpenMetrics text format 1.0, with simulated times: `metrics.txt`.
//!
//! Simulated time zero is [`EPOCH`]. A sample stands at the beginning of its bin and says the mean over the bin, as in `series.csv`.

use super::otlp::EPOCH;
use super::result::RunResult;
use crate::experiment::Column;
use indexmap::IndexMap;
use std::fmt::Write;

/// Every series as a gauge. Labels: `scenario`, `table` and `entity` (`queues` and `jobs` for `queues.jobs.backlog`), and `statistic`:
/// the `mean` over replications, `low` and `high` (its interval), `min` and `max` (over replications).
pub fn openmetrics(result: &RunResult) -> String {
    let series = &result.summary.series;
    // All samples of a family have to stand together.
    let mut families: IndexMap<(&str, &str), Vec<(&str, &str, &Column)>> = IndexMap::new();
    for (name, column) in &series.columns {
        let mut parts = name.splitn(3, '.');
        let (Some(table), Some(entity), Some(quantity)) = (parts.next(), parts.next(), parts.next()) else { continue };
        families.entry((quantity, &column.unit)).or_default().push((table, entity, column));
    }
    let mut text = String::new();
    for ((quantity, unit), columns) in &families {
        let unit = words(unit);
        // The specification asks for the unit at the end of the name.
        let name = format!("queuelab_{}_{unit}", quantity.trim_end_matches(".rate").replace(['.', '-'], "_"));
        let help = help(quantity);
        let _ = write!(text, "# TYPE {name} gauge\n# UNIT {name} {unit}\n# HELP {name} {help}\n");
        for (table, entity, column) in columns {
            let bin = series.bin(column);
            let known = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<Option<f64>>>();
            let (low, high) = (column.low.clone(), column.high.clone());
            let statistics = [
                ("mean", known(&column.mean)),
                ("low", low),
                ("high", high),
                ("min", known(&column.min)),
                ("max", known(&column.max)),
            ];
            for (statistic, values) in statistics {
                let labels = [("scenario", result.name.as_str()), ("table", table), ("entity", entity), ("statistic", statistic)];
                let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
                let labels = labels.join(",");
                for (at, value) in values.iter().enumerate() {
                    if let Some(value) = value.filter(|value| value.is_finite()) {
                        let _ = writeln!(text, "{name}{{{labels}}} {value} {}", stamp(at as f64 * bin));
                    }
                }
            }
        }
    }
    text.push_str("# EOF\n");
    text
}

/// A unit in words, as names may have them.
fn words(unit: &str) -> &'static str {
    match unit {
        "s" => "seconds",
        "1/s" => "per_second",
        "messages" => "messages",
        "bytes" => "bytes",
        _ => "ratio",
    }
}

fn help(quantity: &str) -> &'static str {
    match quantity {
        "offered.rate" => "Messages that a producer made.",
        "goodput.rate" => "Messages of a producer whose calls went well.",
        "backlog" => "Messages ready in a queue or held by its consumers.",
        "waiting" => "Requests that wait for a service.",
        "lost.rate" => "Messages that a queue lost.",
        "throughput" => "Messages that were finished.",
        "utilization" => "Share of the workers that are busy.",
        _ => "A series of the simulation.",
    }
}

/// Unix time, in seconds with as many digits as the clock of the simulation has.
fn stamp(seconds: f64) -> String {
    let nanos = u128::from(EPOCH) * 1_000_000_000 + (seconds * 1e9).round() as u128;
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:09}").trim_end_matches('0').to_owned() }
}

/// The value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
