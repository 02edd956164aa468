//! A comparison for a terminal: the answer in sentences, then the numbers.

use super::super::quantity::{Kind, sentence};
use super::super::style::{Role, Style, shortened, width, wrapped};
use super::super::table;
use super::{Comparison, words};

/// The whole comparison as text, ending with a newline.
pub fn comparison_text(comparison: &Comparison, style: Style) -> String {
    let mut lines = vec![style.paint(Role::Heading, &style.signs(&comparison.title()))];
    let widest = comparison.designs.iter().map(|design| width(&design.name)).max().unwrap_or(0);
    for (name, what) in comparison.descriptions() {
        let line = format!("  {name:<widest$}  {what}");
        lines.push(style.signs(&shortened(&line, style.width)));
    }
    let mut say = |text: &str| lines.extend(wrapped(&style.signs(text), style.width));
    comparison.plans().iter().for_each(|plan| say(plan));
    [comparison.brackets(), comparison.pairing(), comparison.sought()].iter().flatten().for_each(|note| say(note));
    lines.push(String::new());
    for finding in &comparison.findings {
        for (at, line) in wrapped(&style.signs(finding), style.width.saturating_sub(2)).iter().enumerate() {
            lines.push(format!("{}{line}", if at == 0 { "• " } else { "  " }));
        }
    }
    if !style.unicode {
        lines.iter_mut().for_each(|line| *line = line.replacen("• ", "* ", 1));
    }
    for metric in &comparison.metrics {
        lines.push(String::new());
        lines.push(style.paint(Role::Heading, &style.signs(metric)));
        lines.extend(rows(comparison, metric, style));
    }
    for design in comparison.designs.iter().filter(|design| !design.goals.is_empty()) {
        lines.push(String::new());
        let mut goals = table::goals(design, style);
        goals[0] = style.paint(Role::Heading, &style.signs(&format!("goals of {}", design.name)));
        lines.extend(goals);
    }
    let warnings = comparison.all_warnings();
    if !warnings.is_empty() {
        lines.push(String::new());
        lines.extend(table::warnings(&warnings, style));
    }
    let mut text = lines.iter().map(|line| line.trim_end()).collect::<Vec<&str>>().join("\n");
    text.push('\n');
    text
}

/// One line for each design that has the metric: value, change, relative change, finding.
fn rows(comparison: &Comparison, metric: &str, style: Style) -> Vec<String> {
    let mut cells: Vec<[String; 5]> = Vec::new();
    for design in &comparison.designs {
        let Some(reading) = design.summary.metrics.get(metric) else { continue };
        let found = comparison.of_metric(metric).find(|found| found.design == design.name);
        let value = sentence(&reading.value, Kind::of_metric(metric, &reading.unit));
        let [change, relative, finding] = match found {
            None => [String::new(), String::new(), String::new()],
            Some(found) if !found.is_compared() => [String::new(), String::new(), words::finding(found, &comparison.designs[0])],
            Some(found) => [words::change(found), words::relative(found), words::finding(found, &comparison.designs[0])],
        };
        let relative = if Kind::of_metric(metric, &reading.unit) == Kind::Share { String::new() } else { relative };
        cells.push([design.name.clone(), value, change, relative, finding].map(|cell| style.signs(&cell)));
    }
    let only = comparison.of_metric(metric).find(|found| found.finding == super::Finding::OnlyInBaseline);
    if let (Some(found), Some(first)) = (only, cells.first_mut()) {
        first[4] = style.signs(&words::finding(found, &comparison.designs[0]));
    }
    let widest = |column: usize| cells.iter().map(|row| width(&row[column])).max().unwrap_or(0);
    let widths = [widest(0), widest(1), widest(2), widest(3)];
    let row = |row: &[String; 5]| {
        let mut line = format!("  {:<1$}", row[0], widths[0]);
        for column in [1, 2, 3] {
            if widths[column] > 0 {
                line.push_str(&format!("  {:>1$}", row[column], widths[column]));
            }
        }
        line.push_str("  ");
        line.push_str(&row[4]);
        line
    };
    cells.iter().map(row).collect()
}
