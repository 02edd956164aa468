//! What happened over time: for every bin the mean over replications, its interval, and the extremes.
//!
//! The interval of a bin is that of any other mean over replications, and stands for this bin alone (pointwise): that the band
//! holds the whole curve at once has a smaller confidence.

use super::gathered::NOT_BEGUN;
use super::summary::Column;
use crate::measure::Series;
use crate::model::Gauge;
use crate::stats;
use crate::units::Time;
use indexmap::IndexMap;

/// The width of a bin in seconds, and the columns of all gauges. Replications of different lengths, which end at `ends`, count
/// as long as they last; all are widened to the widest bins. `pairs`: every two of them are mirrored, and count as one.
pub(super) fn columns(
    gauges: &[Gauge],
    all: &mut [Series],
    ends: &[Time],
    confidence: f64,
    pairs: bool,
) -> (f64, IndexMap<String, Column>) {
    let width = all.iter().map(|series| series.width).max().unwrap_or(1);
    all.iter_mut().for_each(|series| series.widen(width));
    let bins = all.iter().map(|series| series.bins.len()).max().unwrap_or(0);
    let mut columns = IndexMap::new();
    for (at, gauge) in gauges.iter().enumerate() {
        let mut column = Column::empty(gauge.unit);
        let most = if gauge.unit == "1" { 1.0 } else { f64::INFINITY };
        for bin in 0..bins {
            let of = |(series, end): (&Series, &Time)| {
                let gained = series.bins.get(bin)?[at];
                // The last bin ends where the run ends. A shred of one tells nothing of the time around it.
                let length = end.0.saturating_sub(bin as u64 * width).min(width);
                let shred = bin > 0 && length < width / 2;
                (!shred).then(|| gained as f64 * gauge.scale / length.max(1) as f64)
            };
            let values: Vec<f64> = all.iter().zip(ends).filter_map(of).collect();
            if values.is_empty() {
                break;
            }
            let estimate = match pairs {
                false => stats::mean(&values, confidence),
                true => stats::mean(
                    &values.chunks(2).map(|pair| pair.iter().sum::<f64>() / pair.len() as f64).collect::<Vec<f64>>(),
                    confidence,
                ),
            };
            let estimate = estimate.within(0.0, most);
            column.mean.extend(estimate.estimate);
            column.low.push(estimate.low);
            column.high.push(estimate.high);
            column.min.push(values.iter().copied().fold(f64::INFINITY, f64::min));
            column.max.push(values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        }
        if all.len() > 1 {
            column.method = Some(format!("Student t over {} replications, each bin by itself", all.len()));
        } else {
            (column.low, column.high) = (Vec::new(), Vec::new());
            column.reason = Some(if all.is_empty() { NOT_BEGUN } else { stats::ONE_REPLICATION }.to_owned());
        }
        columns.insert(gauge.name.clone(), column);
    }
    (width as f64 / 1e9, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three replications that end after 4, 4 and 2 bins.
    #[test]
    fn a_bin_has_the_interval_of_its_replications() {
        let (quantity, unit) = (crate::model::Quantity::Level, "messages");
        let gauge = Gauge { name: "queues.jobs.backlog".to_owned(), quantity, unit, scale: 1.0 };
        let of = |levels: &[u128]| {
            let mut series = Series::new(10, 1, 100);
            let mut sum = 0;
            for level in levels {
                sum += level * 10;
                series.collect(vec![sum]);
                series.close();
            }
            series
        };
        let mut all = [of(&[1, 4, 7, 2]), of(&[2, 4, 9, 2]), of(&[6, 4])];
        let ends = [Time(40), Time(34), Time(20)];
        let (bin, columns) = columns(std::slice::from_ref(&gauge), &mut all, &ends, 0.9, false);
        let column = &columns["queues.jobs.backlog"];
        assert_eq!((bin, &column.mean[..]), (1e-8, &[3.0, 4.0, 8.0, 2.0][..]));
        assert_eq!((&column.min[..], &column.max[..]), (&[1.0, 4.0, 7.0, 2.0][..], &[6.0, 4.0, 9.0, 2.0][..]));
        // Each end is that of the one formula for means, cut at zero; a single replication has none.
        let whole = stats::mean(&[1.0, 2.0, 6.0], 0.9).within(0.0, f64::INFINITY);
        assert_eq!((column.low[0], column.high[0]), (whole.low, whole.high));
        assert_eq!((column.low[0], column.low[1], column.high[1]), (Some(0.0), Some(4.0), Some(4.0)));
        // Two values, one degree of freedom: t(.95) = 6.3138, standard error 1.
        assert!((column.high[2].unwrap() - 14.3138).abs() < 1e-3, "{:?}", column.high);
        assert_eq!((column.low[3], column.high[3]), (None, None));
        assert_eq!(column.method.as_deref(), Some("Student t over 3 replications, each bin by itself"));

        let (_, alone) = super::columns(&[gauge], &mut all[..1], &ends[..1], 0.9, false);
        let alone = &alone["queues.jobs.backlog"];
        assert_eq!((alone.mean.len(), alone.low.len(), alone.high.len(), &alone.method), (4, 0, 0, &None));
        assert!(alone.reason.as_deref().unwrap().contains("one replication"));
    }
}
