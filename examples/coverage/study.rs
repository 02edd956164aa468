//! Many experiments on one model, and how their intervals fared.

use super::models::{Case, Truth};
use queuelab::experiment::{self, Summary};
use queuelab::model::Model;
use queuelab::scenario::{self, Document};
use std::fmt::{Display, Formatter};

/// How an experiment is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Ten replications.
    Fixed,
    /// One run, as long as ten replications.
    One,
    /// As many replications as a precision needs: of 5 % for the mean and p99 of the wait.
    Precision,
}

impl Mode {
    /// The lines of the table `[run]` that differ.
    fn plan(self) -> &'static str {
        match self {
            Mode::Fixed => "replications = 10\n",
            Mode::One => "replications = 1\n",
            Mode::Precision => "precision = \"5%\"\n",
        }
    }
}

/// How the intervals of one metric fared.
#[derive(Debug, Clone)]
pub struct Row {
    model: &'static str,
    load: f64,
    label: &'static str,
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
    replications: u64,
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

    /// No experiment yet.
    pub fn new(case: &Case, truth: &Truth) -> Row {
        Row {
            model: case.model,
            load: case.load,
            label: truth.label,
            exact: truth.exact,
            experiments: 0,
            given: 0,
            below: 0,
            above: 0,
            estimates: (0.0, 0),
            half_widths: 0.0,
            replications: 0,
        }
    }

    /// Adds the interval of an experiment.
    pub fn add(&mut self, summary: &Summary, metric: &str) {
        self.experiments += 1;
        self.replications += summary.replicates.len() as u64;
        let Some(reading) = summary.metrics.get(metric) else { return };
        if let Some(estimate) = reading.value.estimate {
            self.estimates = (self.estimates.0 + estimate, self.estimates.1 + 1);
        }
        if let (Some(low), Some(high)) = (reading.value.low, reading.value.high) {
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
            "| {} | {} | {} | {:.5} | {} | {} | {} | {} | {} | {} | {} | {:.1} |",
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
            self.replications as f64 / self.experiments as f64,
        )
    }
}

/// So many experiments with runs of so many messages; a row for each metric whose truth is known.
///
/// # Errors
/// What is wrong with the model.
pub fn study(case: &Case, mode: Mode, messages: f64, experiments: u64) -> Result<Vec<Row>, String> {
    let model = model(case, mode, messages)?;
    // A quantile that is zero cannot be known relative to itself.
    let truths: Vec<&Truth> = case.truths.iter().filter(|truth| mode != Mode::Precision || truth.exact > 0.0).collect();
    let rows: Vec<Row> = truths.iter().map(|truth| Row::new(case, truth)).collect();
    // One search for each metric, so that every one is judged where its own search ends; otherwise one run serves them all.
    let mut parts: Vec<Vec<Row>> =
        if mode == Mode::Precision { rows.into_iter().map(|row| vec![row]).collect() } else { vec![rows] };
    for (part, rows) in parts.iter_mut().enumerate() {
        for experiment in 0..experiments {
            let mut model = model.clone();
            model.plan.seed = 1000 + experiment;
            if mode == Mode::Precision {
                model.plan.precision.metrics = vec![truths[part].metric.to_owned()];
            }
            let study = experiment::run(&model, &|_, _| true).map_err(|stopped| stopped.to_string())?;
            rows.iter_mut().zip(&truths[part..]).for_each(|(row, truth)| row.add(&study.summary, truth.metric));
        }
    }
    Ok(parts.into_iter().flatten().collect())
}

/// The model with its plan.
///
/// # Errors
/// What is wrong with it.
pub fn model(case: &Case, mode: Mode, messages: f64) -> Result<Model, String> {
    let seconds = messages / case.rate;
    let text = format!("[run]\nduration = \"{seconds}s\"\n{}{}", mode.plan(), case.scenario);
    let document = Document { name: case.model.to_owned(), path: None, text };
    let resolved = scenario::resolve(&document, &[]).map_err(|problems| problems.render(false))?;
    Ok(resolved.model)
}
