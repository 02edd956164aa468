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

/// The cheapest of some combinations that will do; of equally cheap ones the first. A combination that will not do rules out all with no more of
/// anything, one that does rules out all that cost no less.
///
/// # Errors
/// Those of `judge`.
pub fn cheapest<E>(places: &[Vec<usize>], costs: &[f64], guess: Option<usize>, judge: Judge<'_, E>) -> Result<Option<usize>, E> {
    let cheaper = |one: usize, other: usize| costs[one].total_cmp(&costs[other]).then(one.cmp(&other));
    let mut open: Vec<usize> = (0..places.len()).collect();
    open.sort_by(|&one, &other| cheaper(one, other));
    let mut best: Option<usize> = None;
    let mut next = guess.or_else(|| open.get(open.len() / 2).copied());
    while let Some(tried) = next {
        if judge(tried)? {
            best = Some(tried);
            open.retain(|&other| cheaper(other, tried) == Ordering::Less);
        } else {
            open.retain(|&other| !no_more(&places[other], &places[tried]));
        }
        next = match best {
            // Of those that are cheaper the one whose failure rules out the most.
            Some(_) => most_telling(&open, places),
            None => open.get(open.len() / 2).copied(),
        };
    }
    Ok(best)
}

/// Whether one combination has no more of anything than another.
fn no_more(one: &[usize], other: &[usize]) -> bool {
    one.iter().zip(other).all(|(one, other)| one <= other)
}

/// More combinations than these are not compared each with each.
const MOST_COMPARED: usize = 2000;

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
            (a, b) in (1usize..12, 1usize..12), weights in prop::array::uniform2(0.1..5.0f64), need in 0usize..30, guess in any::<prop::sample::Index>()
        ) {
            let places: Vec<Vec<usize>> = (0..a).flat_map(|i| (0..b).map(move |j| vec![i, j])).collect();
            let costs: Vec<f64> = places.iter().map(|p| weights[0] * p[0] as f64 + weights[1] * p[1] as f64).collect();
            // More of either helps.
            let will_do = |at: usize| places[at][0] * 2 + places[at][1] * 3 >= need;
            let mut tried = Vec::new();
            let found = cheapest(&places, &costs, Some(guess.index(places.len())), &mut |at| {
                assert!(!tried.contains(&at), "tried twice");
                tried.push(at);
                Ok::<bool, ()>(will_do(at))
            });
            let right = (0..places.len()).filter(|&at| will_do(at)).min_by(|&x, &y| costs[x].total_cmp(&costs[y]).then(x.cmp(&y)));
            prop_assert_eq!(found, Ok(right));
        }
    }
}
