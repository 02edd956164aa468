//! Keys by popularity: key k of n is as likely as 1/(k + 1)^s (Zipf 1949; k counts from 0).
//!
//! Drawn by inversion of the cumulative weights, so that two variants that share their random numbers ask for keys of about
//! the same rank, with a guide that says where to begin to look (Chen, Asau 1974, "On generating random variates from an
//! empirical distribution"): less than two comparisons a draw on the average, whatever n and s.

use crate::model::Keys;
use crate::random::Draws;

/// The keys of one producer.
#[derive(Debug)]
pub(super) struct Popularity {
    /// The probability of this key and all before it; of the last key, 1.
    cumulative: Vec<f64>,
    /// For the i-th of n equal parts of the unit interval: the key at its start.
    guide: Vec<u32>,
}

impl Popularity {
    /// Costs a power for each key.
    pub(super) fn new(keys: Keys) -> Popularity {
        let count = keys.count.max(1);
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = (1..=count)
            .map(|rank| {
                sum += libm::pow(f64::from(rank), -keys.exponent);
                sum
            })
            .collect();
        cumulative.iter_mut().for_each(|value| *value /= sum);
        cumulative[count as usize - 1] = 1.0;
        let mut key = 0;
        let guide = (0..count)
            .map(|part| {
                let start = f64::from(part) / f64::from(count);
                while cumulative[key] <= start {
                    key += 1;
                }
                key as u32
            })
            .collect();
        Popularity { cumulative, guide }
    }

    /// Draws a key: a number below that of all keys, 0 the most popular.
    #[inline]
    pub(super) fn draw(&self, draws: &mut Draws) -> u32 {
        self.key_at(draws.uniform())
    }

    #[inline(always)]
    fn key_at(&self, u: f64) -> u32 {
        let part = (u * self.guide.len() as f64) as usize;
        // The product may be rounded up into the next part, whose start is then u itself but for rounding.
        let mut key = self.guide[part.min(self.guide.len() - 1)] as usize;
        while key > 0 && self.cumulative[key - 1] > u {
            key -= 1;
        }
        while self.cumulative[key] <= u {
            key += 1;
        }
        key as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn keys_come_as_often_as_their_rank_says() {
        let draws = 400_000u64;
        for (count, exponent) in [(1u32, 1.0), (2, 0.0), (10, 0.0), (10, 1.0), (50, 0.7), (1000, 1.1), (100_000, 2.0)] {
            let keys = Popularity::new(Keys { count, exponent });
            let stream = Stream::named(1, 0, "popularity", "test");
            let mut found = vec![0u64; count as usize];
            (0..draws).for_each(|k| found[keys.draw(&mut stream.at(k)) as usize] += 1);
            let total: f64 = (1..=count).map(|rank| f64::from(rank).powf(-exponent)).sum();
            let shares: Vec<f64> = (1..=count).map(|rank| f64::from(rank).powf(-exponent) / total).collect();
            // Chi-square over the keys that are expected often enough, and the others together.
            let (mut chi_square, mut cells, mut rest_found, mut rest_share) = (0.0, 0, 0, 0.0);
            for (&found, &share) in found.iter().zip(&shares) {
                let expected = share * draws as f64;
                if expected < 20.0 {
                    rest_found += found;
                    rest_share += share;
                    continue;
                }
                chi_square += (found as f64 - expected).powi(2) / expected;
                cells += 1;
            }
            if rest_share > 0.0 {
                let expected = rest_share * draws as f64;
                chi_square += (rest_found as f64 - expected).powi(2) / expected;
                cells += 1;
            }
            let freedom = f64::from(cells - 1);
            assert!(chi_square <= freedom + 5.0 * (2.0 * freedom).sqrt(), "{count} {exponent}: {chi_square} for {freedom}");
            assert!(chi_square >= freedom - 5.0 * (2.0 * freedom).sqrt(), "{count} {exponent}: {chi_square} for {freedom}");
        }
    }

    /// The guide changes nothing: the key is the first whose cumulative weight exceeds the number.
    #[test]
    fn the_guide_leads_to_the_same_key_as_a_search() {
        for (count, exponent) in [(1u32, 0.5), (7, 0.0), (49, 1.0), (1000, 3.0), (10_007, 0.9), (10_007, 0.0)] {
            let keys = Popularity::new(Keys { count, exponent });
            let parts = (1..=count).map(|part| f64::from(part) / f64::from(count));
            let edges = parts.chain(keys.cumulative.iter().copied()).flat_map(|edge| [edge.next_down(), edge, edge.next_up()]);
            let stream = Stream::named(2, 0, "popularity", "test");
            let others = (0..20_000).map(|k| stream.at(k).uniform());
            for u in edges.chain(others).filter(|u| *u < 1.0) {
                let searched = keys.cumulative.partition_point(|&value| value <= u);
                assert_eq!(keys.key_at(u) as usize, searched, "{u}");
            }
        }
    }
}
