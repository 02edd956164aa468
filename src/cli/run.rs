//! `queuelab run`: text to model, model to numbers, numbers to people.

use super::args::{Format, Run};
use super::output::refuse_results_of_another;
use super::progress::{Progress, interrupted, watch_for_interrupts};
use super::{Failure, Status, complain, print, source};
use crate::experiment::{self, Course, Cut, Reached, StopReason, Study};
use crate::model::{Load, Model, Producer};
use crate::report::quantity::{self, Kind};
use crate::report::{self, Folder, Provenance, RunResult, Style, Warning};
use crate::scenario::{self, Document};
use crate::theory;
use crate::units::Span;
use indexmap::IndexMap;
use sha2::{Digest, Sha256};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Name and version, as results say it.
pub(super) const PROGRAM: &str = concat!("queuelab ", env!("CARGO_PKG_VERSION"));

/// The file of `--journal`.
const JOURNAL: &str = "messages.csv";
/// The files of `--trace`.
const TRACES: [&str; 2] = ["trace.json", "spans.json"];
/// The file of `--openmetrics`.
const METRICS: &str = "metrics.txt";

/// Runs every scenario and goes on to the next when one is refused.
///
/// # Errors
/// A list of files that makes no sense; what is wrong with one scenario is printed as it is found.
pub fn run(arguments: &Run) -> Result<Status, Failure> {
    watch_for_interrupts();
    let files = source::expand(&arguments.files)?;
    if !arguments.no_files {
        refuse_same_names(&files)?;
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads.map_or(0, usize::from)).build();
    let pool = pool.map_err(|error| Failure::Usage(format!("cannot start threads: {error}")))?;
    let mut status = Status::Success;
    let mut documents = Vec::new();
    for file in &files {
        match pool.install(|| run_one(file, arguments, files.len() > 1)) {
            Ok((one, printed)) => {
                status = status.max(one);
                if arguments.format == Format::Json { documents.push(printed) } else { print(&printed).map(|_| ())? }
            }
            Err(failure) => {
                complain(&format!("{failure}\n"));
                status = status.max(failure.status());
            }
        }
        if interrupted() {
            status = Status::Interrupted;
            break;
        }
    }
    match &documents[..] {
        [] => {}
        [one] if files.len() == 1 => print(one).map(|_| ())?,
        many => print(&format!("[\n{}]\n", many.join(","))).map(|_| ())?,
    }
    Ok(status)
}

/// Two scenarios of one name would write over each other's files.
fn refuse_same_names(files: &[PathBuf]) -> Result<(), Failure> {
    for (at, file) in files.iter().enumerate() {
        if let Some(other) = files[..at].iter().find(|other| other.file_stem() == file.file_stem()) {
            let (one, two) = (other.display(), file.display());
            let cause =
                format!("{one} and {two} have the same name, and would write to the same folder: run them one by one with --out");
            return Err(Failure::Usage(cause));
        }
    }
    Ok(())
}

/// One scenario from its file to what is printed. This is how data flows; every arrow of the house is one line here.
fn run_one(file: &Path, arguments: &Run, many: bool) -> Result<(Status, String), Failure> {
    let document = scenario::read(file)?;
    let mut model = resolve(&document, arguments)?;
    let folder = prepare(&document, arguments, many)?;
    let started = Instant::now();
    let study = simulate(&document, &model, arguments)?;
    let wall = started.elapsed();
    // What was simulated is what is reported and repeated; of several parts the longest.
    model.plan.duration = study.courses.iter().filter_map(|course| course.duration).max();
    let courses = study.courses.clone();
    let result = conclude(&document, &model, &arguments.set, study);
    let mut written = Vec::new();
    if let Some(folder) = &folder {
        written = folder.write(&result).map_err(not_written)?;
        if !arguments.journal {
            folder.remove(JOURNAL).map_err(not_written)?;
        } else {
            written.extend(journal(&model, folder, &courses)?);
        }
        written.extend(exports(&model, folder, arguments, &courses, &result)?);
    }
    let status = Status::of_goals(&result.goals, arguments.strict);
    let printed = match arguments.format {
        Format::Text => {
            let table = report::table(&result, style(), Some(wall));
            let place = folder.map(|folder| format!("wrote {} files to {}\n\n", written.len(), folder.path().display()));
            format!("{table}{}", place.unwrap_or_default())
        }
        Format::Json => report::json(&result),
        Format::Csv => report::csv(&result),
        Format::Markdown => report::markdown(&result),
        Format::Quiet => String::new(),
    };
    Ok((status, printed))
}

/// The model of a document, with what the command line says instead.
fn resolve(document: &Document, arguments: &Run) -> Result<Model, Failure> {
    let resolved = scenario::resolve(document, &arguments.set).map_err(|problems| Failure::problems(&problems))?;
    if arguments.format != Format::Quiet {
        complain(&resolved.warnings.render(super::stderr_has_color()));
    }
    let mut model = resolved.model;
    model.plan.seed = arguments.seed.unwrap_or(model.plan.seed);
    if let Some(replications) = arguments.replications {
        model.plan.replications = replications;
        model.plan.precision.relative = None;
    }
    model.plan.precision.relative = arguments.precision.or(model.plan.precision.relative);
    Ok(model)
}

/// The folder for the files, checked before anything is simulated.
fn prepare(document: &Document, arguments: &Run, many: bool) -> Result<Option<Folder>, Failure> {
    if arguments.no_files {
        return Ok(None);
    }
    let place = match &arguments.out {
        Some(out) if many => out.join(&document.name),
        Some(out) => out.clone(),
        None => Path::new("output").join(&document.name),
    };
    refuse_results_of_another(&place, "run")?;
    let folder = report::prepare(&place).map_err(not_written)?;
    let asked = [(arguments.journal, &[JOURNAL][..]), (arguments.openmetrics, &[METRICS]), (arguments.trace.is_some(), &TRACES)];
    let more: Vec<String> =
        asked.iter().filter(|(asked, _)| *asked).flat_map(|(_, names)| names.iter().map(|&name| name.to_owned())).collect();
    report::prepare_for(&place, &more).map_err(not_written)?;
    Ok(Some(folder))
}

pub(super) fn not_written(error: report::FileError) -> Failure {
    Failure::Machine { doing: "write", path: error.path, source: error.source }
}

fn simulate(document: &Document, model: &Model, arguments: &Run) -> Result<Study, Failure> {
    let progress = Progress::new(&document.name, model, arguments.format != Format::Quiet);
    let study = experiment::run(model, &|part, news| progress.note(part, news));
    drop(progress);
    match study {
        Ok(study) if study.summary.replicates.is_empty() => Err(Failure::Interrupted),
        Ok(study) => Ok(study),
        Err(stopped) => Err(Failure::Document(format!("error: {}: {stopped}", document.name))),
    }
}

/// The numbers with all that is needed to judge and to repeat them.
pub(super) fn conclude(document: &Document, model: &Model, overrides: &[String], study: Study) -> RunResult {
    let cuts: Vec<Cut> = study.courses.iter().map(|course| course.warmup).collect();
    let mut warnings = report::advice(model, &Load::of(model), &study.summary, &cuts);
    warnings.extend(study.precision.as_ref().and_then(about_precision));
    warnings.extend(about_interrupt(&study.courses));
    let warmup = study.courses.iter().map(|course| course.warmup.span()).max().unwrap_or(Span::ZERO);
    RunResult {
        schema_version: report::SCHEMA_VERSION,
        name: document.name.clone(),
        title: model.title.clone(),
        provenance: Provenance {
            program: PROGRAM.to_owned(),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            scenario: document.text.clone(),
            scenario_sha256: sha256(document.text.as_bytes()),
            overrides: overrides.to_vec(),
            seed: model.plan.seed,
            replications: study.summary.replicates.len() as u32,
            confidence: model.plan.confidence,
            duration: model.plan.duration.map(|duration| duration.as_secs_f64()),
            warmup: warmup.as_secs_f64(),
        },
        routes: routes(model),
        system: report::system(model, &Load::of(model)),
        faults: report::faults(model),
        presets: report::rests_on(model),
        theory: report::known(&theory::answers(model)),
        goals: report::judge(&model.goals, &study.summary.metrics),
        summary: study.summary,
        precision: study.precision,
        warnings,
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The queues through which the messages of each producer may go.
fn routes(model: &Model) -> IndexMap<String, Vec<String>> {
    let names = |producer: &Producer| model.route(&producer.handler).into_iter().map(|id| model.queue(id).name.clone()).collect();
    model.producers.iter().map(|producer| (producer.name.clone(), names(producer))).collect()
}

/// Replications that were not done; of several parts those of the one with the fewest.
fn about_interrupt(courses: &[Course]) -> Option<Warning> {
    let course = courses.iter().filter(|course| course.replications < course.planned).min_by_key(|course| course.replications)?;
    let (done, planned) = (course.replications, course.planned);
    let message = format!("interrupted after {done} of {planned} replications: the numbers are theirs alone");
    Some(Warning { kind: "interrupted".to_owned(), message })
}

fn about_precision(precision: &Reached) -> Option<Warning> {
    let share = |share: f64| quantity::plainly(share, Kind::Share);
    let events = quantity::plainly(precision.events as f64, Kind::Plain);
    let what = match precision.stopped {
        StopReason::Reached => return None,
        StopReason::Budget => format!("after {events} events; raise run.budget, or ask for less"),
        StopReason::Interrupted => format!("when interrupted after {events} events"),
    };
    let unknown = precision.metrics.iter().find(|(_, width)| width.is_none());
    let reached = match (precision.reached, unknown) {
        (Some(reached), _) => share(reached),
        (None, Some((metric, _))) => format!("no interval for {metric}"),
        (None, None) => "nothing was judged".to_owned(),
    };
    let message = format!("a precision of {} was not reached: {reached} {what}", share(precision.asked));
    Some(Warning { kind: "precision".to_owned(), message })
}

/// Writes messages.csv: the first replication once more, with an observer that writes. An interrupt leaves it out.
fn journal(model: &Model, folder: &Folder, courses: &[Course]) -> Result<Option<PathBuf>, Failure> {
    match folder.write_with(JOURNAL, |out| experiment::journal(model, courses, out, &|_| !interrupted())) {
        Ok(path) => Ok(Some(path)),
        Err(error) if interrupted() && error.source.kind() == ErrorKind::Interrupted => {
            complain("interrupted: messages.csv is not written\n");
            folder.remove(JOURNAL).map_err(not_written)?;
            Ok(None)
        }
        Err(error) => Err(not_written(error)),
    }
}

/// Writes the files of `--openmetrics` and `--trace`, and removes those of an earlier run that were not asked for now.
fn exports(
    model: &Model,
    folder: &Folder,
    arguments: &Run,
    courses: &[Course],
    result: &RunResult,
) -> Result<Vec<PathBuf>, Failure> {
    let mut written = Vec::new();
    if arguments.openmetrics {
        let metrics = report::openmetrics(result);
        written.push(folder.write_with(METRICS, |out| out.write_all(metrics.as_bytes())).map_err(not_written)?);
    } else {
        folder.remove(METRICS).map_err(not_written)?;
    }
    let Some(limit) = arguments.trace else {
        TRACES.iter().try_for_each(|name| folder.remove(name)).map_err(not_written)?;
        return Ok(written);
    };
    match experiment::trace(model, courses, limit as usize, &|_| !interrupted()) {
        Ok(traces) => {
            let (name, seed) = (&result.name, model.plan.seed);
            written.push(folder.write_with(TRACES[0], |out| report::chrome(&traces, name, seed, out)).map_err(not_written)?);
            written.push(folder.write_with(TRACES[1], |out| report::otlp(&traces, name, seed, out)).map_err(not_written)?);
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            complain("interrupted: trace.json and spans.json are not written\n");
            TRACES.iter().try_for_each(|name| folder.remove(name)).map_err(not_written)?;
        }
        // The study went through the same events: a halt now would be new.
        Err(error) => return Err(Failure::Document(format!("error: {}: {error}", result.name))),
    }
    Ok(written)
}

/// How standard output shows text.
pub(super) fn style() -> Style {
    let terminal = std::io::stdout().is_terminal();
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    // A pipe takes UTF-8; a terminal takes it unless it says otherwise.
    let unicode = !terminal || locale.is_none_or(|locale| locale.to_uppercase().replace('-', "").contains("UTF8"));
    Style { color: terminal && std::env::var_os("NO_COLOR").is_none(), width: 100, unicode }
}
