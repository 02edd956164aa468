//! Which candidate to try next, where more of anything helps: the smallest that will do, or the cheapest combination.

use std::cmp::Ordering;

/// Told of a candidate; answers whether it will do.
pub type Judge<'a, E> = &'a mut dyn FnMut(usize) -> Result<bool, E>;

/// The smallest of the candidates `from..to` that will do; `None` where none does. Tries the guess first, goes on by doubling steps, then halves
/// what is left: two trials with a guess that is right, some 2 log2 n without one.
///
/// # Errors
/// Those of `judge`.
pub fn smallest<E>(from: usize, to: usize, guess: usize, judge: Judge<'_, E>) -> Result<Option<usize>, E> {
    // Everything below `low` will not do, `high` does, or is one behind the last.
    let (mut low, mut high) = (from, to);
    let mut next = guess.clamp(from, to.saturating_sub(1));
    let mut step = 1;
    while low < high {
        if judge(next)? {
            high = next;
            next = if low == from { high.saturating_sub(step).max(low) } else { low + (high - low) / 2 };
        } else {
            low = next + 1;
            next = if high == to { (low + step - 1).min(high.saturating_sub(1)) } else { low + (high - low) / 2 };
        }
        step *= 2;
    }
    Ok((high < to).then_some(high))
}

/// The cheapest combination of several things that will do; of equally cheap ones the first. There are so many values of each, the last changes
/// fastest, and each combination has a cost. A combination that will not do rules out all with no more of anything.
///
/// First the least of each thing with the most of all others: nothing below that will do. From there on the cheapest that is left is tried, so that
/// the first that will do is the answer. A guess that will do spares most of that, when what is cheaper is ruled out in a few trials.
///
/// # Errors
/// Those of `judge`.
pub fn cheapest<E>(lengths: &[usize], costs: &[f64], guess: Option<usize>, judge: Judge<'_, E>) -> Result<Option<usize>, E> {
    let places: Vec<Vec<usize>> = (0..costs.len()).map(|at| positions(at, lengths)).collect();
    let Some(top) = costs.len().checked_sub(1) else { return Ok(None) };
    if !judge(top)? {
        return Ok(None);
    }
    let mut least = Vec::new();
    for axis in 0..lengths.len() {
        let beside =
            |at: usize| lengths.iter().enumerate().fold(0, |all, (other, n)| all * n + if other == axis { at } else { n - 1 });
        let begin = guess.map_or(0, |guess| places[guess][axis]);
        least.push(smallest(0, lengths[axis], begin, &mut |at| judge(beside(at)))?.unwrap_or(lengths[axis] - 1));
    }
    let cheaper = |one: usize, other: usize| costs[one].total_cmp(&costs[other]).then(one.cmp(&other));
    let mut open: Vec<usize> = (0..costs.len()).filter(|&at| no_more(&least, &places[at])).collect();
    open.sort_by(|&one, &other| cheaper(one, other));
    let (mut best, mut trusted) = (None, guess.is_some());
    let mut next = guess.filter(|guess| open.contains(guess)).or_else(|| open.first().copied());
    while let Some(tried) = next {
        if judge(tried)? {
            // What theory or a first guess promised was too much.
            trusted &= best.is_none();
            best = Some(tried);
            open.retain(|&other| cheaper(other, tried) == Ordering::Less);
        } else {
            trusted &= best.is_some();
            open.retain(|&other| !no_more(&places[other], &places[tried]));
        }
        next = if trusted { most_telling(&open, &places) } else { open.first().copied() };
    }
    Ok(best)
}

/// Which value each thing has in a combination.
fn positions(at: usize, lengths: &[usize]) -> Vec<usize> {
    let mut rest = at;
    let mut found: Vec<usize> = lengths
        .iter()
        .rev()
        .map(|length| {
            let own = rest % length;
            rest /= length;
            own
        })
        .collect();
    found.reverse();
    found
}

/// Whether one combination has no more of anything than another.
fn no_more(one: &[usize], other: &[usize]) -> bool {
    one.iter().zip(other).all(|(one, other)| one <= other)
}

/// More combinations than these are not compared each with each.
const MOST_COMPARED: usize = 2000;

/// The combination whose failure rules out the most.
fn most_telling(open: &[usize], places: &[Vec<usize>]) -> Option<usize> {
    // Those that are left out are cheaper: the dearer rule out more.
    let compared = &open[open.len().saturating_sub(MOST_COMPARED)..];
    let below = |candidate: usize| compared.iter().filter(|&&other| no_more(&places[other], &places[candidate])).count();
    compared.iter().copied().max_by_key(|&candidate| below(candidate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_smallest_is_found_from_any_guess(count in 1usize..200, right in 0usize..220, guess in 0usize..250) {
            let mut tried = 0;
            let found = smallest(0, count, guess, &mut |at| {
                tried += 1;
                assert!(tried < 40, "{tried} trials");
                Ok::<bool, ()>(at >= right)
            });
            prop_assert_eq!(found, Ok((right < count).then_some(right)));
            prop_assert!(guess != right || right >= count || tried <= 2, "{} trials", tried);
        }

        #[test]
        fn the_cheapest_is_found(
            (a, b) in (1usize..12, 1usize..12),
            weights in prop::array::uniform2(0.1..5.0f64),
            need in 0usize..60,
            guess in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let costs: Vec<f64> = (0..a * b).map(|at| weights[0] * (at / b) as f64 + weights[1] * (at % b) as f64).collect();
            // More of either helps.
            let will_do = |at: usize| (at / b) * 2 + (at % b) * 3 >= need;
            let guess = guess.map(|guess| guess.index(a * b));
            let found = cheapest(&[a, b], &costs, guess, &mut |at| Ok::<bool, ()>(will_do(at)));
            let right = (0..a * b).filter(|&at| will_do(at)).min_by(|&x, &y| costs[x].total_cmp(&costs[y]).then(x.cmp(&y)));
            prop_assert_eq!(found, Ok(right));
        }
    }

    #[test]
    fn a_right_guess_costs_few_trials() {
        let costs: Vec<f64> = (0..400).map(|at| 3.0 * (at / 20) as f64 + (at % 20) as f64).collect();
        let will_do = |at: usize| at / 20 >= 6 && at % 20 >= 9 && at / 20 + at % 20 >= 18;
        let tried = |guess: Option<usize>| {
            let mut tried = std::collections::BTreeSet::new();
            let judge = &mut |at| {
                tried.insert(at);
                Ok::<bool, ()>(will_do(at))
            };
            assert_eq!(cheapest(&[20, 20], &costs, guess, judge), Ok(Some(6 * 20 + 12)));
            tried.len()
        };
        let (right, none) = (tried(Some(6 * 20 + 12)), tried(None));
        assert!(right <= 12 && none <= 25, "{right} and {none} trials");
    }
}
