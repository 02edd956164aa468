//! What the slowest spend their time on: the sum of one part of a latency, kept by the size of the whole.
//!
//! 32 buckets an octave. Of the bucket in which the slowest begin, a share is taken as if all in it were alike, which misses by no
//! more than their spread within 3 %.

use super::histogram::{Histogram, bucket};

/// Buckets of a histogram that are one bucket here, as a power of two.
const TOGETHER: u32 = 5;
/// So many must be among the slowest.
const LEAST: u64 = 10;

/// Sums of a part in nanoseconds, by the bucket of the whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tail(Vec<u128>);

impl Tail {
    /// Adds an observation.
    #[inline(always)]
    pub fn record(&mut self, whole: u64, part: u64) {
        let at = bucket(whole) >> TOGETHER;
        if at >= self.0.len() {
            self.make_room(at);
        }
        self.0[at] += u128::from(part);
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, at: usize) {
        self.0.resize(at + 1, 0);
    }

    /// The part and the whole, summed over the slowest: those beyond the quantile of this order. Zeros where they are too few.
    pub fn beyond(&self, whole: &Histogram, order: f64) -> (f64, f64) {
        let wanted = (whole.count() as f64 * (1.0 - order)).round() as u64;
        let (mut left, mut sums) = (wanted, (0.0, 0.0));
        if wanted < LEAST {
            return sums;
        }
        for (at, (count, sum)) in whole.coarse(TOGETHER).into_iter().enumerate().rev().filter(|(_, (count, _))| *count > 0) {
            let taken = count.min(left);
            let share = taken as f64 / count as f64;
            sums = (sums.0 + self.0.get(at).copied().unwrap_or(0) as f64 * share, sums.1 + sum * share);
            left -= taken;
            if left == 0 {
                break;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 100,000 wholes, each a little longer than the last, the part is a half in the last hundredth and a quarter elsewhere.
    #[test]
    fn the_slowest_are_told_from_the_rest() {
        let (mut tail, mut whole) = (Tail::default(), Histogram::default());
        for k in 1..=100_000u64 {
            let size = 1e4 * (k as f64 / 5000.0).exp();
            whole.record(size as u64);
            tail.record(size as u64, (if k > 99_000 { size / 2.0 } else { size / 4.0 }) as u64);
        }
        let (part, all) = tail.beyond(&whole, 0.99);
        // The sum of a geometric series.
        let exact = 1e4 * 20f64.exp() * (1.0 - (-0.2f64).exp()) * 5000.0;
        assert!((all / exact - 1.0).abs() < 0.002, "{all} for {exact}");
        // The bucket in which they begin holds some of the rest.
        assert!((part / all - 0.5).abs() < 0.02, "{}", part / all);
        let (part, all) = tail.beyond(&whole, 0.0);
        assert!((part / all - 0.25 - 0.25 * (1.0 - (-0.2f64).exp())).abs() < 0.001, "{}", part / all);
        assert_eq!(tail.beyond(&Histogram::default(), 0.99), (0.0, 0.0));
    }
}
