//! Many experiments on one model, and how their intervals fared.

use super::models::{Case, Truth};
use queuelab::experiment::{self, Summary};
use queuelab::model::Model;
use queuelab::stats::Estimate;
use rayon::prelude::*;
use std::fmt::{Display, Formatter};

/// How an experiment is run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    /// So many replications.
    Fixed(u32),
    /// One run.
    One,
    /// As many replications as it takes to know the metrics to this share of themselves.
    Precision(f64),
}

/// Which experiments are run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How each is run.
    pub mode: Mode,
    /// Measured messages of a replication.
    pub messages: f64,
    /// How many there are.
    pub experiments: u64,
    /// Whether control variates are used where the rule allows it.
    pub controls: bool,
    /// Further lines of the table `[run]`.
    pub also: &'static str,
}

/// What one experiment says.
struct Outcome {
    estimates: Vec<Estimate>,
    replications: f64,
    messages: f64,
}

/// How the intervals of one metric fared.
#[derive(Debug, Clone)]
pub struct Row {
    /// Name of the model.
    pub model: &'static str,
    /// Load of its workers.
    pub load: f64,
    label: String,
    /// The exact value.
    pub exact: f64,
    /// Experiments.
    pub experiments: u64,
    /// Experiments that gave an interval.
    pub given: u64,
    /// Intervals that lie wholly below the exact value.
    pub below: u64,
    /// Intervals that lie wholly above it.
    pub above: u64,
    /// Sum of the estimates, and how many there are.
    estimates: (f64, u64),
    half_widths: f64,
    replications: f64,
    messages: f64,
}

impl Row {
    /// The share of the intervals that cover the exact value.
    pub fn coverage(&self) -> f64 {
        1.0 - (self.below + self.above) as f64 / self.given as f64
    }

    /// The mean of the estimates over the exact value, minus one.
    pub fn bias(&self) -> f64 {
        self.estimates.0 / self.estimates.1 as f64 / self.exact - 1.0
    }

    /// The mean of half the widths of the intervals.
    pub fn half_width(&self) -> f64 {
        self.half_widths / self.given as f64
    }

    /// The mean number of measured messages and of replications in an experiment.
    pub fn size(&self) -> (f64, f64) {
        (self.messages / self.experiments as f64, self.replications / self.experiments as f64)
    }

    /// No experiment yet.
    pub fn new(case: &Case, truth: &Truth) -> Row {
        Row {
            model: case.model,
            load: case.load,
            label: truth.label.clone(),
            exact: truth.exact,
            experiments: 0,
            given: 0,
            below: 0,
            above: 0,
            estimates: (0.0, 0),
            half_widths: 0.0,
            replications: 0.0,
            messages: 0.0,
        }
    }

    /// Adds what an experiment of so many replications and measured messages says.
    pub fn add(&mut self, estimate: &Estimate, replications: f64, messages: f64) {
        self.experiments += 1;
        self.replications += replications;
        self.messages += messages;
        if let Some(estimate) = estimate.estimate {
            self.estimates = (self.estimates.0 + estimate, self.estimates.1 + 1);
        }
        if let (Some(low), Some(high)) = (estimate.low, estimate.high) {
            self.given += 1;
            // An atom of the distribution may be hit exactly.
            let slack = 1e-9 * self.exact;
            self.below += u64::from(high < self.exact - slack);
            self.above += u64::from(low > self.exact + slack);
            self.half_widths += (high - low) / 2.0;
        }
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let number = |part: f64, text: String| if part.is_nan() { "—".to_owned() } else { text };
        let percent = |part: f64| number(part, format!("{:.1} %", 100.0 * part));
        let fine = |part: f64| number(part, format!("{:.2} %", 100.0 * part));
        let (estimate, half) = (self.estimates.0 / self.estimates.1 as f64, self.half_width());
        // Of a value that is zero nothing is a share.
        let [bias, half] = match self.exact {
            0.0 => [estimate, half].map(|value| number(value, format!("{value:.4} s"))),
            exact => [self.bias(), half / exact].map(fine),
        };
        write!(
            f,
            "| {} | {} | {} | {:.5} | {} | {} | {} | {} | {} | {} | {} | {:.1} | {:.2} |",
            self.model,
            self.load,
            self.label,
            self.exact,
            self.given,
            self.experiments - self.given,
            percent(self.coverage()),
            percent(self.below as f64 / self.given as f64),
            percent(self.above as f64 / self.given as f64),
            bias,
            half,
            self.size().1,
            self.size().0 / 1e6,
        )
    }
}

/// All experiments on a model; a row for each metric whose truth is known. A search for a precision ends when all of them are known to it.
///
/// # Errors
/// What is wrong with the model.
pub fn study(case: &Case, plan: &Plan) -> Result<Vec<Row>, String> {
    let replications = match plan.mode {
        Mode::Fixed(replications) => format!("replications = {replications}"),
        Mode::One => "replications = 1".to_owned(),
        Mode::Precision(relative) => format!("precision = \"{}%\"", 100.0 * relative),
    };
    let mut model = case.model(&format!("duration = \"{}s\"\n{replications}\n{}", plan.messages / case.rate, plan.also))?;
    model.plan.controls = plan.controls;
    let truths: Vec<&Truth> = case.truths.iter().collect();
    if let Mode::Precision(_) = plan.mode {
        model.plan.precision.metrics = truths.iter().map(|truth| truth.metric.clone()).collect();
    }
    Ok(judge(case, &truths, outcomes(&model, &truths, plan.experiments, case.rate)?))
}

/// What the experiments say, in their order; they run in parallel.
fn outcomes(model: &Model, truths: &[&Truth], experiments: u64, rate: f64) -> Result<Vec<Outcome>, String> {
    let run = |experiment: u64| {
        let mut model = model.clone();
        model.plan.seed = 1000 + experiment;
        let study = experiment::run(&model, &|_, _| true).map_err(|stopped| stopped.to_string())?;
        let replications = study.summary.replicates.len() as f64;
        // The models are in one piece.
        let measured = study.courses[0].duration.map_or(0.0, |duration| duration.as_secs_f64());
        let estimates = truths.iter().map(|truth| estimate(&study.summary, truth)).collect();
        Ok(Outcome { estimates, replications, messages: rate * measured * replications })
    };
    (0..experiments).into_par_iter().map(run).collect()
}

fn estimate(summary: &Summary, truth: &Truth) -> Estimate {
    summary.metrics.get(&truth.metric).map_or_else(Estimate::default, |reading| reading.value.clone())
}

fn judge(case: &Case, truths: &[&Truth], outcomes: Vec<Outcome>) -> Vec<Row> {
    let judged = |(at, truth): (usize, &&Truth)| {
        let mut row = Row::new(case, truth);
        outcomes.iter().for_each(|outcome| row.add(&outcome.estimates[at], outcome.replications, outcome.messages));
        row
    };
    truths.iter().enumerate().map(judged).collect()
}
