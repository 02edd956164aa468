//! A token bucket: no more than so many a second, and a burst on top.
//!
//! By virtual scheduling (ITU-T I.371, the generic cell rate algorithm; the same as a bucket that is filled all the time):
//! instead of tokens that grow, the instant is kept at which the bucket will be full again. A token taken moves it on by 1/rate;
//! there is one when that instant is no more than (burst - 1)/rate ahead. Whoever waits takes its token at once, so those after
//! it get later ones: the order of asking is the order of going.
//!
//! Instants are whole numbers of 2^-48 ns, so that nothing is lost however long the run is. 1/rate is made shorter by a part in
//! 2^51, so that no token comes a nanosecond late because a decimal number was rounded up.

use crate::model::RateLimit;
use crate::units::{Span, Time};

/// Binary places behind the nanosecond.
const PLACES: u32 = 48;
/// Beyond the end of time: where the next token is when 1/rate is longer than that.
const NEVER: f64 = (1u128 << (62 + PLACES)) as f64;

/// What happens to who asks for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It goes now.
    Now,
    /// It has its token and goes then.
    At(Time),
    /// It does not go: it would wait longer than it may.
    Refused,
}

/// A bucket of tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    /// When it is full if nobody asks until then; in the past: it is full.
    full: u128,
    /// Time between two tokens.
    spacing: u128,
    /// How far ahead `full` may be when a token is there: all but one.
    ahead: u128,
    wait: Option<Span>,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(limit: RateLimit) -> Bucket {
        let exact = 1e9 / limit.rate.0 * (1u64 << PLACES) as f64;
        let spacing = (exact * (1.0 - 2.0 * f64::EPSILON)).min(NEVER);
        let more = (limit.burst - 1.0).max(0.0);
        let whole = more.floor();
        let spacing_parts = spacing as u128;
        let ahead = spacing_parts.saturating_mul(whole as u128).saturating_add((spacing * (more - whole)) as u128);
        Bucket { full: 0, spacing: spacing_parts, ahead, wait: limit.wait }
    }

    /// Takes a token, now or in advance.
    #[inline]
    pub(super) fn take(&mut self, now: Time) -> Admission {
        let instant = u128::from(now.0) << PLACES;
        let ready = self.full.saturating_sub(self.ahead);
        if ready <= instant {
            self.full = self.full.max(instant).saturating_add(self.spacing);
            return Admission::Now;
        }
        // The first whole nanosecond at which the token is there.
        let at = Time(u64::try_from(ready.div_ceil(1 << PLACES)).map_or(Time::LATEST.0, |at| at.min(Time::LATEST.0)));
        if self.wait.is_some_and(|wait| at > now + wait) {
            return Admission::Refused;
        }
        self.full = self.full.saturating_add(self.spacing);
        Admission::At(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use crate::units::Rate;

    /// A bucket that is filled: in parts of a token of which a nanosecond brings `rate`, 10^9 to a token; negative when tokens
    /// are promised.
    struct Filled {
        rate: i128,
        parts: i128,
        most: i128,
        now: u64,
        wait: Option<u64>,
    }

    impl Filled {
        fn take(&mut self, now: u64) -> Admission {
            self.parts = (self.parts + i128::from(now - self.now) * self.rate).min(self.most);
            self.now = now;
            let missing = 1_000_000_000 - self.parts;
            let wait = if missing <= 0 { 0 } else { (missing + self.rate - 1) / self.rate };
            if self.wait.is_some_and(|most| wait > i128::from(most)) {
                return Admission::Refused;
            }
            self.parts -= 1_000_000_000;
            if wait == 0 { Admission::Now } else { Admission::At(Time(now + wait as u64)) }
        }
    }

    #[test]
    fn does_what_a_bucket_does_that_is_filled() {
        for rate in [1i128, 3, 7, 1000, 999_983, 700_000_000] {
            for (burst, wait) in [(1, None), (1, Some(0)), (5, Some(2)), (100, Some(10)), (3, None)] {
                let spacing = (1_000_000_000 / rate) as u64;
                // In units of the time between tokens.
                let wait = wait.map(|wait| wait * spacing);
                let limit = RateLimit { rate: Rate(rate as f64), burst: f64::from(burst), wait: wait.map(Span) };
                let mut bucket = Bucket::new(limit);
                let most = i128::from(burst) * 1_000_000_000;
                let mut naive = Filled { rate, parts: most, most, now: 0, wait };
                let mut draws = Stream::named(1, 0, "bucket", "test").at(rate as u64);
                let mut now = 0;
                let (mut at_once, mut waited, mut refused) = (0, 0, 0);
                for step in 0..20_000 {
                    // Busy and quiet stretches.
                    let pace = 1 + draws.bits() % if step / 500 % 2 == 0 { 2 } else { 8 };
                    now += draws.bits() % (spacing * pace + 1);
                    let admission = bucket.take(Time(now));
                    assert_eq!(admission, naive.take(now), "{rate}/s, burst {burst}, wait {wait:?}, at {now}");
                    match admission {
                        Admission::Now => at_once += 1,
                        Admission::At(_) => waited += 1,
                        Admission::Refused => refused += 1,
                    }
                }
                assert!(at_once > 100 && (waited > 100 || wait == Some(0)) && (refused > 100 || wait.is_none()));
            }
        }
    }

    #[test]
    fn a_million_promised_tokens_come_on_time() {
        for rate in [7u64, 1_000_000, 3_333] {
            let mut bucket = Bucket::new(RateLimit { rate: Rate(rate as f64), burst: 1.0, wait: None });
            assert_eq!(bucket.take(Time(0)), Admission::Now);
            for token in 1..=1_000_000u64 {
                let exact = (token * 1_000_000_000).div_ceil(rate);
                assert_eq!(bucket.take(Time(0)), Admission::At(Time(exact)), "{rate}/s, token {token}");
            }
        }
    }

    #[test]
    fn rates_that_are_no_round_numbers_and_parts_of_a_burst() {
        // 10/min is no binary number; every sixth second there is a token.
        let limit = RateLimit { rate: "10/min".parse().unwrap(), burst: 1.5, wait: None };
        let mut bucket = Bucket::new(limit);
        assert_eq!(bucket.take(Time(0)), Admission::Now);
        // Half a token was left, so that the next comes after three seconds.
        assert_eq!(bucket.take(Time(0)), Admission::At(Time(3_000_000_000)));
        assert_eq!(bucket.take(Time(0)), Admission::At(Time(9_000_000_000)));
        assert_eq!(bucket.take(Time(15_000_000_000)), Admission::Now);
        // So slow that the next token is beyond the end of time.
        let mut never = Bucket::new(RateLimit { rate: Rate(1e-300), burst: 2.0, wait: None });
        assert_eq!(never.take(Time(5)), Admission::Now);
        assert_eq!(never.take(Time(5)), Admission::Now);
        assert_eq!(never.take(Time(5)), Admission::At(Time::LATEST));
    }
}
