//! A verdict for people: one line for each family of models, then the tests in words.

use super::measure::Outcome;
use super::values::Instance;
use super::verdict::{Verdict, judge};

const HEAD: [&str; 8] =
    ["family", "instances", "values", "intervals", "missed", "expected", "worst z", "median half-width of means"];

/// The families of these instances and how each fared, and the verdict about all; as Markdown or with aligned columns.
pub fn table(instances: &[Instance], outcomes: &[Outcome], markdown: bool) -> String {
    let mut families: Vec<&str> = instances.iter().map(|instance| instance.family.as_str()).collect();
    families.sort_unstable();
    families.dedup();
    let mut rows = vec![HEAD.map(str::to_owned)];
    for family in families {
        let members: Vec<&str> = instances.iter().filter(|i| i.family == family).map(|i| i.name.as_str()).collect();
        let of_family: Vec<Outcome> =
            outcomes.iter().filter(|outcome| members.contains(&outcome.instance.as_str())).cloned().collect();
        rows.push(row(family, members.len(), &of_family));
    }
    rows.push(row("all", instances.len(), outcomes));
    let mut text = if markdown { piped(&rows) } else { aligned(&rows) };
    text += "\n";
    lines(&judge(outcomes)).iter().for_each(|line| text += &format!("{}{line}\n", if markdown { "- " } else { "" }));
    text
}

fn row(name: &str, instances: usize, outcomes: &[Outcome]) -> [String; 8] {
    let verdict = judge(outcomes);
    let width = verdict.widths.get(verdict.widths.len() / 2);
    let judged = verdict.judged > 0;
    [
        name.to_owned(),
        instances.to_string(),
        outcomes.len().to_string(),
        verdict.judged.to_string(),
        (verdict.above + verdict.below).to_string(),
        format!("{:.1}", verdict.expected()),
        if judged { format!("{:+.1}", verdict.worst) } else { String::new() },
        width.map(|width| format!("{:.2} %", width * 100.0)).unwrap_or_default(),
    ]
}

fn piped(rows: &[[String; 8]]) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        text += &format!("| {} |\n", row.join(" | "));
        if at == 0 {
            text += "| --- | --: | --: | --: | --: | --: | --: | --: |\n";
        }
    }
    text
}

fn aligned(rows: &[[String; 8]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        text += &format!("{:<1$}", row[0], widths[0]);
        row.iter().zip(widths).skip(1).for_each(|(cell, width)| text += &format!("  {cell:>width$}"));
        text += "\n";
    }
    text
}

/// What is to be said beside the table.
fn lines(verdict: &Verdict) -> Vec<String> {
    let mut lines = verdict.tests.clone();
    lines.push(format!("{} numbers without chance in them are right.", verdict.certain));
    lines.extend(verdict.misses.iter().map(|miss| format!("missed: {miss}")));
    lines.extend(verdict.silent.iter().map(|silent| format!("no interval: {silent}")));
    lines.extend(verdict.problems.iter().map(|problem| format!("PROBLEM: {problem}")));
    if verdict.problems.is_empty() {
        lines.push("All of it is plausible.".to_owned());
    }
    lines
}
