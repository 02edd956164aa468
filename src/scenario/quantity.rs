//! Numbers and quantities as they stand in a document: what is read, within which bounds, and what to write instead.

use super::decode::{Decode, expected};
use super::diagnostic::Problem;
use super::schema::{Definitions, quantity};
use super::tree::{Node, Value};
use crate::units::{Bytes, Rate, Ratio, Span, UnitError};
use serde_json::json;

/// An integer between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole<const MIN: u64, const MAX: u64>(pub u64);

/// A finite number above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Positive(pub f64);

/// Bytes per second, more than none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bandwidth(pub f64);

/// A finite number of at least zero that counts only beside others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weight(pub f64);

/// A probability or another share between 0 and 1: `0.3` or `"30%"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share(pub f64);

/// A rate that may be negative, as on the diagonal of a matrix of rates; per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SignedRate(pub f64);

/// How a problem with a unit is shown.
fn unit_problem(node: &Node, error: UnitError) -> Problem {
    Problem::error(node.place, error.cause).maybe_help(error.cure)
}

/// How a number without its unit is shown, with what the user probably means.
fn needs_unit(node: &Node, what: &str, written: &[String]) -> Problem {
    let written: Vec<String> = written.iter().map(|text| format!("\"{text}\"")).collect();
    Problem::error(node.place, format!("{what} needs a unit, in quotes")).help(format!("write {}", written.join(" or ")))
}

/// The number as written, where a unit could be put behind it.
fn bare_number(node: &Node) -> Option<String> {
    match node.value {
        Value::Whole(Some(whole)) => Some(whole.to_string()),
        Value::Number(number) if number.is_finite() => Some(number.to_string()),
        _ => None,
    }
}

/// Numbers that are no amount of anything.
fn impossible_number(node: &Node) -> Option<Problem> {
    match node.value {
        Value::Whole(None) => Some(Problem::error(node.place, "this integer is beyond any range")),
        Value::Number(number) if number.is_nan() => Some(Problem::error(node.place, "`nan` is no amount of anything")),
        Value::Number(number) if number.is_infinite() => {
            Some(Problem::error(node.place, "an infinite number cannot be simulated"))
        }
        Value::Whole(Some(whole)) if whole < 0 => Some(Problem::error(node.place, format!("`{whole}` cannot be negative"))),
        Value::Number(number) if number < 0.0 => Some(Problem::error(node.place, format!("`{number}` cannot be negative"))),
        _ => None,
    }
}

impl Decode for Span {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let problem = match &node.value {
            Value::Text(text) => match text.parse() {
                Ok(span) => return Some(span),
                Err(error) => unit_problem(node, error),
            },
            _ => impossible_number(node).map(|problem| problem.help("write a length of time: \"8ms\"")).unwrap_or_else(|| {
                match bare_number(node) {
                    Some(number) => needs_unit(node, "a length of time", &[format!("{number}ms"), format!("{number}s")]),
                    None => expected("a length of time", node).help("write a number and its unit: \"8ms\""),
                }
            }),
        };
        log.push(problem);
        None
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        let number = "[0-9_]*\\.?[0-9_]+\\s*(ns|us|µs|ms|s|sec|min|m|h|d)";
        quantity(&format!("^\\s*({number}\\s*)+$"), "A length of time with its unit.", "8ms")
    }
}

impl Decode for Rate {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let problem =
            match &node.value {
                Value::Text(text) => match text.parse() {
                    Ok(rate) => return Some(rate),
                    Err(error) => unit_problem(node, error),
                },
                _ => impossible_number(node).map(|problem| problem.help("write a rate: \"240/s\"")).unwrap_or_else(|| {
                    match bare_number(node) {
                        Some(number) => needs_unit(node, "a rate", &[format!("{number}/s"), format!("{number}/min")]),
                        None => expected("a rate", node).help("write how many in which time: \"240/s\""),
                    }
                }),
            };
        log.push(problem);
        None
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        quantity("^\\s*[0-9_]*\\.?[0-9_]+\\s*/\\s*(ns|us|µs|ms|s|sec|min|m|h|d)\\s*$", "How many in which time.", "240/s")
    }
}

impl Decode for Bandwidth {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let help = "write a size and a time: \"100MiB/s\"";
        let Value::Text(text) = &node.value else {
            log.push(expected("a size in a time", node).help(help));
            return None;
        };
        // The size is what a rate counts.
        let split = text.split_once('/');
        let read = split.and_then(|(size, period)| {
            let bytes: Bytes = size.trim().parse().ok()?;
            let rate: Rate = format!("1/{}", period.trim()).parse().ok()?;
            Some(bytes.0 as f64 * rate.0).filter(|bandwidth| *bandwidth > 0.0)
        });
        if read.is_none() {
            log.push(Problem::error(node.place, format!("`{text}` is no size in a time")).help(help));
        }
        read.map(Bandwidth)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        let pattern = "^\\s*[0-9_]*\\.?[0-9_]+\\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)\\s*/\\s*(ns|us|µs|ms|s|sec|min|m|h|d)\\s*$";
        quantity(pattern, "A size in a time.", "100MiB/s")
    }
}

impl Decode for SignedRate {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let (sign, rest) = match &node.value {
            Value::Whole(Some(0)) => return Some(SignedRate(0.0)),
            Value::Text(text) => match text.trim().strip_prefix('-') {
                Some(rest) => (-1.0, Value::Text(rest.to_owned())),
                None => (1.0, node.value.clone()),
            },
            other => (1.0, other.clone()),
        };
        Rate::decode(&Node { value: rest, place: node.place }, log).map(|rate| SignedRate(sign * rate.0))
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        json!({ "anyOf": [
            quantity("^\\s*-?\\s*[0-9_]*\\.?[0-9_]+\\s*/\\s*(ns|us|µs|ms|s|sec|min|m|h|d)\\s*$", "A rate.", "-240/s"),
            { "const": 0 },
        ] })
    }
}

impl Decode for Share {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let help = "write it as \"30%\" or 0.3";
        let (share, written) = match &node.value {
            Value::Text(text) => match text.parse::<Ratio>() {
                Ok(ratio) => (ratio.0, text.clone()),
                Err(error) => {
                    let help = match text.trim().parse::<f64>() {
                        Ok(number) if number > 1.0 => format!("write \"{}%\"", text.trim()),
                        Ok(_) => format!("write {} without quotes, or per cent: \"30%\"", text.trim()),
                        Err(_) => help.to_owned(),
                    };
                    log.push(Problem::error(node.place, error.cause).help(help));
                    return None;
                }
            },
            _ if impossible_number(node).is_some() => {
                log.extend(impossible_number(node).map(|problem| problem.help(help)));
                return None;
            }
            Value::Whole(Some(whole)) => (*whole as f64, whole.to_string()),
            Value::Number(number) => (*number, number.to_string()),
            _ => {
                log.push(expected("a share of a whole", node).help(help));
                return None;
            }
        };
        if share > 1.0 {
            let problem = Problem::error(node.place, format!("`{written}` is more than the whole"));
            let per_cent = (1.0 < share && share <= 100.0 && !written.contains('%'))
                .then(|| format!("write \"{written}%\" if it is per cent"));
            log.push(problem.help("a share is from 0 to 1, or from \"0%\" to \"100%\"").maybe_help(per_cent));
            return None;
        }
        Some(Share(share))
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        json!({ "anyOf": [
            quantity("^\\s*[0-9_]*\\.?[0-9_]+\\s*%\\s*$", "A share in per cent.", "30%"),
            { "type": "number", "minimum": 0, "maximum": 1 },
        ] })
    }
}

/// A plain number; `None` and a problem when it is none.
fn plain_number(node: &Node, log: &mut Vec<Problem>) -> Option<f64> {
    if let Some(problem) = impossible_number(node) {
        log.push(problem.help("write a plain number: 1.5"));
        return None;
    }
    match node.value {
        Value::Whole(Some(whole)) => Some(whole as f64),
        Value::Number(number) => Some(number),
        _ => {
            log.push(expected("a plain number", node).help("it has no unit and no quotes: 1.5"));
            None
        }
    }
}

impl Decode for Positive {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let number = plain_number(node, log)?;
        if number == 0.0 {
            log.push(Problem::error(node.place, "this number must be above 0"));
            return None;
        }
        Some(Positive(number))
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        json!({ "type": "number", "exclusiveMinimum": 0 })
    }
}

impl Decode for Weight {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        plain_number(node, log).map(Weight)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        json!({ "type": "number", "minimum": 0 })
    }
}

impl<const MIN: u64, const MAX: u64> Decode for Whole<MIN, MAX> {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let bounds = if MAX == u64::MAX { format!("of at least {MIN}") } else { format!("from {MIN} to {}", grouped(MAX)) };
        let problem = match &node.value {
            Value::Whole(Some(whole)) => match u64::try_from(*whole) {
                Ok(inside) if (MIN..=MAX).contains(&inside) => return Some(Whole(inside)),
                _ if *whole < i128::from(MIN) => {
                    Problem::error(node.place, format!("`{whole}` is too small: the least is {MIN}"))
                }
                _ => Problem::error(node.place, format!("`{whole}` is too large: the most is {}", grouped(MAX))),
            },
            Value::Whole(None) => Problem::error(node.place, "this integer is beyond any range"),
            Value::Text(text) if text.trim().parse::<u64>().is_ok() => {
                log.push(expected("an integer", node).help(format!("a plain count has no quotes: {}", text.trim())));
                return None;
            }
            _ => expected("an integer", node),
        };
        log.push(problem.help(format!("write an integer {bounds}, without unit")));
        None
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        let mut schema = json!({ "type": "integer", "minimum": MIN });
        if MAX != u64::MAX {
            schema["maximum"] = MAX.into();
        }
        schema
    }
}

/// A large number as people read it.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

impl Decode for String {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            _ => {
                log.push(expected("a text", node).help("write it in quotes"));
                None
            }
        }
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        json!({ "type": "string" })
    }
}

impl Decode for bool {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match &node.value {
            Value::Flag(flag) => Some(*flag),
            _ => {
                log.push(expected("true or false", node));
                None
            }
        }
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        json!({ "type": "boolean" })
    }
}
