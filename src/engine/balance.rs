//! Which instance gets a request.
//!
//! Round robin; any; fewest requests; the best of d different ones picked at random (Mitzenmacher 2001, "The power of two
//! choices in randomized load balancing"); and a ring of hashes (Karger et al. 1997, "Consistent hashing and random trees")
//! with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018, "Consistent hashing with bounded loads"): from the place of the
//! key on, the first instance that has fewer than c (m + 1)/n of the m requests on the n instances that are up.
//!
//! Instances that are down are passed over: those that are up share the work by the same rule. Equals are chosen among at
//! random, each with the same probability. The ring is the same in every run and for every service of that size.

use crate::model::Balance;
use crate::random::Draws;

/// Picking at random what is up gives up after so many misses for each that is wanted, and makes a list.
const MOST_MISSES: u32 = 8;

/// Chooses among the instances of one service.
#[derive(Debug)]
pub(super) struct Balancer {
    rule: Balance,
    count: usize,
    /// For round robin: whose turn it is.
    turn: usize,
    /// The ring by hash, and whose place each is.
    ring: Vec<(u64, u32)>,
    /// What has been picked for this request, or may be; kept for its room.
    picked: Vec<u32>,
    candidates: Vec<u32>,
}

impl Balancer {
    /// For so many instances, at least one.
    pub(super) fn new(rule: Balance, count: usize) -> Balancer {
        let mut ring = Vec::new();
        if let Balance::ConsistentHash { points, .. } = rule {
            for instance in 0..count as u32 {
                ring.extend((0..points.max(1)).map(|point| (hash(u64::from(instance) << 32 | u64::from(point)), instance)));
            }
            ring.sort_unstable();
        }
        let room = if let Balance::Choices(choices) = rule { (choices as usize).min(count) } else { 0 };
        let candidates = if room > 0 { count } else { 0 };
        Balancer { rule, count, turn: 0, ring, picked: Vec::with_capacity(room), candidates: Vec::with_capacity(candidates) }
    }

    /// Chooses for a request with this key; `None`: all are down. `load` is the number of requests at an instance, those that
    /// wait included.
    pub(super) fn choose(
        &mut self,
        load: impl Fn(usize) -> u32,
        up: impl Fn(usize) -> bool,
        key: u64,
        draws: &mut Draws,
    ) -> Option<usize> {
        match self.rule {
            Balance::RoundRobin => {
                let turn = (0..self.count).map(|step| (self.turn + step) % self.count).find(|&at| up(at))?;
                self.turn = (turn + 1) % self.count;
                Some(turn)
            }
            Balance::Random => {
                let any = below(self.count, draws);
                if up(any) {
                    return Some(any);
                }
                nth_of((0..self.count).filter(|&at| up(at)), draws)
            }
            Balance::LeastConnections => {
                let least = (0..self.count).filter(|&at| up(at)).map(&load).min()?;
                nth_of((0..self.count).filter(|&at| up(at) && load(at) == least), draws)
            }
            Balance::Choices(choices) => {
                self.pick(choices as usize, up, draws);
                // They were picked in random order, so the first of equals is any of them.
                self.picked.iter().map(|&at| at as usize).min_by_key(|&at| load(at))
            }
            Balance::ConsistentHash { bound, .. } => self.around_the_ring(bound, load, up, key),
        }
    }

    /// Picks so many different instances that are up, or all of them, in random order.
    fn pick(&mut self, wanted: usize, up: impl Fn(usize) -> bool, draws: &mut Draws) {
        self.picked.clear();
        let wanted = wanted.min(self.count);
        let mut misses = 0;
        while self.picked.len() < wanted && misses < MOST_MISSES * wanted as u32 {
            let at = below(self.count, draws);
            if up(at) && !self.picked.contains(&(at as u32)) {
                self.picked.push(at as u32);
            } else {
                misses += 1;
            }
        }
        if self.picked.len() == wanted {
            return;
        }
        // Few are up, or many are wanted: from those that are left.
        let picked = &self.picked;
        self.candidates.clear();
        self.candidates.extend((0..self.count as u32).filter(|at| up(*at as usize) && !picked.contains(at)));
        while self.picked.len() < wanted && !self.candidates.is_empty() {
            let place = below(self.candidates.len(), draws);
            self.picked.push(self.candidates.swap_remove(place));
        }
    }

    fn around_the_ring(
        &self,
        bound: Option<f64>,
        load: impl Fn(usize) -> u32,
        up: impl Fn(usize) -> bool,
        key: u64,
    ) -> Option<usize> {
        let place = hash(!key);
        let start = self.ring.partition_point(|&(hash, _)| hash < place);
        let onward = self.ring[start..].iter().chain(&self.ring[..start]).map(|&(_, instance)| instance as usize);
        let Some(bound) = bound else {
            return onward.into_iter().find(|&at| up(at));
        };
        let (ups, loads) =
            (0..self.count).filter(|&at| up(at)).fold((0u32, 0u64), |(ups, loads), at| (ups + 1, loads + u64::from(load(at))));
        // A whole number is below the next whole number above x when it is below x.
        let limit = bound * (loads + 1) as f64;
        onward.into_iter().find(|&at| up(at) && f64::from(load(at)) * f64::from(ups) < limit)
    }
}

/// A number below `n`, each as likely.
fn below(n: usize, draws: &mut Draws) -> usize {
    ((u128::from(draws.bits()) * n as u128) >> 64) as usize
}

/// Any of these, each as likely.
fn nth_of(mut these: impl Iterator<Item = usize> + Clone, draws: &mut Draws) -> Option<usize> {
    match these.clone().count() {
        0 => None,
        1 => these.next(),
        count => these.nth(below(count, draws)),
    }
}

/// The finaliser of SplitMix64 (Stafford's Mix13): a bijection of 64 bits in which each bit depends on all.
fn hash(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    const REQUESTS: u64 = 60_000;

    /// How often each instance is chosen.
    fn shares(rule: Balance, loads: &[u32], up: &[bool]) -> Vec<f64> {
        let mut balancer = Balancer::new(rule, loads.len());
        let stream = Stream::named(1, 0, "balance", "test");
        let mut chosen = vec![0u32; loads.len()];
        for request in 0..REQUESTS {
            let at = balancer.choose(|at| loads[at], |at| up[at], request, &mut stream.at(request));
            chosen[at.expect("one is up")] += 1;
        }
        chosen.iter().map(|&times| f64::from(times) / REQUESTS as f64).collect()
    }

    fn check(rule: Balance, loads: &[u32], up: &[bool], expected: &[f64]) {
        let found = shares(rule, loads, up);
        for (found, expected) in found.iter().zip(expected) {
            let error = (expected * (1.0 - expected) / REQUESTS as f64).sqrt();
            assert!((found - expected).abs() <= 5.0 * error, "{rule:?} {loads:?} {up:?}: {found} for {expected}");
        }
    }

    #[test]
    fn instances_get_their_shares() {
        use Balance::{Choices, LeastConnections, Random};
        let (all, some) = ([true; 4], [true, false, true, true]);
        let third = [1.0 / 3.0, 0.0, 1.0 / 3.0, 1.0 / 3.0];
        check(Random, &[9, 0, 0, 0], &all, &[0.25; 4]);
        check(Random, &[9, 0, 0, 0], &some, &third);
        check(LeastConnections, &[2, 1, 3, 1], &all, &[0.0, 0.5, 0.0, 0.5]);
        check(LeastConnections, &[1, 0, 1, 1], &some, &third);
        // Of all pairs of different instances, the better: 3, 2, 1 and 0 others are worse.
        check(Choices(2), &[1, 2, 3, 4], &all, &[0.5, 2.0 / 6.0, 1.0 / 6.0, 0.0]);
        check(Choices(2), &[7, 7, 7, 7], &all, &[0.25; 4]);
        check(Choices(2), &[1, 0, 2, 2], &some, &[2.0 / 3.0, 0.0, 1.0 / 6.0, 1.0 / 6.0]);
        check(Choices(3), &[1, 2, 3, 4], &all, &[0.75, 0.25, 0.0, 0.0]);
        check(Choices(9), &[4, 4, 3, 3], &some, &[0.0, 0.0, 0.5, 0.5]);
        // Two of a hundred are up: chance alone does not find them.
        let lone: Vec<bool> = (0..100).map(|at| at == 17 || at == 80).collect();
        let mut half = vec![0.0; 100];
        (half[17], half[80]) = (0.5, 0.5);
        check(Choices(2), &[3; 100], &lone, &half);
        check(Random, &[3; 100], &lone, &half);
    }

    #[test]
    fn what_is_picked_is_different_and_up() {
        for (count, few, wanted) in [(100u32, vec![3, 17, 80], 3), (100, vec![3, 17, 80], 5), (4, vec![0, 1, 2, 3], 4)] {
            let mut balancer = Balancer::new(Balance::Choices(wanted), count as usize);
            for request in 0..1000 {
                let mut draws = Stream::named(1, 0, "balance", "pick").at(request);
                balancer.pick(wanted as usize, |at| few.contains(&(at as u32)), &mut draws);
                balancer.picked.sort_unstable();
                assert_eq!(balancer.picked, few);
            }
        }
    }

    #[test]
    fn round_robin_goes_round_and_passes_over_what_is_down() {
        let mut balancer = Balancer::new(Balance::RoundRobin, 4);
        let mut draws = Stream::named(1, 0, "balance", "test").at(0);
        let mut turns = |up: [bool; 4]| -> Vec<Option<usize>> {
            (0..5).map(|_| balancer.choose(|_| 0, |at| up[at], 0, &mut draws)).collect()
        };
        assert_eq!(turns([true; 4]), [0, 1, 2, 3, 0].map(Some));
        assert_eq!(turns([true, false, false, true]), [3, 0, 3, 0, 3].map(Some));
        assert_eq!(turns([false; 4]), [None; 5]);
    }

    #[test]
    fn nothing_is_chosen_when_all_are_down() {
        let ring = Balance::ConsistentHash { points: 10, bound: Some(1.5) };
        let mut draws = Stream::named(1, 0, "balance", "test").at(0);
        for rule in [Balance::Random, Balance::LeastConnections, Balance::Choices(2), ring] {
            assert_eq!(Balancer::new(rule, 3).choose(|_| 0, |_| false, 5, &mut draws), None, "{rule:?}");
        }
    }

    fn of_key(balancer: &mut Balancer, key: u64, up: impl Fn(usize) -> bool) -> usize {
        balancer.choose(|_| 0, up, key, &mut Stream::named(1, 0, "balance", "test").at(key)).unwrap()
    }

    /// A further instance takes its share of the keys, and no key moves between the others; what is down leaves its keys to the
    /// others, and no other key moves.
    #[test]
    fn few_keys_move_when_instances_come_and_go() {
        let rule = Balance::ConsistentHash { points: 500, bound: None };
        let keys = 20_000;
        for (before, expected) in [(3usize, 0.25), (4, 0.2), (9, 0.1)] {
            let (mut old, mut new) = (Balancer::new(rule, before), Balancer::new(rule, before + 1));
            let moved = (0..keys).filter(|&key| {
                let (from, to) = (of_key(&mut old, key, |_| true), of_key(&mut new, key, |_| true));
                assert!(from == to || to == before, "a key moves from {from} to {to}");
                from != to
            });
            let share = moved.count() as f64 / keys as f64;
            // With 500 points an instance's share varies by 1/sqrt(500), 4.5 %.
            assert!((share / expected - 1.0).abs() < 0.15, "{share} for {expected}");
        }
        let mut balancer = Balancer::new(rule, 5);
        for key in 0..keys {
            let (before, after) = (of_key(&mut balancer, key, |_| true), of_key(&mut balancer, key, |at| at != 2));
            assert!(after != 2 && (before == after || before == 2));
        }
    }

    /// Requests that stay: no instance ever has more than its bound, which is ceil(c m / n) after the last of m; and without a
    /// bound the one with a hot key does.
    #[test]
    fn loads_stay_within_the_bound() {
        for (bound, instances) in [(1.25, 10u64), (1.1, 7), (2.0, 3)] {
            let mut balancer = Balancer::new(Balance::ConsistentHash { points: 20, bound: Some(bound) }, instances as usize);
            let mut free = Balancer::new(Balance::ConsistentHash { points: 20, bound: None }, instances as usize);
            let mut loads = vec![0u32; instances as usize];
            let stream = Stream::named(1, 0, "balance", "bound");
            let (mut away, mut hot) = (0, 0);
            for request in 0..2000u64 {
                let mut draws = stream.at(request);
                // Half of the requests have the same key.
                let key = if draws.bits().is_multiple_of(2) { 0 } else { draws.bits() % 1000 };
                let at = balancer.choose(|at| loads[at], |_| true, key, &mut draws).expect("one is below the mean");
                loads[at] += 1;
                hot += u32::from(key == 0);
                away += u32::from(at != of_key(&mut free, key, |_| true));
                let most = (bound * (request + 1) as f64 / instances as f64).ceil();
                assert!(f64::from(loads[at]) <= most, "{} of {}, more than {most}", loads[at], request + 1);
            }
            assert!(away > 0 && f64::from(hot) > 900.0);
        }
        // Far below their bound, keys stay where they belong.
        let mut balancer = Balancer::new(Balance::ConsistentHash { points: 20, bound: Some(1.25) }, 4);
        let mut free = Balancer::new(Balance::ConsistentHash { points: 20, bound: None }, 4);
        for key in 0..1000 {
            let at = balancer.choose(|_| 100, |_| true, key, &mut Stream::named(1, 0, "a", "b").at(key));
            assert_eq!(at, Some(of_key(&mut free, key, |_| true)));
        }
    }
}
