//! Latency histograms: log-linear buckets over whole nanoseconds.
//!
//! 1024 buckets an octave: values below 2,048 ns are exact, above that a bucket is at most 1/1024 of its value wide, and a
//! quantile lies within 0.1 % of the observation that it stands for (both are in one bucket). Memory does not grow with the
//! number of observations: at most 460 kB. Counts and sums are integers, so that merging is exact and in any order the same.
//! As long as there are few observations they are kept as they are, and quantiles are exact.

use super::census::Census;

/// Bits of a value that its bucket keeps behind the leading one.
const SUB_BITS: u32 = 10;
/// So many observations are kept one by one.
const KEPT: usize = 4096;

/// A distribution of lengths of time in nanoseconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram {
    /// Observations in each bucket, without those in `full`. Half as wide as the counts that they stand for, so that the
    /// buckets in use stay near the processor.
    counts: Vec<u32>,
    /// A bucket stands here once for every 2^32 observations in it.
    full: Vec<u32>,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
    /// All observations, in order of arrival, while there are at most `KEPT`; afterwards the first of them.
    kept: Vec<u64>,
}

/// The bucket of a value.
#[inline(always)]
pub(super) fn bucket(value: u64) -> usize {
    let leading = 63 - (value | (1 << SUB_BITS)).leading_zeros();
    let shift = leading - SUB_BITS;
    ((shift as usize) << SUB_BITS) + (value >> shift) as usize
}

/// The smallest value of a bucket and the number of values in it.
pub(super) fn bounds(bucket: usize) -> (u64, u64) {
    let octave = bucket >> SUB_BITS;
    if octave <= 1 {
        return (bucket as u64, 1);
    }
    let shift = octave - 1;
    let lead = (bucket & ((1 << SUB_BITS) - 1)) as u64 + (1 << SUB_BITS);
    (lead << shift, 1 << shift)
}

/// The value that stands for a bucket.
fn middle(bucket: usize) -> f64 {
    let (low, width) = bounds(bucket);
    low as f64 + (width - 1) as f64 / 2.0
}

impl Histogram {
    /// Adds an observation.
    #[inline(always)]
    pub fn record(&mut self, nanos: u64) {
        let at = bucket(nanos);
        if self.kept.len() < KEPT || at >= self.counts.len() {
            self.make_room(at, nanos);
        }
        let count = self.counts[at].wrapping_add(1);
        self.counts[at] = count;
        if count == 0 {
            self.fill(at);
        }
        self.count += 1;
        self.sum += u128::from(nanos);
        // New extremes are rare: a guess that fails now and then is cheaper than writing both each time.
        if nanos > self.max {
            self.max = nanos;
        }
        if nanos < self.min {
            self.min = nanos;
        }
    }

    #[cold]
    #[inline(never)]
    fn fill(&mut self, at: usize) {
        self.full.push(at as u32);
    }

    /// Adds so many observations to a bucket.
    fn add(&mut self, at: usize, count: u64) {
        let sum = u64::from(self.counts[at]) + count;
        // What is left after whole multiples of 2^32.
        self.counts[at] = sum as u32;
        (0..sum >> 32).for_each(|_| self.fill(at));
    }

    /// The observations in each bucket.
    fn buckets(&self) -> Vec<u64> {
        let mut buckets: Vec<u64> = self.counts.iter().map(|&count| u64::from(count)).collect();
        self.full.iter().for_each(|&at| buckets[at as usize] += 1 << 32);
        buckets
    }

    /// Keeps one of the first observations; grows by whole octaves up to the bucket `at`.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, at: usize, nanos: u64) {
        if self.kept.is_empty() {
            self.min = u64::MAX;
        }
        if self.kept.len() < KEPT {
            self.kept.push(nanos);
        }
        if at >= self.counts.len() {
            self.counts.resize(((at >> SUB_BITS) + 1) << SUB_BITS, 0);
        }
    }

    /// So many observations of zero.
    pub fn zeros(count: u64) -> Histogram {
        let mut histogram = Histogram::default();
        if count > 0 {
            (0..count.min(KEPT as u64)).for_each(|_| histogram.record(0));
            histogram.add(0, count - histogram.count);
            histogram.count = count;
        }
        histogram
    }

    /// Adds all observations of another.
    pub fn merge(&mut self, other: &Histogram) {
        let (before, more) = (self.count, other.count);
        if more == 0 {
            return;
        }
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        other.buckets().into_iter().enumerate().filter(|&(_, count)| count > 0).for_each(|(at, count)| self.add(at, count));
        // Kept observations are only of use while they are all there are.
        let all = before + more <= KEPT as u64;
        if all {
            self.kept.extend_from_slice(&other.kept);
        } else {
            self.kept.resize(KEPT, 0);
        }
        self.min = if before == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
    }

    /// Observations in each bucket, modulo 2^32; it gets longer by whole octaves.
    pub(super) fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The observations by bucket.
    pub fn census(&self) -> Census {
        Census::of(self.buckets().into_iter())
    }

    /// Those that came after an earlier state of the same histogram.
    pub fn census_since(&self, earlier: &Histogram) -> Census {
        Census::since(&self.buckets(), &earlier.buckets())
    }

    /// Sum in nanoseconds and count, exactly.
    pub(super) fn totals(&self) -> (u128, u128) {
        (self.sum, u128::from(self.count))
    }

    /// Number of observations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Observations that are not zero.
    pub fn positive(&self) -> u64 {
        self.count() - self.buckets().first().copied().unwrap_or(0)
    }

    /// Sum in nanoseconds.
    pub fn sum(&self) -> f64 {
        self.sum as f64
    }

    /// Count and sum in nanoseconds (by the middles of the buckets) of so many neighbours, a power of two, at a time.
    pub(super) fn coarse(&self, together: u32) -> Vec<(u64, f64)> {
        let buckets = self.buckets();
        let of = |(at, counts): (usize, &[u64])| {
            let sum = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            let sum = sum.map(|(inside, &count)| count as f64 * middle((at << together) + inside)).sum();
            (counts.iter().sum(), sum)
        };
        buckets.chunks(1 << together).enumerate().map(of).collect()
    }

    /// Standard deviation in nanoseconds: exact up to 4,096 observations, from the middles of the buckets beyond (an error of
    /// less than one part in a million for a spread of many buckets). `None` without observations.
    pub fn deviation(&self) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let n = count as f64;
        let mean = self.sum() / n;
        let squares: f64 = if count <= KEPT as u64 {
            self.kept.iter().map(|&value| (value as f64 - mean).powi(2)).sum()
        } else {
            let buckets = self.buckets();
            let middles = buckets.iter().enumerate().filter(|&(_, &count)| count > 0);
            middles.map(|(at, &count)| count as f64 * (middle(at) - mean).powi(2)).sum()
        };
        Some((squares / n).sqrt())
    }

    /// Smallest and largest observation in nanoseconds; `None` without any.
    pub fn range(&self) -> Option<(u64, u64)> {
        (self.count() > 0).then_some((self.min, self.max))
    }

    /// The quantiles of these orders, which must rise, by nearest rank, in nanoseconds: the smallest observation that at least
    /// the share `q` does not exceed. Exact up to 4,096 observations, within 0.1 % beyond. Empty without observations.
    pub fn quantiles(&self, orders: &[f64]) -> Vec<f64> {
        let count = self.count();
        if count == 0 {
            return Vec::new();
        }
        let rank = |q: f64| ((q * count as f64).ceil() as u64).clamp(1, count);
        if count <= KEPT as u64 {
            let mut kept = self.kept.clone();
            kept.sort_unstable();
            return orders.iter().map(|&q| kept[rank(q) as usize - 1] as f64).collect();
        }
        let buckets = self.buckets();
        let mut buckets = buckets.iter().enumerate();
        let (mut bucket, mut below, mut here) = (0, 0, 0);
        let mut found = Vec::with_capacity(orders.len());
        for rank in orders.iter().map(|&q| rank(q)) {
            while below + here < rank {
                below += here;
                let Some((at, &count)) = buckets.next() else { break };
                (bucket, here) = (at, count);
            }
            let (low, width) = bounds(bucket);
            // Observations are taken to lie evenly in their bucket.
            let inside = ((rank - below) as f64 - 0.5) / here.max(1) as f64;
            let value = low as f64 + (width - 1) as f64 * inside;
            found.push(value.clamp(self.min as f64, self.max as f64));
        }
        found
    }

    /// The quantile of order `q`; see [`Histogram::quantiles`].
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.quantiles(&[q]).first().copied()
    }

    /// Observations above a value in nanoseconds, by the middles of their buckets.
    pub fn beyond(&self, nanos: f64) -> u64 {
        let above = self.buckets().into_iter().enumerate().filter(|&(at, count)| count > 0 && middle(at) > nanos);
        above.map(|(_, count)| count).sum()
    }

    /// Observations in `bins` intervals of equal width from `low` to `high` nanoseconds; those above go to the last.
    pub fn binned(&self, low: f64, high: f64, bins: usize) -> Vec<u64> {
        let mut binned = vec![0; bins];
        let width = (high - low) / bins as f64;
        for (at, count) in self.buckets().into_iter().enumerate().filter(|&(_, count)| count > 0) {
            let bin = if width > 0.0 { ((middle(at) - low) / width).max(0.0) as usize } else { 0 };
            binned[bin.min(bins - 1)] += count;
        }
        binned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_tile_the_numbers_and_are_narrow() {
        for value in (0..5000)
            .chain((0..53).flat_map(|e| [(1u64 << (e + 10)) - 1, 1 << (e + 10), (1 << (e + 10)) + 12_345 % (1 << (e + 10))]))
        {
            let (low, width) = bounds(bucket(value));
            assert!(low <= value && value - low < width, "{value}: {low} + {width}");
            assert!(width == 1 || width as f64 / low as f64 <= 1.0 / 1024.0);
        }
        assert_eq!(bucket(u64::MAX) >> SUB_BITS, 54);
    }

    /// Quantiles of a known law (an exponential by its own inverse, at equidistant orders) within 0.1 % up to p99.99.
    #[test]
    fn quantiles_are_within_a_thousandth() {
        let n = 2_000_000;
        let value = |k: u64| (-(1.0 - (k as f64 + 0.5) / n as f64).ln() * 7_654_321.0) as u64;
        let mut histogram = Histogram::default();
        (0..n).for_each(|k| histogram.record(value(k)));
        for q in [0.01, 0.5, 0.9, 0.99, 0.999, 0.9999] {
            let exact = value((q * n as f64).ceil() as u64 - 1) as f64;
            let found = histogram.quantile(q).unwrap();
            assert!((found / exact - 1.0).abs() < 1e-3, "{q}: {found} for {exact}");
        }
    }

    /// Also where the observations do not lie evenly in their bucket: all of them at its lower or at its upper end.
    #[test]
    fn quantiles_of_clumped_observations_are_within_a_thousandth() {
        for value in [1u64 << 30, (1 << 30) + (1 << 20) - 1, (1 << 30) - 1] {
            let mut histogram = Histogram::default();
            (0..5000).for_each(|_| histogram.record(value));
            histogram.record(1);
            histogram.record(1 << 40);
            for q in [0.001, 0.5, 0.999] {
                let found = histogram.quantile(q).unwrap();
                assert!((found / value as f64 - 1.0).abs() < 1e-3, "{q}: {found} for {value}");
            }
        }
    }

    #[test]
    fn few_observations_are_kept_exactly() {
        let mut histogram = Histogram::default();
        (1..=1000u64).rev().for_each(|k| histogram.record(k * 1_000_003));
        assert_eq!(histogram.quantile(0.99), Some(990.0 * 1_000_003.0));
        assert_eq!(histogram.quantile(0.0), Some(1_000_003.0));
        assert_eq!(histogram.quantile(1.0), Some(1000.0 * 1_000_003.0));
        assert_eq!(histogram.range(), Some((1_000_003, 1_000_003_000)));
    }

    #[test]
    fn merging_is_recording_together() {
        for (a, b) in [(10u64, 20u64), (4000, 90), (4000, 97), (0, 5), (5, 0), (10_000, 10_000)] {
            let (mut left, mut right, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
            for k in 0..a {
                left.record(k * 1009);
                both.record(k * 1009);
            }
            for k in 0..b {
                right.record(k * k);
                both.record(k * k);
            }
            left.merge(&right);
            assert_eq!((left.count(), left.sum(), left.range()), (both.count(), both.sum(), both.range()));
            assert_eq!(left.deviation(), both.deviation());
            for q in [0.1, 0.5, 0.99] {
                assert_eq!(left.quantile(q), both.quantile(q), "{a} and {b} at {q}");
            }
        }
        // More observations than a bucket's count can hold.
        let mut many = Histogram::zeros(3 << 32);
        many.merge(&Histogram::zeros((1 << 32) - 1));
        many.record(0);
        many.record(7);
        assert_eq!((many.count(), many.positive(), many.buckets()[0]), ((4 << 32) + 1, 1, 4 << 32));
        assert_eq!((many.quantile(0.999), many.quantile(1.0)), (Some(0.0), Some(7.0)));
        assert_eq!(Histogram::zeros(10_000).quantile(0.99), Some(0.0));
        assert_eq!(Histogram::zeros(10_000).positive(), 0);
        assert_eq!(Histogram::zeros(0).quantile(0.5), None);
    }
}
