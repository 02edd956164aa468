//! The files of a comparison.

use super::super::chart::{Canvas, designs, differences};
use super::super::folder::{FileError, Folder, prepare_for};
use super::super::json::pretty;
use super::{Comparison, comparison_csv, comparison_markdown, comparison_page};
use std::path::{Path, PathBuf};

/// Their names, in the order in which a person would open them.
const NAMES: [&str; 8] = [
    "report.html",
    "compare.md",
    "latency-percentiles.svg",
    "latency-percentiles.png",
    "differences.svg",
    "differences.png",
    "comparison.csv",
    "compare.json",
];

/// Makes the folder of a comparison, and checks that its files can be written there.
///
/// # Errors
/// What [`super::super::prepare`] says.
pub fn prepare_comparison(path: &Path) -> Result<Folder, FileError> {
    prepare_for(path, &NAMES.map(str::to_owned))
}

/// Writes all files of a comparison; gives their paths.
///
/// # Errors
/// A file cannot be written. Nothing of this comparison stays then, and files of an earlier one are as they were.
pub fn write_comparison(folder: &Folder, comparison: &Comparison) -> Result<Vec<PathBuf>, FileError> {
    let (overlaid, changes) = (designs(comparison, Canvas::FILE), differences(comparison, Canvas::FILE));
    let contents = [
        comparison_page(comparison).into_bytes(),
        comparison_markdown(comparison).into_bytes(),
        overlaid.svg().into_bytes(),
        overlaid.png(),
        changes.svg().into_bytes(),
        changes.png(),
        comparison_csv(comparison).into_bytes(),
        pretty(comparison).into_bytes(),
    ];
    let files: Vec<(String, Vec<u8>)> = NAMES.map(str::to_owned).into_iter().zip(contents).collect();
    folder.write_files(&files)
}
