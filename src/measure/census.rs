//! The distribution of one part of the data, small enough to keep many: what quantile intervals are made of.
//!
//! Buckets are those of the histograms (at most 1/512 of their value wide); weights are counts of observations or times spent.

use super::histogram::{bounds, bucket};

/// Weights by bucket, summed up from below; only buckets with weight are kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Census {
    buckets: Vec<u32>,
    /// The weight of this bucket and all below.
    up_to: Vec<u64>,
}

impl Census {
    /// From the weights of all buckets, in order.
    pub(super) fn of(weights: impl Iterator<Item = u64>) -> Census {
        let mut census = Census::default();
        let mut sum = 0;
        for (bucket, weight) in weights.enumerate().filter(|&(_, weight)| weight > 0) {
            sum += weight;
            census.buckets.push(bucket as u32);
            census.up_to.push(sum);
        }
        census
    }

    /// From what was gained since an earlier reading of the same weights.
    pub(super) fn since(now: &[u64], earlier: &[u64]) -> Census {
        let before = earlier.iter().copied().chain(std::iter::repeat(0));
        Census::of(now.iter().zip(before).map(|(now, before)| now - before))
    }

    /// The whole weight.
    pub fn total(&self) -> u64 {
        self.up_to.last().copied().unwrap_or(0)
    }

    /// The weight of this bucket and all below.
    pub fn up_to(&self, bucket: usize) -> u64 {
        let behind = self.buckets.partition_point(|&at| at as usize <= bucket);
        behind.checked_sub(1).map_or(0, |last| self.up_to[last])
    }

    /// The highest bucket with weight; `None` where there is none.
    pub fn highest(&self) -> Option<usize> {
        self.buckets.last().map(|&bucket| bucket as usize)
    }

    /// Adds the weights of another.
    pub fn add(&mut self, other: &Census) {
        let mut merged = Census::default();
        let mut all: Vec<u32> = self.buckets.iter().chain(&other.buckets).copied().collect();
        all.sort_unstable();
        all.dedup();
        for bucket in all {
            merged.buckets.push(bucket);
            merged.up_to.push(self.up_to(bucket as usize) + other.up_to(bucket as usize));
        }
        *self = merged;
    }

    /// The bucket of a value.
    pub fn bucket(value: f64) -> usize {
        bucket(value.round() as u64)
    }

    /// The value that stands for a bucket.
    pub fn value(bucket: usize) -> f64 {
        let (low, width) = bounds(bucket);
        low as f64 + (width - 1) as f64 / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_summed_from_below_and_merge() {
        let mut census = Census::of([0, 3, 0, 2].into_iter());
        assert_eq!((census.up_to(0), census.up_to(1), census.up_to(2), census.up_to(9)), (0, 3, 3, 5));
        assert_eq!((census.total(), census.highest()), (5, Some(3)));
        census.add(&Census::since(&[1, 4, 1], &[1, 1]));
        assert_eq!(census, Census::of([0, 6, 1, 2].into_iter()));
        assert_eq!((Census::default().total(), Census::default().highest()), (0, None));
    }
}
