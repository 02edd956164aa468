//! Where a warm-up ends.
//!
//! MSER (White, Cobb, Spratt 2000): cut where the standard error of the mean of the rest is smallest. Applied to the series
//! averaged over all replications only: a cut that is chosen within a replication is correlated with its data, and the mean
//! of what is left is then biased (White's own warning, and 5 to 12 % low in the models that we tried).
//!
//! Even so a cut may follow chance: a long backlog early in the run, which heavy-tailed work brings, is cut away, and the mean
//! of the rest is low. A system that starts empty is low at first, in every replication. So a cut is believed only where what it
//! takes is lower than the rest in the replications as they are, beyond what chance explains. (Without that, one in five
//! studies of a queue with lognormal work was cut, on average 5 % low, and the intervals for its mean covered 87 % instead of
//! 92 %.)

use super::interval::student_t;
use super::moments::moments;

/// One-sided error of the test that what is cut is lower than what is left: one in a hundred.
const CONFIDENCE: f64 = 0.98;

/// Where a warm-up ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Not later than was supposed.
    Before,
    /// After so many values.
    At(usize),
    /// Later than half of the series: it is too short to tell.
    TooLate,
}

/// Where the warm-up of independent series of equal length ends, if it is longer than the first `floor` values.
pub fn settled(series: &[Vec<f64>], floor: usize) -> Settled {
    let length = series.iter().map(Vec::len).min().unwrap_or(0);
    let sums: Vec<f64> = (0..length).map(|at| series.iter().map(|one| one[at]).sum()).collect();
    let found = mser(&sums);
    let cut = found.unwrap_or(length / 2);
    if cut <= floor || cut >= length || series.len() < 2 {
        return Settled::Before;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let rises: Vec<f64> = series.iter().map(|one| mean(&one[cut..length]) - mean(&one[floor..cut])).collect();
    let rise = moments(&rises);
    let error = (rise.variance / rises.len() as f64).sqrt();
    if rise.mean <= 0.0 || rise.mean <= student_t(CONFIDENCE, rises.len() - 1) * error {
        return Settled::Before;
    }
    found.map_or(Settled::TooLate, Settled::At)
}

/// The number of leading values to cut, or `None` when the series gives no answer: the best cut would take more than half of
/// it, so that it is too short for its warm-up.
fn mser(series: &[f64]) -> Option<usize> {
    let n = series.len();
    if n < 10 {
        return None;
    }
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, n);
    // From the end, so that the sums of what is left are at hand; at least five values must be left.
    for cut in (0..n).rev() {
        sum += series[cut];
        squares += series[cut] * series[cut];
        let left = (n - cut) as f64;
        if left >= 5.0 {
            let error = (squares - sum * sum / left).max(0.0) / (left * left);
            // Of equal cuts the earlier: it wastes less.
            if error <= best.0 {
                best = (error, cut);
            }
        }
    }
    (best.1 <= n / 2).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transient_is_cut_and_a_steady_series_is_not() {
        let noise = |k: usize| ((k * 7919) % 101) as f64 / 101.0 - 0.5;
        let decaying: Vec<f64> = (0..400).map(|k| 10.0 - 10.0 * (-(k as f64) / 20.0).exp() + noise(k)).collect();
        let cut = mser(&decaying).unwrap();
        assert!((40..120).contains(&cut), "{cut}");
        let steady: Vec<f64> = (0..400).map(|k| 10.0 + noise(k)).collect();
        assert!(mser(&steady).unwrap() < 40);
        assert_eq!(mser(&vec![3.0; 100]), Some(0));
    }

    /// Ten series with a long hill at the same place in one of them, and ten that rise together.
    #[test]
    fn a_cut_is_believed_where_the_series_rise_together() {
        let noise = |seed: usize, k: usize| ((k * 7919 + seed * 104_729) % 101) as f64 / 101.0;
        let hill = |seed: usize, k: usize| if seed == 0 && k < 50 { 30.0 } else { 0.0 };
        let slow = |k: usize| 5.0 - 5.0 * (-(k as f64) / 12.0).exp();
        let ten = |value: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
            (0..10).map(|seed| (0..150).map(|k| noise(seed, k) + value(seed, k)).collect()).collect()
        };
        let hilly = ten(&hill);
        let sums: Vec<f64> = (0..150).map(|k| hilly.iter().map(|one| one[k]).sum()).collect();
        assert_eq!(mser(&sums), Some(50), "the hill is what MSER alone would cut");
        assert_eq!(settled(&hilly, 15), Settled::Before);
        let rising = settled(&ten(&|_, k| slow(k)), 15);
        assert!(matches!(rising, Settled::At(30..=70)), "{rising:?}");
        assert_eq!(settled(&ten(&|_, k| k as f64 / 10.0), 15), Settled::TooLate);
        assert_eq!(settled(&ten(&|_, _| 0.0), 15), Settled::Before);
        assert_eq!(settled(&vec![vec![1.0; 150]; 10], 15), Settled::Before);
    }

    #[test]
    fn a_series_that_still_grows_gives_no_answer() {
        let growing: Vec<f64> = (0..400).map(|k| (k as f64).sqrt() * 20.0).collect();
        assert_eq!(mser(&growing), None);
        assert_eq!(mser(&[1.0; 4]), None);
    }
}
