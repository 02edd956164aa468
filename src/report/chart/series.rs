//! Time series in charts: bins to points, and the shade over the time that was not measured.

use super::drawing::{Dash, Drawing, Point};
use super::frame::{Entry, Plot};
use super::style::{Ink, MIDDLE};
use crate::experiment::{Column, Series};

/// More points than these make two lines a thicket; neighbours are drawn as one.
const MOST_POINTS: usize = 120;

/// A column made ready to draw: one point a bin, at its middle.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    /// Mean over replications.
    pub mean: Vec<Point>,
    /// Smallest and largest over replications.
    pub low: Vec<Point>,
    pub high: Vec<Point>,
}

impl Curve {
    /// Of a column of a series.
    pub fn of(column: &Column, bin: f64) -> Curve {
        Curve {
            mean: points(&column.mean, bin, |part| part.iter().sum::<f64>() / part.len() as f64),
            low: points(&column.min, bin, |part| part.iter().copied().fold(f64::INFINITY, f64::min)),
            high: points(&column.max, bin, |part| part.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        }
    }

    /// The largest value in it, of its mean or of its band.
    pub fn most(&self, band: bool) -> f64 {
        let values = if band { &self.high } else { &self.mean };
        values.iter().map(|point| point.1).fold(0.0, f64::max)
    }

    /// The band between smallest and largest, in values.
    pub fn band(&self) -> Vec<Point> {
        self.high.iter().chain(self.low.iter().rev()).copied().collect()
    }
}

/// One point for each bin, or for several where there are too many. What is no number is left out; a lone point becomes a
/// line over its bin.
fn points(values: &[f64], bin: f64, joined: impl Fn(&[f64]) -> f64) -> Vec<Point> {
    let together = values.len().div_ceil(MOST_POINTS).max(1);
    let mut points: Vec<Point> = values
        .chunks(together)
        .enumerate()
        .map(|(at, part)| ((at * together) as f64 * bin + part.len() as f64 * bin / 2.0, joined(part)))
        .filter(|(_, value)| value.is_finite())
        .collect();
    if let [(time, value)] = points[..] {
        points = vec![(time - bin / 2.0, value), (time + bin / 2.0, value)];
    }
    points
}

/// Seconds that a series covers.
pub(super) fn length(series: &Series) -> f64 {
    let bins = series.columns.values().map(|column| column.mean.len()).max().unwrap_or(0);
    bins as f64 * series.bin
}

/// The legend's entry for the warm-up, where there was one.
pub(super) fn warmup_entry(series: &Series) -> Option<Entry> {
    (series.warmup > 0.0).then(|| Entry::fill("warm-up, not measured", SHADE, SHADE_OPACITY))
}

const SHADE: Ink = MIDDLE;
const SHADE_OPACITY: f64 = 0.13;

/// Shades the time that was not measured.
pub(super) fn shade_warmup(drawing: &mut Drawing, plot: &Plot, series: &Series) {
    if series.warmup > 0.0 {
        let (right, _) = plot.at((series.warmup, 0.0));
        drawing.rectangle((plot.area.left, plot.area.top), (right, plot.area.bottom), SHADE, SHADE_OPACITY);
        drawing.line(vec![(right, plot.area.top), (right, plot.area.bottom)], MIDDLE, 1.0, Dash::Dashed);
    }
}

/// The positions of the entities with the largest `size`, at most so many, in their own order.
pub(super) fn largest(sizes: &[f64], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]));
    order.truncate(most);
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_bins_are_joined_and_one_becomes_a_line() {
        let values = vec![1.0; 10_000];
        let column = Column { unit: "1".into(), mean: values.clone(), min: values.clone(), max: values };
        let curve = Curve::of(&column, 0.1);
        assert!(curve.mean.len() <= MOST_POINTS);
        assert!((curve.mean.last().unwrap().0 - 1000.0).abs() < 2.0);
        let one = Column { unit: "1".into(), mean: vec![3.0], min: vec![2.0], max: vec![4.0] };
        assert_eq!(Curve::of(&one, 10.0).mean, [(0.0, 3.0), (10.0, 3.0)]);
    }

    #[test]
    fn the_largest_keep_their_order() {
        assert_eq!(largest(&[1.0, 5.0, 3.0, f64::NAN], 2), [1, 3]);
        assert_eq!(largest(&[], 2), Vec::<usize>::new());
    }
}
