//! Variants: the same system with other values, to be compared with it.
//!
//! A variant is a list of changes in the words of `--set`, and what is wrong with one stands in the document.

use super::decode::{Decode, Named, expected};
use super::diagnostic::{At, Place, Problem, Severity};
use super::document::Scenario;
use super::overrides::{Segment, set};
use super::presets;
use super::resolve::{Resolver, list};
use super::schema::Definitions;
use super::tree::{Entry, Node, Value};
use crate::model::Model;
use std::path::Path;

/// The same system with other values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The user's name for it.
    pub name: String,
    /// A line that says what it is.
    pub title: Option<String>,
    /// What is different, as `--set` would say it: `PATH=VALUE`.
    pub changes: Vec<String>,
}

/// The values that a variant sets, by path.
#[derive(Debug, Clone)]
pub(super) struct Settings(Vec<Entry>);

impl Decode for Settings {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        const EXAMPLE: &str = "write the values that differ: set = { \"consumers.workers.count\" = 4 }";
        let Value::Table(entries) = &node.value else {
            log.push(expected("a table of paths and values", node).help(EXAMPLE));
            return None;
        };
        if entries.is_empty() {
            log.push(Problem::error(node.place, "this variant sets nothing").help(EXAMPLE));
            return None;
        }
        // Without quotes a path is tables in tables, and would replace all of the first.
        let bare: Vec<&Entry> = entries.iter().filter(|entry| !entry.key.contains('.') && is_table(&entry.node)).collect();
        for entry in &bare {
            let path = first_path(entry);
            log.push(
                Problem::error(entry.key_place, format!("this would replace all of `{}`", entry.key))
                    .help(format!("a path stands in quotes: \"{path}\" = ...")),
            );
        }
        bare.is_empty().then(|| Settings(entries.clone()))
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "object", "minProperties": 1 })
    }
}

fn is_table(node: &Node) -> bool {
    matches!(node.value, Value::Table(_))
}

/// The path that an entry most likely means: through tables of one key, as far as three names.
fn first_path(entry: &Entry) -> String {
    let mut path = entry.key.clone();
    let mut node = &entry.node;
    for _ in 0..2 {
        let Value::Table(entries) = &node.value else { break };
        let Some(first) = entries.first() else { break };
        path = format!("{path}.{}", first.key);
        node = &first.node;
    }
    path
}

/// The variants of a document without overrides, each checked as a document of its own.
pub(super) fn variants(root: &Node, folder: &Path, log: &mut Vec<Problem>) -> Vec<Variant> {
    let Some(scenario) = Scenario::decode(root, &mut Vec::new()) else { return Vec::new() };
    let mut alone = root.clone();
    if let Value::Table(entries) = &mut alone.value {
        entries.retain(|entry| entry.key != "variants");
    }
    let mut wrong = Vec::new();
    let base = resolved(&alone, folder, &mut wrong);
    let mut found = Vec::new();
    for Named { name, entity } in list(&scenario.variants) {
        let Some(At { value: form, .. }) = entity else { continue };
        let Some(settings) = form.set.value() else { continue };
        found.push(Variant {
            name: name.value.clone(),
            title: form.title.value().cloned(),
            changes: settings.0.iter().map(|entry| format!("{}={}", entry.key, entry.node.written())).collect(),
        });
        // A document that is wrong by itself, and is mended by an override, cannot be told from its variants' mistakes.
        if let Some(base) = base.as_ref().filter(|_| wrong.is_empty()) {
            check(&alone, folder, base, name, settings, log);
        }
    }
    found
}

/// Whether a variant of a document makes sense; what does not goes to `log`.
fn check(alone: &Node, folder: &Path, base: &Model, name: &At<String>, settings: &Settings, log: &mut Vec<Problem>) {
    let mut changed = alone.clone();
    let mut problems = Vec::new();
    for entry in &settings.0 {
        match segments(entry) {
            Some(segments) => set(&mut changed, &segments, entry.node.clone(), &mut problems),
            None => problems.push(
                Problem::error(entry.key_place, format!("`{}` is no path", entry.key))
                    .help("a path is names with dots between them: \"consumers.workers.count\""),
            ),
        }
    }
    let model = if problems.is_empty() { resolved(&changed, folder, &mut problems) } else { None };
    if problems.is_empty() && model.is_some_and(|model| same(&model, base)) {
        let problem = Problem::error(name.place, format!("variant `{}` changes nothing", name.value));
        problems.push(problem.label("the file has these values anyway").help("set a value that differs, or remove the variant"));
    } else {
        let context = format!("this is so with variant `{}`", name.value);
        problems = problems.into_iter().map(|problem| problem.help(context.clone())).collect();
    }
    log.extend(problems);
}

/// Whether two models are one system; what it is called is no part of it.
fn same(one: &Model, other: &Model) -> bool {
    let mut one = one.clone();
    one.title.clone_from(&other.title);
    one == *other
}

/// The model of a tree; its errors go to `problems`.
fn resolved(root: &Node, folder: &Path, problems: &mut Vec<Problem>) -> Option<Model> {
    let mut log = Vec::new();
    let mut root = root.clone();
    presets::fill(&mut root);
    let scenario = Scenario::decode(&root, &mut log);
    let mut resolver = Resolver { folder, log, notes: Vec::new(), unreadable: Vec::new() };
    let model = scenario.map(|scenario| resolver.model(&scenario));
    problems.extend(resolver.log.into_iter().filter(|problem| problem.severity == Severity::Error));
    model
}

/// The names of a path, each with its place; `None` where one is empty.
fn segments(entry: &Entry) -> Option<Vec<Segment>> {
    let written = entry.key_place.end - entry.key_place.start;
    // Between quotes and without escapes; a bare key has no dot.
    let exact = written.checked_sub(entry.key.len()).filter(|more| [0, 2].contains(more)).map(|more| more / 2);
    let mut at = 0;
    let mut found = Vec::new();
    for name in entry.key.split('.') {
        let place: Place = match exact {
            Some(quote) => entry.key_place.part(quote + at..quote + at + name.len()),
            None => entry.key_place,
        };
        at += name.len() + 1;
        if name.trim().is_empty() {
            return None;
        }
        found.push(Segment { name: name.trim().to_owned(), place });
    }
    Some(found)
}
