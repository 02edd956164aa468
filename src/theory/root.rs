//! Quantiles out of survivor functions.

/// The smallest t with S(t) <= 1 - q, for a survivor function S that falls from S(0) to 0; `scale` is a typical time.
///
/// The Illinois method (Dowell and Jarratt 1971) on ln S, which is close to a straight line for most waits: some ten evaluations,
/// each of which may be costly. `None` where S does not fall below 1 - q within reach.
pub fn quantile(survivor: impl Fn(f64) -> f64, q: f64, scale: f64) -> Option<f64> {
    let level = 1.0 - q;
    // Numerical survivors may be off by their rounding: a share that just equals the level is below it.
    let height = |t: f64| (survivor(t).max(1e-300) / level).ln();
    let at_zero = height(0.0);
    if at_zero <= 1e-13 {
        return Some(0.0);
    }
    if !(scale > 0.0 && scale.is_finite() && at_zero.is_finite()) {
        return None;
    }
    let (mut low, mut at_low) = (0.0, at_zero);
    let (mut high, mut at_high) = (scale, height(scale));
    while at_high > 0.0 {
        (low, at_low) = (high, at_high);
        high *= 2.0;
        if high > 1e12 * scale {
            return None;
        }
        at_high = height(high);
    }
    let mut side = 0;
    for step in 0..200 {
        // Steps that make no headway (a jump, the end of the support) fall back to halving.
        let middle = if step % 4 == 3 { 0.5 * (low + high) } else { (low * at_high - high * at_low) / (at_high - at_low) };
        let at_middle = height(middle);
        if at_middle.abs() < 1e-14 || !at_middle.is_finite() {
            return at_middle.is_finite().then_some(middle);
        }
        if at_middle > 0.0 {
            (low, at_low) = (middle, at_middle);
            if side == 1 {
                at_high *= 0.5;
            }
            side = 1;
        } else {
            (high, at_high) = (middle, at_middle);
            if side == -1 {
                at_low *= 0.5;
            }
            side = -1;
        }
        if high - low <= 4e-16 * high {
            break;
        }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_and_broken_survivors_are_inverted() {
        let found = quantile(|t| 0.8 * (-3.0 * t).exp(), 0.99, 1.0).unwrap();
        assert!((found - (80f64).ln() / 3.0).abs() < 1e-14);
        assert_eq!(quantile(|t| 0.3 * (-t).exp(), 0.5, 1.0), Some(0.0));
        let jump = quantile(|t| if t < 2.5 { 0.7 } else { 0.0 }, 0.9, 1.0).unwrap();
        assert!((jump - 2.5).abs() < 1e-12);
        assert_eq!(quantile(|_| 0.7, 0.9, 1.0), None);
    }
}
