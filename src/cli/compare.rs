//! `queuelab compare`: designs beside each other, with the same random numbers, and what differs between them.

use super::args::{Compare, Format};
use super::designs::{Design, Numbers, designs};
use super::output::refuse_results_of_another;
use super::progress::{Progress, interrupted, watch_for_interrupts};
use super::run::{conclude, not_written, style};
use super::{Failure, Status, print};
use crate::experiment::{Growing, Needed, Stopped, lengthening, longer, needed};
use crate::model::Model;
use crate::report::{self, Comparison, Folder, Measured, RunResult, Sought};
use crate::scenario;
use indexmap::IndexSet;
use std::path::{Path, PathBuf};

/// Compares all designs.
///
/// # Errors
/// Nothing to compare, a design that cannot be read, understood or simulated, or files that cannot be written.
pub fn compare(arguments: &Compare) -> Result<Status, Failure> {
    watch_for_interrupts();
    let mut designs = designs(arguments)?;
    let metrics = metrics(&designs, &arguments.metric)?;
    let relative = one_plan(&mut designs, arguments)?;
    let folder = prepare(&designs[0].name, arguments)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads.map_or(0, usize::from)).build();
    let pool = pool.map_err(|error| Failure::Usage(format!("cannot start threads: {error}")))?;
    let (comparison, written) = pool.install(|| -> Result<(Comparison, Vec<PathBuf>), Failure> {
        let (results, sought) = results(designs, &metrics, relative, arguments.format != Format::Quiet)?;
        let comparison = report::compare(results, metrics, sought);
        let write = |folder: &Folder| report::write_comparison(folder, &comparison).map_err(not_written);
        let written = folder.as_ref().map(write).transpose()?.unwrap_or_default();
        Ok((comparison, written))
    })?;
    let place = folder.map(|folder| format!("wrote {} files to {}\n", written.len(), folder.path().display()));
    print(&match arguments.format {
        Format::Text => format!("{}{}", report::comparison_text(&comparison, style()), place.unwrap_or_default()),
        Format::Json => report::pretty(&comparison),
        Format::Csv => report::comparison_csv(&comparison),
        Format::Markdown => report::comparison_markdown(&comparison),
        Format::Quiet => String::new(),
    })?;
    if interrupted() {
        return Ok(Status::Interrupted);
    }
    Ok(Status::of_goals(comparison.designs.iter().flat_map(|design| &design.goals), arguments.strict))
}

/// What is compared: what the user names, which some design must have, or the headline.
fn metrics(designs: &[Design], named: &[String]) -> Result<Vec<String>, Failure> {
    let all: Vec<Measured> = designs.iter().map(Design::measured).collect();
    if named.is_empty() {
        return Ok(report::headline(&all));
    }
    let known: IndexSet<&String> = all.iter().flat_map(|design| &design.known).collect();
    let known: Vec<String> = known.into_iter().cloned().collect();
    let mut wanted = IndexSet::new();
    for name in named {
        if let Some(advice) = scenario::metric_advice(name, &known) {
            return Err(Failure::Usage(format!("nothing is measured as `{name}`: {advice}")));
        }
        wanted.insert(name.clone());
    }
    Ok(wanted.into_iter().collect())
}

/// Gives all designs one seed and one number of replications; the precision that is sought, where one is.
fn one_plan(designs: &mut [Design], arguments: &Compare) -> Result<Option<f64>, Failure> {
    let is_read = |design: &Design| matches!(design.numbers, Numbers::Read(_));
    let (seed, wanted) = match &designs[0].numbers {
        Numbers::Simulated { model, .. } => (model.plan.seed, model.plan.precision.relative),
        Numbers::Read(result) => (result.provenance.seed, None),
    };
    let relative = arguments.precision.or(wanted.filter(|_| arguments.replications.is_none()));
    let seed = arguments.seed.unwrap_or(seed);
    if arguments.precision.is_some() && designs.iter().any(is_read) {
        return Err(Failure::Usage("a finished result gets no more precise: name the scenarios instead".to_owned()));
    }
    let relative = relative.filter(|_| !designs.iter().any(is_read));
    let planned = designs.iter().filter_map(|design| match &design.numbers {
        Numbers::Simulated { model, .. } => Some(model.plan.replications),
        Numbers::Read(_) => None,
    });
    // What is simulated beside a finished result has as many replications as that, so that they can be paired.
    let read = designs.iter().find_map(|design| match &design.numbers {
        Numbers::Read(result) => Some(result.provenance.replications),
        Numbers::Simulated { .. } => None,
    });
    let replications = arguments.replications.or(read).or(planned.max()).unwrap_or(1);
    for design in designs {
        if let Numbers::Simulated { model, .. } = &mut design.numbers {
            model.plan.seed = seed;
            model.plan.precision.relative = None;
            model.plan.replications = if relative.is_some() { Growing::first(model) } else { replications };
        }
    }
    Ok(relative)
}

/// The folder for the files, checked before anything is simulated.
fn prepare(baseline: &str, arguments: &Compare) -> Result<Option<Folder>, Failure> {
    if arguments.no_files {
        return Ok(None);
    }
    // The name may be a path, where it had to be told from another.
    let name = Path::new(baseline).file_name().map_or_else(|| baseline.into(), |name| name.to_owned());
    let place = arguments.out.clone().unwrap_or_else(|| Path::new("output").join(name).join("compare"));
    refuse_results_of_another(&place, "compare")?;
    report::prepare_comparison(&place).map(Some).map_err(not_written)
}

/// The results of all designs, read or simulated; and how well the differences are known where a precision was sought.
fn results(
    mut designs: Vec<Design>,
    metrics: &[String],
    relative: Option<f64>,
    show: bool,
) -> Result<(Vec<RunResult>, Option<Sought>), Failure> {
    let mut growing = begin(&mut designs, metrics, relative.is_some(), show)?;
    let sought = match relative {
        Some(relative) => Some(search(&designs, &mut growing, metrics, relative, show)?),
        None => None,
    };
    if growing.iter().any(|design| design.replications() == 0) {
        return Err(Failure::Interrupted);
    }
    let mut studies = growing.into_iter();
    let results = designs.into_iter().map(|Design { name, title, numbers }| match numbers {
        Numbers::Read(result) => RunResult { name, title, ..*result },
        Numbers::Simulated { document, mut model, changes } => {
            let study = studies.next().expect("one for each design that is simulated").finish();
            model.plan.replications = study.summary.replicates.len() as u32;
            RunResult { name, title, ..conclude(&document, &model, &changes, study) }
        }
    });
    Ok((results.collect(), sought))
}

/// The first replications of all designs that are simulated; where a precision is sought, long enough for it.
fn begin(designs: &mut [Design], metrics: &[String], precise: bool, show: bool) -> Result<Vec<Growing>, Failure> {
    let (mut spent, mut lengthened) = (0, 0);
    loop {
        let (mut growing, mut budget) = (Vec::new(), None);
        for design in designs.iter() {
            if let Numbers::Simulated { model, .. } = &design.numbers {
                budget = budget.or(Some(model.plan.precision.budget));
                let progress = Progress::new(&design.name, model, show);
                let begun = Growing::begin(model, model.plan.replications, &|part, news| progress.note(part, news));
                growing.push(begun.map_err(|stopped| refused(&design.name, &stopped))?);
            }
        }
        let factor = budget.filter(|_| precise).and_then(|budget| lengthening(&growing, metrics, lengthened, spent, budget));
        let Some(factor) = factor else { return Ok(growing) };
        spent += growing.iter().map(Growing::events).max().unwrap_or(0);
        lengthened += 1;
        for design in designs.iter_mut() {
            if let Numbers::Simulated { model, .. } = &mut design.numbers {
                model.plan.duration = longer(model, factor);
            }
        }
    }
}

fn refused(name: &str, stopped: &Stopped) -> Failure {
    Failure::Document(format!("error: {name}: {stopped}"))
}

/// Adds replications to all designs, until every difference is known well enough or the budget is spent.
fn search(designs: &[Design], growing: &mut [Growing], metrics: &[String], relative: f64, show: bool) -> Result<Sought, Failure> {
    let models: Vec<(&str, &Model)> = designs
        .iter()
        .filter_map(|design| match &design.numbers {
            Numbers::Simulated { model, .. } => Some((design.name.as_str(), model.as_ref())),
            Numbers::Read(_) => None,
        })
        .collect();
    let extreme = |name: &String| name.ends_with(".max") || name.ends_with(".min");
    let names: Vec<String> = metrics.iter().filter(|name| !extreme(name)).cloned().collect();
    let (_, base) = models[0];
    let many = names.len() * (models.len() - 1);
    let each = 1.0 - (1.0 - base.plan.confidence) / many.max(1) as f64;
    loop {
        let Needed { replications, widths } = needed(growing, &names, relative, each, base.plan.precision.budget);
        let done = growing[0].replications();
        let complete = growing.iter().all(Growing::is_complete);
        if replications <= done || !complete || interrupted() {
            let reached = widths.values().copied().reduce(|one, other| Some(one?.max(other?))).flatten();
            return Ok(Sought { asked: relative, reached, metrics: widths });
        }
        for ((name, model), design) in models.iter().zip(growing.iter_mut()) {
            let mut longer = (*model).clone();
            longer.plan.replications = replications;
            let progress = Progress::new(&format!("{name}: {done} replications"), &longer, show);
            progress.skip(done);
            let extended = design.extend(replications, &|part, news| progress.note(part, news));
            extended.map_err(|stopped| refused(name, &stopped))?;
        }
    }
}
