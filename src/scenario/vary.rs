//! `--vary PATH=VALUES`: a path of the document and the values that it takes, one after the other.
//!
//! ```text
//! values = item { "," item }
//! item   = from ".." to [ "step" step ] | value      1..20   100/s..1000/s step 100/s   a,b,c
//! ```
//! A value is what `--set` takes; commas inside brackets, braces and quotes belong to it.

use super::diagnostic::{Place, Problem, Problems, SourceText};
use super::overrides::{self, Override};
use crate::units::{UnitError, Written, range};

/// The option as it is shown.
pub const VARY: &str = "--vary ";
/// The option of `size` that has the values of its path.
pub const RANGE: &str = "--range ";

/// More values than these on one axis are no grid that anybody simulates.
const MOST_VALUES: usize = 1_000_000;

/// A path and the values that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// With dots, as `--set` takes it.
    pub path: String,
    /// As they would stand behind `--set PATH=`.
    pub values: Vec<String>,
}

impl Axis {
    /// Reads `PATH=VALUES`.
    ///
    /// # Errors
    /// What is wrong with it, with its place.
    pub fn vary(written: &str) -> Result<Axis, Problems> {
        let mut log = Vec::new();
        let axis = match overrides::split(written, VARY) {
            None => {
                log.push(
                    Problem::error(whole(VARY, written), "this is not PATH=VALUES")
                        .help("write the path with dots: --vary consumers.workers.count=1..20"),
                );
                None
            }
            Some((path, at)) => {
                let values = values(&written[at..], VARY.len() + at, &mut log);
                values.map(|values| Axis { path: path.to_owned(), values })
            }
        };
        axis.filter(|_| log.is_empty()).ok_or_else(|| refused(VARY, written, log))
    }

    /// The values of a path that stands elsewhere.
    ///
    /// # Errors
    /// What is wrong with them, with its place.
    pub fn range(path: &str, written: &str) -> Result<Axis, Problems> {
        let mut log = Vec::new();
        let values = values(written, RANGE.len(), &mut log);
        let axis = values.map(|values| Axis { path: path.to_owned(), values });
        axis.filter(|_| log.is_empty()).ok_or_else(|| refused(RANGE, written, log))
    }

    /// The change to the document that the value at this position is, shown as said by `flag`.
    pub fn at(&self, position: usize, flag: &'static str) -> Override {
        Override { flag, written: format!("{}={}", self.path, self.values[position]) }
    }

    /// The values as quantities, where all are quantities of one kind.
    pub fn numbers(&self) -> Option<Vec<Written>> {
        let read: Vec<Written> = self.values.iter().map(|value| Written::read(value)).collect::<Option<_>>()?;
        let kind = read.first().map(std::mem::discriminant)?;
        read.iter().all(|one| std::mem::discriminant(one) == kind).then_some(read)
    }
}

fn whole(flag: &str, written: &str) -> Place {
    Place { text: 0, start: flag.len(), end: flag.len() + written.len() }
}

fn refused(flag: &str, written: &str, log: Vec<Problem>) -> Problems {
    let source = SourceText { name: "command line".to_owned(), text: format!("{flag}{written}").into() };
    Problems::new(vec![source], log)
}

/// All values of a list, which begins at byte `offset` of what is shown; `None` where there is none.
fn values(written: &str, offset: usize, log: &mut Vec<Problem>) -> Option<Vec<String>> {
    let place = |at: usize, length: usize| Place { text: 0, start: offset + at, end: offset + at + length };
    if written.trim().is_empty() {
        log.push(Problem::error(place(0, written.len()), "there are no values").help("write a range or a list: 1..20, or 1,2,5"));
        return None;
    }
    let mut all: Vec<String> = Vec::new();
    for (at, item) in items(written) {
        let place = place(at, item.len());
        if item.trim().is_empty() {
            log.push(
                Problem::error(place, "there is nothing between these commas")
                    .help("remove one comma, or write \"\" for an empty text"),
            );
            continue;
        }
        match expanded(item.trim()) {
            Ok(values) => all.extend(values),
            Err(error) => log.push(Problem::error(place, error.cause).maybe_help(error.cure)),
        }
        if all.len() > MOST_VALUES {
            log.push(Problem::error(place, "more than a million values").help("write fewer, or a larger step"));
            return None;
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = all.iter().find(|value| !seen.insert(value.as_str())) {
        let problem = Problem::error(place(0, written.len()), format!("`{twice}` is among these values twice"));
        log.push(problem.help("each value stands once"));
    }
    Some(all)
}

/// The items between commas, with the byte at which each begins.
fn items(written: &str) -> Vec<(usize, &str)> {
    let (mut found, mut begin, mut depth) = (Vec::new(), 0, 0usize);
    let mut quote: Option<char> = None;
    for (at, sign) in written.char_indices() {
        match (quote, sign) {
            (Some(open), _) if open == sign => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(sign),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                found.push((begin, &written[begin..at]));
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push((begin, &written[begin..]));
    found
}

/// The values that an item stands for.
fn expanded(item: &str) -> Result<Vec<String>, UnitError> {
    let opens_range = item.starts_with("..") || item.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let Some((from, rest)) = item.split_once("..").filter(|_| opens_range) else { return Ok(vec![item.to_owned()]) };
    let (to, step) = match rest.split_once("step") {
        Some((to, step)) => (to, Some(step)),
        None => (rest, None),
    };
    range(from, to, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges_mix() {
        let axis = Axis::vary("consumers.workers.count=1..3, 5,8..12 step 2").unwrap();
        assert_eq!((axis.path.as_str(), axis.values.join(" ").as_str()), ("consumers.workers.count", "1 2 3 5 8 10 12"));
        assert_eq!(axis.at(3, VARY).written, "consumers.workers.count=5");
    }

    #[test]
    fn commas_inside_a_value_belong_to_it() {
        let axis = Axis::vary("a.b={ lognormal = { mean = \"10ms\", cv = 2 } },\"x,y\",[1, 2]").unwrap();
        assert_eq!(axis.values, ["{ lognormal = { mean = \"10ms\", cv = 2 } }", "\"x,y\"", "[1, 2]"]);
        assert_eq!(axis.numbers(), None);
        let rates = Axis::vary("a.b=60/min,2/s").unwrap().numbers().unwrap();
        assert_eq!(rates, [Written::Rate(1.0), Written::Rate(2.0)]);
        assert_eq!(Axis::vary("a.b=1,2ms").unwrap().numbers(), None);
    }

    #[test]
    fn problems_have_their_place() {
        for (written, cause, column) in [
            ("consumers.workers.count", "not PATH=VALUES", 8),
            ("a.b=", "no values", 12),
            ("a.b=1,,2", "nothing between these commas", 14),
            ("a.b=1,5..2", "is empty", 14),
            ("a.b=1..5 step 0", "step of zero", 12),
            ("a.b=2,1..3", "twice", 12),
        ] {
            let problems = Axis::vary(written).unwrap_err();
            let problem = problems.iter().next().unwrap();
            assert!(problem.message.contains(cause), "{written}: {problems}");
            assert_eq!(problems.position(problem), Some(("command line", 1, column)), "{written}");
            assert!(!problem.help.is_empty(), "{written}");
        }
    }
}
