//! Quantiles of latencies over time: of what was observed in each bin, in all replications together (the first 64 of them).
//!
//! The mean of replications' quantiles is never used, as everywhere. Intervals are those of all quantiles (a test on the share of
//! observations below, over replications), for every bin by itself; their ends are edges of buckets that are 3 % wide.

use super::summary::Lately;
use crate::measure::{Gained, Series, edges, followed};
use crate::model::Model;
use crate::stats;
use indexmap::IndexMap;

/// The quantiles that are followed, and their orders.
const ORDERS: [(&str, f64); 2] = [("p50", 0.5), ("p99", 0.99)];
/// A quantile is told from so many observations beyond it on.
const BEYOND: f64 = 5.0;
/// Replications whose latencies are followed: more make it no better to look at, and each takes some hundred kilobytes.
pub(super) const MOST_PARTS: usize = 64;

/// Every latency that is followed; empty where none is. `pairs`: every two replications are mirrored, and count as one.
pub(super) fn lately(model: &Model, all: &[Series], confidence: f64, pairs: bool) -> IndexMap<String, Lately> {
    let bins = all.iter().map(|series| series.gained.len()).max().unwrap_or(0);
    let mut found = IndexMap::new();
    if bins == 0 {
        return found;
    }
    for (at, name) in followed(model).into_iter().enumerate() {
        let mut own = Lately::empty("s");
        for bin in 0..bins {
            let of = |series: &Series| series.gained.get(bin).and_then(|gained| gained.get(at)).cloned();
            let gained: Vec<Gained> = all.iter().filter_map(of).collect();
            let parts: Vec<Gained> = gained.chunks(if pairs { 2 } else { 1 }).map(together).collect();
            let pooled = together(&parts);
            own.count.push(pooled.count());
            for (quantile, order) in ORDERS {
                let [value, low, high] = estimate(&pooled, &parts, order, confidence);
                let column = own.quantiles.entry(quantile.to_owned()).or_default();
                column.value.push(value);
                column.low.push(low);
                column.high.push(high);
            }
        }
        // A latency of zero all the time is that of somebody who waits for nothing.
        if own.quantiles.values().any(|column| column.value.iter().flatten().any(|&value| value > 0.0)) {
            found.insert(name, own);
        }
    }
    found
}

fn together(parts: &[Gained]) -> Gained {
    let mut sum = Gained::default();
    parts.iter().for_each(|part| sum.add(part));
    sum
}

/// A quantile with the ends of its interval, in seconds, as far as there are observations for them.
fn estimate(pooled: &Gained, parts: &[Gained], order: f64, confidence: f64) -> [Option<f64>; 3] {
    let enough = pooled.count() as f64 * (1.0 - order) >= BEYOND - 1e-9;
    let Some((value, at)) = pooled.quantile(order).filter(|_| enough) else { return [None; 3] };
    let value = Some(value / 1e9);
    if parts.iter().filter(|part| part.count() > 0).count() < 2 {
        return [value, None, None];
    }
    let weights = |bucket: usize| -> Vec<(f64, f64)> {
        parts.iter().map(|part| (part.up_to(bucket) as f64, part.count() as f64)).collect()
    };
    let found = stats::inversion(order, confidence, at, &[], pooled.highest(), weights);
    [value, Some(edges(found.low).0 / 1e9), Some(edges(found.high).1 / 1e9)]
}
