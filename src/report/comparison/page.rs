//! A comparison as a page: the answer in sentences, the goals of each design, the numbers, charts, and how to make it again.

use super::Comparison;
use super::csv::comparison_csv;
use super::markdown::differences_table;
use crate::report::chart::{Canvas, designs, differences};
use crate::report::page::{figures, origin, shell, tables, verdict};
use crate::report::quantity::{Kind, plainly};
use crate::report::result::RunResult;
use crate::report::rows::Rows;
use indexmap::{IndexMap, IndexSet};
use maud::{Markup, html};

/// The page. The same comparison gives the same bytes.
pub fn comparison_page(comparison: &Comparison) -> String {
    let title = comparison.title();
    let draw = |name: &str, draw: fn(&Comparison, Canvas) -> crate::report::chart::Drawing| {
        figures::drawn(name, &draw(comparison, Canvas::WIDE), &draw(comparison, Canvas::NARROW))
    };
    let charts = html! { (draw("differences", differences)) (draw("latency-percentiles", designs)) };
    let sections = [
        shell::section("verdict", "Verdict", findings(comparison)),
        shell::section("goals", "Goals", goals(comparison)),
        shell::section("numbers", "Differences", numbers(comparison)),
        shell::section("charts", "Charts", charts),
        shell::section("warnings", "Warnings", warnings(comparison)),
        shell::section("origin", "Where this comes from", origin_of(comparison)),
        shell::section("raw", "Raw numbers", origin::raw(&[("comparison.csv", comparison_csv(comparison))])),
    ];
    shell::page(&title, head(comparison, &title), sections.into_iter().flatten().collect())
}

/// What is compared, and how it was done.
fn head(comparison: &Comparison, title: &str) -> Markup {
    let notes =
        comparison.plans().into_iter().chain(comparison.brackets()).chain(comparison.pairing()).chain(comparison.sought());
    html! {
        h1 { (title) }
        ul.faults {
            @for (name, what) in comparison.descriptions() {
                li { strong { (name) } @if !what.is_empty() { ": " (what) } }
            }
        }
        p.facts { (notes.collect::<Vec<String>>().join("; ")) "." }
    }
}

fn findings(comparison: &Comparison) -> Markup {
    html! {
        @if !comparison.findings.is_empty() {
            ul.findings { @for finding in &comparison.findings { li { (shell::words(finding)) } } }
        }
    }
}

fn goals(comparison: &Comparison) -> Markup {
    html! {
        @for design in comparison.designs.iter().filter(|design| !design.goals.is_empty()) {
            h3.of { (design.name) }
            (verdict::goals(design))
        }
    }
}

/// A table for each metric.
fn numbers(comparison: &Comparison) -> Markup {
    let mut metrics: IndexMap<String, Vec<Vec<String>>> = IndexMap::new();
    for [metric, rest @ ..] in differences_table(comparison) {
        metrics.entry(metric).or_default().push(rest.to_vec());
    }
    let head = [("design", false), ("value", true), ("change", true), ("relative", true), ("finding", false)];
    let head = head.map(|(title, number)| (title.to_owned(), number)).to_vec();
    html! {
        @for (metric, rows) in metrics { (tables::rows(&metric, &Rows { head: head.clone(), rows })) }
    }
}

fn warnings(comparison: &Comparison) -> Markup {
    let all = comparison.all_warnings();
    html! {
        @if !all.is_empty() { ul.warnings { @for warning in &all { li { (shell::words(&warning.message)) } } } }
    }
}

/// Programs, seeds, scenarios, and the commands.
fn origin_of(comparison: &Comparison) -> Markup {
    let provenance = &comparison.designs[0].provenance;
    let each = |of: fn(&RunResult) -> String| {
        let all: IndexSet<String> = comparison.designs.iter().map(of).collect();
        all.into_iter().collect::<Vec<String>>().join(", ")
    };
    let mut facts = vec![
        ("Program", html! { (each(|design| format!("{} on {}", design.provenance.program, design.provenance.target))) }),
        ("Seed", html! { (each(|design| design.provenance.seed.to_string())) }),
        ("Replications", html! { (each(|design| design.provenance.replications.to_string())) }),
        ("Intervals", html! { (plainly(comparison.confidence, Kind::Share)) " together" }),
    ];
    if comparison.designs.iter().any(|design| !design.provenance.overrides.is_empty()) {
        let of =
            |design: &RunResult| html! { (design.name) ": " @for set in &design.provenance.overrides { code { (set) } " " } br; };
        facts.push((
            "Changed",
            html! { @for design in &comparison.designs { @if !design.provenance.overrides.is_empty() { (of(design)) } } },
        ));
    }
    let files = files(comparison);
    for design in files.values() {
        facts.push(("SHA-256 of the scenario", origin::hash(&design.provenance.scenario_sha256)));
    }
    let scenarios: Vec<(String, &str)> = files.iter().map(|(text, design)| (origin::file(&design.name, text), *text)).collect();
    let together = comparison.designs.iter().all(|design| {
        let own = &design.provenance;
        own.seed == provenance.seed && own.replications == provenance.replications
    });
    // Several designs of one file are its variants, or else runs with other values.
    let variants = files.len() == comparison.designs.len()
        || files.keys().all(|text| ["[variants", "\"variants\""].iter().any(|key| text.contains(key)));
    let commands = if together && variants { vec![at_once(comparison, &scenarios)] } else { one_by_one(comparison) };
    origin::Origin { commands, facts, scenarios }.section()
}

/// The scenarios by their texts, each with the first design that has it.
fn files(comparison: &Comparison) -> IndexMap<&str, &RunResult> {
    let mut files: IndexMap<&str, &RunResult> = IndexMap::new();
    for design in &comparison.designs {
        files.entry(design.provenance.scenario.as_str()).or_insert(design);
    }
    files
}

/// The metrics that must be named, because nobody would guess them.
fn metrics(comparison: &Comparison) -> String {
    let goals: IndexSet<&String> = comparison.designs.iter().flat_map(|design| &design.goals).map(|goal| &goal.metric).collect();
    if comparison.metrics.iter().eq(goals.iter().copied()) {
        return String::new();
    }
    origin::options(comparison.metrics.iter().map(|metric| ("metric", metric.clone())))
}

/// The files are simulated and compared by one command.
fn at_once(comparison: &Comparison, scenarios: &[(String, &str)]) -> String {
    let names: Vec<String> = scenarios.iter().map(|(file, _)| origin::quoted(file)).collect();
    let provenance = &comparison.designs[0].provenance;
    let how = match &comparison.precision {
        Some(sought) => ("precision", origin::percent(sought.asked)),
        None => ("replications", provenance.replications.to_string()),
    };
    let options = origin::options([("seed", provenance.seed.to_string()), how]);
    // What every design has was set for all.
    let all = |set: &&String| comparison.designs.iter().all(|design| design.provenance.overrides.contains(set));
    let sets: Vec<String> = provenance.overrides.iter().filter(all).cloned().collect();
    format!("queuelab compare {}{options}{}{}", names.join(" "), origin::sets(&sets), metrics(comparison))
}

/// Each design is a run of its own.
fn one_by_one(comparison: &Comparison) -> Vec<String> {
    let mut commands = Vec::new();
    for design in &comparison.designs {
        let first = files(comparison)[design.provenance.scenario.as_str()];
        let file = origin::file(&first.name, &first.provenance.scenario);
        let run = origin::command(&file, &design.provenance, design.precision.as_ref());
        commands.push(format!("{run}{}", origin::options([("out", design.name.clone())])));
    }
    let names: Vec<String> = comparison.designs.iter().map(|design| origin::quoted(&design.name)).collect();
    commands.push(format!("queuelab compare {}{}", names.join(" "), metrics(comparison)));
    commands
}
