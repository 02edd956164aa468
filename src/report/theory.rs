//! What theory says, and how it stands beside what was simulated. It never replaces a simulated number.

use super::quantity::{self, Kind};
use super::result::{RunResult, TheoryValue};
use super::style::{Role, Style, shortened, width};
use crate::model::{Model, metrics};
use crate::theory::Answer;
use indexmap::IndexMap;
use serde_json::{Value, json};

/// The metrics that are shown beside the simulated ones, by their last parts. Results in JSON have all.
const MAIN: &[&str] = &[
    "consumers:wait.mean",
    "consumers:wait.p99",
    "consumers:waited.ratio",
    "consumers:wait.max",
    "queues:ready.mean",
    "queues:rejected.ratio",
    "queues:dropped.ratio",
    "queues:expired.ratio",
    "queues:backlog.max",
    "queues:drain",
    "producers:completion.mean",
];

/// Statistics that `check` leaves to its JSON.
const LEFT_OUT: &[&str] =
    &[".sd", ".p75", ".p90", ".p9999", ".acked.rate", ".busy.mean", ".sojourn.p50", ".sojourn.p95", ".sojourn.p999"];

/// Characters of a metric's name that are shown.
const LONGEST_METRIC: usize = 48;

/// By this share a ceiling may be exceeded in a run that ends: at the edges of the measured time a few messages more fit in.
const EDGES: f64 = 0.01;

/// How a simulated interval stands to the number of theory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    Inside,
    Outside,
    /// Under a ceiling, or not.
    Below,
    Above,
    /// There is no interval, or the number is an approximation.
    Open,
}

/// What a number of theory says of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// It is this.
    Exactly,
    /// It is about this.
    About,
    /// It is not more.
    AtMost,
}

impl Says {
    fn of(exact: bool, ceiling: bool) -> Says {
        match (exact, ceiling) {
            (true, _) => Says::Exactly,
            (false, true) => Says::AtMost,
            (false, false) => Says::About,
        }
    }
}

/// One line of the comparison.
pub(super) struct Line {
    pub metric: String,
    pub theory: String,
    kind: Says,
    pub simulated: String,
    pub stand: Stand,
    pub law: String,
}

/// The answers as a result keeps them: one for each metric, the first where two laws speak.
pub fn known(answers: &[Answer]) -> IndexMap<String, TheoryValue> {
    let mut known = IndexMap::new();
    for answer in answers {
        let value = TheoryValue { value: answer.value, law: answer.law.clone(), exact: answer.exact, ceiling: answer.ceiling };
        known.entry(answer.metric.clone()).or_insert(value);
    }
    known
}

/// The answers for programs.
pub fn theory_json(answers: &[Answer]) -> Value {
    let one = |answer: &Answer| {
        json!({
            "metric": answer.metric, "value": answer.value, "law": answer.law, "exact": answer.exact, "source": answer.source,
            "ceiling": answer.ceiling,
        })
    };
    answers.iter().map(one).collect()
}

/// Whether a metric's name ends as one of the main metrics does; `queues.a.b.mean` cannot, as names have no dots.
fn is_main(metric: &str) -> bool {
    MAIN.iter().any(|main| {
        main.split_once(':').is_some_and(|(table, end)| {
            metric.strip_prefix(table).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(&format!(".{end}")))
        })
    })
}

/// A number of theory with four digits and its unit.
fn shown(value: f64, kind: Kind, says: Says) -> String {
    let text = quantity::closely(value, kind);
    match says {
        Says::Exactly => text,
        Says::About => format!("≈ {text}"),
        Says::AtMost => format!("≤ {text}"),
    }
}

/// The main metrics, theory beside simulation.
pub(super) fn comparison(result: &RunResult) -> Vec<Line> {
    let line = |(metric, known): (&String, &TheoryValue)| {
        let reading = result.summary.metrics.get(metric)?;
        let kind = Kind::of_metric(metric, &reading.unit);
        let estimate = &reading.value;
        let says = Says::of(known.exact, known.ceiling);
        let stand = match (estimate.low, estimate.high) {
            (Some(low), _) if says == Says::AtMost => {
                if low <= known.value * (1.0 + EDGES) {
                    Stand::Below
                } else {
                    Stand::Above
                }
            }
            (Some(low), Some(high)) if known.exact => {
                // Both are rounded numbers: an interval of no width need not have the last digit.
                let slack = 1e-9 * known.value.abs();
                if low - slack <= known.value && known.value <= high + slack { Stand::Inside } else { Stand::Outside }
            }
            _ => Stand::Open,
        };
        Some(Line {
            metric: metric.clone(),
            theory: shown(known.value, kind, says),
            kind: says,
            simulated: quantity::sentence(estimate, kind),
            stand,
            law: known.law.clone(),
        })
    };
    result.theory.iter().filter(|(metric, known)| known.ceiling || is_main(metric)).filter_map(line).collect()
}

/// Sign, word and look of a comparison.
pub(super) fn verdict(stand: Stand) -> (&'static str, Role) {
    match stand {
        Stand::Inside => ("✓ inside", Role::Good),
        Stand::Outside => ("✗ outside", Role::Caution),
        Stand::Below => ("✓ below", Role::Good),
        Stand::Above => ("✗ above", Role::Caution),
        Stand::Open => ("", Role::Faint),
    }
}

/// The heading of theory's numbers; approximations and ceilings among exact ones have their own signs.
fn head(lines: &[Line]) -> &'static str {
    let any = |says: Says| lines.iter().any(|line| line.kind == says);
    if any(Says::Exactly) {
        "exact"
    } else if any(Says::About) {
        "approximate"
    } else {
        "ceiling"
    }
}

/// The comparison for a terminal; empty where theory says nothing.
pub(super) fn beside(result: &RunResult, style: Style) -> Vec<String> {
    let lines = comparison(result);
    if lines.is_empty() {
        return Vec::new();
    }
    let heads = ["theory", head(&lines), "simulated", "", "law"].map(str::to_owned);
    let rows = lines.iter().map(|line| {
        let (word, role) = verdict(line.stand);
        let metric = style.signs(&shortened(&line.metric, LONGEST_METRIC));
        let cells = [metric, style.signs(&line.theory), style.signs(&line.simulated), style.signs(word), style.signs(&line.law)];
        (cells, role)
    });
    columns(heads, rows.collect(), style)
}

/// Aligned columns: the first and the last to the left, the numbers to the right; the fourth in its role.
fn columns(heads: [String; 5], rows: Vec<([String; 5], Role)>, style: Style) -> Vec<String> {
    let widest = |at: usize| rows.iter().map(|(cells, _)| width(&cells[at])).chain([width(&heads[at])]).max().unwrap_or(0);
    let [first, second, third, fourth, _] = [0, 1, 2, 3, 4].map(widest);
    let join = |cells: &[String; 5], verdict: String| {
        let gap = if fourth == 0 { "" } else { "  " };
        format!("{:<first$}  {:>second$}  {:>third$}{gap}{verdict}  {}", cells[0], cells[1], cells[2], cells[4])
    };
    let head = join(&heads, " ".repeat(fourth));
    let (name, rest) = head.split_at(heads[0].len());
    let mut lines = vec![format!("{}{}", style.paint(Role::Heading, name), style.paint(Role::Faint, rest))];
    lines.extend(rows.iter().map(|(cells, role)| {
        let verdict = style.paint(*role, &format!("{:<fourth$}", cells[3]));
        join(cells, if cells[3].is_empty() { " ".repeat(fourth) } else { verdict })
    }));
    lines
}

/// The comparison as a Markdown table, of cells that are escaped by `cell`; empty where theory says nothing.
pub(super) fn markdown(result: &RunResult, cell: impl Fn(&str) -> String) -> String {
    let lines = comparison(result);
    if lines.is_empty() {
        return String::new();
    }
    let mut out = format!("\n## Theory\n\n| metric | {} | simulated | interval | law |\n", head(&lines));
    out.push_str("| --- | --: | --: | --- | --- |\n");
    for line in lines {
        let cells = [&line.metric, &line.theory, &line.simulated, verdict(line.stand).0, &line.law].map(&cell);
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}

/// Exact answers and approximations for `check`; empty where theory says nothing.
pub fn theory(model: &Model, answers: &[Answer], style: Style) -> String {
    let mut units: IndexMap<String, &'static str> = IndexMap::new();
    for metric in metrics(model) {
        units.extend(metric.full_names().into_iter().map(|name| (name, metric.quantity.unit())));
    }
    let mut text = String::new();
    for (title, says) in [("exact answers", Says::Exactly), ("approximations", Says::About), ("ceilings", Says::AtMost)] {
        let is = |answer: &Answer| Says::of(answer.exact, answer.ceiling) == says;
        let chosen: Vec<&Answer> = answers.iter().filter(|answer| is(answer) && is_listed(answer, answers)).collect();
        let rows: Vec<[String; 2]> = chosen
            .iter()
            .map(|answer| {
                let unit = units.get(&answer.metric).copied().unwrap_or("1");
                let value = shown(answer.value, Kind::of_metric(&answer.metric, unit), says);
                [shortened(&answer.metric, LONGEST_METRIC), value].map(|cell| style.signs(&cell))
            })
            .collect();
        let [first, second] = [0, 1].map(|at| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0));
        if !rows.is_empty() {
            text.push_str(&format!("\n{}\n", style.paint(Role::Heading, title)));
        }
        let mut before = ("", "");
        for (row, answer) in rows.iter().zip(chosen) {
            // A law is named where it begins to speak of an entity.
            let now = (answer.law.as_str(), entity(&answer.metric));
            let named = if now == before { "" } else { now.0 };
            let line = format!("  {:<first$}  {:>second$}  {}", row[0], row[1], style.paint(Role::Faint, &style.signs(named)));
            text.push_str(&format!("{}\n", line.trim_end()));
            before = now;
        }
    }
    text
}

/// The first two parts of a metric's name.
fn entity(metric: &str) -> &str {
    metric.match_indices('.').nth(1).map_or(metric, |(at, _)| &metric[..at])
}

/// Whether `check` lists the answer: what a producer has in common with the only pool on its way is said of the pool.
fn is_listed(answer: &Answer, answers: &[Answer]) -> bool {
    if LEFT_OUT.iter().any(|end| answer.metric.ends_with(end)) {
        return false;
    }
    let of_a_pool = |other: &Answer| other.metric.starts_with("consumers.") && other.value == answer.value;
    !answer.metric.starts_with("producers.") || !answers.iter().any(of_a_pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A result with one metric, whose interval is 10.5 to 11.5 ms.
    fn result(theory: &str) -> RunResult {
        let text = format!(
            r#"{{
                "schema_version": 1, "name": "small", "title": null,
                "provenance": {{
                    "program": "queuelab", "target": "any", "scenario": "", "scenario_sha256": "", "overrides": [],
                    "seed": 1, "replications": 10, "confidence": 0.95, "duration": 60.0, "warmup": 0.0
                }},
                "metrics": {{ "consumers.workers.wait.mean": {{ "estimate": 0.011, "low": 0.0105, "high": 0.0115, "unit": "s" }} }},
                "distributions": {{}}, "series": {{ "bin": 1.0, "warmup": 0.0, "columns": {{}} }}, "replicates": [],
                {theory} "goals": [], "warnings": []
            }}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn says(value: f64, exact: bool) -> String {
        format!(r#""theory": {{ "consumers.workers.wait.mean": {{ "value": {value}, "law": "M/M/3", "exact": {exact} }} }},"#)
    }

    #[test]
    fn theory_stands_beside_the_simulated_number() {
        let style = Style::PLAIN;
        let inside = beside(&result(&says(0.0107872, true)), style).join("\n");
        assert_eq!(
            inside,
            "theory                          exact      simulated            law\n\
             consumers.workers.wait.mean  10.79 ms  11.0 ± 0.5 ms  ✓ inside  M/M/3"
        );
        assert!(beside(&result(&says(0.02, true)), style)[1].contains("✗ outside"));
        let about = beside(&result(&says(0.02, false)), style).join("\n");
        assert!(about.contains("≈ 20 ms") && !about.contains("side"), "{about}");
        let table = markdown(&result(&says(0.0107872, true)), str::to_owned);
        assert!(table.contains("| consumers.workers.wait.mean | 10.79 ms | 11.0 ± 0.5 ms | ✓ inside | M/M/3 |"), "{table}");
    }

    #[test]
    fn results_without_theory_are_read_and_say_nothing() {
        let old = result("");
        assert!(old.theory.is_empty() && beside(&old, Style::PLAIN).is_empty() && markdown(&old, str::to_owned).is_empty());
        assert!(!serde_json::to_string(&old).unwrap().contains("theory"));
    }

    #[test]
    fn main_metrics_are_told_by_table_and_end() {
        assert!(
            is_main("consumers.workers.wait.p99") && is_main("queues.jobs.drain") && is_main("producers.web.completion.mean")
        );
        assert!(
            !is_main("queues.jobs.wait.mean")
                && !is_main("consumers.workers.wait.p999")
                && !is_main("consumers.a.buffer_wait.mean")
        );
    }
}
