//! Names: what is close to a word, what a name may look like, and where a chain of names closes.

/// The known word that the user most likely meant: Jaro-Winkler similarity above 0.8, or the same but for case and signs.
pub(super) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', '_', ' '], "");
    known
        .into_iter()
        .map(|candidate| {
            let same = plain(candidate) == plain(word);
            (if same { 1.0 } else { strsim::jaro_winkler(&plain(word), &plain(candidate)) }, candidate)
        })
        .filter(|(similarity, _)| *similarity > 0.8)
        // The first of equals wins, so that the answer does not depend on the order of a comparison.
        .fold(None, |best: Option<(f64, &str)>, next| if best.is_some_and(|best| best.0 >= next.0) { best } else { Some(next) })
        .map(|(_, candidate)| candidate)
}

/// Advice for a word that is not known: what is close, or what there is.
pub(super) fn advice<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone, nothing: &str) -> String {
    if let Some(close) = closest(word, known.clone()) {
        return format!("did you mean `{close}`?");
    }
    let all: Vec<&str> = known.into_iter().collect();
    match all.len() {
        0 => nothing.to_owned(),
        1..=12 => format!("there is {}", all.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        n => {
            let first: Vec<String> = all[..10].iter().map(|name| format!("`{name}`")).collect();
            format!("there is {} and {} more", first.join(", "), n - 10)
        }
    }
}

/// The same for whoever has the names in a list.
pub fn suggestion(word: &str, known: &[String]) -> String {
    advice(word, known.iter().map(String::as_str), "there is none")
}

/// Why a name cannot be used; `None` when it can. A dot would make the names of metrics ambiguous.
pub(super) fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("a name cannot be empty");
    }
    if name.len() > 100 {
        return Some("a name has at most 100 characters");
    }
    let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    (!name.chars().all(allowed)).then_some("a name consists of letters, digits, `-` and `_`")
}

/// The cycles among nodes `0..n` with these edges: each as the edges that close it, every edge reported at most once.
///
/// Depth first with an explicit stack (a chain may be as long as the document), so that memory is the limit, not recursion.
pub(super) fn cycles(n: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); n];
    for (at, &(from, _)) in edges.iter().enumerate() {
        leaving[from].push(at);
    }
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        OnPath,
        Done,
    }
    let mut seen = vec![Seen::No; n];
    let mut found = Vec::new();
    for root in 0..n {
        if seen[root] != Seen::No {
            continue;
        }
        // One frame a node: the node, and how many of its edges were taken.
        let mut frames = vec![(root, 0usize)];
        let mut path: Vec<usize> = Vec::new();
        seen[root] = Seen::OnPath;
        while let Some(&mut (node, ref mut taken)) = frames.last_mut() {
            let Some(&edge) = leaving[node].get(*taken) else {
                seen[node] = Seen::Done;
                frames.pop();
                path.pop();
                continue;
            };
            *taken += 1;
            let next = edges[edge].1;
            match seen[next] {
                Seen::No => {
                    seen[next] = Seen::OnPath;
                    frames.push((next, 0));
                    path.push(edge);
                }
                Seen::OnPath => {
                    let from = frames.iter().position(|&(on_path, _)| on_path == next).unwrap_or(0);
                    let mut cycle = path[from..].to_vec();
                    cycle.push(edge);
                    found.push(cycle);
                }
                Seen::Done => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_found() {
        assert_eq!(closest("wokers", ["jobs", "workers"]), Some("workers"));
        assert_eq!(closest("max-length", ["max_priority", "max_length"]), Some("max_length"));
        assert_eq!(closest("banana", ["jobs", "workers"]), None);
    }

    #[test]
    fn cycles_are_found_with_their_edges() {
        assert_eq!(cycles(3, &[(0, 1), (1, 2)]), Vec::<Vec<usize>>::new());
        assert_eq!(cycles(3, &[(0, 1), (1, 2), (2, 1)]), vec![vec![1, 2]]);
        assert_eq!(cycles(1, &[(0, 0)]), vec![vec![0]]);
    }

    #[test]
    fn a_long_chain_does_not_overflow_the_stack() {
        let edges: Vec<(usize, usize)> = (0..100_000).map(|at| (at, (at + 1) % 100_001)).collect();
        assert!(cycles(100_001, &edges).is_empty());
    }
}
