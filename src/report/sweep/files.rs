//! The files of a sweep: `sweep.json` and `sweep.csv` with all numbers of all points, read from the journal one by one, and charts.

use super::chart::pictures;
use super::journal::{Journal, JournalError};
use super::page::sweep_page;
use super::point::Point;
use super::seen::{Knee, Sweep};
use crate::report::chart::Canvas;
use crate::report::csv::number;
use crate::report::folder::{FileError, Folder, prepare_for};
use crate::report::json::pretty_into;
use rayon::prelude::*;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What names of charts begin with.
const CHART: &str = "sweep-";
/// A table of more bytes than these is not repeated in the page.
const LARGEST_IN_A_PAGE: usize = 1 << 20;

/// Makes the folder and checks that files can be written there.
///
/// # Errors
/// It cannot be made, or takes no files.
pub fn prepare_sweep(path: &Path) -> Result<Folder, FileError> {
    prepare_for(path, &["report.html", "sweep.json", "sweep.csv"].map(str::to_owned))
}

/// Writes all files of a sweep that is complete, each whole or not at all; gives their paths, in the order in which a person would open them.
///
/// # Errors
/// The journal cannot be read or a file not written.
pub fn write_sweep(folder: &Folder, journal: &Journal, sweep: &Sweep) -> Result<Vec<PathBuf>, FileError> {
    let page = sweep_page(sweep, small_csv(journal).as_deref());
    let mut written = vec![
        folder.write_with("report.html", |out| out.write_all(page.as_bytes()))?,
        folder.write_with("sweep.json", |out| sweep_json(journal, sweep, out))?,
        folder.write_with("sweep.csv", |out| sweep_csv(journal, out))?,
    ];
    let drawn: Vec<(String, [Vec<u8>; 2])> = pictures(sweep)
        .into_par_iter()
        .map(|picture| {
            let drawing = picture.draw(Canvas::FILE);
            (format!("{CHART}{}", picture.name), [drawing.svg().into_bytes(), drawing.png()])
        })
        .collect();
    let names: Vec<String> = drawn.iter().flat_map(|(name, _)| ["svg", "png"].map(|kind| format!("{name}.{kind}"))).collect();
    // Charts of metrics that an earlier call showed.
    folder.remove_others(CHART, &names)?;
    for (name, bytes) in drawn {
        for (kind, bytes) in ["svg", "png"].into_iter().zip(bytes) {
            written.push(folder.write_with(&format!("{name}.{kind}"), |out| out.write_all(&bytes))?);
        }
    }
    Ok(written)
}

/// `sweep.csv`, where it is small enough to stand in a page. What cannot be read is left to those who write the file itself.
fn small_csv(journal: &Journal) -> Option<String> {
    let mut small = Small(Vec::new());
    sweep_csv(journal, &mut small).ok()?;
    String::from_utf8(small.0).ok()
}

/// Takes so many bytes and no more.
struct Small(Vec<u8>);

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST_IN_A_PAGE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything as JSON.
#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    name: &'a str,
    title: &'a Option<String>,
    provenance: Provenance<'a>,
    grid: &'a [super::plan::Varied],
    /// The metrics that table and charts show.
    shown: &'a [String],
    knees: &'a [Knee],
    points: Points<'a>,
}

#[derive(Serialize)]
struct Provenance<'a> {
    program: &'a str,
    scenario: &'a str,
    scenario_sha256: &'a str,
    model_sha256: &'a str,
    overrides: &'a [String],
    seed: u64,
    replications: u32,
    precision: Option<f64>,
    confidence: f64,
}

/// The points, which are never held all at once.
struct Points<'a>(&'a Journal);

impl Serialize for Points<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for point in self.0.points() {
            list.serialize_element(&point.map_err(S::Error::custom)?)?;
        }
        list.end()
    }
}

/// Writes everything as JSON; this is `sweep.json`.
///
/// # Errors
/// The journal cannot be read, or `out` not written.
pub fn sweep_json(journal: &Journal, sweep: &Sweep, out: &mut dyn Write) -> io::Result<()> {
    let plan = journal.plan();
    let document = Document {
        schema_version: plan.schema_version,
        name: &plan.name,
        title: &plan.title,
        provenance: Provenance {
            program: &plan.program,
            scenario: &plan.scenario,
            scenario_sha256: &plan.scenario_sha256,
            model_sha256: &plan.model_sha256,
            overrides: &plan.overrides,
            seed: plan.seed,
            replications: plan.replications,
            precision: plan.precision,
            confidence: plan.confidence,
        },
        grid: &plan.grid,
        shown: &sweep.metrics,
        knees: &sweep.knees,
        points: Points(journal),
    };
    pretty_into(&document, out)
}

/// Writes one row for each point and metric; this is `sweep.csv`.
///
/// Columns: `point`, one for each varied path with its value as written, `metric`, `estimate`, `low`, `high`, `unit`, `samples`
/// (observations of a latency, else replications), `replications`, `seed`, `version`, `reason`, `method`.
///
/// # Errors
/// The journal cannot be read, or `out` not written.
pub fn sweep_csv(journal: &Journal, out: &mut dyn Write) -> io::Result<()> {
    let plan = journal.plan();
    let mut writer = ::csv::Writer::from_writer(out);
    let paths = plan.grid.iter().map(|varied| varied.path.as_str());
    let rest = ["metric", "estimate", "low", "high", "unit", "samples", "replications", "seed", "version", "reason", "method"];
    writer.write_record(["point"].into_iter().chain(paths).chain(rest))?;
    for point in journal.points() {
        let point = point.map_err(|error| match error {
            JournalError::Machine { source, .. } => source,
            refused => io::Error::other(refused),
        })?;
        for row in rows(&point, &plan.program) {
            writer.write_record(row)?;
        }
    }
    writer.flush()
}

fn rows<'a>(point: &'a Point, version: &'a str) -> impl Iterator<Item = Vec<String>> + 'a {
    point.metrics.iter().map(move |(metric, sampled)| {
        let value = &sampled.reading.value;
        let mut row = vec![point.point.to_string()];
        row.extend(point.values.values().cloned());
        row.push(metric.clone());
        row.extend([value.estimate, value.low, value.high].map(number));
        row.push(sampled.reading.unit.clone());
        row.extend([sampled.samples, u64::from(point.replications), point.seed].map(|whole| whole.to_string()));
        row.push(version.to_owned());
        row.extend([&value.reason, &value.method].map(|text| text.clone().unwrap_or_default()));
        row
    })
}
