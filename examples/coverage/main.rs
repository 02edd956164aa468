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
const MODELS: [&str; 7] = ["mm1", "mm3", "md1", "mh2", "lognormal", "tandem", "priority"];
/// Replications of a comparison.
const COMPARED: u32 = 20;

struct Options {
    experiments: u64,
    models: Vec<String>,
    loads: Vec<f64>,
    /// By its name.
    mode: String,
    /// Endings of the metrics that are judged, such as `wait.p99`.
    metrics: Vec<String>,
    /// Measured messages of a replication; by load unless told otherwise.
    messages: Option<f64>,
    /// The page that keeps the rows.
    record: Option<PathBuf>,
}

/// What a mode means at this load: how an experiment is run, messages of a replication, and whether control variates are used.
/// The messages are few enough for a study that takes minutes a model; precision is coarser where a message tells less.
fn plan(mode: &str, load: f64) -> Option<(Mode, f64, bool)> {
    let (messages, precision) = match load {
        ..0.85 => (110e3, 0.05),
        ..0.925 => (110e3, 0.1),
        _ => (150e3, 0.15),
    };
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
        metrics: vec![String::new()],
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
            "--metrics" => options.metrics = value.split(',').map(str::to_owned).collect(),
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
                case.truths.retain(|truth| self.metrics.iter().any(|ending| truth.metric.ends_with(ending)));
                if let Some(page) = &self.record
                    && record::has(page, &self.mode, model, load)?
                {
                    continue;
                }
                let known = plan(&self.mode, load);
                let (mode, messages, controls) = known.ok_or_else(|| format!("{} is no mode", self.mode))?;
                let messages = self.messages.unwrap_or(messages);
                let also = if self.mode == "antithetic" { "antithetic = true" } else { "" };
                let plan = study::Plan { mode, messages, experiments: self.experiments, controls, also };
                let rows = study::study(&case, &plan)?;
                rows.iter().for_each(|row| println!("{row}"));
                if let Some(page) = &self.record {
                    record::add(page, &self.mode, &rows)?;
                }
            }
        }
        Ok(())
    }
}
