//! The parts of a model, each studied by itself, put together in the order of the whole.

use super::alert::AlertSeen;
use super::precision::Reached;
use super::stability::Stability;
use super::study::{Studied, Study};
use super::summary::{Part, Replicate, Series, Summary};
use crate::measure::followed;
use crate::model::{Metric, Model, gauges, metrics};
use indexmap::IndexMap;

/// What the studies of all parts say of the whole. Of a model in one piece that is what was studied.
pub(super) fn merge(model: &Model, parts: &[Model], studied: Vec<Studied>) -> Study {
    let courses = studied.iter().map(|part| part.course).collect();
    let precision = studied.iter().filter_map(|part| part.precision.clone()).reduce(Reached::and);
    let described = parts.iter().zip(&studied).map(|(part, studied)| describe(part, studied)).collect();
    let mut summaries: Vec<Summary> = studied.into_iter().map(|part| part.summary).collect();
    let summary = if summaries.len() == 1 {
        summaries.remove(0)
    } else {
        let names = metrics(model);
        Summary {
            metrics: ordered(names.iter().flat_map(Metric::full_names), summaries.iter_mut().map(|one| &mut one.metrics)),
            values: ordered(names.iter().flat_map(Metric::full_names), summaries.iter_mut().map(|one| &mut one.values)),
            distributions: ordered(names.iter().map(|m| m.name.clone()), summaries.iter_mut().map(|one| &mut one.distributions)),
            series: series(model, &mut summaries),
            stability: stability(model, &mut summaries),
            alerts: alerts(model, &mut summaries),
            replicates: replicates(&summaries),
            parts: described,
        }
    };
    Study { summary, courses, precision }
}

fn describe(part: &Model, studied: &Studied) -> Part {
    let course = studied.course;
    Part {
        entities: part.entities(),
        warmup: course.warmup.span().as_secs_f64(),
        duration: course.duration.map(|duration| duration.as_secs_f64()),
        replications: course.replications,
    }
}

/// All entries of some maps, in the order of their names in the whole.
pub(super) fn ordered<'a, T: 'a>(
    names: impl Iterator<Item = String>,
    maps: impl Iterator<Item = &'a mut IndexMap<String, T>>,
) -> IndexMap<String, T> {
    let mut all: IndexMap<String, T> = maps.flat_map(std::mem::take).collect();
    names.filter_map(|name| all.swap_remove_entry(&name)).collect()
}

/// Each column as it is in its part: with its own width of a bin, where that is not the first part's, and for as long as it
/// lasts. To join bins, so that all are as wide as the widest, would let one part change the numbers of another.
fn series(model: &Model, summaries: &mut [Summary]) -> Series {
    let bin = summaries.iter().find(|one| !one.replicates.is_empty()).map_or(1.0, |one| one.series.bin);
    let warmup = summaries.iter().map(|one| one.series.warmup).fold(0.0, f64::max);
    for one in summaries.iter_mut().filter(|one| one.series.bin != bin) {
        let own = one.series.bin;
        one.series.columns.values_mut().filter(|column| !column.mean.is_empty()).for_each(|column| column.bin = Some(own));
        one.series.latencies.values_mut().for_each(|latency| latency.bin = Some(own));
    }
    let names = gauges(model).into_iter().map(|gauge| gauge.name);
    let columns = ordered(names, summaries.iter_mut().map(|one| &mut one.series.columns));
    let latencies = ordered(followed(model).into_iter(), summaries.iter_mut().map(|one| &mut one.series.latencies));
    Series { bin, warmup, columns, latencies }
}

/// How the pools kept up, in the order of the whole.
fn stability(model: &Model, summaries: &mut [Summary]) -> Vec<Stability> {
    let mut all: Vec<Stability> = summaries.iter_mut().flat_map(|one| std::mem::take(&mut one.stability)).collect();
    all.sort_by_key(|seen| model.pools.iter().position(|pool| pool.name == seen.pool));
    all
}

/// What became of the alerts, in the order of the document.
fn alerts(model: &Model, summaries: &mut [Summary]) -> Vec<AlertSeen> {
    let mut all: Vec<AlertSeen> = summaries.iter_mut().flat_map(|one| std::mem::take(&mut one.alerts)).collect();
    all.sort_by_key(|seen| model.alerts.iter().position(|alert| alert.name == seen.name));
    all
}

/// The facts of each replication, over all parts that have so many.
fn replicates(summaries: &[Summary]) -> Vec<Replicate> {
    let most = summaries.iter().map(|one| one.replicates.len()).max().unwrap_or(0);
    let all = |at: usize| summaries.iter().filter_map(move |one| one.replicates.get(at)).cloned().reduce(together);
    (0..most).filter_map(all).collect()
}

fn together(one: Replicate, other: Replicate) -> Replicate {
    let hash =
        |replicate: &Replicate| u64::from_str_radix(&replicate.fingerprint, 16).expect("a fingerprint is 16 hexadecimal digits");
    // The hash of the engine's own step, so that the order of the parts counts, and equal parts do not cancel out.
    let fingerprint = (hash(&one).rotate_left(5) ^ hash(&other)).wrapping_mul(6_364_136_223_846_793_005);
    Replicate {
        fingerprint: format!("{fingerprint:016x}"),
        events: one.events + other.events,
        created: one.created + other.created,
        finished: one.finished + other.finished,
        lost: one.lost + other.lost,
        in_system: one.in_system + other.in_system,
        simulated: one.simulated.max(other.simulated),
    }
}
