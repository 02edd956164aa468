//! Approximations for one station of which nothing exact is known, called so wherever they are shown.

use super::answer::{Law, Solution};
use super::exponential::mmc_wait;

/// The mean wait in GI/G/c by the variability of gaps and work: W ≈ W(M/M/c) (ca^2 + cs^2) / 2.
///
/// For one worker J. F. C. Kingman 1961, "The single server queue in heavy traffic", Proc. Cambridge Phil. Soc. 57, whose formula
/// it becomes at high load; for several A. O. Allen 1978 and J. Cunneen, "Probability, Statistics, and Queueing Theory", section 5.3.
/// With Poisson arrivals and several workers it is that of A. M. Lee and P. A. Longton 1959.
pub fn mean_wait(rate: f64, mean_service: f64, workers: u32, gap_scv: f64, service_scv: f64) -> Option<Solution> {
    let wait = mmc_wait(rate, 1.0 / mean_service, workers).mean() * 0.5 * (gap_scv + service_scv);
    if !wait.is_finite() {
        return None;
    }
    let law = if workers == 1 {
        let source = "J. F. C. Kingman, Proc. Cambridge Phil. Soc. 57 (1961)";
        Law::approximate("GI/G/1 (Kingman)", source)
    } else {
        let source = "A. O. Allen, Probability, Statistics, and Queueing Theory (1978), section 5.3";
        Law::approximate(format!("GI/G/{workers} (Allen-Cunneen)"), source)
    };
    let mut solution = Solution::by(law);
    solution.wait.mean = Some(wait);
    solution.sojourn.mean = Some(wait + mean_service);
    solution.ready = Some(rate * wait);
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kingmans_formula() {
        // ρ/(1-ρ) (ca^2 + cs^2)/2 s = 4 * 1.5 * 10 ms.
        let found = mean_wait(80.0, 0.01, 1, 1.0, 2.0).unwrap();
        assert!((found.wait.mean.unwrap() - 0.06).abs() < 1e-12 && !found.law.exact);
        assert_eq!(mean_wait(80.0, 0.01, 1, f64::INFINITY, 2.0), None);
    }
}
