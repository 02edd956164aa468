//! Bisection on the bits of a floating-point number.

/// The smallest positive number above `low` and up to `high` of which `reached` is true, for a `reached` that is false up to
/// some point and true from there on, and true of `high`.
///
/// The bits of positive numbers are in the order of the numbers, so that 63 steps at most find the exact number, whatever its
/// magnitude; a jump is found where it is.
pub fn first(low: f64, high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (low.to_bits(), high.to_bits());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if reached(f64::from_bits(middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    f64::from_bits(high)
}
