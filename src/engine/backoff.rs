//! The pause before a retry.
//!
//! Exponential: x_n = min(cap, base x factor^(n - 1)) before retry n (n = 1 for the first), then made random as the jitter says
//! (Brooker 2015, "Exponential backoff and jitter", for none, full, equal and decorrelated; gRPC's proposal A6 for a spread
//! about x, which is applied after the cap: such a pause may be longer than the cap by its share).

use crate::model::{Jitter, Retry};
use crate::random::Draws;
use crate::units::{Span, Time};

/// The pause before retry number `n`, from 1; `last` is the pause before the retry before, which only the decorrelated jitter
/// asks for: anything for the first. As everywhere, a small random number gives a long time.
pub(super) fn pause(retry: &Retry, n: u32, last: Span, draws: &mut Draws) -> Span {
    let base = retry.base.0 as f64;
    let cap = retry.cap.unwrap_or(Span(Time::LATEST.0)).0 as f64;
    let x = (base * libm::pow(retry.factor, f64::from(n.saturating_sub(1)))).min(cap);
    let nanos = match retry.jitter {
        Jitter::None => x,
        Jitter::Full => x * (1.0 - draws.uniform()),
        Jitter::Equal => 0.5 * x + 0.5 * x * (1.0 - draws.uniform()),
        Jitter::Decorrelated => {
            let last = if n <= 1 { base } else { last.0 as f64 };
            (base + (3.0 * last - base).max(0.0) * (1.0 - draws.uniform())).min(cap)
        }
        Jitter::Spread(j) => x * (1.0 + j - 2.0 * j * draws.uniform()),
    };
    Span((nanos + 0.5) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RetryOn;
    use crate::random::Stream;

    const MS: u64 = 1_000_000;

    fn retry(jitter: Jitter) -> Retry {
        let (base, cap) = (Span(100 * MS), Some(Span(1000 * MS)));
        Retry { max_attempts: 9, base, factor: 2.0, cap, jitter, on: RetryOn::Any, budget: None }
    }

    #[test]
    fn pauses_double_up_to_the_cap() {
        let mut draws = Stream::named(1, 0, "backoff", "test").at(0);
        let mut pauses = |retry: &Retry| -> Vec<u64> { (1..=6).map(|n| pause(retry, n, Span(7), &mut draws).0 / MS).collect() };
        assert_eq!(pauses(&retry(Jitter::None)), [100, 200, 400, 800, 1000, 1000]);
        let slow = Retry { factor: 1.5, cap: None, ..retry(Jitter::None) };
        assert_eq!(pauses(&slow), [100, 150, 225, 337, 506, 759]);
        // Nothing overflows.
        assert_eq!(pause(&Retry { cap: None, ..retry(Jitter::None) }, u32::MAX, Span(0), &mut draws), Span(Time::LATEST.0));
        assert_eq!(pause(&Retry { base: Span(0), ..retry(Jitter::Full) }, 5, Span(0), &mut draws), Span(0));
    }

    /// Uniform between the stated ends: smallest, mean and largest of many.
    #[test]
    fn jitters_spread_pauses_as_published() {
        let n = 100_000u64;
        for (jitter, retries, last, low, high) in [
            (Jitter::Full, 2, 0, 0.0, 200.0),
            (Jitter::Full, 9, 0, 0.0, 1000.0),
            (Jitter::Equal, 2, 0, 100.0, 200.0),
            (Jitter::Spread(0.2), 3, 0, 320.0, 480.0),
            (Jitter::Spread(0.2), 9, 0, 800.0, 1200.0),
            (Jitter::Decorrelated, 1, 777, 100.0, 300.0),
            (Jitter::Decorrelated, 2, 250, 100.0, 750.0),
        ] {
            let stream = Stream::named(1, 0, "backoff", "test");
            let sample: Vec<f64> =
                (0..n).map(|k| pause(&retry(jitter), retries, Span(last * MS), &mut stream.at(k)).0 as f64 / MS as f64).collect();
            let (width, what) = (high - low, format!("{jitter:?} {retries}"));
            let smallest = sample.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = sample.iter().copied().fold(0.0, f64::max);
            assert!(smallest >= low - 1e-6 && smallest < low + 1e-3 * width, "{what}: {smallest}");
            assert!(largest <= high + 1e-6 && largest > high - 1e-3 * width, "{what}: {largest}");
            let (mean, second) = (sample.iter().sum::<f64>() / n as f64, sample.iter().map(|x| x * x).sum::<f64>() / n as f64);
            let error = width / (12.0 * n as f64).sqrt();
            assert!((mean - 0.5 * (low + high)).abs() < 5.0 * error, "{what}: mean {mean}");
            let variance = second - mean * mean;
            assert!((variance / (width * width / 12.0) - 1.0).abs() < 0.02, "{what}: variance {variance}");
        }
        // Capped: a decorrelated pause after a long one is often the cap.
        let stream = Stream::named(1, 0, "backoff", "test");
        let capped =
            (0..n).filter(|&k| pause(&retry(Jitter::Decorrelated), 5, Span(1000 * MS), &mut stream.at(k)) == Span(1000 * MS));
        let (share, expected) = (capped.count() as f64 / n as f64, 2000.0 / 2900.0);
        assert!((share - expected).abs() < 0.01, "{share}");
    }
}
