//! The few numbers that one asks for first: how much comes, how long the slowest take, who is busiest, what is lost.

use crate::experiment::Reading;
use crate::report::block::Table;
use crate::report::quantity::{Kind, plainly, sentence};
use crate::report::result::RunResult;
use maud::{Markup, html};

/// A number with what it is.
struct Card {
    what: String,
    number: String,
    more: String,
}

/// The numbers as cards.
pub(super) fn glance(result: &RunResult) -> Markup {
    let cards: Vec<Card> = [arrivals(result), slowest(result), busiest(result), lost(result)].into_iter().flatten().collect();
    html! {
        @if !cards.is_empty() {
            ul.cards {
                @for card in &cards {
                    li { span.what { (card.what) } span.number { (card.number) } span.more { (card.more) } }
                }
            }
        }
    }
}

/// Every entity of a table with its reading of a metric that has a number.
fn readings<'a>(result: &'a RunResult, table: Table, metric: &str) -> Vec<(String, &'a Reading, f64)> {
    let metrics = &result.summary.metrics;
    let of = |name: String| {
        let reading = metrics.get(&format!("{}.{name}.{metric}", table.prefix()))?;
        Some((name, reading, reading.value.estimate?))
    };
    table.names(metrics).into_iter().filter_map(of).collect()
}

fn largest(readings: Vec<(String, &Reading, f64)>) -> Option<(String, &Reading, f64)> {
    readings.into_iter().reduce(|most, next| if next.2 > most.2 { next } else { most })
}

fn arrivals(result: &RunResult) -> Option<Card> {
    let all = readings(result, Table::Producers, "offered.rate");
    let sum: f64 = all.iter().map(|(_, _, rate)| rate).sum();
    let more = match all.as_slice() {
        [] => return None,
        [(name, _, _)] => format!("from {name}"),
        many => format!("from {} producers", many.len()),
    };
    Some(Card { what: "Arrivals".to_owned(), number: plainly(sum, Kind::Rate), more })
}

fn slowest(result: &RunResult) -> Option<Card> {
    let quantity = if result.callers().is_empty() { "completion" } else { "response" };
    let (name, reading, p99) = largest(readings(result, Table::Producers, &format!("{quantity}.p99")))?;
    if p99 <= 0.0 {
        return None;
    }
    let median = result.summary.metrics.get(&format!("producers.{name}.{quantity}.p50"))?.value.estimate?;
    let more = format!("{name}; median {}", plainly(median, Kind::Time));
    Some(Card { what: format!("p99 {quantity}"), number: sentence(&reading.value, Kind::Time), more })
}

fn busiest(result: &RunResult) -> Option<Card> {
    let tables = [Table::Services, Table::Consumers, Table::Hosts];
    let (name, reading, _) = largest(tables.into_iter().flat_map(|table| readings(result, table, "utilization")).collect())?;
    Some(Card { what: "Busiest".to_owned(), number: sentence(&reading.value, Kind::Share), more: name })
}

fn lost(result: &RunResult) -> Option<Card> {
    let (name, reading, share) = largest(readings(result, Table::Producers, "failed.ratio"))?;
    let (number, more) = match share {
        0.0 => ("none".to_owned(), "of the messages".to_owned()),
        _ => (sentence(&reading.value, Kind::Share), format!("of {name}")),
    };
    Some(Card { what: "Lost or failed".to_owned(), number, more })
}
