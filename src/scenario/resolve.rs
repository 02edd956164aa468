//! From the document to the model: names become ids, defaults are filled in, and everything is checked against the rest.
//!
//! What cannot be read or makes no sense is reported and replaced by a stand-in, so that the rest is checked too; a model
//! with stand-ins never leaves this room.

use super::brokers::place_exchanges;
use super::decode::{Decode, Entities, Field};
use super::diagnostic::{Problem, Problems, Severity, SourceText};
use super::document::Scenario;
use super::flow::Connections;
use super::overrides::Override;
use super::read::Document;
use super::variants::{Variant, variants};
use super::{json, overrides, presets, tree};
use crate::model::Model;
use std::path::Path;

/// A document that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What is simulated.
    pub model: Model,
    /// What one of something costs, by its path.
    pub costs: Vec<(String, f64)>,
    /// What was solved for: one line for each distribution that was given by what people know of it.
    pub notes: Vec<String>,
    /// What is allowed but hardly meant.
    pub warnings: Problems,
    /// The same system with other values.
    pub variants: Vec<Variant>,
}

/// What every part of resolving needs: where files are, and where problems and notes go.
pub(super) struct Resolver<'a> {
    pub folder: &'a Path,
    pub log: Vec<Problem>,
    pub notes: Vec<String>,
    /// Tables that could not be read, so that nothing is known about the names in them.
    pub unreadable: Vec<&'static str>,
}

/// Understands a document, with overrides of the form `PATH=VALUE`, as `--set` has them.
///
/// # Errors
/// Everything that is wrong with the document and the overrides.
pub fn resolve(document: &Document, overrides: &[String]) -> Result<Resolved, Problems> {
    resolve_changed(document, &overrides.iter().map(|written| Override::set(written)).collect::<Vec<_>>())
}

/// Understands a document with changes that various options make; later ones count.
///
/// # Errors
/// Everything that is wrong with the document and the changes.
pub fn resolve_changed(document: &Document, overrides: &[Override]) -> Result<Resolved, Problems> {
    let sources = sources(document, overrides);
    let mut log = Vec::new();
    let is_json = document.path.as_ref().and_then(|path| path.extension()).is_some_and(|extension| extension == "json");
    let root = if is_json { json::from_json(&document.text, &mut log) } else { tree::from_toml(&document.text, &mut log) };
    let Some(mut root) = root else { return Err(Problems::new(sources, log)) };
    let untouched = has_variants(&root).then(|| root.clone());
    for (at, written) in overrides.iter().enumerate() {
        overrides::apply(&mut root, written, at + 1, &mut log);
    }
    presets::fill(&mut root);
    let folder = document.path.as_ref().and_then(|path| path.parent()).unwrap_or(Path::new(""));
    let scenario = Scenario::decode(&root, &mut log);
    let mut resolver = Resolver { folder, log, notes: Vec::new(), unreadable: Vec::new() };
    let costs = scenario.as_ref().map_or(Vec::new(), |scenario| resolver.costs(scenario, &root));
    let model = scenario.map(|scenario| resolver.model(&scenario));
    let Resolver { mut log, notes, .. } = resolver;
    let variants = untouched.map_or_else(Vec::new, |untouched| variants(&untouched, folder, &mut log));
    let (errors, warnings): (Vec<Problem>, Vec<Problem>) =
        log.into_iter().partition(|problem| problem.severity == Severity::Error);
    match model {
        Some(model) if errors.is_empty() => {
            Ok(Resolved { model, costs, notes, warnings: Problems::new(sources, warnings), variants })
        }
        // Warnings about a document with errors may be about what the errors spoil.
        _ => Err(Problems::new(sources, errors)),
    }
}

fn has_variants(root: &tree::Node) -> bool {
    matches!(&root.value, tree::Value::Table(entries) if entries.iter().any(|entry| entry.key == "variants"))
}

fn sources(document: &Document, overrides: &[Override]) -> Vec<SourceText> {
    let name = document.path.as_ref().map_or_else(|| format!("<{}>", document.name), |path| path.display().to_string());
    let mut sources = vec![SourceText { name, text: document.text.as_str().into() }];
    for Override { flag, written } in overrides {
        let text = format!("{flag}{written}");
        sources.push(SourceText { name: "command line".to_owned(), text: text.into() });
    }
    sources
}

impl Resolver<'_> {
    pub(super) fn model(&mut self, scenario: &Scenario) -> Model {
        let broken = [
            ("producers", matches!(scenario.producers, Field::Broken)),
            ("queues", matches!(scenario.queues, Field::Broken)),
            ("consumers", matches!(scenario.consumers, Field::Broken)),
            ("services", matches!(scenario.services, Field::Broken)),
            ("hosts", matches!(scenario.hosts, Field::Broken)),
            ("locks", matches!(scenario.locks, Field::Broken)),
            ("caches", matches!(scenario.caches, Field::Broken)),
            ("brokers", matches!(scenario.brokers, Field::Broken)),
            ("exchanges", matches!(scenario.exchanges, Field::Broken)),
        ];
        self.unreadable = broken.into_iter().filter(|(_, broken)| *broken).map(|(table, _)| table).collect();
        let plan = self.plan(scenario);
        let (producers, producer_links) = self.producers(scenario);
        let (pools, pool_links) = self.pools(scenario);
        let (services, service_links) = self.services(scenario);
        let mut model = Model {
            title: scenario.title.value().cloned(),
            plan,
            producers,
            brokers: self.brokers(list(&scenario.brokers)),
            exchanges: self.exchanges(scenario),
            queues: self.queues(scenario),
            pools,
            services,
            hosts: self.hosts(list(&scenario.hosts)),
            locks: self.locks(list(&scenario.locks)),
            caches: self.caches(list(&scenario.caches)),
            faults: Vec::new(),
            goals: Vec::new(),
            alerts: Vec::new(),
        };
        place_exchanges(&mut model);
        self.kept(list(&scenario.brokers), &model);
        model.faults = self.faults(scenario, &model);
        let connections = Connections { producers: producer_links, pools: pool_links, services: service_links };
        self.flow(scenario, &model, &connections);
        self.dead_letter_circles(scenario, &model);
        self.idle_delivery_limits(scenario, &model);
        self.usage(scenario, &model, &connections);
        model.goals = self.goals(list(&scenario.goals), &model);
        model.alerts = self.alerts(list(&scenario.alerts), scenario.run.value(), &model);
        if let Some(run) = scenario.run.value() {
            model.plan.precision.metrics = self.precision_on(run, &model);
        }
        model
    }
}

/// The entities of a table, none where it is missing.
pub(super) fn list<T>(field: &Field<Entities<T>>) -> &[super::decode::Named<T>] {
    field.value().map_or(&[], |entities| &entities.list)
}
