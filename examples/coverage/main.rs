//! How often the stated intervals cover the truth, on models whose answer is known.
//!
//! ```text
//! cargo run --release --example coverage -- [--experiments 400] [--models mm1,mm3] [--loads 0.5,0.9] [--mode fixed]
//! ```
//! Modes: `fixed` (10 replications), `one` (one long run), `precision` (replications until the intervals are narrow enough).
//! Prints a Markdown table. Experiment e has the seed 1000 + e; nothing else differs.

mod models;
mod study;

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

struct Options {
    experiments: u64,
    models: Vec<String>,
    loads: Vec<f64>,
    mode: Mode,
    /// Endings of the metrics that are judged, such as `wait.p99`.
    metrics: Vec<String>,
    /// Measured messages of a replication; by load unless told otherwise.
    messages: Option<f64>,
}

/// The mode of this name.
fn mode(name: &str) -> Option<Mode> {
    Some(match name {
        "fixed" => Mode::Fixed,
        "one" => Mode::One,
        "precision" => Mode::Precision,
        _ => return None,
    })
}

/// Measured messages of a run where nothing else is asked for: few, so that the study takes minutes.
fn messages(mode: Mode, load: f64) -> f64 {
    let each = match load {
        ..0.6 => 110e3,
        ..0.85 => 150e3,
        ..0.925 => 200e3,
        _ => 300e3,
    };
    match mode {
        Mode::Fixed => each,
        Mode::One => 10.0 * each,
        Mode::Precision => 20e3,
    }
}

/// The head of the table.
const HEAD: &str = "| model | load | quantity | exact | intervals | refused | coverage | below | above | bias | half-width | replications |\n\
    | --- | --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |";

fn options() -> Result<Options, String> {
    let mut options = Options {
        experiments: 400,
        models: MODELS.map(str::to_owned).to_vec(),
        loads: vec![0.5, 0.8, 0.9, 0.95],
        mode: Mode::Fixed,
        metrics: vec![String::new()],
        messages: None,
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
            "--mode" => options.mode = mode(&value).ok_or_else(|| format!("{value} is no mode"))?,
            _ => return Err(format!("{word} is not known")),
        }
    }
    Ok(options)
}

impl Options {
    fn run(&self) -> Result<(), String> {
        println!("{HEAD}");
        for model in &self.models {
            for &load in &self.loads {
                let known = models::case(model, load);
                let mut case = known.ok_or_else(|| format!("{model} is none of {MODELS:?}"))?;
                case.truths.retain(|truth| self.metrics.iter().any(|ending| truth.metric.ends_with(ending)));
                let messages = self.messages.unwrap_or_else(|| messages(self.mode, load));
                for row in study::study(&case, self.mode, messages, self.experiments)? {
                    println!("{row}");
                }
            }
        }
        Ok(())
    }
}
