//! `[costs]`: what one of something costs, so that the cheapest of several combinations can be told.

use super::decode::{Decode, expected};
use super::diagnostic::{At, Problem};
use super::document::Scenario;
use super::overrides::wrong_path;
use super::quantity::Weight;
use super::resolve::Resolver;
use super::schema::Definitions;
use super::tree::{Node, Value};

/// Paths and what one of each costs.
#[derive(Debug, Clone)]
pub(super) struct Costs(Vec<(At<String>, At<Weight>)>);

impl Decode for Costs {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let Value::Table(entries) = &node.value else {
            log.push(expected("a table of costs", node).help("write a path and a number: \"consumers.workers.count\" = 1.0"));
            return None;
        };
        let mut all = Vec::new();
        for entry in entries {
            if let Value::Table(inner) = &entry.node.value {
                let path = whole_path(&entry.key, inner);
                let problem = Problem::error(entry.key_place, "a path stands in quotes here, because it has dots");
                log.push(problem.help(format!("write \"{path}\" = 1.0")));
                continue;
            }
            let place = entry.key_place;
            all.extend(At::decode(&entry.node, log).map(|cost| (At { value: entry.key.clone(), place }, cost)));
        }
        Some(Costs(all))
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({
            "type": "object",
            "description": "What one of something costs, by its path in quotes.",
            "additionalProperties": Weight::schema(definitions),
        })
    }
}

/// The path that keys with dots and no quotes were meant to be.
fn whole_path(first: &str, mut entries: &[super::tree::Entry]) -> String {
    let mut path = first.to_owned();
    while let Some(entry) = entries.first() {
        path.push('.');
        path.push_str(&entry.key);
        entries = if let Value::Table(inner) = &entry.node.value { inner } else { &[] };
    }
    path
}

impl Resolver<'_> {
    /// The costs of the document, checked against what it holds.
    pub(super) fn costs(&mut self, scenario: &Scenario, root: &Node) -> Vec<(String, f64)> {
        let Some(Costs(costs)) = scenario.costs.value() else { return Vec::new() };
        self.log.extend(costs.iter().filter_map(|(path, _)| wrong_path(root, &path.value, path.place)));
        costs.iter().map(|(path, cost)| (path.value.clone(), cost.value.0)).collect()
    }
}
