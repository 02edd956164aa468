//! The knee of latency against load.
//!
//! Kleinrock's definition: the load at which power, throughput over latency, is greatest. There the line from the origin is tangent to the
//! curve of latency over throughput: more load costs more latency, in per cent, than it brings throughput (L. Kleinrock 1979, "Power and
//! deterministic rules of thumb for probabilistic problems in computer communications", ICC; R. Jain 1991, "The Art of Computer Systems
//! Performance Analysis", section 3.3). It does not depend on how far the sweep goes, as definitions by curvature do.

/// Where the knee lies among points of rising load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knee {
    /// The point of the greatest power.
    pub at: usize,
    /// The knee lies between these two points: neighbours of those whose power cannot be told from the greatest.
    pub from: usize,
    /// See `from`.
    pub to: usize,
    /// Whether the greatest power is inside the range; otherwise the knee may lie beyond it.
    pub inside: bool,
}

/// The knee of points given by throughput and latency (value, low, high); `None` of fewer than three, or where a latency is not above
/// zero.
pub fn knee(points: &[(f64, [f64; 3])]) -> Option<Knee> {
    let sound =
        |(throughput, latency): &(f64, [f64; 3])| throughput.is_finite() && latency.iter().all(|l| l.is_finite() && *l > 0.0);
    if points.len() < 3 || !points.iter().all(sound) {
        return None;
    }
    let power = |at: usize, end: usize| points[at].0 / points[at].1[end];
    let at = (0..points.len()).max_by(|&one, &other| power(one, 0).total_cmp(&power(other, 0)).then(other.cmp(&one)))?;
    let as_good: Vec<usize> = (0..points.len()).filter(|&other| power(other, 1) >= power(at, 2)).collect();
    let (first, last) = (*as_good.first()?.min(&at), *as_good.last()?.max(&at));
    let end = points.len() - 1;
    Some(Knee { at, from: first.saturating_sub(1), to: (last + 1).min(end), inside: at > 0 && at < end })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M/M/1: power rho (1 - rho) / s is greatest at half load (Kleinrock 1979).
    #[test]
    fn the_knee_of_an_mm1_is_at_half_load() {
        let of = |width: f64| -> Vec<(f64, [f64; 3])> {
            (1..20).map(|k| k as f64 * 0.05).map(|rho| (rho, [1.0, 1.0 - width, 1.0 + width].map(|f| f / (1.0 - rho)))).collect()
        };
        // Point 9 is rho = 0.5.
        assert_eq!(knee(&of(0.0)), Some(Knee { at: 9, from: 8, to: 10, inside: true }));
        let blurred = knee(&of(0.01)).unwrap();
        assert!(blurred.from < 8 && blurred.to > 10, "{blurred:?}");
    }

    #[test]
    fn a_range_without_a_knee_says_so() {
        let flat: Vec<(f64, [f64; 3])> = (1..9).map(|k| (k as f64, [1.0; 3])).collect();
        assert_eq!(knee(&flat), Some(Knee { at: 7, from: 6, to: 7, inside: false }));
        assert_eq!(knee(&flat[..2]), None);
        assert_eq!(knee(&[(1.0, [0.0; 3]); 4]), None);
    }
}
