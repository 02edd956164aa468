//! Control variates: a mean corrected by what is known beforehand of other means of the same replications.
//!
//! A replication with more arrivals than their rate says, or with longer work, has longer waits. The regression of the waits on
//! these known deviations takes out what they explain (Lavenberg and Welch 1981, "A perspective on the use of control
//! variables to increase the efficiency of Monte Carlo simulations", Management Science 27(3); for ratios on the linearised
//! residuals). Each control costs a degree of freedom.

use super::Estimate;
use super::interval::student_t;
use super::moments::{moments, reach};

/// Controls that are a combination of the others to this share of themselves say nothing new.
const NOTHING_NEW: f64 = 1e-9;

/// A corrected ratio.
#[derive(Debug, Clone, PartialEq)]
pub struct Controlled {
    /// The ratio and its interval.
    pub estimate: Estimate,
    /// For each pair how far it is off when what the controls explain is taken out; their mean is zero, and Student's t interval
    /// of their mean is as wide as that of the estimate, but for a degree of freedom a control.
    pub off: Vec<f64>,
}

/// The ratio of two sums, from independent pairs of addends, corrected by `controls`: for each of them a value for each pair,
/// whose expectation is zero. `None` where there are too few pairs for so many controls, where no control says anything, or
/// where the correction would lead below zero.
pub fn controlled(pairs: &[(f64, f64)], controls: &[Vec<f64>], confidence: f64) -> Option<Controlled> {
    let n = pairs.len() as f64;
    let (above, below) = pairs.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
    if below <= 0.0 || pairs.len() < controls.len() + 4 {
        return None;
    }
    let ratio = above / below;
    let mut rest: Vec<f64> = pairs.iter().map(|pair| (pair.0 - ratio * pair.1) / (below / n)).collect();
    let (mut value, mut inflation) = (ratio, 1.0 / n);
    // Directions that are orthogonal to each other, with their means and squared lengths.
    let mut used: Vec<(Vec<f64>, f64, f64)> = Vec::new();
    for control in controls {
        let mut mean = control.iter().sum::<f64>() / n;
        let mut direction: Vec<f64> = control.iter().map(|value| value - mean).collect();
        let whole = product(&direction, &direction);
        for (other, other_mean, length) in &used {
            let share = product(&direction, other) / length;
            subtract(&mut direction, share, other);
            mean -= share * other_mean;
        }
        let length = product(&direction, &direction);
        if length <= NOTHING_NEW * whole {
            continue;
        }
        let slope = product(&rest, &direction) / length;
        subtract(&mut rest, slope, &direction);
        value -= slope * mean;
        inflation += mean * mean / length;
        used.push((direction, mean, length));
    }
    if used.is_empty() || value <= 0.0 {
        return None;
    }
    let degrees = pairs.len() - 1 - used.len();
    let error = (product(&rest, &rest) / degrees as f64 * inflation).sqrt();
    let t = student_t(confidence, degrees);
    let bend = if error == 0.0 { 0.0 } else { moments(&rest).skewness / (6.0 * n.sqrt()) };
    let (down, up) = reach(t, bend);
    let (low, high) = (value - down * error, value + up * error);
    // As if each were one of n that a mean is made of.
    let scale = ((n - 1.0) * n * inflation / degrees as f64).sqrt();
    rest.iter_mut().for_each(|off| *off *= scale);
    let estimate = Estimate { estimate: Some(value), low: Some(low), high: Some(high), ..Estimate::default() };
    Some(Controlled { estimate, off: rest })
}

fn product(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn subtract(from: &mut [f64], times: f64, other: &[f64]) {
    from.iter_mut().zip(other).for_each(|(from, other)| *from -= times * other);
}

#[cfg(test)]
mod tests {
    use super::super::interval::ratio;
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    /// y = 3 + 2 x + rest, with a rest that is orthogonal to x and to 1: x has mean 0.25 where 0 is known, so that y is 0.5
    /// too high.
    #[test]
    fn what_is_known_is_taken_out() {
        let x = [-0.75, 0.25, 1.25, 0.25, -0.75, 1.25];
        let rest = [0.1, -0.2, 0.1, 0.2, -0.1, -0.1];
        let pairs: Vec<(f64, f64)> = x.iter().zip(rest).map(|(x, rest)| (3.0 + 2.0 * x + rest, 1.0)).collect();
        let Controlled { estimate: found, off } = controlled(&pairs, &[x.to_vec()], 0.95).unwrap();
        assert!((found.estimate.unwrap() - 3.0).abs() < 1e-12, "{found:?}");
        // Squares of the rest 0.12 over 4 degrees of freedom, times 1/6 + 0.0625 / 4; t(.975, 4) = 2.776445; the rest is not
        // skewed.
        let half = 2.776445 * (0.03f64 * (1.0 / 6.0 + 0.0625 / 4.0)).sqrt();
        assert!((found.high.unwrap() - 3.0 - half).abs() < 1e-6 && (3.0 - found.low.unwrap() - half).abs() < 1e-6, "{found:?}");
        // What is left of the pairs spreads as the estimate does: the same standard error from six values.
        let error = (off.iter().map(|off| off * off).sum::<f64>() / 30.0).sqrt();
        assert!((2.776445 * error - half).abs() < 1e-6 && off.iter().sum::<f64>().abs() < 1e-12, "{off:?}");
        // The same control twice counts once.
        let twice = controlled(&pairs, &[x.to_vec(), x.map(|x| 3.0 * x).to_vec()], 0.95).unwrap();
        assert_eq!(twice.estimate.estimate, found.estimate);
        assert_eq!(controlled(&pairs, &[vec![0.0; 6]], 0.95), None);
        assert_eq!(controlled(&pairs[..4], &[x[..4].to_vec()], 0.95), None);
    }

    /// 1,000 experiments with two controls that explain three quarters of the variance: the interval covers, at half the width.
    #[test]
    fn the_corrected_interval_covers() {
        let mut rng = StdRng::seed_from_u64(7);
        let mut noise = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let (mut hits, mut width, mut plain) = (0, 0.0, 0.0);
        for _ in 0..1000 {
            let mut controls = vec![Vec::new(), Vec::new()];
            let mut pairs = Vec::new();
            for _ in 0..20 {
                let (a, b) = (noise(), noise());
                controls[0].push(a);
                controls[1].push(b);
                pairs.push((50.0 + 1.5f64.sqrt() * (a - b) + noise(), 1.0));
            }
            let found = controlled(&pairs, &controls, 0.95).unwrap().estimate;
            let (low, high) = (found.low.unwrap(), found.high.unwrap());
            hits += u32::from(low <= 50.0 && 50.0 <= high);
            width += high - low;
            let found = ratio(&pairs, 0.95);
            plain += found.high.unwrap() - found.low.unwrap();
        }
        // Bent for a skewness that is only chance, it is a little wide.
        assert!((935..=975).contains(&hits), "{hits}");
        assert!(width < 0.58 * plain, "{width} of {plain}");
    }
}
