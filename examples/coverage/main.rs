//! How often the stated intervals cover the truth, on models whose answer is known.
//!
//! ```text
//! cargo run --release --example coverage -- [--mode fixed] [--models mm1,mm3] [--loads 0.5,0.9] [--experiments 1000]
//!     [--metrics wait.p99] [--messages 300000] [--record docs/coverage.md]
//! ```
//! Modes: `fixed` (10 replications), `one` (one long run), `precision` (replications until the interval is narrow enough), and
//! three to compare, each of 20 replications: `plain`, `controls` (control variates), `antithetic` (pairs).
//! Prints Markdown tables. Experiment e has the seed 1000 + e; nothing else differs. With `--record` the rows go into that
//! page, between `<!-- coverage: MODE -->` and `<!-- end -->`, and what is there already is not done again, so that a study
//! can be continued.

mod models;
mod record;
mod study;

use models::{Case, Truth};
use std::path::PathBuf;
use std::process::ExitCode;
use study::Mode;

fn main() -> ExitCode {
    match options().and_then(|options| options.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// The names of all models.
const MODELS: [&str; 8] = ["mm1", "mm3", "md1", "mh2", "lognormal", "tandem", "priority", "fork"];
/// What a search goes for, at each of four loads: about what 25 to 45 replications tell of the widest of the metrics, simultaneously with the others. So some end at
/// their first look, after twenty, and some go on, which is where stopping is hardest to get right.
const PRECISIONS: [(&str, [f64; 4]); 8] = [
    ("mm1", [0.031, 0.108, 0.2, 0.137]),
    ("mm3", [0.04, 0.117, 0.2, 0.137]),
    ("md1", [0.027, 0.075, 0.15, 0.137]),
    ("mh2", [0.071, 0.2, 0.138, 0.135]),
    ("lognormal", [0.092, 0.167, 0.13, 0.2]),
    ("tandem", [0.038, 0.108, 0.2, 0.137]),
    ("priority", [0.05, 0.13, 0.2, 0.15]),
    ("fork", [0.04, 0.113, 0.2, 0.158]),
];
/// Replications of a comparison.
const COMPARED: u32 = 20;

struct Options {
    experiments: u64,
    models: Vec<String>,
    loads: Vec<f64>,
    /// By its name.
    mode: String,
    /// Endings of the metrics that are judged, such as `wait.p99`; if none are given, all but what takes too long.
    metrics: Option<Vec<String>>,
    /// Measured messages of a replication; by load unless told otherwise.
    messages: Option<f64>,
    /// The page that keeps the rows.
    record: Option<PathBuf>,
}

/// What a mode means for a model at this load: how an experiment is run, messages of a replication, and whether control variates are
/// used. The messages are few enough for a study that takes minutes a model.
fn plan(mode: &str, model: &str, load: f64) -> Option<(Mode, f64, bool)> {
    let (messages, column) = match load {
        ..0.65 => (110e3, 0),
        ..0.85 => (110e3, 1),
        ..0.925 => (110e3, 2),
        _ => (150e3, 3),
    };
    let precision = PRECISIONS.iter().find(|(name, _)| *name == model)?.1[column];
    let compared = messages * 10.0 / f64::from(COMPARED);
    Some(match mode {
        "fixed" => (Mode::Fixed(10), messages, true),
        "one" => (Mode::One, 10.0 * messages, true),
        "precision" => (Mode::Precision(precision), 20e3, true),
        "plain" | "antithetic" => (Mode::Fixed(COMPARED), compared, false),
        "controls" => (Mode::Fixed(COMPARED), compared, true),
        _ => return None,
    })
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        experiments: 1000,
        models: MODELS.map(str::to_owned).to_vec(),
        loads: vec![0.5, 0.8, 0.9, 0.95],
        mode: "fixed".to_owned(),
        metrics: None,
        messages: None,
        record: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number = |text: &str| text.parse::<f64>().map_err(|_| format!("{text} is no number"));
        match word.as_str() {
            "--experiments" => options.experiments = number(&value)? as u64,
            "--models" => options.models = value.split(',').map(str::to_owned).collect(),
            "--loads" => options.loads = value.split(',').map(number).collect::<Result<_, _>>()?,
            "--metrics" => options.metrics = Some(value.split(',').map(str::to_owned).collect()),
            "--messages" => options.messages = Some(number(&value)?),
            "--mode" => options.mode = value,
            "--record" => options.record = Some(value.into()),
            _ => return Err(format!("{word} is not known")),
        }
    }
    Ok(options)
}

impl Options {
    fn run(&self) -> Result<(), String> {
        println!("{}", record::HEAD);
        // The cheap loads first: what there was no time for is then the least of it.
        for &load in &self.loads {
            for model in &self.models {
                let known = models::case(model, load);
                let mut case = known.ok_or_else(|| format!("{model} is none of {MODELS:?}"))?;
                case.truths = case.truths.iter().filter(|truth| self.judges(&case, truth)).cloned().collect();
                let known = plan(&self.mode, model, load);
                let (mode, messages, controls) = known.ok_or_else(|| format!("{} is no mode", self.mode))?;
                let messages = self.messages.unwrap_or(messages);
                let also = if self.mode == "antithetic" { "antithetic = true" } else { "" };
                let plan = study::Plan { mode, messages, experiments: self.experiments, controls, also };
                self.study(&case, &plan)?;
            }
        }
        Ok(())
    }

    fn judges(&self, case: &Case, truth: &Truth) -> bool {
        let ends = |ending: &str| truth.metric.ends_with(ending);
        match &self.metrics {
            Some(endings) => endings.iter().any(|ending| ends(ending)),
            None if self.mode == "precision" => {
                // Those far out have an interval only from a million messages on. A quantile that is zero is never known relative to itself.
                let heavy = ["mh2", "lognormal"].contains(&case.model);
                truth.exact > 0.0 && !ends("p999") && !(ends("p99") && case.load > if heavy { 0.85 } else { 0.925 })
            }
            None => true,
        }
    }

    /// Runs and records what is not yet on the page.
    fn study(&self, case: &Case, plan: &study::Plan) -> Result<(), String> {
        if let Some(page) = &self.record {
            let known: Vec<bool> =
                case.truths.iter().map(|truth| record::has(page, &self.mode, case, truth)).collect::<Result<_, _>>()?;
            if known.iter().all(|known| *known) {
                return Ok(());
            }
        }
        let rows = study::study(case, plan)?;
        rows.iter().for_each(|row| println!("{row}"));
        match &self.record {
            Some(page) => record::add(page, &self.mode, &rows),
            None => Ok(()),
        }
    }
}
