//! What a sweep goes over: the paths of the command line, their values, and the model of each point.

use super::Failure;
use super::args::Sweep;
use super::run::{PROGRAM, sha256};
use crate::experiment::{self, News};
use crate::model::{Goal, Model};
use crate::report::{self, Aim, MOST_POINTS, Plan, Varied, default_metrics};
use crate::scenario::{self, Axis, Document, Override, VARY};
use crate::units::Span;
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a point is tried to tell how long all will take.
const TRIAL: Duration = Duration::from_millis(700);

/// So many values of each path are checked before anything is asked; every point is before the first is simulated.
const CHECKED_FIRST: usize = 1000;

/// A scenario and the paths that are varied in it.
pub struct Grid<'a> {
    document: Document,
    arguments: &'a Sweep,
    axes: Vec<Axis>,
    /// The model of the first point.
    first: Model,
}

impl<'a> Grid<'a> {
    /// Reads scenario and paths, and checks every value by itself.
    ///
    /// # Errors
    /// Everything that is wrong with them, and what the machine refuses.
    pub fn read(arguments: &'a Sweep) -> Result<Grid<'a>, Failure> {
        let problems = |problems| Failure::problems(&problems);
        let document = scenario::read(&arguments.file)?;
        let axes: Vec<Axis> =
            arguments.vary.iter().map(|written| Axis::vary(written)).collect::<Result<_, _>>().map_err(problems)?;
        refuse_paths_twice(&axes, arguments)?;
        // What is wrong with the document and --set is told before anything about the paths.
        scenario::resolve(&document, &arguments.set).map_err(problems)?;
        for (at, axis) in axes.iter().enumerate() {
            for position in 0..axis.values.len().min(CHECKED_FIRST) {
                let mut positions = vec![0; axes.len()];
                positions[at] = position;
                scenario::resolve_changed(&document, &changes(arguments, &axes, &positions)).map_err(problems)?;
            }
        }
        let resolved =
            scenario::resolve_changed(&document, &changes(arguments, &axes, &vec![0; axes.len()])).map_err(problems)?;
        if arguments.format != super::args::Format::Quiet {
            super::complain(&resolved.warnings.render(super::stderr_has_color()));
        }
        let mut grid = Grid { document, arguments, axes, first: resolved.model };
        grid.first = grid.model(0)?;
        Ok(grid)
    }

    /// The model of the first point.
    pub fn first(&self) -> &Model {
        &self.first
    }

    /// Name of the scenario.
    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// Points of the whole grid.
    pub fn points(&self) -> u64 {
        report::points(self.axes.iter().map(|axis| axis.values.len()))
    }

    fn lengths(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.values.len()).collect()
    }

    /// The model of a point.
    ///
    /// # Errors
    /// The values of this point do not go together, or recorded data cannot be read.
    pub fn model(&self, point: u64) -> Result<Model, Failure> {
        let changes = changes(self.arguments, &self.axes, &report::positions(point, &self.lengths()));
        let resolved = scenario::resolve_changed(&self.document, &changes).map_err(|problems| Failure::problems(&problems))?;
        let mut model = resolved.model;
        model.plan.seed = self.arguments.seed.unwrap_or(model.plan.seed);
        if let Some(replications) = self.arguments.replications {
            model.plan.replications = replications;
            model.plan.precision.relative = None;
        }
        model.plan.precision.relative = self.arguments.precision.or(model.plan.precision.relative);
        Ok(model)
    }

    /// Checks every point, so that none is refused after hours.
    ///
    /// # Errors
    /// What is wrong with the first point that cannot be simulated.
    pub fn check(&self) -> Result<(), Failure> {
        let checked = |point: u64| self.model(point).err();
        (0..self.points()).into_par_iter().find_map_first(checked).map_or(Ok(()), Err)
    }

    /// All that the numbers hang on.
    pub fn plan(&self) -> Plan {
        let plan = &self.first.plan;
        let varied = |axis: &Axis| Varied::new(axis.path.clone(), axis.values.clone(), axis.numbers().as_deref());
        Plan {
            schema_version: Plan::LAYOUT,
            name: self.document.name.clone(),
            title: self.first.title.clone(),
            program: PROGRAM.to_owned(),
            scenario: self.document.text.clone(),
            scenario_sha256: sha256(self.document.text.as_bytes()),
            model_sha256: sha256(format!("{:?}", self.first).as_bytes()),
            overrides: self.arguments.set.clone(),
            grid: self.axes.iter().map(varied).collect(),
            shown: default_metrics(&self.first),
            goals: self.first.goals.iter().map(aim).collect(),
            seed: plan.seed,
            replications: plan.replications,
            precision: plan.precision.relative,
            confidence: plan.confidence,
        }
    }

    /// Refuses more points than can be kept, and many without `--yes`.
    ///
    /// # Errors
    /// As said.
    pub fn ask_about_size(&self, most: u64, todo: u64, threads: usize) -> Result<(), Failure> {
        let points = self.points();
        if points > MOST_POINTS {
            let cause = format!(
                "this grid has {points} points, more than {MOST_POINTS}: nobody can look at them\n  = help: take larger steps"
            );
            return Err(Failure::Usage(cause));
        }
        if todo <= most || self.arguments.yes {
            return Ok(());
        }
        let time = match self.seconds(todo, threads)? {
            Some(seconds) => format!("about {}", report::quantity::plainly(seconds, report::quantity::Kind::Time)),
            None => "a time that cannot be told beforehand".to_owned(),
        };
        let cause = format!(
            "this grid has {points} points, which will take {time} on {threads} threads\n  = help: give --yes if that is meant, take larger steps, or spread it with --shard"
        );
        Err(Failure::Usage(cause))
    }

    /// How many seconds so many points will take, by a look at three of them; `None` where that cannot be told.
    fn seconds(&self, todo: u64, threads: usize) -> Result<Option<f64>, Failure> {
        let last = self.points() - 1;
        let mut times = Vec::new();
        for point in [0, last / 2, last] {
            times.extend(timed(&self.model(point)?));
        }
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        Ok((!times.is_empty()).then(|| mean * todo as f64 / threads as f64))
    }
}

fn aim(goal: &Goal) -> Aim {
    Aim { name: goal.name.clone(), metric: goal.metric.clone(), value: goal.value }
}

/// `--set` first, then what is varied.
fn changes(arguments: &Sweep, axes: &[Axis], positions: &[usize]) -> Vec<Override> {
    let set = arguments.set.iter().map(|written| Override::set(written));
    set.chain(axes.iter().zip(positions).map(|(axis, &at)| axis.at(at, VARY))).collect()
}

/// A path that is varied is varied once, and nothing else sets it.
fn refuse_paths_twice(axes: &[Axis], arguments: &Sweep) -> Result<(), Failure> {
    for (at, axis) in axes.iter().enumerate() {
        let path = &axis.path;
        let refuse = |what: &str, cure: &str| Err(Failure::Usage(format!("`{path}` is {what}\n  = help: {cure}")));
        if axes[..at].iter().any(|other| other.path == *path) {
            return refuse("varied twice", "give all its values to one --vary");
        }
        let is_set = |written: &String| written.split_once('=').is_some_and(|(set, _)| set.trim() == path);
        if arguments.set.iter().any(is_set) {
            return refuse("varied and set", "remove one of --vary and --set");
        }
        let own = [
            ("run.seed", arguments.seed.is_some(), "--seed"),
            ("run.replications", arguments.replications.is_some() || arguments.precision.is_some(), "--replications"),
            ("run.precision", arguments.precision.is_some() || arguments.replications.is_some(), "--precision"),
        ];
        if let Some((_, _, option)) = own.iter().find(|(name, given, _)| *given && name == path) {
            return refuse(&format!("varied, and {option} sets it as well"), &format!("remove {option}"));
        }
    }
    Ok(())
}

/// How many seconds this model takes on one thread, by a look at the beginning; `None` where nothing was to be seen.
fn timed(model: &Model) -> Option<f64> {
    let parts = model.parts();
    let whole = model.plan.duration.unwrap_or(Span::ZERO).0;
    let replications = model.plan.replications as usize;
    let reached: Vec<AtomicU64> = (0..parts.len() * replications).map(|_| AtomicU64::new(0)).collect();
    let begun = Instant::now();
    let note = |part: usize, news: News| {
        if let News::Reached { replication, time } = news
            && let Some(place) = reached.get(part * replications + replication as usize)
        {
            place.fetch_max(time.0, Ordering::Relaxed);
        }
        begun.elapsed() < TRIAL
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().ok()?;
    let study = pool.install(|| experiment::run(model, &note)).ok()?;
    let elapsed = begun.elapsed().as_secs_f64();
    if study.courses.iter().all(|course| course.replications >= course.planned) {
        return Some(elapsed);
    }
    let all = whole as f64 * reached.len() as f64;
    let done: f64 = reached.iter().map(|one| (one.load(Ordering::Relaxed) as f64).min(whole as f64)).sum();
    (all > 0.0 && done > 0.0).then(|| elapsed * all / done)
}
