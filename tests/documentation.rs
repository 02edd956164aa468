//! What the README and the pages under `docs/` say is true of this version: their scenarios are valid, and the reference names
//! everything that can be written and measured.
//!
//! A block that opens with ```` ```toml ```` is a whole scenario; a part of one opens with ```` ```toml fragment ````.

use queuelab::model::{Metric, metrics};
use queuelab::scenario::{Document, Resolved, resolve, schema};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const REFERENCE: &str = "docs/scenario.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    let path = root().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The README and the pages of `docs/`, relative to the root.
fn pages() -> Vec<String> {
    let pages = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut names: Vec<String> = pages.map(|path| format!("docs/{}", path.file_name().unwrap().display())).collect();
    names.extend(["README.md", "CONTRIBUTING.md", "output/README.md"].map(str::to_owned));
    names.sort();
    names
}

/// The blocks that open with exactly this, with the line of the first.
fn blocks(page: &str, opening: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String, bool)> = None;
    for (number, line) in page.lines().enumerate() {
        match &mut open {
            None if line.starts_with("```") => open = Some((number + 2, String::new(), line == opening)),
            None => {}
            Some(_) if line == "```" => found.extend(open.take().filter(|block| block.2).map(|(at, text, _)| (at, text))),
            Some((_, text, _)) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

fn resolved(name: &str, extension: &str, text: String) -> Resolved {
    // Examples that name a file mean one that stands beside the shipped scenarios.
    let path = root().join("scenarios").join(format!("example.{extension}"));
    let document = Document { name: name.to_owned(), path: Some(path), text };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{name}\n{problems}"))
}

#[test]
fn every_scenario_on_a_page_is_valid_and_gives_no_warning() {
    let mut count = 0;
    for name in pages() {
        for (opening, extension) in [("```toml", "toml"), ("```json", "json")] {
            for (line, text) in blocks(&page(&name), opening) {
                let warnings = resolved(&format!("{name}:{line}"), extension, text).warnings;
                assert!(warnings.is_empty(), "{name}:{line}\n{warnings}");
                count += 1;
            }
        }
    }
    assert!(count >= 4, "only {count} scenarios were found");
}

#[test]
fn every_fragment_is_made_of_known_keys() {
    let known = keys();
    for name in pages() {
        for (line, text) in blocks(&page(&name), "```toml fragment") {
            let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{name}:{line}\n{error}"));
            let keyed = |name| table.get(name).and_then(toml::Value::as_table).into_iter().flatten().map(|(key, _)| key);
            let own: BTreeSet<&String> =
                entities(&table).chain(keyed("goals")).chain(keyed("alerts")).chain(keyed("costs")).collect();
            let mut used = BTreeSet::new();
            let mut value = serde_json::to_value(&table).unwrap();
            // The keys of `set` are paths; that they lead somewhere is checked where the scenario is whole.
            let variants = value.get_mut("variants").and_then(Value::as_object_mut);
            variants.into_iter().flatten().for_each(|(_, variant)| variant["set"] = Value::Null);
            collect(&value, &mut used);
            for key in used.iter().filter(|key| !own.contains(key)) {
                assert!(known.contains(key), "{name}:{line}: there is no key `{key}`");
            }
        }
    }
}

fn entities(table: &toml::Table) -> impl Iterator<Item = &String> {
    let tables = ["producers", "queues", "consumers", "services", "hosts", "locks", "caches", "variants"];
    tables.into_iter().filter_map(|kind| table.get(kind)?.as_table()).flatten().map(|(name, _)| name)
}

fn collect(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| {
            keys.insert(key.clone());
            collect(value, keys);
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        _ => {}
    }
}

/// Every key that a document may have.
fn keys() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    walk(&schema(), &mut keys, &mut BTreeSet::new());
    keys
}

/// Keys and words of the language, from its schema.
fn walk(schema: &Value, keys: &mut BTreeSet<String>, words: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            if let Some(Value::Array(each)) = object.get("enum") {
                words.extend(each.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            object.values().for_each(|inner| walk(inner, keys, words));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, keys, words)),
        _ => {}
    }
}

/// What stands in code type on a page, split into words.
fn code(page: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
            continue;
        }
        // Between fences all is code; elsewhere every second part between backquotes.
        let parts = line.split('`').enumerate().filter(|(at, _)| inside || at % 2 == 1);
        let letters = |c: char| !c.is_alphanumeric() && c != '_' && c != '-';
        words.extend(parts.flat_map(|(_, part)| part.split(letters)));
    }
    words
}

#[test]
fn the_reference_names_every_key_and_every_word() {
    let text = page(REFERENCE);
    let named = code(&text);
    let (mut keys, mut words) = (BTreeSet::new(), BTreeSet::new());
    walk(&schema(), &mut keys, &mut words);
    assert!(keys.len() > 80 && words.len() > 15, "{keys:?} {words:?}");
    let missing: Vec<&String> = keys.union(&words).filter(|word| !named.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "{REFERENCE} does not name {missing:?}");
}

#[test]
fn the_reference_names_every_metric_and_every_statistic() {
    let text = page(REFERENCE);
    let models = blocks(&text, "```toml").into_iter().map(|(line, text)| resolved(&format!("line {line}"), "toml", text).model);
    let measured: Vec<Metric> = models.flat_map(|model| metrics(&model)).collect();
    assert!(measured.iter().any(|metric| metric.name.starts_with("caches.")), "an example with everything is missing");
    for metric in measured {
        let kind = metric.name.splitn(3, '.').nth(2).unwrap();
        assert!(text.contains(&format!("`{kind}`")), "{REFERENCE} does not name `{kind}`");
        for (statistic, _) in metric.quantity.statistics() {
            assert!(text.contains(&format!("`.{statistic}`")), "{REFERENCE} does not name `.{statistic}`");
        }
    }
}

#[test]
fn every_shipped_scenario_is_named_in_the_readme() {
    let readme = page("README.md");
    let scenarios = std::fs::read_dir(root().join("scenarios")).unwrap().map(|entry| entry.unwrap().path());
    for path in scenarios.filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        let name = path.file_stem().unwrap().display().to_string();
        assert!(readme.contains(&format!("`{name}`")), "the README does not name `{name}`");
    }
}

#[test]
fn links_lead_somewhere() {
    for name in pages() {
        let text = page(&name);
        let folder: PathBuf = root().join(&name).parent().unwrap().to_owned();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { root().join(&name) } else { folder.join(file) };
            assert!(path.exists(), "{name}: there is no {target}");
            if !anchor.is_empty() {
                let there = std::fs::read_to_string(&path).unwrap();
                assert!(there.lines().any(|line| is_heading(line, anchor)), "{name}: {target} is no heading");
            }
        }
    }
}

/// Whether this line is the heading that the web page of a repository links by this anchor.
fn is_heading(line: &str, anchor: &str) -> bool {
    let Some(title) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim()) else { return false };
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect::<String>() == anchor
}
