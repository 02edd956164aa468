//! `preset = "..."` of a broker: its row fills in what the document leaves out, in the broker's table and in those of the queues on
//! it. That is done to the tree before anything is decoded, so that what a row says is read, checked and shown like what a user says.
//!
//! What is filled in stands where the name of the preset stands: a problem with it is shown there.

use super::decode::{Decode, word};
use super::diagnostic::{Place, Problem};
use super::schema::Definitions;
use super::tree::{Entry, Node, Value, toml_value};
use crate::model::{PRESETS, Preset};

/// Keys that decide what the others in their table mean: where a document gives them another value than the row, it gets nothing
/// else of that table.
const DECIDING: [&str; 2] = ["storage", "mode"];
/// The ways of `network`, which can also be one delay for all.
const WAYS: [&str; 4] = ["publish", "confirm", "deliver", "ack"];

/// The ways to keep messages, and those of them that have members.
const STORAGES: [&str; 4] = ["memory", "disk", "quorum", "replicated"];
const REPLICATED: [&str; 2] = ["quorum", "replicated"];

/// The name of a preset.
#[derive(Debug, Clone, Copy)]
pub(super) struct PresetName(pub &'static Preset);

impl Decode for PresetName {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let names: Vec<&'static str> = PRESETS.iter().map(|preset| preset.name).collect();
        Preset::named(word(node, "a preset", &names, log)?).map(PresetName)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "enum": PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>() })
    }
}

/// The name that is closest to this one, or those that there are.
pub fn preset_advice(name: &str) -> String {
    super::names::advice(name, PRESETS.iter().map(|preset| preset.name), "")
}

/// Fills in what a document's brokers say of the queues on them, and what the presets of these brokers say.
pub(super) fn fill(root: &mut Node) {
    spread(root);
    let mut rows: Vec<(String, &'static Preset, Place)> = Vec::new();
    for broker in entries(root, "brokers") {
        let Some((preset, place)) = chosen(&broker.node) else { continue };
        rows.push((broker.key.clone(), preset, place));
        fill_table(&mut broker.node, &facts(preset, |key| !key.starts_with("queues.")), place);
    }
    for queue in entries(root, "queues") {
        let Some(Value::Text(on)) = value(&queue.node, "broker") else { continue };
        let Some((_, preset, place)) = rows.iter().find(|(name, ..)| name == on) else { continue };
        let facts: Vec<_> = facts(preset, |key| key.starts_with("queues."));
        let facts: Vec<_> = facts.iter().map(|(key, value)| (key.trim_start_matches("queues."), *value)).collect();
        fill_table(&mut queue.node, &facts, *place);
    }
}

/// Hands the `storage` and `replication` of a broker on to the queues on it that do not say how they are kept.
fn spread(root: &mut Node) {
    let mut brokers: Vec<(String, Option<Node>, Option<Node>)> = Vec::new();
    for broker in entries(root, "brokers") {
        let of = |key: &str| node(&broker.node, key).cloned();
        let known = |node: &Node| matches!(&node.value, Value::Text(word) if STORAGES.contains(&word.as_str()));
        brokers.push((broker.key.clone(), of("storage").filter(known), of("replication")));
    }
    for queue in entries(root, "queues") {
        let Some(Value::Text(on)) = value(&queue.node, "broker") else { continue };
        let Some((_, storage, replication)) = brokers.iter().find(|(name, ..)| name == on) else { continue };
        add(&mut queue.node, "storage", storage.as_ref());
        if matches!(value(&queue.node, "storage"), Some(Value::Text(word)) if REPLICATED.contains(&word.as_str())) {
            add(&mut queue.node, "members", replication.as_ref());
        }
    }
}

/// Adds a key that is not there.
fn add(to: &mut Node, key: &str, given: Option<&Node>) {
    let Value::Table(entries) = &mut to.value else { return };
    if let Some(node) = given.filter(|_| entries.iter().all(|entry| entry.key != key)) {
        entries.push(Entry { key: key.to_owned(), key_place: node.place, node: node.clone() });
    }
}

fn facts(preset: &'static Preset, of: impl Fn(&str) -> bool) -> Vec<(&'static str, &'static str)> {
    preset.facts.iter().filter(|fact| of(fact.key)).map(|fact| (fact.key, fact.value)).collect()
}

/// The tables under a name, none where the document is something else there.
fn entries<'a>(root: &'a mut Node, table: &str) -> &'a mut [Entry] {
    let Value::Table(top) = &mut root.value else { return &mut [] };
    match top.iter_mut().find(|entry| entry.key == table).map(|entry| &mut entry.node.value) {
        Some(Value::Table(entries)) => entries,
        _ => &mut [],
    }
}

fn node<'a>(of: &'a Node, key: &str) -> Option<&'a Node> {
    let Value::Table(entries) = &of.value else { return None };
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
}

fn value<'a>(of: &'a Node, key: &str) -> Option<&'a Value> {
    node(of, key).map(|node| &node.value)
}

fn chosen(broker: &Node) -> Option<(&'static Preset, Place)> {
    let Value::Table(entries) = &broker.value else { return None };
    let entry = entries.iter().find(|entry| entry.key == "preset")?;
    match &entry.node.value {
        Value::Text(name) => Preset::named(name).map(|preset| (preset, entry.node.place)),
        _ => None,
    }
}

/// Adds what is not there; keys with a dot are those of a table in this one.
fn fill_table(node: &mut Node, facts: &[(&'static str, &'static str)], place: Place) {
    if decides_otherwise(node, facts) {
        return;
    }
    let Value::Table(entries) = &mut node.value else { return };
    let mut inner: Vec<&str> = Vec::new();
    for &(key, written) in facts {
        match key.split_once('.') {
            None if entries.iter().all(|entry| entry.key != key) => entries.extend(entry(key, written, place)),
            None => {}
            Some((table, _)) if inner.contains(&table) => {}
            Some((table, _)) => inner.push(table),
        }
    }
    for table in inner {
        let of = |(key, written): &(&'static str, &'static str)| {
            let (head, rest) = key.split_once('.')?;
            (head == table).then_some((rest, *written))
        };
        let facts: Vec<_> = facts.iter().filter_map(of).collect();
        match entries.iter_mut().find(|entry| entry.key == table) {
            Some(given) if table == "network" && !WAYS.iter().any(|way| value(&given.node, way).is_some()) => {}
            Some(given) => fill_table(&mut given.node, &facts, place),
            None => {
                let mut node = Node { value: Value::Table(Vec::new()), place };
                fill_table(&mut node, &facts, place);
                entries.push(Entry { key: table.to_owned(), key_place: place, node });
            }
        }
    }
}

fn decides_otherwise(node: &Node, facts: &[(&'static str, &'static str)]) -> bool {
    DECIDING.iter().any(|deciding| match (value(node, deciding), facts.iter().find(|(key, _)| key == deciding)) {
        (Some(given), row) => match (given, row) {
            (Value::Text(given), Some((_, written))) => *written != format!("\"{given}\""),
            // Rows without a `mode` write in batches.
            (Value::Text(given), None) => *deciding == "mode" && given != "batch",
            _ => true,
        },
        (None, _) => false,
    })
}

/// What a row says, standing where the row is named.
fn entry(key: &str, written: &str, place: Place) -> Option<Entry> {
    let mut node = toml_value(written, place.text, 0).ok()?;
    settle(&mut node, place);
    Some(Entry { key: key.to_owned(), key_place: place, node })
}

fn settle(node: &mut Node, place: Place) {
    node.place = place;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| settle(item, place)),
        Value::Table(entries) => entries.iter_mut().for_each(|entry| {
            entry.key_place = place;
            settle(&mut entry.node, place);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Document, resolve};
    use super::*;
    use crate::model::{Disk, Model, Returns, Storage, Sync};

    /// A document with this broker and these keys of its queue, understood without a warning.
    fn model(broker: &str, queue: &str) -> Model {
        let text = format!(
            "[run]\nduration = \"1s\"\n[brokers.b]\n{broker}\n[producers.p]\narrivals = {{ poisson = \"9/s\" }}\npublish = \"q\"\n\
             [queues.q]\nbroker = \"b\"\n{queue}\n[consumers.c]\nqueue = \"q\"\nservice = \"1ms\"\n"
        );
        let document = Document { name: "small".to_owned(), path: None, text };
        let resolved = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(resolved.warnings.is_empty(), "{}", resolved.warnings.render(false));
        resolved.model
    }

    #[test]
    fn every_row_is_understood_and_filled_in_as_a_whole() {
        for preset in PRESETS {
            let name = format!("preset = \"{}\"", preset.name);
            let filled = model(&name, "");
            assert_eq!(filled.brokers[0].preset, Some(preset.name));
            // The same as if the document said every key itself.
            let said = |queues: bool| {
                let own = preset.facts.iter().filter(|fact| fact.key.starts_with("queues.") == queues);
                own.map(|fact| format!("{} = {}\n", fact.key.trim_start_matches("queues."), fact.value)).collect::<String>()
            };
            let mut written = model(&said(false), &said(true));
            written.brokers[0].preset = Some(preset.name);
            assert_eq!(filled, written, "{}", preset.name);
        }
    }

    #[test]
    fn what_the_document_says_wins() {
        let own =
            "preset = \"rabbitmq-quorum\"\nnodes = 5\nnetwork = \"1ms\"\ncpu = { cores = 4, ack = \"9us\" }\ndisk = { cap = 7 }";
        let found = model(own, "members = 5");
        let broker = &found.brokers[0];
        assert_eq!((broker.nodes, broker.network.ack.mean(), broker.network.publish.mean()), (5, 1e6, 1e6));
        let cpu = broker.cpu.expect("costs");
        assert_eq!((cpu.cores, cpu.ack.0, cpu.deliver.0), (4, 9_000, 3_900));
        assert!(matches!(&broker.disk, Some(Disk { sync: Sync::Batch, cap: Some(7), fsync, .. }) if fsync.mean() == 600_000.0));
        let rules = &found.queues[0].semantics;
        assert_eq!((rules.storage, rules.delivery_limit), (Storage::Quorum { members: 5 }, Some(20)));
        assert_eq!(rules.returns, Returns::First);
    }

    /// What a broker says of its queues goes before its preset, and behind what a queue says.
    #[test]
    fn a_broker_says_how_its_queues_are_kept() {
        let storage = |broker: &str, queue: &str| model(broker, queue).queues[0].semantics.storage;
        assert_eq!(storage("storage = \"disk\"", ""), Storage::Disk);
        assert_eq!(storage("nodes = 5\nstorage = \"quorum\"\nreplication = 5", ""), Storage::Quorum { members: 5 });
        assert_eq!(storage("nodes = 5\nstorage = \"replicated\"", ""), Storage::Replicated { members: 3 });
        assert_eq!(storage("nodes = 5\nreplication = 5", "storage = \"quorum\""), Storage::Quorum { members: 5 });
        assert_eq!(storage("nodes = 5\nstorage = \"quorum\"\nreplication = 5", "members = 1"), Storage::Quorum { members: 1 });
        assert_eq!(storage("preset = \"rabbitmq-quorum\"\nstorage = \"disk\"", ""), Storage::Disk);
    }

    #[test]
    fn a_variant_may_have_another_preset() {
        let text = "[run]\nduration = \"1s\"\n[brokers.b]\npreset = \"rabbitmq-quorum\"\n[producers.p]\narrivals = { poisson = \"9/s\" }\n\
                    publish = \"q\"\n[queues.q]\nbroker = \"b\"\n[consumers.c]\nqueue = \"q\"\nservice = \"1ms\"\n\
                    [variants.classic]\nset = { \"brokers.b.preset\" = \"rabbitmq-classic\" }\n";
        let document = Document { name: "small".to_owned(), path: None, text: text.to_owned() };
        let resolved = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(resolved.variants.len(), 1);
        let changed = resolve(&document, &resolved.variants[0].changes).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(changed.model.queues[0].semantics.storage, Storage::Disk);
    }

    #[test]
    fn another_storage_or_another_way_to_write_gets_nothing_that_belongs_to_the_first() {
        let classic = model("preset = \"rabbitmq-quorum\"", "storage = \"disk\"");
        assert_eq!((classic.queues[0].semantics.storage, classic.queues[0].semantics.delivery_limit), (Storage::Disk, None));
        let never = model("preset = \"rabbitmq-quorum\"\ndisk = { mode = \"never\" }", "");
        assert!(matches!(&never.brokers[0].disk, Some(Disk { sync: Sync::Interval(_), cap: None, .. })));
        let drawn = model("preset = \"rabbitmq-quorum\"\nnetwork = { exponential = \"1ms\" }", "");
        assert_eq!(drawn.brokers[0].network.ack.mean(), 1e6);
        let one_way = model("preset = \"rabbitmq-quorum\"\nnetwork = { ack = \"2ms\" }", "");
        assert_eq!((one_way.brokers[0].network.ack.mean(), one_way.brokers[0].network.publish.mean()), (2e6, 95_000.0));
    }
}
