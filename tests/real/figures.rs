//! What is said of a set of waits.

/// Mean and nearest-rank percentiles, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    pub mean: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

impl Figures {
    /// Of lengths of time in nanoseconds; `None`: there are none.
    pub fn of(spans: &[u64]) -> Option<Figures> {
        let mut sorted = spans.to_vec();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        let rank = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).saturating_sub(1).min(last)] as f64 / 1e9;
        let sum: u128 = sorted.iter().map(|&span| u128::from(span)).sum();
        Some(Figures { mean: sum as f64 / sorted.len() as f64 / 1e9, p50: rank(50), p95: rank(95), p99: rank(99) })
    }

    /// All four, with the mean first.
    pub fn all(self) -> [f64; 4] {
        [self.mean, self.p50, self.p95, self.p99]
    }
}

/// By so much is a prediction off.
pub fn off(predicted: f64, measured: f64) -> f64 {
    predicted / measured - 1.0
}

/// The middle of some numbers, or the mean of the two in the middle.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { (numbers[middle - 1] + numbers[middle]) / 2.0 }
}
