//! Goals: statements about one metric that should hold.
//!
//! ```text
//! goal       = metric operator value
//! metric     = table "." name "." kind [ "." statistic ]        as in `model::metrics`
//! operator   = "<" | "<=" | ">" | ">=" | "=="
//! value      = time | rate | percentage | number                what the metric is measured in
//! time       = number unit { number unit }                      "100ms", "1min 30s"
//! rate       = number "/" unit                                  "240/s"
//! percentage = number "%"                                       "2%"; a plain fraction is as good
//! unit       = "ns" | "us" | "ms" | "s" | "min" | "h" | "d"
//! ```

use super::decode::Named;
use super::diagnostic::{At, Place, Problem};
use super::document::Run;
use super::names;
use super::resolve::Resolver;
use crate::model::{Comparison, Goal, Model, Quantity, metrics};
use crate::units::{Bytes, Rate, Ratio, Span};
use std::collections::BTreeMap;

/// What a run measures, by name without statistic.
type Measured<'a> = BTreeMap<&'a str, Quantity>;

/// Longer operators first, so that `<=` is not read as `<`.
const OPERATORS: &[(&str, Comparison)] = &[
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("==", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// A goal or the statement of an alert in its parts, each with its place.
pub(super) struct Parts<'a> {
    pub metric: &'a str,
    pub metric_place: Place,
    operator: &'static str,
    pub comparison: Comparison,
    value: &'a str,
    value_place: Place,
}

impl Resolver<'_> {
    /// The goals of the document, checked against what the model measures.
    pub(super) fn goals(&mut self, goals: &[Named<String>], model: &Model) -> Vec<Goal> {
        let list = if goals.is_empty() { Vec::new() } else { metrics(model) };
        let measured: Measured = list.iter().map(|metric| (metric.name.as_str(), metric.quantity)).collect();
        let mut resolved = Vec::with_capacity(goals.len());
        for goal in goals {
            let Some(expression) = &goal.entity else { continue };
            let Some(parts) = self.parts_of(expression) else { continue };
            let Some(quantity) = self.quantity(&parts, &measured) else { continue };
            let Some(value) = self.value(&parts, quantity) else { continue };
            resolved.push(Goal {
                name: goal.name.value.clone(),
                expression: expression.value.clone(),
                metric: parts.metric.to_owned(),
                comparison: parts.comparison,
                value,
            });
        }
        resolved
    }

    /// The metrics that a precision is asked for, checked against what the model measures.
    pub(super) fn precision_on(&mut self, run: &Run, model: &Model) -> Vec<String> {
        let Some(named) = run.precision_on.value() else { return Vec::new() };
        let list = metrics(model);
        let measured: Measured = list.iter().map(|metric| (metric.name.as_str(), metric.quantity)).collect();
        for At { value: metric, place } in named {
            let extreme = metric.ends_with(".max") || metric.ends_with(".min");
            if quantity_of(metric, &measured).is_none() {
                if !self.unreadable.contains(&three(metric).0) {
                    let problem = Problem::error(*place, format!("nothing is measured as `{metric}`"));
                    self.log.push(problem.help(correction(metric, &measured)));
                }
            } else if extreme {
                let problem = Problem::error(*place, "an extreme value has no interval that could be narrow");
                self.log.push(problem.help("name a mean or a percentile"));
            }
        }
        named.iter().map(|at| at.value.clone()).collect()
    }

    pub(super) fn parts_of<'a>(&mut self, expression: &'a At<String>) -> Option<Parts<'a>> {
        let text = expression.value.as_str();
        let example = "write METRIC OP VALUE, such as \"consumers.workers.wait.p99 < 100ms\"";
        let Some(at) = text.find(['<', '>', '=']) else {
            self.log.push(Problem::error(expression.place, format!("`{text}` compares nothing")).help(example));
            return None;
        };
        let Some(&(operator, comparison)) = OPERATORS.iter().find(|(operator, _)| text[at..].starts_with(operator)) else {
            let problem = Problem::error(inside(expression, at..at + 1), "a single `=` does not compare");
            self.log.push(problem.help("write `==`, or `<=` or `>=`"));
            return None;
        };
        let behind = at + operator.len();
        let (metric, value) = (text[..at].trim(), text[behind..].trim());
        if metric.is_empty() || value.is_empty() {
            let missing = if metric.is_empty() { "metric before" } else { "value behind" };
            let problem = Problem::error(inside(expression, at..behind), format!("there is no {missing} `{operator}`"));
            self.log.push(problem.help(example));
            return None;
        }
        let metric_at = at - text[..at].trim_start().len();
        let value_at = text.len() - text[behind..].trim_start().len();
        Some(Parts {
            metric,
            metric_place: inside(expression, metric_at..metric_at + metric.len()),
            operator,
            comparison,
            value,
            value_place: inside(expression, value_at..value_at + value.len()),
        })
    }

    /// What kind of number a metric is; of an unknown name the part that is wrong is told.
    fn quantity(&mut self, parts: &Parts<'_>, measured: &Measured<'_>) -> Option<Quantity> {
        let found = quantity_of(parts.metric, measured);
        if found.is_none() && !self.unreadable.contains(&three(parts.metric).0) {
            let problem = Problem::error(parts.metric_place, format!("nothing is measured as `{}`", parts.metric));
            self.log.push(problem.help(correction(parts.metric, measured)));
        }
        found
    }

    /// The value in SI units, written as the metric needs it.
    pub(super) fn value(&mut self, parts: &Parts<'_>, quantity: Quantity) -> Option<f64> {
        let written = parts.value;
        let plain = written.replace('_', "").parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        let (value, needed, units) = match quantity {
            Quantity::Latency | Quantity::Length => {
                (written.parse::<Span>().ok().map(Span::as_secs_f64), "a time", ["100ms", "ms", "s"])
            }
            Quantity::Rate => (written.parse::<Rate>().ok().map(|rate| rate.0), "a rate", ["240/s", "/s", "/min"]),
            Quantity::Ratio => {
                (written.parse::<Ratio>().ok().map(|ratio| ratio.0).or(plain), "a share of a whole", ["2%", "%", "%"])
            }
            Quantity::Weight => (written.parse::<Bytes>().ok().map(|bytes| bytes.0 as f64), "a size", ["4KiB", "B", "KiB"]),
            Quantity::Level | Quantity::Count => (plain, "a plain number", ["100", "", ""]),
        };
        if value.is_none() {
            let message = format!("`{written}` is not {needed}, which `{}` is", parts.metric);
            let [example, first, second] = units;
            let help = match plain {
                Some(_) => format!("write `{} {} {written}{first}` or `{written}{second}`", parts.metric, parts.operator),
                None => format!("write a value such as `{example}`"),
            };
            self.log.push(Problem::error(parts.value_place, message).help(help));
        }
        value
    }
}

/// What to write instead of the name of a metric that none of `known` (full names) is; `None` where one is.
pub fn metric_advice(metric: &str, known: &[String]) -> Option<String> {
    let mut measured: Measured = BTreeMap::new();
    for name in known {
        let split =
            name.rsplit_once('.').filter(|(_, end)| Quantity::Latency.statistics().iter().any(|(suffix, _)| suffix == end));
        match split {
            Some((base, _)) => measured.insert(base, Quantity::Latency),
            None => measured.insert(name, Quantity::Ratio),
        };
    }
    (!known.iter().any(|name| name == metric)).then(|| correction(metric, &measured))
}

/// A part of a goal's or an alert's text, where the text stands as it is read: between quotes and without escapes, or bare.
pub(super) fn inside(expression: &At<String>, range: std::ops::Range<usize>) -> Place {
    let place = expression.place;
    match (place.end - place.start).checked_sub(expression.value.len()) {
        Some(0) => place.part(range),
        Some(2) => place.part(range.start + 1..range.end + 1),
        _ => place,
    }
}

/// The kind of a metric by its full name: alone, or with one of its statistics.
fn quantity_of(name: &str, measured: &Measured<'_>) -> Option<Quantity> {
    if let Some(&quantity) = measured.get(name) {
        return quantity.statistics().is_empty().then_some(quantity);
    }
    let (base, statistic) = name.rsplit_once('.')?;
    measured.get(base).copied().filter(|quantity| quantity.statistics().iter().any(|(suffix, _)| *suffix == statistic))
}

/// Advice for the name of a metric, by the first part that is wrong: table, entity, kind or statistic.
fn correction(metric: &str, measured: &Measured<'_>) -> String {
    // A name that is right but for its statistic.
    let (base, _) = metric.rsplit_once('.').unwrap_or((metric, ""));
    for name in [metric, base] {
        if let Some(quantity) = measured.get(name).filter(|quantity| !quantity.statistics().is_empty()) {
            let statistics: Vec<&str> = quantity.statistics().iter().map(|(suffix, _)| *suffix).collect();
            return format!("`{name}` is measured by {}", list(&statistics));
        }
    }
    let (table, name, kind) = three(metric);
    let known: Vec<(&str, &str, &str)> = measured.keys().map(|name| three(name)).collect();
    let tables = distinct(known.iter().map(|known| known.0));
    if !tables.contains(&table) {
        let close = names::closest(table, tables.iter().copied());
        return match close.map(|close| format!("{close}.{name}.{kind}")) {
            Some(corrected) if quantity_of(&corrected, measured).is_some() => did_you_mean(&corrected),
            _ => format!("a metric begins with {}, then the name of one, then what is measured of it", list(&tables)),
        };
    }
    let entities = distinct(known.iter().filter(|known| known.0 == table).map(|known| known.1));
    if !entities.contains(&name) {
        let close = names::closest(name, entities.iter().copied());
        return match close.map(|close| format!("{table}.{close}.{kind}")) {
            Some(corrected) if quantity_of(&corrected, measured).is_some() => did_you_mean(&corrected),
            _ => format!("in `{table}` {}", names::advice(name, entities, "there is nothing")),
        };
    }
    let kinds = distinct(known.iter().filter(|known| known.0 == table && known.1 == name).map(|known| known.2));
    let (bare, statistic) = kind.rsplit_once('.').unwrap_or((kind, ""));
    if let Some(close) = names::closest(kind, kinds.iter().copied()).filter(|_| statistic.is_empty()) {
        return did_you_mean(&format!("{table}.{name}.{close}"));
    }
    match names::closest(bare, kinds.iter().copied()).map(|close| format!("{table}.{name}.{close}.{statistic}")) {
        Some(corrected) if quantity_of(&corrected, measured).is_some() => did_you_mean(&corrected),
        _ => format!("of `{table}.{name}` is measured {}", list(&kinds)),
    }
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// Table, name and kind of a metric.
pub(super) fn three(metric: &str) -> (&str, &str, &str) {
    let mut parts = metric.splitn(3, '.');
    (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""))
}

pub(super) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Each once, sorted.
fn distinct<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut once: Vec<&str> = words.collect();
    once.sort_unstable();
    once.dedup();
    once
}
