//! A number of messages over time: its average, its maximum, and how long it stood at each height.
//!
//! Updated when it changes, never sampled. Heights below 2,048 are exact; above, the time at a height is booked with a
//! resolution of 1/1024, while the average stays exact.

use super::census::Census;
use super::histogram::{bounds, bucket};
use crate::units::Time;

/// Heights that are booked one by one.
const EXACT: u64 = 2048;

/// A level and the time that it spent at each height.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Level {
    value: u64,
    since: Time,
    max: u64,
    /// Nanoseconds in each bucket of heights.
    spent: Vec<u64>,
    /// The integral over time of heights from `EXACT` on, in message-nanoseconds.
    high: u128,
}

impl Level {
    /// The level goes up by one.
    #[inline(always)]
    pub fn rise(&mut self, now: Time) {
        self.book(now);
        self.value += 1;
        self.max = self.max.max(self.value);
    }

    /// The level goes down by one.
    #[inline(always)]
    pub fn fall(&mut self, now: Time) {
        self.book(now);
        debug_assert!(self.value > 0, "a level below zero");
        self.value -= 1;
    }

    /// A level that begins at this height at time zero.
    pub fn starting_at(height: u64) -> Level {
        let mut level = Level::default();
        level.set(Time::ZERO, height);
        level
    }

    /// From `now` on it is this high: in one step, as a message may weigh a million bytes.
    #[inline(always)]
    pub fn set(&mut self, now: Time, height: u64) {
        if height != self.value {
            if self.value < EXACT {
                self.book(now);
            } else {
                self.book_bytes(now);
            }
            self.value = height;
            self.max = self.max.max(height);
        }
    }

    /// Books the time since the last change; must be called before anything is read.
    #[inline(always)]
    pub fn book(&mut self, now: Time) {
        let span = (now - self.since).0;
        self.since = now;
        let height = self.value as usize;
        if self.value < EXACT && height < self.spent.len() {
            self.spent[height] += span;
        } else {
            self.book_high(span);
        }
    }

    /// The same for what is mostly high, as bytes are: without a call.
    #[inline(always)]
    fn book_bytes(&mut self, now: Time) {
        let span = (now - self.since).0;
        self.since = now;
        match self.spent.get_mut(bucket(self.value)) {
            Some(spent) => {
                *spent += span;
                self.high += u128::from(self.value) * u128::from(span);
            }
            None => self.book_high(span),
        }
    }

    #[cold]
    #[inline(never)]
    fn book_high(&mut self, span: u64) {
        let at = bucket(self.value);
        if at >= self.spent.len() {
            self.spent.resize((at + 1).next_power_of_two().max(16), 0);
        }
        self.spent[at] += span;
        if self.value >= EXACT {
            self.high += u128::from(self.value) * u128::from(span);
        }
    }

    /// Forgets the past; the level stays where it is.
    pub fn restart(&mut self, now: Time) {
        *self = Level { value: self.value, since: now, max: self.value, ..Level::default() };
    }

    /// Where it stands.
    #[inline(always)]
    pub fn value(&self) -> u64 {
        self.value
    }

    /// The highest that it was.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The integral over time, in message-nanoseconds.
    pub fn integral(&self) -> u128 {
        self.low_integral() + self.high
    }

    /// This level and another together, where the other is above zero only while this one stands at `full`.
    pub fn topped_by(&self, top: &Level, full: u64) -> Level {
        let mut both = self.clone();
        // While the other is above zero, the time at `full` is time at `full` plus its height.
        for (at, &span) in top.spent.iter().enumerate().skip(1).filter(|&(_, &span)| span > 0) {
            let (low, width) = bounds(at);
            both.move_time(full, full + low + (width - 1) / 2, span);
        }
        // The heights above are taken from buckets; the average is exact.
        let exact = self.integral() + top.integral();
        let low = both.low_integral();
        both.high = exact.saturating_sub(low);
        both.max = if top.max > 0 { full + top.max } else { self.max };
        both
    }

    fn move_time(&mut self, from: u64, to: u64, span: u64) {
        let (from, to) = (bucket(from), bucket(to));
        if to >= self.spent.len() {
            self.spent.resize(to + 1, 0);
        }
        if let Some(spent) = self.spent.get_mut(from) {
            *spent = spent.saturating_sub(span);
        }
        self.spent[to] += span;
    }

    fn low_integral(&self) -> u128 {
        let low = self.spent.iter().take(EXACT as usize).enumerate();
        low.map(|(height, &span)| height as u128 * u128::from(span)).sum()
    }

    /// Adds the times of another.
    pub fn merge(&mut self, other: &Level) {
        if self.spent.len() < other.spent.len() {
            self.spent.resize(other.spent.len(), 0);
        }
        self.spent.iter_mut().zip(&other.spent).for_each(|(mine, theirs)| *mine += theirs);
        self.high += other.high;
        self.max = self.max.max(other.max);
    }

    /// The nanoseconds spent at each height, by bucket.
    pub fn census(&self) -> Census {
        Census::of(self.spent.iter().copied())
    }

    /// Those spent after an earlier state of the same level.
    pub fn census_since(&self, earlier: &Level) -> Census {
        Census::since(&self.spent, &earlier.spent)
    }

    /// The height that is not exceeded during the share `q` of the time; `None` when no time has passed.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let total: u128 = self.spent.iter().map(|&span| u128::from(span)).sum();
        if total == 0 {
            return None;
        }
        let target = q * total as f64;
        let mut below: u128 = 0;
        for (at, &span) in self.spent.iter().enumerate() {
            below += u128::from(span);
            if span > 0 && below as f64 >= target {
                let (low, width) = bounds(at);
                return Some((low + (width - 1) / 2).min(self.max) as f64);
            }
        }
        Some(self.max as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_and_quantiles_are_weighted_by_time() {
        let mut level = Level::default();
        for (at, up) in [(10, true), (20, true), (50, false), (60, false)] {
            if up { level.rise(Time(at)) } else { level.fall(Time(at)) }
        }
        level.book(Time(100));
        assert_eq!(level.integral(), 10 + 60 + 10);
        assert_eq!(level.max(), 2);
        assert_eq!(level.quantile(0.5), Some(0.0));
        assert_eq!(level.quantile(0.6), Some(1.0));
        assert_eq!(level.quantile(0.99), Some(2.0));
    }

    #[test]
    fn a_level_on_top_of_another_is_their_sum() {
        let (mut held, mut ready, mut both) = (Level::default(), Level::default(), Level::default());
        let mut height = 0;
        for (at, up) in
            [(3, true), (5, true), (9, true), (20, true), (21, false), (40, false), (44, true), (50, false), (70, false)]
        {
            let at = Time(at);
            // Two may be held; the others are ready.
            if up {
                both.rise(at)
            } else {
                both.fall(at)
            }
            match (height, up) {
                (0 | 1, true) => held.rise(at),
                (_, true) => ready.rise(at),
                (1 | 2, false) => held.fall(at),
                (_, false) => ready.fall(at),
            }
            height = if up { height + 1 } else { height - 1 };
        }
        for level in [&mut held, &mut ready, &mut both] {
            level.book(Time(100));
        }
        let composed = held.topped_by(&ready, 2);
        assert_eq!(composed.integral(), both.integral());
        assert_eq!(composed.max(), both.max());
        for q in [0.1, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0] {
            assert_eq!(composed.quantile(q), both.quantile(q), "{q}");
        }
    }

    #[test]
    fn great_heights_keep_an_exact_average() {
        let mut level = Level::default();
        for at in 0..5000 {
            level.rise(Time(at));
        }
        level.book(Time(10_000));
        assert_eq!(level.integral(), (1..5000u128).sum::<u128>() + 5000 * 5001);
        assert_eq!(level.quantile(0.9), Some(5000.0));
        let mut twice = level.clone();
        twice.merge(&level);
        assert_eq!(twice.integral(), 2 * level.integral());
    }
}
