//! What a cache that fills itself holds: the approximation of Che, Tung and Wang (2002), "Hierarchical Web caching systems: modeling,
//! design and experimental results".
//!
//! An entry of a cache of C that is used least recently goes after a time T in which just C different keys were asked for. T hardly
//! varies, so that a key of probability p is there with probability 1 - exp(-p T), where the sum of that over all keys is C. For
//! independent requests it is within about a hundredth of the hit ratio (Fricker, Robert and Roberts 2012). A time to live
//! makes more lookups miss.

use super::{Contents, Keys, Model};

/// The most popular keys are taken one by one; others together with those of nearly the same popularity.
const ALONE: u32 = 64;
/// How much more of them stand for a group than for the one before.
const GROWTH: f64 = 1.05;

/// The share of lookups that miss; none where nothing is known of the keys, which is the least.
pub(super) fn missing(model: &Model, contents: Contents) -> f64 {
    match contents {
        Contents::HitRatio(ratio) => 1.0 - ratio,
        Contents::Lru { capacity, .. } => common_keys(model).map_or(0.0, |keys| misses(keys, f64::from(capacity))),
    }
}

/// The keys of all producers, where all have the same.
fn common_keys(model: &Model) -> Option<Keys> {
    let first = model.producers.first()?.keys?;
    model.producers.iter().all(|producer| producer.keys == Some(first)).then_some(first)
}

fn misses(keys: Keys, capacity: f64) -> f64 {
    if capacity >= f64::from(keys.count) {
        return 0.0;
    }
    let groups = groups(keys);
    let there = |time: f64| groups.iter().map(|(many, p)| many * -(-p * time).exp_m1()).sum::<f64>();
    let (mut low, mut high) = (0.0, 1.0);
    while there(high) < capacity {
        // The rarest keys of a steep law may take longer than any number can say.
        if high > 1e300 {
            return 0.0;
        }
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if there(middle) < capacity { low = middle } else { high = middle }
    }
    groups.iter().map(|(many, p)| many * p * (-p * high).exp()).sum()
}

/// How many keys have about which probability.
fn groups(keys: Keys) -> Vec<(f64, f64)> {
    let mut groups = Vec::new();
    let mut rank = 1.0;
    let last = f64::from(keys.count);
    while rank <= last {
        let many = if rank <= f64::from(ALONE) { 1.0 } else { (rank * (GROWTH - 1.0)).floor().max(1.0).min(last - rank + 1.0) };
        groups.push((many, (rank + 0.5 * (many - 1.0)).powf(-keys.exponent)));
        rank += many;
    }
    let sum: f64 = groups.iter().map(|(many, weight)| many * weight).sum();
    groups.iter_mut().for_each(|(_, weight)| *weight /= sum);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that are all as likely: what is there is a share of them. And the groups against all keys one by one.
    #[test]
    fn misses_are_as_by_hand() {
        let even = misses(Keys { count: 1000, exponent: 0.0 }, 250.0);
        assert!((even - 0.75).abs() < 1e-9, "{even}");
        assert_eq!(misses(Keys { count: 100, exponent: 1.0 }, 100.0), 0.0);
        let keys = Keys { count: 20_000, exponent: 0.8 };
        let weights: Vec<f64> = (1..=20_000).map(|rank| f64::from(rank).powf(-0.8)).collect();
        let sum: f64 = weights.iter().sum();
        let there = |time: f64| weights.iter().map(|weight| 1.0 - (-weight / sum * time).exp()).sum::<f64>();
        let (mut low, mut high) = (0.0, 1e7);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if there(middle) < 1000.0 { low = middle } else { high = middle }
        }
        let exact: f64 = weights.iter().map(|weight| weight / sum * (-weight / sum * high).exp()).sum();
        assert!((misses(keys, 1000.0) - exact).abs() < 1e-4, "{} {exact}", misses(keys, 1000.0));
    }
}
