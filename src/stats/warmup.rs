//! Where a warm-up ends.
//!
//! MSER (White, Cobb, Spratt 2000): cut where the standard error of the mean of the rest is smallest. Applied to the series
//! averaged over all replications only: a cut that is chosen within a replication is correlated with its data, and the mean
//! of what is left is then biased (White's own warning, and 5 to 12 % low in the models that we tried).

/// The number of leading values to cut, or `None` when the series gives no answer: the best cut would take more than half of
/// it, so that it is too short for its warm-up.
pub fn mser(series: &[f64]) -> Option<usize> {
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

    #[test]
    fn a_series_that_still_grows_gives_no_answer() {
        let growing: Vec<f64> = (0..400).map(|k| (k as f64).sqrt() * 20.0).collect();
        assert_eq!(mser(&growing), None);
        assert_eq!(mser(&[1.0; 4]), None);
    }
}
