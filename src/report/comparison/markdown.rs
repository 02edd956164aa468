//! A comparison as Markdown, to be pasted into a design document.

use super::super::markdown::{cell, cell_code, plain};
use super::super::quantity::{Kind, plainly, sentence};
use super::super::table;
use super::{Comparison, words};
use std::fmt::Write;

/// The whole comparison as Markdown, ending with a newline.
pub fn comparison_markdown(comparison: &Comparison) -> String {
    let mut out = format!("# {}\n\n", plain(&comparison.title()));
    for (name, what) in comparison.descriptions() {
        let _ = writeln!(out, "- **{}**: {}", plain(name), plain(&what));
    }
    out.push_str("\n## Findings\n\n");
    for finding in &comparison.findings {
        let _ = writeln!(out, "- {}", plain(finding));
    }
    out.push_str("\n## Differences\n\n");
    let notes =
        comparison.plans().into_iter().chain(comparison.brackets()).chain(comparison.pairing()).chain(comparison.sought());
    let _ = writeln!(out, "{}.\n", plain(&notes.collect::<Vec<String>>().join("; ")));
    out.push_str("| metric | design | value | change | relative | finding |\n| --- | --- | --: | --: | --: | --- |\n");
    for [metric, design, value, change, relative, finding] in differences_table(comparison) {
        let metric = cell_code(&metric);
        let rest = [design, value, change, relative, finding].map(|text| cell(&text));
        let _ = writeln!(out, "| `{metric}` | {} |", rest.join(" | "));
    }
    if comparison.designs.iter().any(|design| !design.goals.is_empty()) {
        out.push_str("\n## Goals\n\n| design | goal | wanted | found | verdict |\n| --- | --- | --- | --: | --- |\n");
        for design in &comparison.designs {
            for goal in &design.goals {
                let (mark, word, _) = table::verdict(goal.verdict);
                let found = cell(&table::found(goal, design));
                let (name, wanted) = (cell(&goal.name), cell_code(&goal.expression));
                let _ = writeln!(out, "| {} | {name} | `{wanted}` | {found} | {mark} {word} |", cell(&design.name));
            }
        }
    }
    let warnings = comparison.all_warnings();
    if !warnings.is_empty() {
        out.push_str("\n## Warnings\n\n");
        warnings.iter().for_each(|warning| out.push_str(&format!("- {}\n", plain(&warning.message))));
    }
    out.push_str("\n## Provenance\n\n");
    let provenance = &comparison.designs[0].provenance;
    let _ = writeln!(out, "- {} on {}", provenance.program, provenance.target);
    for design in &comparison.designs {
        let own = &design.provenance;
        let sets: String = own.overrides.iter().map(|set| format!(", `--set {}`", set.replace('`', "'"))).collect();
        let name = plain(&design.name);
        let _ = writeln!(
            out,
            "- {name}: SHA-256 of the scenario `{}`{sets}; seed {}, replications {}, intervals of {}",
            own.scenario_sha256,
            own.seed,
            own.replications,
            plainly(own.confidence, Kind::Share)
        );
    }
    out
}

/// A row for each metric and design that has it: metric, design, value, change, relative change, finding.
pub(super) fn differences_table(comparison: &Comparison) -> Vec<[String; 6]> {
    let base = &comparison.designs[0];
    let mut rows = Vec::new();
    for metric in &comparison.metrics {
        for design in &comparison.designs {
            let reading = design.summary.metrics.get(metric);
            let found = comparison.of_metric(metric).find(|found| found.design == design.name);
            let value =
                reading.map_or("–".to_owned(), |reading| sentence(&reading.value, Kind::of_metric(metric, &reading.unit)));
            let [change, relative, finding] = match found {
                None if reading.is_none() => continue,
                None => ["", "", "baseline"].map(str::to_owned),
                Some(found) if !found.is_compared() => [String::new(), String::new(), words::finding(found, base)],
                Some(found) => [words::change(found), words::relative(found), words::finding(found, base)],
            };
            rows.push([metric.clone(), design.name.clone(), value, change, relative, finding]);
        }
    }
    rows
}
