//! Numbers in tables: a block of each kind of entity, with intervals, and theory beside what was simulated.
//!
//! Each cell says what it is, so that on a phone, where a table has no room, the style sheet makes every row a card.

use crate::report::block::{Block, TABLES};
use crate::report::quantity::Kind;
use crate::report::result::RunResult;
use crate::report::rows::Rows;
use crate::report::theory::{self, Stand};
use crate::report::{quantity, style::shortened};
use crate::stats::Estimate;
use maud::{Markup, html};

/// Characters of a name that are shown.
const LONGEST_NAME: usize = 40;

/// All blocks, and theory.
pub(in crate::report) fn tables(result: &RunResult) -> Markup {
    let exact = |prefix: &str, name: &str, metric: &str| -> Option<String> {
        let reading = result.summary.metrics.get(&format!("{prefix}.{name}.{metric}"))?;
        Some(interval(&reading.value, Kind::of_metric(&format!("{prefix}.{name}.{metric}"), &reading.unit)))
    };
    html! {
        @for (table, block) in TABLES.iter().filter_map(|table| Some((table, table.block(result)?))) {
            (self::block(&block, |name, metric| exact(table.prefix(), name, metric)))
        }
        (beside(result))
    }
}

/// A block as a table; `exact` gives what a cell says when it is pointed at, of an entity and a metric.
pub(in crate::report) fn block(block: &Block, exact: impl Fn(&str, &str) -> Option<String>) -> Markup {
    let many = block.groups.iter().any(|group| group.columns.len() > 1);
    let columns: Vec<_> = block.groups.iter().flat_map(|group| group.columns.iter().map(move |column| (group, column))).collect();
    html! {
        table {
            caption { (block.title) }
            thead {
                tr {
                    th rowspan=[many.then_some("2")] scope="col" { "name" }
                    @for group in &block.groups {
                        @let single = group.columns.len() == 1 && group.columns[0].head.is_empty();
                        th scope="colgroup" colspan=(group.columns.len()) rowspan=[(many && single).then_some("2")] {
                            (group.title) @if !group.unit.label.is_empty() { " " span.unit { (group.unit.label) } }
                        }
                    }
                }
                @if many {
                    tr {
                        @for (group, column) in &columns {
                            @if group.columns.len() > 1 || !column.head.is_empty() { th scope="col" { (column.head) } }
                        }
                    }
                }
            }
            tbody {
                @for (row, name) in block.names.iter().enumerate() {
                    tr {
                        th scope="row" title=[(name.chars().count() > LONGEST_NAME).then_some(name)] { (shortened(name, LONGEST_NAME)) }
                        @for (group, column) in &columns {
                            @let cell = &column.cells[row];
                            td data-label=(label(group.title, column.head, group.unit.label)) title=[exact(name, column.metric)] {
                                (cell.value)
                                @if let Some(margin) = &cell.margin { span.margin { " ± " (margin) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Plain rows as a table. The first cell names its row; what is no number stands on the left.
pub(in crate::report) fn rows(caption: &str, rows: &Rows) -> Markup {
    html! {
        table.rows {
            caption { (caption) }
            thead { tr {
                @for (title, number) in &rows.head { th.words[!number] scope="col" { (title) } }
            } }
            tbody {
                @for row in &rows.rows {
                    tr {
                        @for (at, (cell, (title, number))) in row.iter().zip(&rows.head).enumerate() {
                            @if at == 0 {
                                th scope="row" { (cell) }
                            } @else {
                                td.words[!number] data-label=(title) {
                                    @match cell.split_once(" ± ") {
                                        Some((value, margin)) if *number => { (value) span.margin { " ± " (margin) } }
                                        _ => (cell),
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a cell is, by itself.
fn label(title: &str, head: &str, unit: &str) -> String {
    let words = [title, head].into_iter().filter(|word| !word.is_empty());
    let label = words.collect::<Vec<&str>>().join(" ");
    if unit.is_empty() { label } else { format!("{label}, {unit}") }
}

/// A number with the ends of its interval: `10.78 ms, 95 % between 10.71 ms and 10.85 ms`.
fn interval(estimate: &Estimate, kind: Kind) -> String {
    let close = |value: f64| quantity::closely(value, kind);
    match (estimate.estimate, estimate.low, estimate.high) {
        (Some(value), Some(low), Some(high)) => format!("{}, interval {} to {}", close(value), close(low), close(high)),
        (Some(value), _, _) => close(value),
        (None, _, _) => estimate.reason.clone().unwrap_or_else(|| "not measured".to_owned()),
    }
}

/// Theory beside the simulated numbers; nothing where it has nothing to say.
fn beside(result: &RunResult) -> Markup {
    let lines = theory::comparison(result);
    html! {
        @if !lines.is_empty() {
            table.theory {
                caption { "theory beside simulation" }
                thead { tr { th scope="col" { "metric" } @for head in ["theory", "simulated", "", "law"] { th scope="col" { (head) } } } }
                tbody {
                    @for line in &lines {
                        @let look = match line.stand { Stand::Inside | Stand::Below => "good", Stand::Outside | Stand::Above => "open", Stand::Open => "plain" };
                        tr {
                            th scope="row" { (line.metric) }
                            td data-label="theory" { (line.theory) }
                            td data-label="simulated" { (line.simulated) }
                            td.(look) data-label="interval" { (theory::verdict(line.stand).0) }
                            td.law data-label="law" { (line.law) }
                        }
                    }
                }
            }
        }
    }
}
