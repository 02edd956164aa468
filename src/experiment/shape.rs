//! A distribution of a latency, small enough to draw.

use super::summary::Shape;
use crate::measure::Histogram;
use crate::model::{Quantity, Statistic};

/// The most bins of a drawn histogram; of few observations it has fewer, some square root of them.
const MOST_BINS: f64 = 100.0;
/// The least.
const LEAST_BINS: f64 = 10.0;
/// Points a decade of 1 - q.
const POINTS: f64 = 20.0;
/// So many observations lie beyond the last quantile but one.
const BEYOND: f64 = 10.0;

/// The shape of all observations, of which there is at least one.
pub(super) fn shape(all: &Histogram) -> Shape {
    let count = all.count();
    let seconds = |nanos: f64| nanos / 1e9;
    let orders = orders(count);
    let values = all.quantiles(&orders);
    let quantiles = orders.into_iter().zip(values).map(|(q, nanos)| [q, seconds(nanos)]).collect();
    let (min, max) = all.range().unwrap_or((0, 0));
    let (low, most) = (min as f64, max as f64);
    // Up to p99.9, so that a long tail does not press the rest into the first bin.
    let high = all.quantile(0.999).unwrap_or(low).max(low + 1.0);
    let number = (count as f64).sqrt().ceil().clamp(LEAST_BINS, MOST_BINS) as usize;
    let width = (high - low) / number as f64;
    // Up to `high` itself, and what lies beyond.
    let mut counts = all.binned(low, high, number);
    let beyond = all.beyond(high);
    if let Some(last) = counts.last_mut() {
        *last -= beyond;
    }
    let edge = |at: usize| seconds(low + at as f64 * width);
    let mut bins: Vec<[f64; 3]> = counts.iter().enumerate().map(|(at, &n)| [edge(at), edge(at + 1), n as f64]).collect();
    if beyond > 0 {
        bins.push([seconds(high), seconds(most), beyond as f64]);
    }
    Shape { unit: "s".to_owned(), count, quantiles, bins }
}

/// The orders of the quantiles: even in log(1/(1 - q)), and those that have a name, as far as the data go; and quartiles.
fn orders(count: u64) -> Vec<f64> {
    // Up to rounding: 100,000 observations have ten beyond p99.99.
    let supported = |q: &f64| count as f64 * (1.0 - q) >= BEYOND - 1e-6;
    let grid = (0..).map(|k| 1.0 - libm::pow(10.0, -f64::from(k) / POINTS)).take_while(supported);
    let named = Quantity::Latency.statistics().iter().filter_map(|&(_, statistic)| match statistic {
        Statistic::Quantile(q) => Some(q).filter(supported),
        _ => None,
    });
    // Quartiles and the largest are always there, so that few observations have a shape too.
    let mut orders: Vec<f64> = grid.chain(named).chain([0.0, 0.25, 0.5, 0.75, 1.0]).collect();
    orders.sort_by(f64::total_cmp);
    // A named order and its twin from the grid (90 %) differ by a rounding error.
    orders.dedup_by(|later, earlier| *later - *earlier < 1e-12);
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(n: u64) -> Shape {
        let mut all = Histogram::default();
        (0..n).for_each(|k| all.record(1_000_000 + k * k));
        shape(&all)
    }

    #[test]
    fn every_observation_is_in_a_bin() {
        for n in [1, 2, 5, 100, 5000, 100_000] {
            let shape = of(n);
            assert_eq!(shape.bins.iter().map(|bin| bin[2]).sum::<f64>(), n as f64, "{n}");
            assert!(shape.bins.windows(2).all(|pair| pair[0][1] <= pair[1][0] + 1e-12), "{n}");
            let beyond = shape.bins.last().map_or(0.0, |bin| bin[2]);
            assert!(n < 5000 || beyond <= n as f64 / 500.0, "{n}: {beyond} in the last bin");
        }
    }

    #[test]
    fn quantiles_rise_and_the_named_ones_are_among_them() {
        for n in [1, 5, 12, 100, 100_000] {
            let quantiles = of(n).quantiles;
            assert!(quantiles.iter().any(|point| point[0] == 0.75));
            assert!(quantiles.windows(2).all(|pair| pair[0][0] < pair[1][0] && pair[0][1] <= pair[1][1]), "{n}");
            assert_eq!(quantiles.last().map(|point| point[0]), Some(1.0));
        }
        let orders: Vec<f64> = of(100_000).quantiles.iter().map(|point| point[0]).collect();
        assert!([0.5, 0.95, 0.99, 0.999, 0.9999].iter().all(|q| orders.iter().any(|order| (order - q).abs() < 1e-12)));
    }
}
