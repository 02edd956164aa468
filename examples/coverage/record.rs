//! The page that keeps the rows of a study: a table for each mode, between two marks.

use super::models::{Case, Truth};
use super::study::Row;
use std::path::Path;

/// The head of a table.
pub const HEAD: &str = "| model | load | quantity | exact | intervals | refused | coverage | below | above | bias | half-width | replications | million messages |\n\
    | --- | --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |";
/// Behind a table.
const END: &str = "<!-- end -->";

/// What stands before the table of a mode, in it, and behind it; without a table an error that says what to write.
fn parts<'a>(page: &Path, text: &'a str, mode: &str) -> Result<(&'a str, &'a str, &'a str), String> {
    let mark = format!("<!-- coverage: {mode} -->\n");
    let missing = || format!("{} has no lines `{}` and `{END}`", page.display(), mark.trim());
    let start = text.find(&mark).ok_or_else(missing)? + mark.len();
    let end = start + text[start..].find(END).ok_or_else(missing)?;
    Ok((&text[..start], &text[start..end], &text[end..]))
}

fn read(page: &Path) -> Result<String, String> {
    std::fs::read_to_string(page).map_err(|error| format!("{}: {error}", page.display()))
}

/// Whether the page has the row of this quantity of this model at this load.
///
/// # Errors
/// What is wrong with the page.
pub fn has(page: &Path, mode: &str, case: &Case, truth: &Truth) -> Result<bool, String> {
    let text = read(page)?;
    let (_, table, _) = parts(page, &text, mode)?;
    let begin = format!("| {} | {} | {} |", case.model, case.load, truth.label);
    Ok(table.lines().any(|line| line.starts_with(&begin)))
}

/// Writes the rows behind those that are there.
///
/// # Errors
/// What is wrong with the page.
pub fn add(page: &Path, mode: &str, rows: &[Row]) -> Result<(), String> {
    let text = read(page)?;
    let (before, table, behind) = parts(page, &text, mode)?;
    let head = if table.trim().is_empty() { format!("\n{HEAD}") } else { format!("\n{}", table.trim()) };
    let rows: String = rows.iter().map(|row| format!("\n{row}")).collect();
    std::fs::write(page, format!("{before}{head}{rows}\n\n{behind}")).map_err(|error| format!("{}: {error}", page.display()))
}
