//! Integrals over all times from zero.

/// Nodes on (0, 1), and weights of the Gauss-Kronrod rule with 15 points and of the Gauss rule with 7 inside it (QUADPACK, QK15).
const RULE: [(f64, f64, f64); 8] = [
    (0.991_455_371_120_812_6, 0.022_935_322_010_529_224, 0.0),
    (0.949_107_912_342_758_5, 0.063_092_092_629_978_56, 0.129_484_966_168_869_7),
    (0.864_864_423_359_769_1, 0.104_790_010_322_250_19, 0.0),
    (0.741_531_185_599_394_4, 0.140_653_259_715_525_92, 0.279_705_391_489_276_64),
    (0.586_087_235_467_691_1, 0.169_004_726_639_267_9, 0.0),
    (0.405_845_151_377_397_2, 0.190_350_578_064_785_4, 0.381_830_050_505_118_9),
    (0.207_784_955_007_898_47, 0.204_432_940_075_298_9, 0.0),
    (0.0, 0.209_482_141_084_727_82, 0.417_959_183_673_469_4),
];
/// The error that is allowed, relative to the integral.
const TOLERANCE: f64 = 1e-10;
/// Panels are halved so often; a jump is narrowed down to a millionth of a millionth of its place.
const DEEPEST: u32 = 60;
/// Evaluations in all.
const MOST: u32 = 20_000;

/// The integral of a function over all times from zero, by an adaptive rule in x = t / (t + scale); `scale` is a typical time. `None`
/// where it does not converge.
pub fn over_all_times(f: impl Fn(f64) -> f64, scale: f64) -> Option<f64> {
    if !(scale > 0.0 && scale.is_finite()) {
        return None;
    }
    let mapped = |x: f64| {
        let left = 1.0 - x;
        f(scale * x / left) * scale / (left * left)
    };
    let mut spent = 0;
    let (rough, _) = panel(&mapped, 0.0, 1.0);
    let total = adaptive(&mapped, (0.0, 1.0), TOLERANCE * rough.abs().max(1e-6 * scale), DEEPEST, &mut spent)?;
    (spent <= MOST && total.is_finite()).then_some(total)
}

fn adaptive(f: &impl Fn(f64) -> f64, (from, to): (f64, f64), allowed: f64, deeper: u32, spent: &mut u32) -> Option<f64> {
    *spent += 15;
    if *spent > MOST {
        return None;
    }
    let (value, error) = panel(f, from, to);
    if !value.is_finite() {
        return None;
    }
    if error <= allowed || deeper == 0 {
        return Some(value);
    }
    let middle = 0.5 * (from + to);
    let left = adaptive(f, (from, middle), 0.5 * allowed, deeper - 1, spent)?;
    Some(left + adaptive(f, (middle, to), 0.5 * allowed, deeper - 1, spent)?)
}

/// The integral over a panel, and how far the two rules are apart.
fn panel(f: &impl Fn(f64) -> f64, from: f64, to: f64) -> (f64, f64) {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let (mut fine, mut coarse) = (0.0, 0.0);
    for (node, kronrod, gauss) in RULE {
        let sum = if node == 0.0 { f(middle) } else { f(middle - half * node) + f(middle + half * node) };
        fine += kronrod * sum;
        coarse += gauss * sum;
    }
    // The finer rule is better than the difference by far, where the function is smooth.
    let apart = (fine - coarse).abs() * half;
    let size = (fine.abs() * half).max(f64::MIN_POSITIVE);
    (fine * half, apart.min(size * (200.0 * apart / size).powf(1.5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_that_are_known() {
        let near = |found: Option<f64>, exact: f64| assert!((found.unwrap() / exact - 1.0).abs() < 1e-9, "{found:?} {exact}");
        near(over_all_times(|t| (-t / 3.0).exp(), 1.0), 3.0);
        // A jump at 0.37, a tail like t^-2.5, a stretched exponential.
        near(over_all_times(|t| if t < 0.37 { 1.0 } else { 0.0 }, 1.0), 0.37);
        near(over_all_times(|t| (1.0 + t).powf(-2.5), 1.0), 1.0 / 1.5);
        near(over_all_times(|t| (-t.sqrt()).exp(), 1.0), 2.0);
        assert_eq!(over_all_times(|t| 1.0 / (1.0 + t), 1.0), None);
    }
}
