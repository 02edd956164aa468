//! What is kept of the replications of one schedule, and the summary of those that are there.

use super::alert::Watched;
use super::columns::columns;
use super::controls::Controls;
use super::excursions::{excursions, has_heavy_tails, longest};
use super::lately::{MOST_PARTS, lately};
use super::pool::Pool;
use super::replication::{Replication, Schedule, simulate};
use super::shape::shape;
use super::spread::Values;
use super::stability::{Window, stability};
use super::study::{News, Stopped, Watch};
use super::summary::{Reading, Replicate, Series, Summary};
use crate::measure::{self, sources};
use crate::model::{Metric, Model, Statistic, gauges, metrics};
use crate::stats::Estimate;
use crate::units::Time;
use indexmap::IndexMap;
use rayon::prelude::*;

/// Replications that are held in memory at a time.
const CHUNK: u32 = 16;
/// Numbers in the series that are kept; the bands of a larger study are those of its first replications.
const KEPT_NUMBERS: usize = 20_000_000;

/// Why a part of a model has no numbers at all.
pub(super) const NOT_BEGUN: &str = "interrupted before its first replication was done";

/// What is kept of the replications, added in their order.
pub(super) struct Gathered {
    model: Model,
    schedule: Schedule,
    pools: Vec<Pool>,
    series: Vec<measure::Series>,
    /// Numbers in the series of all replications so far, kept or not.
    kept: usize,
    ends: Vec<Time>,
    replicates: Vec<Replicate>,
    controls: Controls,
    watched: Watched,
}

impl Gathered {
    /// Nothing yet.
    pub fn new(model: &Model, schedule: Schedule) -> Gathered {
        Gathered {
            model: model.clone(),
            schedule,
            pools: Vec::new(),
            series: Vec::new(),
            kept: 0,
            ends: Vec::new(),
            replicates: Vec::new(),
            controls: Controls::default(),
            watched: Watched::default(),
        }
    }

    /// Simulates further replications until there are so many; `false` when `progress` asked to stop before that.
    ///
    /// # Errors
    /// When a replication had to be stopped.
    pub fn extend(&mut self, replications: u32, progress: Watch<'_>) -> Result<bool, Stopped> {
        let schedule = self.schedule;
        let mut first = self.replicates.len() as u32;
        while first < replications {
            let chunk = first..replications.min(first + CHUNK);
            first = chunk.end;
            let model = &self.model;
            let done: Vec<Result<Option<Replication>, Stopped>> = chunk
                .into_par_iter()
                .map(|replication| {
                    simulate(model, schedule, replication, &|time| progress(News::Reached { replication, time }))
                        .map_err(|halt| Stopped { replication, halt })
                })
                .collect();
            let mut interrupted = false;
            for replication in done {
                match replication? {
                    Some(replication) => self.add(replication),
                    None => interrupted = true,
                }
            }
            if interrupted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Facts of each replication.
    pub fn replicates(&self) -> &[Replicate] {
        &self.replicates
    }

    /// The estimate of a metric by its full name; `None` for a name that means nothing.
    pub fn estimate(&self, name: &str, confidence: f64) -> Option<Estimate> {
        let (metric, statistic, pool) = self.find(name)?;
        let metrics = metrics(&self.model);
        let at = metrics.iter().position(|other| other.name == metric.name)?;
        let excursion = excursions(&self.model, &metrics, &self.pools)[at];
        let controls = self.controls.for_metric(&self.model, &metric.name);
        Some(pool.estimate(metric.quantity, statistic, confidence, &controls, excursion))
    }

    /// The values of the independent parts behind a metric with this full name; see [`Summary::values`]. `None` where it has no
    /// interval.
    pub fn values(&self, name: &str) -> Option<Vec<f64>> {
        let estimate = self.estimate(name, self.model.plan.confidence)?;
        let (metric, statistic, pool) = self.find(name)?;
        pool.values(&estimate, statistic, &self.controls.for_metric(&self.model, &metric.name))
    }

    /// Observations behind a latency with this full name, and the order of the quantile that it asks for.
    pub fn observations(&self, name: &str) -> Option<(u64, f64)> {
        match self.find(name)? {
            (_, Some(Statistic::Quantile(q)), pool) => Some((pool.observations()?.count(), q)),
            _ => None,
        }
    }

    /// How many messages make the longest excursion of a queue from where it is on average, of those that metrics with these full
    /// names are about; at least 1.
    pub fn longest_excursion(&self, names: &[String]) -> f64 {
        longest(&self.model, &metrics(&self.model), &self.pools, names)
    }

    /// Whether some work is heavy-tailed.
    pub fn has_heavy_tails(&self) -> bool {
        has_heavy_tails(&self.model)
    }

    fn find(&self, name: &str) -> Option<(Metric, Option<Statistic>, &Pool)> {
        metrics(&self.model).into_iter().zip(&self.pools).find_map(|(metric, pool)| {
            if metric.name == name {
                return metric.quantity.statistics().is_empty().then_some((metric, None, pool));
            }
            let suffix = name.strip_prefix(&metric.name)?.strip_prefix('.')?;
            let statistic = metric.quantity.statistics().iter().find(|known| known.0 == suffix)?.1;
            Some((metric, Some(statistic), pool))
        })
    }

    fn add(&mut self, mut replication: Replication) {
        if self.replicates.len() >= MOST_PARTS {
            replication.series.gained.clear();
        }
        let sources = sources(&self.model, &replication.recorder, replication.measured);
        if self.pools.is_empty() {
            self.pools = sources.iter().map(Pool::for_source).collect();
        }
        let joins = self.model.plan.antithetic && self.replicates.len() % 2 == 1;
        self.pools.iter_mut().zip(sources).for_each(|(pool, source)| pool.add(source, joins));
        self.controls.add(&self.model, self.schedule, &replication, joins);
        self.watched.add(&self.model, &replication);
        if let Some(along) = replication.along {
            self.pools.iter_mut().zip(along.tracks()).for_each(|(pool, track)| pool.look_along(track.slots, track.batches));
        }
        self.replicates.push(Replicate {
            fingerprint: format!("{:016x}", replication.tally.fingerprint),
            events: replication.tally.events,
            created: replication.tally.created,
            finished: replication.tally.finished,
            lost: replication.tally.lost,
            in_system: replication.in_system,
            simulated: replication.end.as_secs_f64(),
        });
        self.kept += replication.series.bins.len() * gauges(&self.model).len();
        if self.series.is_empty() || self.kept <= KEPT_NUMBERS {
            self.series.push(replication.series);
            self.ends.push(replication.end);
        }
    }

    /// The numbers of all replications that are there.
    pub fn summarise(mut self) -> Summary {
        let confidence = self.model.plan.confidence;
        let mut readings = IndexMap::new();
        let mut values = Values::of(&self.model);
        let mut distributions = IndexMap::new();
        let metrics = metrics(&self.model);
        let excursions = excursions(&self.model, &metrics, &self.pools);
        for (at, metric) in metrics.iter().enumerate() {
            let pool = self.pools.get(at);
            let excursion = excursions.get(at).copied().unwrap_or(1.0);
            let unit = metric.quantity.unit();
            let controls = self.controls.for_metric(&self.model, &metric.name);
            let mut put = |name: String, statistic: Option<Statistic>| {
                let estimate = |pool: &Pool| pool.estimate(metric.quantity, statistic, confidence, &controls, excursion);
                let value = pool.map_or_else(|| Estimate::absent(NOT_BEGUN), estimate);
                values.take(&name, || pool.and_then(|pool| pool.values(&value, statistic, &controls)));
                readings.insert(name, Reading { value, unit: unit.to_owned() });
            };
            match metric.quantity.statistics() {
                [] => put(metric.name.clone(), None),
                statistics => {
                    for &(suffix, statistic) in statistics {
                        put(format!("{}.{suffix}", metric.name), Some(statistic));
                    }
                }
            }
            if let Some(all) = pool.and_then(Pool::observations) {
                distributions.insert(metric.name.clone(), shape(all));
            }
        }
        let (bin, columns) = columns(&gauges(&self.model), &mut self.series, &self.ends, confidence, self.model.plan.antithetic);
        let window = Window { series: &self.series, ends: &self.ends, warmup: self.schedule.warmup };
        let stability = stability(&self.model, &readings, &window);
        let latencies = lately(&self.model, &self.series, confidence, self.model.plan.antithetic);
        let series = Series { bin, warmup: self.schedule.warmup.as_secs_f64(), columns, latencies };
        let alerts = self.watched.summarise(&self.model);
        let (values, replicates) = (values.kept, self.replicates);
        Summary { metrics: readings, values, distributions, series, stability, alerts, replicates, parts: Vec::new() }
    }

    /// The backlog of all queues in each bin, for each replication, and the seconds that a bin lasts.
    pub fn backlogs(&self) -> (Vec<Vec<f64>>, f64) {
        let levels: Vec<usize> =
            gauges(&self.model).iter().enumerate().filter(|(_, gauge)| gauge.is_backlog()).map(|(at, _)| at).collect();
        let bins = self.series.iter().map(|series| series.bins.len()).min().unwrap_or(0);
        let backlog = |bin: &Vec<u128>| levels.iter().map(|&at| bin[at] as f64).sum();
        // The last bin may be cut short.
        let whole = |series: &measure::Series| series.bins[..bins.saturating_sub(1)].iter().map(backlog).collect();
        let width = self.series.first().map_or(0.0, |series| series.width as f64 / 1e9);
        (self.series.iter().map(whole).collect(), width)
    }
}
