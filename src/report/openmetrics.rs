//! What happened over time in the OpenMetrics text format 1.0, with simulated times: `metrics.txt`.
//!
//! Simulated time zero is [`EPOCH`]. A sample stands at the beginning of its bin, as in `series.csv`, and says the same.

use super::otlp::EPOCH;
use super::result::RunResult;
use indexmap::IndexMap;
use std::fmt::Write;

/// A series of an entity.
struct Line<'r> {
    table: &'r str,
    entity: &'r str,
    /// Width of a bin in seconds.
    bin: f64,
    statistics: Vec<(&'static str, Vec<Option<f64>>)>,
}

/// Every series as a gauge. Labels: `scenario`, `table` and `entity` (`queues` and `jobs` for `queues.jobs.backlog`), and `statistic`:
/// the `mean` over replications (of a quantile: that of all observations of the bin), `low` and `high` (its interval), `min` and `max`
/// (over replications).
pub fn openmetrics(result: &RunResult) -> String {
    let mut text = String::new();
    for ((quantity, unit), lines) in &families(result) {
        let unit = words(unit);
        // The specification asks for the unit at the end of the name.
        let name = format!("queuelab_{}_{unit}", quantity.trim_end_matches(".rate").replace(['.', '-'], "_"));
        let help = help(quantity);
        let _ = write!(text, "# TYPE {name} gauge\n# UNIT {name} {unit}\n# HELP {name} {help}\n");
        for Line { table, entity, bin, statistics } in lines {
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

/// The series by quantity and unit: all samples of a family have to stand together.
fn families(result: &RunResult) -> IndexMap<(String, &str), Vec<Line<'_>>> {
    let series = &result.summary.series;
    let mut families: IndexMap<(String, &str), Vec<Line<'_>>> = IndexMap::new();
    let known = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<Option<f64>>>();
    for (metric, column) in &series.columns {
        let Some([table, entity, quantity]) = parts(metric) else { continue };
        let statistics = vec![
            ("mean", known(&column.mean)),
            ("low", column.low.clone()),
            ("high", column.high.clone()),
            ("min", known(&column.min)),
            ("max", known(&column.max)),
        ];
        let line = Line { table, entity, bin: series.bin(column), statistics };
        families.entry((quantity.to_owned(), &column.unit)).or_default().push(line);
    }
    for (metric, latency) in &series.latencies {
        let Some([table, entity, quantity]) = parts(metric) else { continue };
        // Where no bin has enough observations for it, there is nothing to say.
        for (order, column) in latency.quantiles.iter().filter(|(_, column)| column.value.iter().any(Option::is_some)) {
            let ends = [("mean", &column.value), ("low", &column.low), ("high", &column.high)];
            let statistics = ends.map(|(statistic, values)| (statistic, values.clone())).to_vec();
            let line = Line { table, entity, bin: latency.bin.unwrap_or(series.bin), statistics };
            families.entry((format!("{quantity}.{order}"), &latency.unit)).or_default().push(line);
        }
    }
    families
}

/// Table, entity and quantity of a metric.
fn parts(metric: &str) -> Option<[&str; 3]> {
    let mut parts = metric.splitn(3, '.');
    Some([parts.next()?, parts.next()?, parts.next()?])
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
        "offered.rate" => "Messages that a producer made, or requests that came to a service.",
        "goodput.rate" => "Messages of a producer whose calls went well.",
        "backlog" => "Messages ready in a queue or held by its consumers.",
        "ready" => "Messages ready in a queue.",
        "unacked" => "Messages that the consumers of a queue hold.",
        "waiting" => "Requests that wait for a service.",
        "lost.rate" => "Messages that a queue lost.",
        "published.rate" => "Messages that came to a queue.",
        "delivered.rate" => "Messages dispatched to the consumers of a queue.",
        "acked.rate" => "Messages that the consumers of a queue acknowledged.",
        "redelivered.rate" => "Deliveries that were not the first of their message.",
        "returned.rate" => "Messages given back to a queue by its consumers, or to a producer by its broker.",
        "dead_lettered.rate" => "Messages that a queue gave to where its dead letters go.",
        "confirmed.rate" => "Messages of which a producer heard that they are safe.",
        "unconfirmed" => "Messages that a producer has sent and not heard of.",
        "buffered" => "Messages that wait at their producer to be sent.",
        "memory" => "What the messages of a broker weigh.",
        "consumer_capacity" => "Share of the time in which some consumer of a queue had credit.",
        "throughput" => "Messages that were finished.",
        "utilization" => "Share of the workers that are busy.",
        _ if quantity.starts_with("response.") => "A quantile of how long callers waited, of those that ended in the bin.",
        _ if quantity.starts_with("completion.") => "A quantile of how long messages took, of those that ended in the bin.",
        _ => "See the documentation of metrics.",
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
