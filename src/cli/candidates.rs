//! What a sizing chooses among: the values of its paths, what they cost, and what is expected of each before it is simulated.

use super::Failure;
use super::args::{Format, Size};
use crate::experiment;
use crate::model::{Comparison, Goal, Model};
use crate::report;
use crate::scenario::{self, Axis, Document, Override};
use crate::theory::{self, Answer};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// More combinations than these are not looked through.
const MOST: u64 = 1_000_000;
/// An answer beyond the range is looked for up to so many times its last value.
const BEYOND: u64 = 1 << 14;

/// All candidates, with what is known of them.
pub struct Candidates<'a> {
    /// The scenario.
    pub document: Document,
    /// The paths and their values.
    pub axes: Vec<Axis>,
    /// What one of each path costs, where the scenario says it.
    pub costs: Vec<Option<f64>>,
    arguments: &'a Size,
    lengths: Vec<usize>,
    known: BTreeMap<usize, Known>,
}

/// What is known of a candidate before it is simulated.
#[derive(Debug, Clone)]
pub struct Known {
    /// Why it cannot keep up.
    pub unstable: Option<String>,
    /// Whether theory expects every goal to be met, as far as it knows.
    pub expected: bool,
    /// What theory knows exactly of the metrics of the goals.
    pub exact: IndexMap<String, f64>,
}

impl<'a> Candidates<'a> {
    /// Reads scenario, paths and values.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn read(arguments: &'a Size) -> Result<Candidates<'a>, Failure> {
        let problems = |problems| Failure::problems(&problems);
        let document = scenario::read(&arguments.file)?;
        let resolved = scenario::resolve(&document, &arguments.set).map_err(problems)?;
        if arguments.format != Format::Quiet {
            super::complain(&resolved.warnings.render(super::stderr_has_color()));
        }
        let axes = axes(arguments)?;
        refuse_goals(&resolved.model)?;
        let costs: Vec<Option<f64>> = axes.iter().map(|axis| cost(&resolved.costs, &axis.path)).collect();
        if axes.len() > 1 {
            if let Some((axis, _)) = axes.iter().zip(&costs).find(|(_, cost)| cost.is_none()) {
                let help = format!("add to the scenario\n      [costs]\n      \"{}\" = 1.0", axis.path);
                let cause = format!(
                    "nobody says what one more of `{}` costs, so that no combination is the cheapest\n  = help: {help}",
                    axis.path
                );
                return Err(Failure::Usage(cause));
            }
            if let Some(axis) = axes.iter().find(|axis| axis.numbers().is_none()) {
                let cause = format!(
                    "the values of `{}` are no numbers, which a cost could be told for\n  = help: give a range, such as --range 1..20",
                    axis.path
                );
                return Err(Failure::Usage(cause));
            }
        }
        let lengths: Vec<usize> = axes.iter().map(|axis| axis.values.len()).collect();
        let candidates = Candidates { document, axes, costs, arguments, lengths, known: BTreeMap::new() };
        if candidates.points() > MOST {
            let cause =
                format!("{} combinations are more than {MOST}\n  = help: give smaller ranges with --range", candidates.points());
            return Err(Failure::Usage(cause));
        }
        // What is wrong with a path or with an end of its range is told before anything is simulated.
        for at in [0, candidates.len() - 1] {
            candidates.model(at)?;
        }
        Ok(candidates)
    }

    fn points(&self) -> u64 {
        report::points(self.lengths.iter().copied())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.points() as usize
    }

    /// Which value each path has.
    pub fn positions(&self, at: usize) -> Vec<usize> {
        report::positions(at as u64, &self.lengths)
    }

    /// The candidate with these values.
    pub fn at(&self, positions: &[usize]) -> usize {
        positions.iter().zip(&self.lengths).fold(0, |at, (position, length)| at * length + position)
    }

    /// The value of each path, as written.
    pub fn values(&self, at: usize) -> IndexMap<String, String> {
        let positions = self.positions(at);
        self.axes.iter().zip(positions).map(|(axis, position)| (axis.path.clone(), axis.values[position].clone())).collect()
    }

    /// What it costs, where that is known of every path.
    pub fn cost(&self, at: usize) -> Option<f64> {
        let positions = self.positions(at);
        let of = |((axis, cost), position): ((&Axis, &Option<f64>), usize)| Some((*cost)? * axis.numbers()?[position].value());
        self.axes.iter().zip(&self.costs).zip(positions).map(of).sum()
    }

    /// The model.
    ///
    /// # Errors
    /// What is wrong with its values.
    pub fn model(&self, at: usize) -> Result<Model, Failure> {
        let positions = self.positions(at);
        self.model_with(self.axes.iter().zip(positions).map(|(axis, position)| axis.at(position, "")))
    }

    fn model_with(&self, values: impl Iterator<Item = Override>) -> Result<Model, Failure> {
        let set = self.arguments.set.iter().map(|written| Override::set(written));
        let changes: Vec<Override> = set.chain(values).collect();
        let resolved = scenario::resolve_changed(&self.document, &changes).map_err(|problems| Failure::problems(&problems))?;
        let mut model = resolved.model;
        model.plan.seed = self.arguments.seed.unwrap_or(model.plan.seed);
        Ok(model)
    }

    /// What is known of it beforehand.
    ///
    /// # Errors
    /// What is wrong with its values.
    pub fn known(&mut self, at: usize) -> Result<&Known, Failure> {
        if !self.known.contains_key(&at) {
            let known = Known::of(&self.model(at)?);
            self.known.insert(at, known);
        }
        Ok(&self.known[&at])
    }

    /// The next whole value behind the range of the only path for which this holds of what is known, found by doubling; `None` where there is
    /// none near.
    pub fn beyond(&self, will_do: impl Fn(&Known) -> bool) -> Option<u64> {
        let [axis] = &self.axes[..] else { return None };
        let last: u64 = axis.values.last()?.parse().ok()?;
        let known = |value: u64| {
            let change = Override { flag: "", written: format!("{}={value}", axis.path) };
            self.model_with(std::iter::once(change)).ok().map(|model| Known::of(&model))
        };
        let (mut low, mut high) = (last, last.max(1) * 2);
        while !will_do(&known(high)?) {
            (low, high) = (high, high * 2);
            if high > last.max(1) * BEYOND {
                return None;
            }
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if will_do(&known(middle)?) { high = middle } else { low = middle }
        }
        Some(high)
    }
}

impl Known {
    fn of(model: &Model) -> Known {
        // Where the start or the end is what is looked at, an overload passes.
        let unstable = experiment::steady(model).then(|| report::unstable_model(model)).flatten();
        if unstable.is_some() {
            return Known { unstable, expected: false, exact: IndexMap::new() };
        }
        let answers = theory::answers(model);
        let expected =
            model.goals.iter().all(|goal| expected(goal, &answers).is_none_or(|value| goal.comparison.holds(value, goal.value)));
        let wanted = |answer: &&Answer| answer.exact && model.goals.iter().any(|goal| goal.metric == answer.metric);
        let exact = answers.iter().filter(wanted).map(|answer| (answer.metric.clone(), answer.value)).collect();
        Known { unstable, expected, exact }
    }
}

/// What theory expects of a goal's metric. Of a percentile that it does not know, that of an exponential tail with the mean that it knows: this
/// only chooses where to begin.
fn expected(goal: &Goal, answers: &[Answer]) -> Option<f64> {
    let known = |metric: &str| answers.iter().find(|answer| answer.metric == metric).map(|answer| answer.value);
    known(&goal.metric).or_else(|| {
        let (metric, statistic) = goal.metric.rsplit_once('.')?;
        let digits = statistic.strip_prefix('p').filter(|digits| digits.len() >= 2)?;
        let share: f64 = format!("0.{digits}").parse().ok()?;
        Some(-known(&format!("{metric}.mean"))? * (1.0 - share).ln())
    })
}

/// One axis for each path.
fn axes(arguments: &Size) -> Result<Vec<Axis>, Failure> {
    let (paths, ranges) = (&arguments.paths, &arguments.range);
    if ranges.len() != 1 && ranges.len() != paths.len() {
        let cause = format!(
            "there are {} paths and {} ranges\n  = help: give one --range for each path, in their order, or one for all",
            paths.len(),
            ranges.len()
        );
        return Err(Failure::Usage(cause));
    }
    if let Some((at, path)) = paths.iter().enumerate().find(|(at, path)| paths[..*at].contains(path)) {
        return Err(Failure::Usage(format!("`{path}` is named twice\n  = help: remove the {}. path", at + 1)));
    }
    let is_set = |path: &&String| arguments.set.iter().any(|set| set.split_once('=').is_some_and(|(set, _)| set.trim() == *path));
    if let Some(path) = paths.iter().find(is_set) {
        return Err(Failure::Usage(format!("`{path}` is sized and set\n  = help: remove the --set")));
    }
    let range = |at: usize| ranges.get(at).unwrap_or(&ranges[0]);
    let axis = |(at, path): (usize, &String)| Axis::range(path, range(at)).map_err(|problems| Failure::problems(&problems));
    paths.iter().enumerate().map(axis).collect()
}

/// A cost by its path.
fn cost(costs: &[(String, f64)], path: &str) -> Option<f64> {
    costs.iter().find(|(known, _)| known == path).map(|(_, cost)| *cost)
}

/// Goals are what is sized for.
fn refuse_goals(model: &Model) -> Result<(), Failure> {
    if model.goals.is_empty() {
        let help = "add a table [goals], or --set 'goals.latency=consumers.workers.wait.p99 < 100ms'";
        return Err(Failure::Usage(format!("the scenario has no goal that a size could meet\n  = help: {help}")));
    }
    let extreme = |goal: &&Goal| goal.metric.ends_with(".max") || goal.metric.ends_with(".min");
    if let Some(goal) = model.goals.iter().find(extreme) {
        let cause = format!("goal `{}`: an extreme value has no interval, so that nobody can be sure of it", goal.name);
        return Err(Failure::Usage(format!("{cause}\n  = help: use a percentile, such as .p999")));
    }
    if let Some(goal) = model.goals.iter().find(|goal| goal.comparison == Comparison::Equal && goal.value != 0.0) {
        let cause = format!("goal `{}`: no size can be shown to make a number exactly {}", goal.name, goal.value);
        return Err(Failure::Usage(format!("{cause}\n  = help: use <= or >=")));
    }
    Ok(())
}
