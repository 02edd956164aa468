//! Runs an instance through the library and puts its estimates beside the exact values.

use super::values::{Instance, Kind, Row};
use queuelab::experiment::{self, Schedule};
use queuelab::measure::{Source, sources};
use queuelab::model::{Model, Statistic, metrics};
use queuelab::stats::{Estimate, student_t};
use queuelab::units::Span;
use queuelab::{model, scenario};

/// An exact value and what the program found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The scenario.
    pub instance: String,
    /// The exact value.
    pub row: Row,
    /// What was found.
    pub found: Found,
}

/// What the program says about a metric.
#[derive(Debug, Clone)]
pub enum Found {
    /// An estimate with its standard error, from so many degrees of freedom, and half the width of its interval.
    Interval { estimate: f64, error: f64, degrees: usize, half_width: f64 },
    /// All replications agree, so that there is no spread (a percentile that is zero because fewer messages wait).
    Constant(f64),
    /// A number of a deterministic model.
    Number(f64),
    /// No interval, and the reason that the program gives.
    Nothing(String),
}

/// Runs an instance and collects what its rows ask for.
///
/// Every instance gets a seed of its own, made of `seed` and its name: they share the names of their entities, so that with one
/// seed they would share their random numbers, and a miss in one would be a miss in many.
pub fn measure(instance: &Instance, seed: u64) -> Vec<Outcome> {
    measure_changed(instance, seed, &|_| {})
}

/// The same of a model that was changed before it is run.
pub fn measure_changed(instance: &Instance, seed: u64, change: &dyn Fn(&mut Model)) -> Vec<Outcome> {
    let name = &instance.name;
    let document = scenario::read(&instance.path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut model = scenario::resolve(&document, &[]).unwrap_or_else(|problems| panic!("{name}: {problems}")).model;
    change(&mut model);
    outcomes(name, model, &instance.rows, seed)
}

/// Runs a model and collects what rows ask for; its seed is made of `seed` and its name.
pub fn outcomes(name: &str, mut model: Model, rows: &[Row], seed: u64) -> Vec<Outcome> {
    model.plan.seed = seed_of(name, seed);
    let study = experiment::run(&model, &|_, _| true).unwrap_or_else(|stopped| panic!("{name}: {stopped}"));
    let degrees = study.summary.replicates.len() - 1;
    let outcome = |row: &Row| {
        let reading = study.summary.metrics.get(&row.metric);
        let value = &reading.unwrap_or_else(|| panic!("{}: there is no metric {}", row.id, row.metric)).value;
        let found = match row.kind {
            Kind::Interval => interval(value, degrees, model.plan.confidence),
            Kind::Exact => Found::Number(value.estimate.unwrap_or_else(|| panic!("{}: {:?}", row.id, value.reason))),
            Kind::Histogram => Found::Number(quantile(&model, &row.metric)),
        };
        Outcome { instance: name.to_owned(), row: row.clone(), found }
    };
    rows.iter().map(outcome).collect()
}

/// FNV-1a over the seed and the name.
fn seed_of(name: &str, seed: u64) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn interval(value: &Estimate, degrees: usize, confidence: f64) -> Found {
    let (Some(estimate), Some(low), Some(high)) = (value.estimate, value.low, value.high) else {
        return Found::Nothing(value.reason.clone().unwrap_or_default());
    };
    // One end may have been cut where the quantity cannot lie.
    let half_width = (high - estimate).max(estimate - low);
    if half_width == 0.0 {
        return Found::Constant(estimate);
    }
    Found::Interval { estimate, error: half_width / student_t(confidence, degrees), degrees, half_width }
}

/// A quantile of the first replication, straight from its histogram: the program shows none that rests on few observations.
fn quantile(model: &Model, name: &str) -> f64 {
    let replication = experiment::simulate(model, Schedule::new(model, Span::ZERO), 0, &|_| true);
    let replication = replication.expect("it ran before").expect("nobody stops it");
    let all = sources(model, &replication.recorder, replication.measured);
    for (metric, source) in metrics(model).iter().zip(&all) {
        let suffix = name.strip_prefix(&format!("{}.", metric.name));
        let statistic = metric.quantity.statistics().iter().find(|(statistic, _)| Some(*statistic) == suffix);
        if let (Some(&(_, Statistic::Quantile(order))), Source::Latency(observed)) = (statistic, source) {
            return observed.quantile(order).expect("something was observed") / 1e9;
        }
    }
    panic!("{name} is no quantile of a latency in {:?}", model::Model::clone(model).title)
}
