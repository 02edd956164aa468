//! The number of successes among independent trials, exactly (the Poisson binomial distribution; with equal chances the
//! binomial one).

/// The probability of each number of successes, from 0 to the number of trials, by adding one trial after another.
pub fn successes(chances: &[f64]) -> Vec<f64> {
    let mut distribution = vec![1.0];
    for &chance in chances {
        distribution.push(0.0);
        for at in (1..distribution.len()).rev() {
            distribution[at] = distribution[at] * (1.0 - chance) + distribution[at - 1] * chance;
        }
        distribution[0] *= 1.0 - chance;
    }
    distribution
}

/// The probability of each number of successes when trials come in groups that succeed all together or not at all.
pub fn together(groups: &[usize], chance: f64) -> Vec<f64> {
    let mut distribution = vec![1.0];
    for &size in groups {
        distribution.resize(distribution.len() + size, 0.0);
        for at in (0..distribution.len()).rev() {
            let joined = if at >= size { distribution[at - size] * chance } else { 0.0 };
            distribution[at] = distribution[at] * (1.0 - chance) + joined;
        }
    }
    distribution
}

/// The probability of so many successes or more.
pub fn at_least(count: usize, distribution: &[f64]) -> f64 {
    // The smallest first, so that a tail of 1e-12 is not lost in rounding.
    distribution.iter().skip(count).rev().sum()
}

/// The probability of so many successes or fewer.
pub fn at_most(count: usize, distribution: &[f64]) -> f64 {
    distribution.iter().take(count + 1).sum()
}
