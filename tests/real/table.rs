//! Measured and predicted, side by side, as Markdown.

use super::figures::{Figures, median, off};
use super::recordings::Recording;
use super::replay::{Prediction, model, replay, slowness};
use super::window::{Point, predict};

/// A recording, and what is predicted of it: with the delays of its scenario, and with these at the speed that its machine had.
#[derive(Debug)]
pub struct Comparison {
    pub recording: Recording,
    pub predicted: Prediction,
    pub at_speed: Option<Prediction>,
}

/// How a recording is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By its waits, one by one.
    Replay,
    /// By its round trips: callers that wait for answers.
    Requests,
    /// There is no work: what is seen is the path itself, and its confirms.
    Path,
}

impl Recording {
    /// How it is judged.
    pub fn kind(&self) -> Kind {
        match self.facts.overshoot {
            None => Kind::Path,
            Some(_) if self.rounds.is_empty() => Kind::Replay,
            Some(_) => Kind::Requests,
        }
    }

    /// Its waits, its round trips or its confirms.
    pub fn spans(&self) -> &[u64] {
        match self.kind() {
            Kind::Replay => &self.waits,
            Kind::Requests => &self.rounds,
            Kind::Path if self.waits.is_empty() => &self.confirms,
            Kind::Path => &self.waits,
        }
    }
}

impl Comparison {
    /// Replays a recording.
    pub fn of(recording: Recording) -> Result<Comparison, String> {
        let predicted = replay(&model(&recording.scenario, 1.0)?);
        let at_speed = match slowness(&recording) {
            None => None,
            Some(slowness) => Some(replay(&model(&recording.scenario, slowness)?)),
        };
        let comparison = Comparison { recording, predicted, at_speed };
        for (who, nothing) in [
            ("in the recording", comparison.recording.spans().is_empty()),
            ("in its replay", comparison.spans(&comparison.predicted).is_empty()),
        ] {
            if nothing {
                let name = &comparison.recording.name;
                return Err(format!("{name}: no message was served or confirmed {who}, so that there is nothing to compare"));
            }
        }
        Ok(comparison)
    }

    /// What is predicted of the spans that the recording is judged by.
    pub fn spans(&self, prediction: &Prediction) -> Vec<u64> {
        match self.recording.kind() {
            Kind::Requests => prediction.rounds.clone(),
            Kind::Path if self.recording.waits.is_empty() => prediction.confirms.clone(),
            Kind::Replay | Kind::Path => prediction.waits(),
        }
    }

    /// Measured figures, and those of a prediction.
    pub fn figures(&self, prediction: &Prediction) -> (Figures, Figures) {
        (Figures::of(self.recording.spans()).unwrap(), Figures::of(&self.spans(prediction)).unwrap())
    }
}

/// All recordings of a kind.
pub fn table(comparisons: &[Comparison], kind: Kind) -> String {
    let mut text = String::from(
        "| run | | mean | p50 | p95 | p99 | throughput | lost | mean off by | p99 off by |\n\
         | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    for comparison in comparisons.iter().filter(|comparison| comparison.recording.kind() == kind) {
        let recording = &comparison.recording;
        let measured = Figures::of(recording.spans()).unwrap();
        let throughput = recording.facts.throughput.map(|rate| format!("{rate:.1}")).unwrap_or_default();
        text += &line(&recording.name, "measured", measured, &throughput, recording.lost, None);
        let predictions = [("predicted", Some(&comparison.predicted)), ("at speed", comparison.at_speed.as_ref())];
        for (which, prediction) in predictions {
            let Some(prediction) = prediction else { continue };
            let (measured, predicted) = comparison.figures(prediction);
            let throughput = if throughput.is_empty() { String::new() } else { format!("{:.1}", prediction.throughput) };
            text += &line("", which, predicted, &throughput, prediction.lost, Some(measured));
        }
    }
    text
}

fn line(name: &str, which: &str, figures: Figures, throughput: &str, lost: f64, measured: Option<Figures>) -> String {
    let cells = figures.all().map(|seconds| format!("{:.3}", seconds * 1e3)).join(" | ");
    let off = match measured {
        None => " | ".to_owned(),
        Some(measured) => {
            format!("{:+.1} % | {:+.1} %", off(figures.mean, measured.mean) * 100.0, off(figures.p99, measured.p99) * 100.0)
        }
    };
    format!("| {name} | {which} | {cells} | {throughput} | {:.2} % | {off} |\n", lost * 100.0)
}

/// How far predictions of the waits are off, all together.
#[derive(Debug, Clone, Copy)]
pub struct Distance {
    pub median_mean: f64,
    pub worst_mean: f64,
    pub median_p99: f64,
    pub worst_p99: f64,
    /// Of the share of the messages that is lost; a difference.
    pub worst_lost: f64,
}

/// Of the replays; `at_speed` or as the scenarios are.
pub fn distance(comparisons: &[Comparison], at_speed: bool) -> Distance {
    let replays = comparisons.iter().filter(|comparison| comparison.recording.kind() == Kind::Replay);
    let pairs: Vec<(f64, f64, f64)> = replays
        .map(|comparison| {
            let prediction = if at_speed { comparison.at_speed.as_ref().unwrap() } else { &comparison.predicted };
            let (measured, predicted) = comparison.figures(prediction);
            let lost = (prediction.lost - comparison.recording.lost).abs();
            (off(predicted.mean, measured.mean).abs(), off(predicted.p99, measured.p99).abs(), lost)
        })
        .collect();
    let worst = |of: fn(&(f64, f64, f64)) -> f64| pairs.iter().map(of).fold(0.0, f64::max);
    Distance {
        median_mean: median(pairs.iter().map(|pair| pair.0).collect()),
        worst_mean: worst(|pair| pair.0),
        median_p99: median(pairs.iter().map(|pair| pair.1).collect()),
        worst_p99: worst(|pair| pair.1),
        worst_lost: worst(|pair| pair.2),
    }
}

/// A distance in words.
pub fn words(which: &str, distance: Distance) -> String {
    let Distance { median_mean, worst_mean, median_p99, worst_p99, worst_lost } = distance;
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    format!(
        "- {which}: the mean wait is off by {} (median), {} at worst; p99 by {} and {}; the share lost by {:.2} points at most\n",
        percent(median_mean),
        percent(worst_mean),
        percent(median_p99),
        percent(worst_p99),
        worst_lost * 100.0
    )
}

/// Where a broker deals messages out in turn: how many come to the consumer that really got them.
pub fn dealt_out(comparisons: &[Comparison]) -> String {
    let mut text = String::new();
    for Comparison { recording, predicted, .. } in
        comparisons.iter().filter(|comparison| !comparison.recording.consumers.is_empty())
    {
        let right = recording.consumers.iter().zip(&predicted.consumers).filter(|(real, predicted)| real == predicted).count();
        text += &format!(
            "- {}: {right} of {} messages come to the consumer that really got them\n",
            recording.name, recording.messages
        );
    }
    text
}

/// Throughput over the window of unconfirmed messages.
pub fn windows(points: &[Point]) -> String {
    let mut text = String::from(
        "| queue | window | measured, 1/s | predicted | off by | confirm p50 measured, ms | predicted |\n\
         | --- | --: | --: | --: | --: | --: | --: |\n",
    );
    for point in points {
        let (rate, confirm) = predict(point);
        text += &format!(
            "| {} | {} | {:.0} | {rate:.0} | {:+.1} % | {:.3} | {:.3} |\n",
            point.queue,
            point.window,
            point.measured,
            off(rate, point.measured) * 100.0,
            point.measured_confirm * 1e3,
            confirm * 1e3
        );
    }
    text
}
