//! What of a latency was observed in each bin of a series: coarse histograms, as the difference of the recorder's at the edges of
//! the bin. An event costs nothing more for it.
//!
//! 32 buckets an octave, within which observations are taken to lie evenly: a quantile is within 3 % of the observation that it
//! stands for. Times below two microseconds have buckets of 32 ns.

use super::histogram::bounds;
use super::recorder::Recorder;
use crate::model::Model;

/// Buckets of a histogram that are one bucket here.
const TOGETHER: usize = 32;

/// Observations by coarse bucket, rising, without empty ones.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gained(Vec<(u32, u64)>);

impl Gained {
    /// The difference of two states of the counts of a histogram. They count modulo 2^32, and so does the difference.
    fn between(earlier: &[u32], now: &[u32]) -> Gained {
        let mut gained = Vec::new();
        for (at, counts) in now.chunks(TOGETHER).enumerate() {
            let before = earlier.get(at * TOGETHER..).unwrap_or(&[]);
            let sum = if before.len() >= counts.len() {
                counts.iter().zip(before).map(|(now, before)| u64::from(now.wrapping_sub(*before))).sum()
            } else {
                // A histogram grows by whole octaves, so that these buckets were not there.
                counts.iter().map(|&now| u64::from(now)).sum::<u64>()
            };
            if sum > 0 {
                gained.push((at as u32, sum));
            }
        }
        Gained(gained)
    }

    /// Adds what was gained elsewhere.
    pub fn add(&mut self, other: &Gained) {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
        } else if !other.0.is_empty() {
            let mut all = Vec::with_capacity(self.0.len() + other.0.len());
            let mut mine = self.0.iter().copied().peekable();
            for &(bucket, count) in &other.0 {
                while let Some(earlier) = mine.next_if(|earlier| earlier.0 < bucket) {
                    all.push(earlier);
                }
                let same = mine.next_if(|same| same.0 == bucket).map_or(0, |same| same.1);
                all.push((bucket, count + same));
            }
            all.extend(mine);
            self.0 = all;
        }
    }

    /// Observations.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|bucket| bucket.1).sum()
    }

    /// Observations in this bucket and all below.
    pub fn up_to(&self, bucket: usize) -> u64 {
        self.0.iter().take_while(|other| other.0 as usize <= bucket).map(|other| other.1).sum()
    }

    /// The highest bucket with observations.
    pub fn highest(&self) -> usize {
        self.0.last().map_or(0, |last| last.0 as usize)
    }

    /// The quantile of this order by nearest rank in nanoseconds, and its bucket; `None` without observations.
    pub fn quantile(&self, order: f64) -> Option<(f64, usize)> {
        let count = self.count();
        let rank = ((order * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut below = 0;
        for &(bucket, here) in &self.0 {
            if below + here >= rank {
                let (low, high) = edges(bucket as usize);
                return Some((low + (high - low) * ((rank - below) as f64 - 0.5) / here as f64, bucket as usize));
            }
            below += here;
        }
        None
    }
}

/// The least and the largest value of a coarse bucket in nanoseconds.
pub fn edges(bucket: usize) -> (f64, f64) {
    let (low, _) = bounds(bucket * TOGETHER);
    let (last, width) = bounds((bucket + 1) * TOGETHER - 1);
    (low as f64, (last + width - 1) as f64)
}

/// Reads what every producer's answers gained since it was last asked.
#[derive(Debug, Clone, Default)]
pub struct Gains {
    /// For each producer, for each histogram that its answers are recorded in: number and counts at the last reading.
    last: Vec<Vec<(u64, Vec<u32>)>>,
}

impl Gains {
    /// What was gained since the last reading, one for each producer.
    pub fn read(&mut self, model: &Model, recorder: &Recorder) -> Vec<Gained> {
        self.last.resize(model.producers.len(), Vec::new());
        let one = |(at, last): (usize, &mut Vec<(u64, Vec<u32>)>)| {
            let histograms = recorder.answers(at, model.producers[at].calls());
            last.resize(histograms.len(), (0, Vec::new()));
            let mut gained = Gained::default();
            for (histogram, (count, counts)) in histograms.into_iter().zip(last) {
                if histogram.count() != *count {
                    gained.add(&Gained::between(counts, histogram.counts()));
                    counts.clear();
                    counts.extend_from_slice(histogram.counts());
                    *count = histogram.count();
                }
            }
            gained
        };
        self.last.iter_mut().enumerate().map(one).collect()
    }

    /// The next reading is against nothing: the recorder was restarted.
    pub fn reset(&mut self) {
        self.last.clear();
    }
}

/// The latency of each producer that is followed over time: what its callers wait, or how long its messages take in all.
pub fn followed(model: &Model) -> Vec<String> {
    let quantity = |calls: bool| if calls { "response" } else { "completion" };
    let name = |producer: &crate::model::Producer| format!("producers.{}.{}", producer.name, quantity(producer.calls()));
    model.producers.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Histogram;

    #[test]
    fn gains_are_differences_and_quantiles_near() {
        let mut histogram = Histogram::default();
        let value = |k: u64| 1_000_000 + k * 997;
        (0..1000).for_each(|k| histogram.record(value(k)));
        let before = histogram.counts().to_vec();
        (0..5000).for_each(|k| histogram.record(3 * value(k)));
        let gained = Gained::between(&before, histogram.counts());
        assert_eq!(gained.count(), 5000);
        for order in [0.01, 0.5, 0.99, 1.0] {
            let exact = (3 * value((order * 5000.0) as u64 - 1)) as f64;
            let (found, bucket) = gained.quantile(order).unwrap();
            assert!((found / exact - 1.0).abs() < 0.03, "{order}: {found} for {exact}");
            assert!(gained.up_to(bucket) as f64 >= order * 5000.0);
            let (low, high) = edges(bucket);
            assert!(low <= found && found <= high);
        }
        let mut both = Gained::between(&[], &before);
        both.add(&gained);
        assert_eq!((both.count(), both.up_to(both.highest())), (6000, 6000));
        assert_eq!(Gained::default().quantile(0.5), None);
    }

    /// Buckets tile the numbers.
    #[test]
    fn edges_meet() {
        for bucket in 0..1000 {
            assert_eq!(edges(bucket).1 + 1.0, edges(bucket + 1).0);
        }
    }
}
