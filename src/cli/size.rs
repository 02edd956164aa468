//! `queuelab size`: the smallest value that meets every goal, with its confidence.

use super::args::{Format, Size};
use super::candidates::Candidates;
use super::output::refuse_results_of_another;
use super::progress::{Trying, interrupted, watch_for_interrupts};
use super::run::{PROGRAM, not_written, sha256, style};
use super::{Failure, Status, print};
use crate::experiment::{Reading, Side, Terms, Trial, cheapest, smallest, trial};
use crate::model::Model;
use crate::report::{self, Fate, GoalFound, Neighbour, SizeProvenance, Sizing, Tried};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::path::Path;
use std::time::Instant;

/// So many values below and above the answer are simulated for the chart.
const BELOW: usize = 2;
const ABOVE: usize = 3;

/// Sizes one scenario.
///
/// # Errors
/// What is wrong with scenario, paths and ranges, and what the machine refuses.
pub fn size(arguments: &Size) -> Result<Status, Failure> {
    watch_for_interrupts();
    let mut candidates = Candidates::read(arguments)?;
    let folder = match arguments.no_files {
        true => None,
        false => {
            let own = || Path::new("output").join(&candidates.document.name).join("size");
            let place = arguments.out.clone().unwrap_or_else(own);
            refuse_results_of_another(&place, "size")?;
            Some(report::prepare_size(&place).map_err(not_written)?)
        }
    };
    let started = Instant::now();
    let sizing = answer(&mut candidates, arguments)?;
    let wall = started.elapsed();
    let mut place = String::new();
    if let Some(folder) = &folder {
        let written = report::write_size(folder, &sizing).map_err(not_written)?;
        place = format!("\nwrote {} files to {}\n", written.len(), folder.path().display());
    }
    match arguments.format {
        Format::Text => print(&format!("{}{place}", report::size_table(&sizing, style(), Some(wall))))?,
        Format::Json => print(&report::size_json(&sizing))?,
        Format::Csv => print(&report::size_csv(&sizing))?,
        Format::Markdown => print(&report::size_markdown(&sizing))?,
        Format::Quiet => Status::Success,
    };
    Ok(if sizing.values.is_empty() { Status::GoalMissed } else { Status::Success })
}

/// The answer alone: nothing is written or printed.
///
/// # Errors
/// As above.
pub fn sized(arguments: &Size) -> Result<Sizing, Failure> {
    answer(&mut Candidates::read(arguments)?, arguments)
}

fn answer(candidates: &mut Candidates<'_>, arguments: &Size) -> Result<Sizing, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads.map_or(0, usize::from)).build();
    let pool = pool.map_err(|error| Failure::Usage(format!("cannot start threads: {error}")))?;
    pool.install(|| Session::new(candidates, arguments)?.answer())
}

/// A search, with everything that was tried.
struct Session<'a, 'b> {
    candidates: &'a mut Candidates<'b>,
    arguments: &'a Size,
    first: Model,
    tried: BTreeMap<usize, Tried>,
    /// The numbers of those that were simulated.
    metrics: BTreeMap<usize, IndexMap<String, Reading>>,
    sure: BTreeMap<usize, bool>,
    trying: Trying,
}

impl<'a, 'b> Session<'a, 'b> {
    fn new(candidates: &'a mut Candidates<'b>, arguments: &'a Size) -> Result<Session<'a, 'b>, Failure> {
        let first = candidates.model(0)?;
        let trying = Trying::new(arguments.format != Format::Quiet);
        let (tried, metrics, sure) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Session { candidates, arguments, first, tried, metrics, sure, trying })
    }

    fn answer(mut self) -> Result<Sizing, Failure> {
        let found = match self.candidates.axes.len() {
            1 => self.smallest()?,
            _ => self.cheapest()?,
        };
        let mut sizing = self.begin();
        match found {
            Some(at) => {
                (sizing.one_more, sizing.one_less) = (self.neighbours(at, 1)?, self.neighbours(at, -1)?);
                let sure = self.sure.values().all(|sure| *sure);
                self.look_around(at)?;
                sizing.values = self.candidates.values(at);
                sizing.value = sizing.values.values().next().map(|written| number(written));
                sizing.cost = self.candidates.cost(at);
                sizing.goals = self.tried[&at].goals.clone();
                // More that does worse means that the search was led astray.
                let worse = sizing.one_more.iter().find(|neighbour| !neighbour.met);
                sizing.advice = worse.map(|neighbour| {
                    format!(
                        "{} = {} misses a goal: more does not always help here; look at the whole range with `queuelab sweep`.",
                        neighbour.path, neighbour.value
                    )
                });
                sizing.sure = sure && worse.is_none();
            }
            None => {
                sizing.tried = self.tried.values().cloned().collect();
                let sure = self.sure.values().all(|sure| *sure);
                let (reason, advice) = self.why_none(&sizing)?;
                (sizing.reason, sizing.advice, sizing.sure) = (Some(reason), Some(advice), sure);
                sizing.goals = self
                    .tried
                    .values()
                    .rev()
                    .find(|tried| tried.fate != Fate::Unstable)
                    .map_or(Vec::new(), |tried| tried.goals.clone());
            }
        }
        sizing.tried = self.tried.values().cloned().collect();
        sizing.provenance.events = sizing.tried.iter().map(|tried| tried.events).sum();
        sizing.sentence = sizing.in_words();
        Ok(sizing)
    }

    /// One path: what is unstable is left out, theory says where to begin.
    fn smallest(&mut self) -> Result<Option<usize>, Failure> {
        let count = self.candidates.len();
        let candidates = &mut *self.candidates;
        let stable = smallest(0, count, 0, &mut |at| candidates.known(at).map(|known| known.unstable.is_none()))?;
        let Some(from) = stable else {
            self.judge(count - 1)?;
            return Ok(None);
        };
        let guess = smallest(from, count, from, &mut |at| candidates.known(at).map(|known| known.expected))?.unwrap_or(count - 1);
        let found = smallest(from, count, guess, &mut |at| self.judge(at))?;
        if found.is_none() {
            // How much more of it helps tells why nothing will do.
            self.judge(from)?;
        }
        Ok(found)
    }

    /// Several paths: as one, by their costs.
    fn cheapest(&mut self) -> Result<Option<usize>, Failure> {
        let count = self.candidates.len();
        let lengths: Vec<usize> = self.candidates.axes.iter().map(|axis| axis.values.len()).collect();
        let costs: Vec<f64> = (0..count).map(|at| self.candidates.cost(at).unwrap_or(0.0)).collect();
        let candidates = &mut *self.candidates;
        let guess = cheapest(&lengths, &costs, None, &mut |at| {
            candidates.known(at).map(|known| known.unstable.is_none() && known.expected)
        })?;
        cheapest(&lengths, &costs, guess, &mut |at| self.judge(at))
    }

    /// Tries a candidate, unless it has been.
    fn judge(&mut self, at: usize) -> Result<bool, Failure> {
        if !self.tried.contains_key(&at) {
            self.try_out(at)?;
        }
        Ok(matches!(self.tried[&at].fate, Fate::Met | Fate::NearlyMet))
    }

    fn try_out(&mut self, at: usize) -> Result<(), Failure> {
        let known = self.candidates.known(at)?.clone();
        let model = self.candidates.model(at)?;
        let values = self.candidates.values(at);
        let mut tried = Tried {
            values: values.clone(),
            positions: self.candidates.positions(at),
            cost: self.candidates.cost(at),
            fate: Fate::Unstable,
            unstable: known.unstable.clone(),
            goals: model.goals.iter().map(|goal| GoalFound::of(goal, Side::Outside, None)).collect(),
            theory: known.exact,
            replications: 0,
            events: 0,
            looks: 0,
        };
        if known.unstable.is_none() {
            self.trying.say(format!(
                "trying {}",
                values.iter().map(|(path, value)| format!("{path} = {value}")).collect::<Vec<_>>().join(", ")
            ));
            // The k-th trial may err with probability 6 alpha / (pi k)^2, all together with alpha.
            let k = self.metrics.len() as f64 + 1.0;
            let error = (1.0 - model.plan.confidence) * 6.0 / (PI * k).powi(2);
            let terms = Terms { tolerance: self.arguments.tolerance, error, budget: model.plan.precision.budget };
            let stopped = |stopped| Failure::Document(format!("error: {}: {stopped}", self.candidates.document.name));
            let found: Trial = trial(&model, terms, &|| !interrupted()).map_err(stopped)?.ok_or(Failure::Interrupted)?;
            tried.fate = match (found.met, found.sure) {
                (true, true) => Fate::Met,
                (true, false) => Fate::NearlyMet,
                (false, true) => Fate::Missed,
                (false, false) => Fate::NearlyMissed,
            };
            let goals = model.goals.iter().zip(&found.sides);
            tried.goals = goals.map(|(goal, side)| GoalFound::of(goal, *side, found.metrics.get(&goal.metric))).collect();
            (tried.replications, tried.events, tried.looks) = (found.replications, found.events, found.looks);
            self.sure.insert(at, found.sure);
            self.metrics.insert(at, found.metrics);
        }
        self.tried.insert(at, tried);
        Ok(())
    }

    /// A few more values around the answer of one path, for the chart.
    fn look_around(&mut self, at: usize) -> Result<(), Failure> {
        if self.candidates.axes.len() == 1 {
            for other in at.saturating_sub(BELOW)..self.candidates.len().min(at + ABOVE + 1) {
                self.judge(other)?;
            }
        }
        Ok(())
    }

    /// What one more or one less of each path does.
    fn neighbours(&mut self, at: usize, step: isize) -> Result<Vec<Neighbour>, Failure> {
        let mut found = Vec::new();
        for axis in 0..self.candidates.axes.len() {
            let mut positions = self.candidates.positions(at);
            let values = &self.candidates.axes[axis].values;
            let Some(place) = positions[axis].checked_add_signed(step).filter(|place| *place < values.len()) else { continue };
            positions[axis] = place;
            let (path, value) = (self.candidates.axes[axis].path.clone(), values[place].clone());
            let other = self.candidates.at(&positions);
            let met = self.judge(other)?;
            let tried = &self.tried[&other];
            found.push(Neighbour { path, value, unstable: tried.unstable.clone(), met, goals: tried.goals.clone() });
        }
        Ok(found)
    }

    /// Why nothing will do, and what would help.
    fn why_none(&self, sizing: &Sizing) -> Result<(String, String), Failure> {
        let last = self.candidates.len() - 1;
        let range = |to: u64| format!("Give --range 1..{to}, or more");
        let whole = self.tried.get(&last).and_then(|tried| tried.unstable.clone());
        if let Some(unstable) = whole {
            let advice = match self.candidates.beyond(|known| known.unstable.is_none()) {
                Some(value) => format!("From {value} on it is stable. {}.", range(2 * value)),
                None => "More of it does not make it stable: look at what else is overloaded with `queuelab check`.".to_owned(),
            };
            return Ok((format!("even the largest is {unstable}"), advice));
        }
        let model = self.candidates.model(last)?;
        let below = self.metrics.get(&last).and_then(|metrics| report::below_the_work(&model, metrics));
        if let Some(below) = below {
            return Ok(below);
        }
        let (reason, advice) = report::too_small(sizing);
        // Only where theory knows the numbers is it worth asking.
        let known = self.tried.get(&last).is_some_and(|tried| !tried.theory.is_empty());
        let value = known.then(|| self.candidates.beyond(|known| known.unstable.is_none() && known.expected)).flatten();
        Ok((reason, value.map_or(advice, |value| format!("Theory expects that {value} will do. {}.", range(2 * value)))))
    }

    /// The answer, without what is answered.
    fn begin(&self) -> Sizing {
        let (candidates, plan) = (&self.candidates, &self.first.plan);
        let axes = || candidates.axes.iter().map(|axis| axis.path.clone());
        let costs = axes().zip(&candidates.costs).filter_map(|(path, cost)| Some((path, (*cost)?))).collect();
        Sizing {
            schema_version: report::SCHEMA_VERSION,
            name: candidates.document.name.clone(),
            title: self.first.title.clone(),
            provenance: SizeProvenance {
                program: PROGRAM.to_owned(),
                scenario: candidates.document.text.clone(),
                scenario_sha256: sha256(candidates.document.text.as_bytes()),
                overrides: self.arguments.set.clone(),
                ranges: candidates.axes.iter().map(|axis| (axis.path.clone(), axis.values.clone())).collect(),
                costs,
                seed: plan.seed,
                confidence: plan.confidence,
                tolerance: self.arguments.tolerance,
                events: 0,
            },
            path: axes().next().unwrap_or_default(),
            value: None,
            values: IndexMap::new(),
            cost: None,
            reason: None,
            advice: None,
            sentence: String::new(),
            sure: false,
            goals: Vec::new(),
            one_more: Vec::new(),
            one_less: Vec::new(),
            tried: Vec::new(),
        }
    }
}

/// A value as JSON: a number where it is one.
fn number(written: &str) -> serde_json::Value {
    let whole = written.parse::<u64>().map(serde_json::Value::from);
    whole.or_else(|_| written.parse::<f64>().map(serde_json::Value::from)).unwrap_or_else(|_| written.into())
}
