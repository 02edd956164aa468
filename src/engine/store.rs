//! What a cache holds.
//!
//! Either nothing but a hit ratio: a lookup hits by chance. Or the entries that were used last (LRU): a lookup that hits puts
//! its entry in front, and when there is no room for a new one, the one that was not used for longest goes. An entry is stale
//! once it was stored for its time to live, whatever it was used for in between. Keys are small numbers: an entry is found,
//! used and evicted by a few stores into arrays with a place for each key.

use super::chain::Chain;
use crate::model::Contents;
use crate::random::Draws;
use crate::units::{Span, Time};

/// The contents of one cache.
#[derive(Debug)]
pub(super) enum Store {
    /// No keys: hits with this probability.
    HitRatio(f64),
    /// The entries that were used last.
    Lru(Lru),
}

/// A cache of entries.
#[derive(Debug)]
pub(super) struct Lru {
    capacity: u32,
    ttl: Option<Span>,
    /// The keys that are there, in the order of their last use.
    used: Chain,
    /// For each key: when its entry was stored.
    stored: Vec<Time>,
}

impl Store {
    /// An empty cache.
    pub(super) fn new(contents: Contents) -> Store {
        match contents {
            Contents::HitRatio(ratio) => Store::HitRatio(ratio),
            Contents::Lru { capacity, ttl } => Store::Lru(Lru { capacity, ttl, used: Chain::new(0), stored: Vec::new() }),
        }
    }

    /// Looks for a key; whether it is there. A random number is drawn only by the hit ratio.
    #[inline]
    pub(super) fn lookup(&mut self, now: Time, key: u32, draws: &mut Draws) -> bool {
        match self {
            Store::HitRatio(ratio) => draws.uniform() < *ratio,
            Store::Lru(lru) => lru.lookup(now, key),
        }
    }

    /// Stores what a key stands for, as of now.
    #[inline]
    pub(super) fn insert(&mut self, now: Time, key: u32) {
        if let Store::Lru(lru) = self {
            lru.insert(now, key);
        }
    }

    /// Number of entries, those that are stale and not yet looked for included.
    #[cfg(test)]
    pub(super) fn len(&self) -> u32 {
        if let Store::Lru(lru) = self { lru.used.len() } else { 0 }
    }

    /// Forgets everything.
    #[cfg(test)]
    pub(super) fn clear(&mut self) {
        if let Store::Lru(lru) = self {
            while lru.used.pop().is_some() {}
        }
    }
}

impl Lru {
    fn lookup(&mut self, now: Time, key: u32) -> bool {
        if !self.used.remove(key) {
            return false;
        }
        let fresh = self.ttl.is_none_or(|ttl| now < self.stored[key as usize] + ttl);
        if fresh {
            self.used.push(key);
        }
        fresh
    }

    fn insert(&mut self, now: Time, key: u32) {
        if !self.used.remove(key) && self.used.len() >= self.capacity {
            self.used.pop();
        }
        self.used.push(key);
        if key as usize >= self.stored.len() {
            self.stored.resize(key as usize + 1, Time::ZERO);
        }
        self.stored[key as usize] = now;
    }
}

#[cfg(test)]
mod tests {
    use super::super::popularity::Popularity;
    use super::*;
    use crate::model::Keys;
    use crate::random::{Distribution, Stream};

    fn lru(capacity: u32, ttl: Option<u64>) -> Store {
        Store::new(Contents::Lru { capacity, ttl: ttl.map(Span) })
    }

    /// The share of hits among lookups of independent keys, each of which is stored after a miss.
    fn hit_ratio(store: &mut Store, lookups: u64, mut key: impl FnMut(&mut Draws) -> u32) -> f64 {
        let stream = Stream::named(1, 0, "store", "test");
        let mut hits = 0;
        for at in 0..lookups {
            let mut draws = stream.at(at);
            let key = key(&mut draws);
            if store.lookup(Time(at), key, &mut draws) {
                hits += 1;
            } else {
                store.insert(Time(at), key);
            }
        }
        hits as f64 / lookups as f64
    }

    /// Against a list of (key, stored), the last used at the end.
    #[test]
    fn behaves_like_a_list() {
        for (capacity, ttl, keys) in [(1usize, None, 3u64), (5, None, 9), (5, Some(4), 9), (5, Some(2), 30), (9, Some(8), 9)] {
            let mut store = lru(capacity as u32, ttl);
            let mut list: Vec<(u32, u64)> = Vec::new();
            let mut draws = Stream::named(1, 0, "store", "list").at(keys);
            let (mut hits, mut stale) = (0, 0);
            for step in 0..20_000u64 {
                let now = step / 2;
                let key = (draws.bits() % keys) as u32;
                let place = list.iter().position(|entry| entry.0 == key);
                if draws.bits().is_multiple_of(3) {
                    let entry = place.map(|place| list.remove(place));
                    let fresh = entry.filter(|entry| ttl.is_none_or(|ttl| now - entry.1 < ttl));
                    list.extend(fresh);
                    hits += u32::from(fresh.is_some());
                    stale += u32::from(entry.is_some() && fresh.is_none());
                    assert_eq!(store.lookup(Time(now), key, &mut draws), fresh.is_some(), "{key} at {now}");
                } else {
                    match place {
                        Some(place) => _ = list.remove(place),
                        None if list.len() == capacity => _ = list.remove(0),
                        None => {}
                    }
                    list.push((key, now));
                    store.insert(Time(now), key);
                }
                assert_eq!(store.len() as usize, list.len());
            }
            assert!(hits > 200 && (stale > 20 || ttl.is_none()), "{hits} {stale}");
            store.clear();
            assert!(store.len() == 0 && (0..9).all(|key| !store.lookup(Time(9999), key, &mut draws)));
        }
    }

    /// Independent keys i of probability p_i, two places: the last two different keys are a, b with probability
    /// p_a p_b / (1 - p_a), and the next hits if it is one of them (King 1971, "Analysis of demand paging algorithms").
    #[test]
    fn two_places_for_four_keys_hit_as_often_as_they_must() {
        for p in [[0.25; 4], [0.4, 0.3, 0.2, 0.1], [0.9, 0.05, 0.03, 0.02]] {
            let mut exact = 0.0;
            for a in 0..4 {
                for b in (0..4).filter(|&b| b != a) {
                    exact += p[a] * p[b] / (1.0 - p[a]) * (p[a] + p[b]);
                }
            }
            let key = |draws: &mut Draws| {
                let u = draws.uniform();
                (0..3).take_while(|&k| p[..=k].iter().sum::<f64>() <= u).count() as u32
            };
            let found = hit_ratio(&mut lru(2, None), 400_000, key);
            // Hits that follow one another are correlated: three times the error of independent ones, three times.
            assert!((found - exact).abs() < 9.0 * (exact * (1.0 - exact) / 4e5).sqrt(), "{p:?}: {found} for {exact}");
        }
    }

    /// Che's approximation (Che, Tung, Wang 2002): a key is there with probability 1 - exp(-p t), with the t for which as many
    /// are there as there is room for. Its error under Zipf keys is below one in a hundred (Fricker, Robert, Roberts 2012).
    #[test]
    fn under_zipf_keys_the_hit_ratio_is_che_s() {
        for (count, exponent, capacity) in [(1000, 0.8, 100), (1000, 1.2, 20), (5000, 1.0, 1000)] {
            let weights: Vec<f64> = (1..=count).map(|k| f64::from(k).powf(-exponent)).collect();
            let total: f64 = weights.iter().sum();
            let there = |t: f64| weights.iter().map(|w| 1.0 - (-w / total * t).exp()).sum::<f64>();
            let (mut low, mut high) = (0.0, 1e9);
            for _ in 0..100 {
                let middle = 0.5 * (low + high);
                if there(middle) < f64::from(capacity) { low = middle } else { high = middle }
            }
            let che: f64 = weights.iter().map(|w| w / total * (1.0 - (-w / total * low).exp())).sum();
            let keys = Popularity::new(Keys { count, exponent });
            let mut store = lru(capacity as u32, None);
            // Filled first.
            hit_ratio(&mut store, 50_000, |draws| keys.draw(draws));
            let found = hit_ratio(&mut store, 400_000, |draws| keys.draw(draws));
            assert!((found / che - 1.0).abs() < 0.01, "{count} {exponent} {capacity}: {found} for {che}");
        }
    }

    /// One key, looked for at rate 1/gap: after each miss come ttl/gap hits on the average, so that the hit ratio is x/(1 + x).
    #[test]
    fn a_time_to_live_alone_costs_one_miss_in_so_many() {
        let gap = Distribution::Exponential { mean: 1000.0 };
        for ttl in [100, 1000, 5000] {
            let stream = Stream::named(1, 0, "store", "ttl");
            let (mut store, mut now, mut hits) = (lru(10, Some(ttl)), 0.0, 0u32);
            for at in 0..200_000 {
                let mut draws = stream.at(at);
                now += gap.sample(&mut draws);
                if store.lookup(Time(now as u64), 3, &mut draws) {
                    hits += 1;
                } else {
                    store.insert(Time(now as u64), 3);
                }
            }
            let (found, x) = (f64::from(hits) / 2e5, ttl as f64 / 1000.0);
            assert!((found - x / (1.0 + x)).abs() < 0.006, "{ttl}: {found}");
        }
    }

    #[test]
    fn a_hit_ratio_hits_at_that_ratio() {
        for ratio in [0.0, 0.9, 1.0] {
            let found = hit_ratio(&mut Store::new(Contents::HitRatio(ratio)), 100_000, |_| 0);
            assert!((found - ratio).abs() <= 5.0 * (ratio * (1.0 - ratio) / 1e5).sqrt(), "{found} for {ratio}");
        }
    }
}
