//! The files of a sizing: `report.html`, `size.json`, `size.csv`, and a chart for each goal.

use super::chart::pictures;
use super::page::size_page;
use super::result::{Sizing, Tried};
use crate::report::chart::Canvas;
use crate::report::csv::number;
use crate::report::folder::{FileError, Folder, prepare_for};
use crate::report::json::pretty;
use std::path::{Path, PathBuf};

/// What names of charts begin with.
const CHART: &str = "size-";

/// Makes the folder and checks that files can be written there.
///
/// # Errors
/// It cannot be made, or takes no files.
pub fn prepare_size(path: &Path) -> Result<Folder, FileError> {
    prepare_for(path, &["report.html", "size.json", "size.csv"].map(str::to_owned))
}

/// Writes all files of a sizing; gives their paths, in the order in which a person would open them.
///
/// # Errors
/// A file cannot be written. Nothing of this sizing stays then, and files of an earlier one are as they were.
pub fn write_size(folder: &Folder, sizing: &Sizing) -> Result<Vec<PathBuf>, FileError> {
    let mut files = vec![
        ("report.html".to_owned(), size_page(sizing).into_bytes()),
        ("size.json".to_owned(), size_json(sizing).into_bytes()),
        ("size.csv".to_owned(), size_csv(sizing).into_bytes()),
    ];
    let texts = files.len();
    for (name, drawing) in pictures(sizing, Canvas::FILE) {
        files.push((format!("{CHART}{name}.svg"), drawing.svg().into_bytes()));
        files.push((format!("{CHART}{name}.png"), drawing.png()));
    }
    let written = folder.write_files(&files)?;
    let charts: Vec<String> = files.into_iter().skip(texts).map(|(name, _)| name).collect();
    folder.remove_others(CHART, &charts)?;
    Ok(written)
}

/// The answer as JSON; this is `size.json`.
pub fn size_json(sizing: &Sizing) -> String {
    pretty(sizing)
}

/// One row for each value that was tried and each goal; this is `size.csv`.
///
/// Columns: one for each path, `cost`, `fate`, `goal`, `metric`, `wanted`, `estimate`, `low`, `high`, `unit`, `margin`, `theory`,
/// `replications`, `events`, `seed`, `version`.
pub fn size_csv(sizing: &Sizing) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let paths = sizing.provenance.ranges.keys().map(String::as_str);
    let rest = [
        "cost",
        "fate",
        "goal",
        "metric",
        "wanted",
        "estimate",
        "low",
        "high",
        "unit",
        "margin",
        "theory",
        "replications",
        "events",
        "seed",
        "version",
    ];
    writer.write_record(paths.chain(rest)).expect("a vector takes every record");
    for row in sizing.tried.iter().flat_map(|tried| rows(sizing, tried)) {
        writer.write_record(row).expect("a vector takes every record, and all have the same length");
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("text in, text out")
}

fn rows(sizing: &Sizing, tried: &Tried) -> Vec<Vec<String>> {
    let fate = serde_json::to_value(tried.fate).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default();
    let of = |goal: &super::result::GoalFound| {
        let reading = goal.reading.as_ref();
        let value = reading.map(|reading| &reading.value);
        let mut row: Vec<String> = tried.values.values().cloned().collect();
        row.extend([number(tried.cost), fate.clone(), goal.name.clone(), goal.metric.clone(), number(Some(goal.wanted))]);
        row.extend([value.and_then(|v| v.estimate), value.and_then(|v| v.low), value.and_then(|v| v.high)].map(number));
        row.push(reading.map_or(String::new(), |reading| reading.unit.clone()));
        row.extend([number(goal.margin), number(tried.theory.get(&goal.metric).copied())]);
        row.extend([u64::from(tried.replications), tried.events, sizing.provenance.seed].map(|whole| whole.to_string()));
        row.push(sizing.provenance.program.clone());
        row
    };
    tried.goals.iter().map(of).collect()
}
