//! Time series in charts: bins to points, bands, and sums.

use super::drawing::{Drawing, Point};
use super::frame::Plot;
use super::style::{Canvas, Ink};
use crate::experiment::{Column, Lately, Quantiles, Series, Summary};

/// More points than these make two lines a thicket; neighbours are drawn as one.
pub(super) fn most_points(canvas: Canvas) -> usize {
    if canvas.is_narrow() { 80 } else { 160 }
}

/// A column made ready to draw: one point a bin, at its middle.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Curve {
    /// Mean over replications.
    pub mean: Vec<Point>,
    /// The interval of the mean, where there is one. Of neighbours that are drawn as one it is the mean of their intervals,
    /// which is no narrower than the interval of their mean.
    pub interval: Band,
    /// Smallest and largest over replications.
    pub range: Band,
    /// Seconds at the start that were not measured.
    pub warmup: f64,
}

/// The stretches of a line between which nothing was observed; one that is a single point becomes a line as wide as the narrowest
/// distance of two.
pub(super) fn runs(points: &[Point]) -> Vec<Vec<Point>> {
    let step = points.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(f64::INFINITY, f64::min);
    let mut runs: Vec<Vec<Point>> = Vec::new();
    for &point in points {
        match runs.last_mut().filter(|run| run.last().is_some_and(|last| point.0 - last.0 < 1.75 * step)) {
            Some(run) => run.push(point),
            None => runs.push(vec![point]),
        }
    }
    for run in &mut runs {
        if let ([(time, value)], true) = (run.as_slice(), step.is_finite()) {
            *run = vec![(time - step / 2.0, *value), (time + step / 2.0, *value)];
        }
    }
    runs
}

/// Two lines and what lies between them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Band {
    pub low: Vec<Point>,
    pub high: Vec<Point>,
}

impl Band {
    pub fn is_empty(&self) -> bool {
        self.high.is_empty()
    }

    /// The largest value in it.
    pub fn most(&self) -> f64 {
        self.high.iter().map(|point| point.1).fold(0.0, f64::max)
    }

    /// Fills it.
    pub fn draw(&self, drawing: &mut Drawing, plot: &Plot, ink: Ink, opacity: f64) {
        // Low and high end in the same bins.
        for (high, low) in runs(&self.high).into_iter().zip(runs(&self.low)) {
            let around = high.iter().chain(low.iter().rev());
            drawing.area(around.map(|&point| plot.at(point)).collect(), ink, opacity);
        }
    }
}

impl Curve {
    /// Of a column of a series, by its name, in at most so many points.
    pub fn of(summary: &Summary, name: &str, column: &Column, most: usize) -> Curve {
        let bin = summary.series.bin(column);
        let average = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let ends = |ends: &[Option<f64>]| -> Vec<f64> { ends.iter().map(|end| end.unwrap_or(f64::NAN)).collect() };
        Curve {
            mean: points(&column.mean, bin, most, average),
            interval: Band {
                low: points(&ends(&column.low), bin, most, average),
                high: points(&ends(&column.high), bin, most, average),
            },
            range: Band {
                low: points(&column.min, bin, most, |part| part.iter().copied().fold(f64::INFINITY, f64::min)),
                high: points(&column.max, bin, most, |part| part.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            },
            warmup: summary.warmup(name),
        }
    }

    /// The largest mean.
    pub fn most(&self) -> f64 {
        self.mean.iter().map(|point| point.1).fold(0.0, f64::max)
    }
}

/// A quantile of a latency over time as a line, in at most so many points. Of neighbours that are drawn as one it is the mean of
/// theirs, weighted by their observations.
pub(super) fn quantile_curve(summary: &Summary, name: &str, latency: &Lately, column: &Quantiles, most: usize) -> Curve {
    let bin = latency.bin.unwrap_or(summary.series.bin);
    // Weights and values side by side, so that bins can be joined.
    let joined = |values: &[Option<f64>]| -> Vec<Point> {
        let together = values.len().div_ceil(most).max(1);
        let point = |(at, part): (usize, &[Option<f64>])| {
            let counts = latency.count.iter().skip(at * together);
            let known = part.iter().zip(counts).filter_map(|(value, &count)| Some((value.as_ref()?, count as f64)));
            let (sum, weight) = known.fold((0.0, 0.0), |(sum, weight), (value, count)| (sum + value * count, weight + count));
            let middle = (at * together) as f64 * bin + part.len() as f64 * bin / 2.0;
            (weight > 0.0).then_some((middle, sum / weight))
        };
        let points: Vec<Point> = values.chunks(together).enumerate().filter_map(point).collect();
        match points[..] {
            // A lone point becomes a line over its bin.
            [(time, value)] => vec![(time - bin / 2.0, value), (time + bin / 2.0, value)],
            _ => points,
        }
    };
    let interval = Band { low: joined(&column.low), high: joined(&column.high) };
    Curve { mean: joined(&column.value), interval, range: Band::default(), warmup: summary.warmup(name) }
}

/// The sum of the means of some columns over time, and the width of its bins; `None` of none. Where the parts of a model are
/// simulated for different times it ends with the first of them: nothing is known of that part afterwards.
pub(super) fn total(summary: &Summary, columns: &[(String, &Column)]) -> Option<(Vec<f64>, f64)> {
    let bins = columns.iter().map(|(_, column)| summary.series.bin(column));
    let width = bins.reduce(f64::max)?;
    let all: Vec<Vec<f64>> = columns.iter().map(|(_, column)| widened(&column.mean, summary.series.bin(column), width)).collect();
    let alike = summary.parts.windows(2).all(|pair| (pair[0].warmup, pair[0].duration) == (pair[1].warmup, pair[1].duration));
    let lengths = all.iter().map(Vec::len);
    let length = if alike { lengths.max() } else { lengths.min() }.unwrap_or(0);
    let at = |bin: usize| all.iter().filter_map(|values| values.get(bin)).sum();
    Some(((0..length).map(at).collect(), width))
}

/// The same values over wider bins, each the mean over its time; a last one that is not half full is left out.
fn widened(values: &[f64], bin: f64, width: f64) -> Vec<f64> {
    if width == bin {
        return values.to_vec();
    }
    let mut wide = Vec::new();
    loop {
        let (from, to) = (wide.len() as f64 * width, (wide.len() + 1) as f64 * width);
        let (first, last) = ((from / bin) as usize, (to / bin).ceil() as usize);
        let (mut sum, mut time) = (0.0, 0.0);
        for (at, value) in values.iter().enumerate().take(last).skip(first) {
            let shared = ((at + 1) as f64 * bin).min(to) - (at as f64 * bin).max(from);
            (sum, time) = (sum + value * shared, time + shared);
        }
        // Not quite a half, for the sake of rounding; and no number that is none goes on for ever.
        if time > 0.49 * width {
            wide.push(sum / time);
        } else {
            return wide;
        }
    }
}

/// One point for each bin, or for several where there are too many. What is no number is left out; a lone point becomes a
/// line over its bin.
fn points(values: &[f64], bin: f64, most: usize, joined: impl Fn(&[f64]) -> f64) -> Vec<Point> {
    let together = values.len().div_ceil(most).max(1);
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

/// Means over time as points.
pub(super) fn line(values: &[f64], bin: f64, most: usize) -> Vec<Point> {
    points(values, bin, most, |part| part.iter().sum::<f64>() / part.len() as f64)
}

/// Seconds that a series covers.
pub(super) fn length(series: &Series) -> f64 {
    series.columns.values().map(|column| column.mean.len() as f64 * series.bin(column)).fold(0.0, f64::max)
}

/// The time that was measured for no part of the model: what is shaded.
pub(super) fn unmeasured(summary: &Summary) -> f64 {
    summary.parts.iter().map(|part| part.warmup).reduce(f64::min).unwrap_or(summary.series.warmup)
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
    use indexmap::IndexMap;

    #[test]
    fn many_bins_are_joined_and_one_becomes_a_line() {
        let values = vec![1.0; 10_000];
        let mut summary = Summary {
            metrics: IndexMap::new(),
            values: IndexMap::new(),
            distributions: IndexMap::new(),
            series: Series { bin: 0.1, warmup: 0.0, columns: IndexMap::new(), latencies: IndexMap::new() },
            stability: Vec::new(),
            alerts: Vec::new(),
            replicates: Vec::new(),
            parts: Vec::new(),
        };
        let column = Column { mean: values.clone(), min: values.clone(), max: values, ..Column::empty("1") };
        let curve = Curve::of(&summary, "queues.jobs.backlog", &column, 120);
        assert!(curve.mean.len() <= 120 && curve.interval.is_empty());
        assert!((curve.mean.last().unwrap().0 - 1000.0).abs() < 2.0);
        summary.series.bin = 10.0;
        let one = Column { low: vec![Some(2.5)], high: vec![Some(3.5)], ..column_of(&[3.0]) };
        let curve = Curve::of(&summary, "queues.jobs.backlog", &one, 120);
        assert_eq!((curve.mean, curve.interval.most()), (vec![(0.0, 3.0), (10.0, 3.0)], 3.5));
    }

    fn column_of(values: &[f64]) -> Column {
        Column { mean: values.to_vec(), min: values.to_vec(), max: values.to_vec(), ..Column::empty("1/s") }
    }

    #[test]
    fn bins_of_other_widths_keep_their_sum_over_time() {
        // 2 to 5: a bin of one lies in two of the other.
        let wide = widened(&[1.0, 3.0, 5.0, 7.0, 9.0, 11.0], 2.0, 5.0);
        assert_eq!(wide, [(2.0 + 6.0 + 5.0) / 5.0, (5.0 + 14.0 + 18.0) / 5.0]);
        assert_eq!(widened(&[1.0, 3.0, 5.0], 2.0, 4.0), [2.0, 5.0]);
    }

    #[test]
    fn a_line_has_gaps_where_nothing_was_observed() {
        let line = [(0.5, 1.0), (1.5, 2.0), (4.5, 3.0), (6.5, 4.0), (7.5, 5.0)];
        let found = runs(&line);
        assert_eq!(found, [vec![(0.5, 1.0), (1.5, 2.0)], vec![(4.0, 3.0), (5.0, 3.0)], vec![(6.5, 4.0), (7.5, 5.0)]]);
        assert_eq!(runs(&[]), Vec::<Vec<Point>>::new());
    }

    #[test]
    fn the_largest_keep_their_order() {
        assert_eq!(largest(&[1.0, 5.0, 3.0, f64::NAN], 2), [1, 3]);
        assert_eq!(largest(&[], 2), Vec::<usize>::new());
    }
}
