//! `--set PATH=VALUE` and its relatives: changes to the tree before it is decoded.
//!
//! A value is read as TOML and, where it is none, as a text, so that `--set run.duration=10min` needs no quotes. What is
//! wrong with it is then shown under the override, because each override is a text of its own to the diagnostics.

use super::decode::Decode;
use super::diagnostic::{Place, Problem};
use super::document::Scenario;
use super::names;
use super::tree::{Entry, Node, Value, toml_value};

/// The option as it is shown.
const SET: &str = "--set ";

/// A change to the document, and by what it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The option before it as it is shown, with a space behind; empty where there is none.
    pub flag: &'static str,
    /// `PATH=VALUE`.
    pub written: String,
}

impl Override {
    /// One that `--set` says.
    pub fn set(written: &str) -> Override {
        Override { flag: SET, written: written.to_owned() }
    }
}

/// The tables of the user's own things.
const ENTITIES: &[&str] = &["producers", "brokers", "exchanges", "queues", "consumers", "services", "hosts", "locks", "caches"];
/// The keys at the top of a document.
const TOP: &[&str] = &[
    "title",
    "run",
    "producers",
    "brokers",
    "exchanges",
    "queues",
    "consumers",
    "services",
    "hosts",
    "locks",
    "caches",
    "faults",
    "goals",
    "alerts",
    "costs",
];

/// A part of a path and where it stands in the override.
pub(super) struct Segment {
    pub name: String,
    pub place: Place,
}

/// Applies override number `text` (from 1) to the tree; what is wrong with it goes to `log`.
pub(super) fn apply(root: &mut Node, change: &Override, text: usize, log: &mut Vec<Problem>) {
    let (written, offset) = (change.written.as_str(), change.flag.len());
    let whole = Place { text, start: offset, end: offset + written.len() };
    let Some((segments, value_at)) = path(written, text, offset) else {
        let problem = Problem::error(whole, "this is not PATH=VALUE");
        log.push(problem.help("write the path with dots: --set consumers.workers.count=4"));
        return;
    };
    let Some(value) = value(&written[value_at..], text, offset + value_at, log) else { return };
    set(root, &segments, value, log);
}

/// The path of a `PATH=VALUE` and the byte at which the value begins; `None` when this is none.
pub(super) fn split<'a>(written: &'a str, flag: &str) -> Option<(&'a str, usize)> {
    let (_, value_at) = path(written, 0, flag.len())?;
    Some((written[..value_at - 1].trim(), value_at))
}

/// The segments of the path and the byte at which the value begins; `None` when this is no `PATH=VALUE`.
fn path(written: &str, text: usize, offset: usize) -> Option<(Vec<Segment>, usize)> {
    let mut segments = Vec::new();
    let mut at = 0;
    loop {
        let rest = &written[at..];
        let quote = rest.chars().next().filter(|&c| c == '"' || c == '\'');
        let (name, length) = match quote {
            Some(quote) => {
                let end = rest[1..].find(quote)?;
                (&rest[1..1 + end], end + 2)
            }
            None => {
                let end = rest.find(['.', '='])?;
                (rest[..end].trim(), end)
            }
        };
        if name.is_empty() && quote.is_none() {
            return None;
        }
        let place = Place { text, start: offset + at, end: offset + at + length };
        segments.push(Segment { name: name.to_owned(), place });
        at += length;
        match written[at..].chars().next()? {
            '=' => return Some((segments, at + 1)),
            '.' => at += 1,
            _ => return None,
        }
    }
}

/// What is wrong with a path by itself, were it set to a number; shown at `place`.
pub(super) fn wrong_path(root: &Node, path: &str, place: Place) -> Option<Problem> {
    let Some((segments, _)) = self::path(&format!("{path}="), 0, 0) else {
        let problem = Problem::error(place, format!("`{path}` is no path"));
        return Some(problem.help("write the keys with dots: \"consumers.workers.count\""));
    };
    let segments: Vec<Segment> = segments.into_iter().map(|segment| Segment { place, ..segment }).collect();
    // The number stands nowhere, so that what is wrong with it is told apart from what is wrong with the path.
    let number = Node { value: Value::Whole(Some(1)), place: Place { text: usize::MAX, start: 0, end: 0 } };
    let (mut changed, mut log) = (root.clone(), Vec::new());
    set(&mut changed, &segments, number, &mut log);
    if log.is_empty() {
        Scenario::decode(&changed, &mut log);
        log.retain(|problem| problem.stands_at(place));
    }
    log.into_iter().next()
}

/// Reads the value: TOML, or a text.
fn value(written: &str, text: usize, offset: usize, log: &mut Vec<Problem>) -> Option<Node> {
    let place = Place { text, start: offset, end: offset + written.len() };
    if written.trim().is_empty() {
        log.push(Problem::error(place, "there is no value after `=`").help("write \"\" for an empty text"));
        return None;
    }
    match toml_value(written, text, offset) {
        Ok(node) => Some(node),
        // What opens like TOML is meant as TOML; anything else is a text without its quotes, such as 10min or 240/s.
        Err(error) if written.trim_start().starts_with(['{', '[', '"', '\'']) => {
            let span = error.span().unwrap_or(0..written.len());
            log.push(
                Problem::error(place.part(span), format!("not valid TOML: {}", error.message().replace('\n', ", ")))
                    .help("a value is TOML, such as 4 or { exponential = \"8ms\" }, or a text without quotes"),
            );
            None
        }
        Err(_) => Some(Node { value: Value::Text(written.trim().to_owned()), place }),
    }
}

/// Puts a value where a path leads; what is wrong with the path goes to `log`.
pub(super) fn set(root: &mut Node, segments: &[Segment], value: Node, log: &mut Vec<Problem>) {
    let mut node = root;
    let last = segments.len() - 1;
    let (changed, entity) = (value.place, usize::from(ENTITIES.contains(&segments[0].name.as_str())));
    for (depth, segment) in segments.iter().enumerate() {
        let path = segments[..depth].iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(".");
        if let Some(problem) = unknown(node, segments, depth) {
            log.push(problem);
            return;
        }
        let child = match &mut node.value {
            Value::Table(entries) => {
                let at = entries.iter().position(|entry| entry.key == segment.name).unwrap_or_else(|| {
                    let node = Node { value: Value::Table(Vec::new()), place: segment.place };
                    entries.push(Entry { key: segment.name.clone(), key_place: segment.place, node });
                    entries.len() - 1
                });
                &mut entries[at].node
            }
            Value::List(items) => {
                let length = items.len();
                let Some(item) = segment.name.parse().ok().and_then(|at: usize| items.get_mut(at)) else {
                    let message = format!("`{path}` is a list of {length}; `{}` is no position in it", segment.name);
                    log.push(Problem::error(segment.place, message).help("positions count from 0"));
                    return;
                };
                item
            }
            other => {
                let message = format!("`{path}` is {}, which has no keys", other.kind());
                log.push(Problem::error(segment.place, message).help(format!("set the whole of it: {SET}{path}=...")));
                return;
            }
        };
        if depth == last {
            *child = value;
            return;
        }
        if depth > entity {
            // What is wrong with it as a whole, such as a rate of 0, is wrong because of the change.
            child.place = changed;
        }
        node = child;
    }
}

/// Names that must be there already: an override changes a system, it does not add to it.
fn unknown(node: &Node, segments: &[Segment], depth: usize) -> Option<Problem> {
    let segment = &segments[depth];
    let Value::Table(entries) = &node.value else { return None };
    if depth == 0 && !TOP.contains(&segment.name.as_str()) {
        let problem = Problem::error(segment.place, format!("a scenario has no `{}`", segment.name));
        return Some(problem.help(names::advice(&segment.name, TOP.iter().copied(), "")));
    }
    let kind = &segments[0].name;
    if depth == 1 && ENTITIES.contains(&kind.as_str()) && !entries.iter().any(|entry| entry.key == segment.name) {
        let problem = Problem::error(segment.place, format!("`{}` is not one of the {kind}", segment.name));
        let known: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        return Some(problem.help(names::advice(&segment.name, known, &format!("the document has no {kind}"))));
    }
    None
}
