//! The result as Markdown (GitHub's tables), for a pull request or a wiki.

use super::block::{Block, TABLES};
use super::quantity::{self, Kind};
use super::result::RunResult;
use super::{alerts, preamble, presets, stability, table, theory};
use std::fmt::Write;

/// The whole result as Markdown, ending with a newline.
pub fn markdown(result: &RunResult) -> String {
    let mut out = format!("# {}\n\n{}", plain(preamble::title(result)), preamble::plan(result));
    if let Some(intervals) = preamble::intervals(result) {
        let _ = write!(out, "; {intervals}");
    }
    if let Some(precision) = preamble::precision(result) {
        let _ = write!(out, "; {precision}");
    }
    out.push_str(".\n");
    for (at, part) in preamble::parts(result).iter().enumerate() {
        let _ = writeln!(out, "{}- {}", if at == 0 { "\n" } else { "" }, plain(part));
    }
    for (at, fault) in result.faults.iter().enumerate() {
        let _ = writeln!(out, "{}- fault: {}", if at == 0 { "\n" } else { "" }, plain(&fault.what));
    }
    for rests in presets::rests_on_sentences(&result.presets) {
        let _ = writeln!(out, "\n{}.", plain(&rests));
    }
    for block in TABLES.iter().filter_map(|table| table.block(result)) {
        write_block(&mut out, &block);
    }
    out.push_str(&theory::markdown(result, cell));
    out.push_str(&stability::markdown(result, cell));
    if !result.goals.is_empty() {
        out.push_str("\n## Goals\n\n| goal | wanted | found | verdict |\n| --- | --- | --: | --- |\n");
        for goal in &result.goals {
            let (mark, word, _) = table::verdict(goal.verdict);
            let found = cell(&table::found(goal, result));
            let _ = writeln!(out, "| {} | `{}` | {found} | {mark} {word} |", cell(&goal.name), cell_code(&goal.expression));
        }
    }
    out.push_str(&alerts::markdown(result, cell, cell_code));
    if !result.warnings.is_empty() {
        out.push_str("\n## Warnings\n\n");
        for warning in &result.warnings {
            let _ = writeln!(out, "- {}", plain(&warning.message));
        }
    }
    out.push_str("\n## Provenance\n\n");
    let provenance = &result.provenance;
    let _ = writeln!(out, "- {} on {}", provenance.program, provenance.target);
    let _ = writeln!(out, "- scenario `{}`, SHA-256 `{}`", result.name.replace('`', "'"), provenance.scenario_sha256);
    let _ = writeln!(
        out,
        "- seed {}, replications {}, intervals of {}",
        provenance.seed,
        provenance.replications,
        quantity::plainly(provenance.confidence, Kind::Share)
    );
    for set in &provenance.overrides {
        let _ = writeln!(out, "- `--set {}`", set.replace('`', "'"));
    }
    out
}

/// A block as a table: numbers to the right, units in the head.
fn write_block(out: &mut String, block: &Block) {
    let mut title = block.title.to_owned();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let columns: Vec<_> = block.groups.iter().flat_map(|group| group.columns.iter().map(move |column| (group, column))).collect();
    let _ = write!(out, "\n## {title}\n\n| name |");
    for (group, column) in &columns {
        let words = [group.title, column.head, group.unit.label];
        let head: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let _ = write!(out, " {} |", head.join(" "));
    }
    let _ = write!(out, "\n| --- |{}\n", " --: |".repeat(columns.len()));
    for (row, name) in block.names.iter().enumerate() {
        let _ = write!(out, "| {} |", cell(name));
        for (_, column) in &columns {
            let _ = write!(out, " {} |", column.cells[row].text());
        }
        out.push('\n');
    }
}

/// A text that Markdown takes as it is, on one line.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\n' | '\r' => out.push(' '),
            '\\' | '*' | '_' | '<' | '#' | '[' => {
                out.push('\\');
                out.push(sign);
            }
            other => out.push(other),
        }
    }
    out
}

/// The same for a cell of a table.
pub(super) fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}

/// For code inside a cell, where only the bar has a meaning.
pub(super) fn cell_code(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('`', "'").replace('|', "\\|")
}
