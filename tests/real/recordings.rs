//! What was measured: the shipped recordings in `tests/data/real`, and those in any folder of raw ones, which are converted first.
//!
//! In a folder of converted recordings lie, for each of them, `NAME.meta.json` (its parameters), `NAME.csv.gz` (its compact table) and
//! `NAME.toml` (the scenario that replays it), and `runs.csv` with what is known of each run as a whole.

use super::parameters::{Notes, Parameters, parameters};
use super::raw::{Facts, table};
use super::scenario::scenario;
use super::window::{Point, windows_in};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// One run of a real broker.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    pub name: String,
    /// The scenario that replays it.
    pub scenario: PathBuf,
    pub parameters: Parameters,
    pub facts: Facts,
    /// Messages.
    pub messages: usize,
    /// From the publish to the first start of those that were served in the end, in nanoseconds.
    pub waits: Vec<u64>,
    /// From the publish to the confirm.
    pub confirms: Vec<u64>,
    /// From the publish to the answer.
    pub rounds: Vec<u64>,
    /// Who began with each message, where the broker deals them out in turn; otherwise empty.
    pub consumers: Vec<u32>,
    /// Share of the messages that nobody finished.
    pub lost: f64,
}

/// What a folder of raw recordings gives.
#[derive(Debug, Default)]
pub struct Converted {
    pub recordings: Vec<Recording>,
    /// Throughputs over the window of unconfirmed messages.
    pub windows: Vec<Point>,
    /// What of them is not predicted, and what could not be read.
    pub notes: Notes,
    pub troubles: Vec<String>,
}

/// Where the shipped recordings are.
pub fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/real")
}

/// Where the compact table of a recording is, seen from its folder. One of the shipped ones is a shipped scenario's trace as well.
pub fn trace(folder: &Path, name: &str) -> String {
    if name == "R1_mm3_p1" && folder.ends_with("tests/data/real") {
        return "../../../scenarios/data/rabbitmq-mm3.csv.gz".to_owned();
    }
    format!("{name}.csv.gz")
}

/// All shipped recordings, by name.
pub fn recordings() -> Vec<Recording> {
    let folder = shipped();
    let runs = runs(&folder).unwrap_or_else(|error| panic!("{error}"));
    runs.into_iter().map(|(name, facts)| read(&folder, &name, facts).unwrap_or_else(|error| panic!("{error}"))).collect()
}

/// Converts the raw recordings in a folder whose names begin with one of `wanted` (all, without one) and reads them. A recording that
/// is wrong is told, and hinders no other.
pub fn convert(raw: &Path, target: &Path, wanted: &[String]) -> Result<Converted, String> {
    let entries = fs::read_dir(raw).map_err(|error| format!("{}: {error}", raw.display()))?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    if raw.join("meta.json").exists() {
        folders = vec![raw.to_owned()];
    }
    folders.sort();
    folders.retain(|folder| wanted.is_empty() || wanted.iter().any(|part| name_of(folder).starts_with(part.as_str())));
    if folders.is_empty() {
        return Err(format!("{}: there is no recording in it: a folder with meta.json and messages.csv.gz", raw.display()));
    }
    fs::create_dir_all(target).map_err(|error| format!("{}: {error}", target.display()))?;
    let mut converted = Converted::default();
    for folder in folders {
        match convert_one(&folder, target, &mut converted) {
            Ok(Some(recording)) => converted.recordings.push(recording),
            Ok(None) => {}
            Err(trouble) => converted.troubles.push(trouble),
        }
    }
    let known = runs(target).unwrap_or_default();
    let mut all: Vec<(String, Facts)> =
        known.into_iter().filter(|(name, _)| converted.recordings.iter().all(|new| new.name != *name)).collect();
    all.extend(converted.recordings.iter().map(|recording| (recording.name.clone(), recording.facts.clone())));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    write(&target.join("runs.csv"), &runs_text(&all))?;
    Ok(converted)
}

fn name_of(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn convert_one(folder: &Path, target: &Path, converted: &mut Converted) -> Result<Option<Recording>, String> {
    let (meta, name) = (folder.join("meta.json"), name_of(folder));
    let Some(parameters) = parameters(&meta, &mut converted.notes)? else {
        match windows_in(folder)? {
            Some(points) => converted.windows.extend(points),
            None => {
                converted.notes.push(format!("{}: without `params` it is no run of messages, and is left out", meta.display()))
            }
        }
        return Ok(None);
    };
    let table = table(folder, &parameters, &mut converted.notes)?;
    let trace = trace(target, &name);
    let packed = target.join(&trace);
    let text = table.text();
    // What is the same stays as it is: compressors differ.
    if unpacked(&packed).is_err() || unpacked(&packed).is_ok_and(|old| old != text) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let bytes = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
        bytes.and_then(|bytes| fs::write(&packed, bytes)).map_err(|error| format!("{}: {error}", packed.display()))?;
    }
    write(&target.join(format!("{name}.toml")), &scenario(&name, &parameters, &table.facts, &trace))?;
    let copy = target.join(format!("{name}.meta.json"));
    fs::copy(&meta, &copy).map_err(|error| format!("{}: {error}", copy.display()))?;
    read(target, &name, table.facts).map(Some)
}

fn unpacked(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    GzDecoder::new(file).read_to_string(&mut text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text)
}

/// The runs of a folder of converted recordings.
fn runs(folder: &Path) -> Result<Vec<(String, Facts)>, String> {
    let path = folder.join("runs.csv");
    let wrong = |error: csv::Error| format!("{}: {error}", path.display());
    let mut table = csv::Reader::from_path(&path).map_err(wrong)?;
    let rows = table.records().map(|row| {
        let row = row.map_err(wrong)?;
        let number = |at: usize| row.get(at).and_then(|text| text.parse::<f64>().ok());
        let crash = number(5).zip(number(6)).map(|(dies, back)| [dies, back]);
        let order = row.get(3).unwrap_or_default().split_whitespace().filter_map(|who| who.parse().ok()).collect();
        let facts = Facts { throughput: number(1), overshoot: number(2), order, last_publish: number(4).unwrap_or(0.0), crash };
        Ok((row[0].to_owned(), facts))
    });
    rows.collect()
}

fn runs_text(runs: &[(String, Facts)]) -> String {
    let mut text = "run,throughput,overshoot_ms,order,last_publish_s,dies_s,back_s\n".to_owned();
    for (name, Facts { throughput, overshoot, order, last_publish, crash }) in runs {
        let throughput = throughput.map(|rate| rate.to_string()).unwrap_or_default();
        let overshoot = overshoot.map(|overshoot| format!("{overshoot:.4}")).unwrap_or_default();
        let order = order.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
        let [dies, back] = crash.map_or(Default::default(), |crash| crash.map(|at| format!("{at:.6}")));
        text += &format!("{name},{throughput},{overshoot},{order},{last_publish},{dies},{back}\n");
    }
    text
}

/// What was measured in one.
fn read(folder: &Path, name: &str, facts: Facts) -> Result<Recording, String> {
    let meta = folder.join(format!("{name}.meta.json"));
    // What is to be said of it was said when it was converted.
    let parameters = parameters(&meta, &mut Notes::new())?.ok_or_else(|| format!("{}: has no `params`", meta.display()))?;
    let path = folder.join(trace(folder, name));
    let shown = path.display();
    let text = unpacked(&path)?;
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let head = table.headers().map_err(|error| format!("{shown}: {error}"))?.clone();
    let column = |name: &str| head.iter().position(|title| title == name);
    let waits: Vec<usize> = (0..head.len()).filter(|&at| head[at].starts_with("wait_")).collect();
    let (confirm, round, consumer, outcome) = (column("confirm_s"), column("round_s"), column("consumer"), column("outcome"));
    let scenario = folder.join(format!("{name}.toml"));
    let mut recording = Recording { name: name.to_owned(), scenario, parameters, facts, ..Recording::default() };
    let mut lost = 0;
    for row in table.records() {
        let row = row.map_err(|error| format!("{shown}: {error}"))?;
        let span = |at: usize| row[at].parse::<f64>().ok().map(|seconds| (seconds * 1e9).round() as u64);
        recording.messages += 1;
        let served = outcome.is_none_or(|at| ["ack", "auto"].contains(&&row[at]));
        lost += usize::from(!served);
        if served {
            recording.waits.extend(waits.iter().filter_map(|&at| span(at)));
        }
        recording.confirms.extend(confirm.and_then(span));
        recording.rounds.extend(round.and_then(span));
        recording.consumers.extend(consumer.map(|at| row[at].parse().unwrap_or(u32::MAX)));
    }
    recording.lost = lost as f64 / recording.messages as f64;
    Ok(recording)
}
