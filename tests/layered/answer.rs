//! The exact long-run numbers of a small model, by the names of our metrics.

use crate::chain::{Counts, Levels, State};
use crate::program::Programs;
use queuelab::model::Model;
use std::collections::BTreeMap;

/// States beyond which a model is not small.
const MOST_STATES: usize = 60_000;
/// Sweeps of Gauss and Seidel, and the relative change of a probability at which it ends.
const SWEEPS: usize = 50_000;
const SETTLED: f64 = 1e-13;

/// What is known of a model.
#[derive(Debug)]
pub struct Answer {
    pub states: usize,
    pub metrics: BTreeMap<String, f64>,
    /// For each metric of a place, its load.
    pub loads: BTreeMap<String, f64>,
}

/// Solves the Markov chain of a model.
pub fn answer(model: &Model) -> Answer {
    let programs = Programs::of(model);
    let (mut numbers, mut states): (BTreeMap<State, usize>, Vec<State>) = (BTreeMap::new(), Vec::new());
    let mut number = |state: State, states: &mut Vec<State>| {
        let next = states.len();
        *numbers.entry(state.clone()).or_insert_with(|| {
            states.push(state);
            next
        })
    };
    number(programs.empty(), &mut states);
    // For each state: what leads into it, at which rate; the rate at which it is left; what happens in it a second.
    let mut into: Vec<Vec<(usize, f64)>> = Vec::new();
    let (mut leaves, mut rates, mut levels) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0;
    while at < states.len() {
        assert!(states.len() < MOST_STATES, "this is no small model");
        let ways = programs.ways(&states[at]);
        levels.push(states[at].levels());
        rates.push(weighted(&ways.iter().map(|(rate, _, counts)| (*rate, counts.clone())).collect::<Vec<_>>()));
        let mut left = 0.0;
        for (rate, state, _) in ways {
            let to = number(state, &mut states);
            if to != at {
                into.resize(into.len().max(to + 1), Vec::new());
                into[to].push((at, rate));
                left += rate;
            }
        }
        leaves.push(left);
        at += 1;
    }
    into.resize(states.len(), Vec::new());
    let chances = stationary(&into, &leaves);
    name(&programs, &mean_counts(&chances, &rates), &mean_levels(&chances, &levels), states.len())
}

/// The stationary distribution.
fn stationary(into: &[Vec<(usize, f64)>], leaves: &[f64]) -> Vec<f64> {
    let mut chances = vec![1.0 / leaves.len() as f64; leaves.len()];
    for _ in 0..SWEEPS {
        let mut change: f64 = 0.0;
        for to in 0..leaves.len() {
            let new = into[to].iter().map(|&(from, rate)| chances[from] * rate).sum::<f64>() / leaves[to];
            change = change.max((new - chances[to]).abs() / new);
            chances[to] = new;
        }
        let sum: f64 = chances.iter().sum();
        chances.iter_mut().for_each(|chance| *chance /= sum);
        if change < SETTLED {
            return chances;
        }
    }
    panic!("the chain does not settle");
}

/// The sum of counts, each times its weight.
fn weighted(parts: &[(f64, Counts)]) -> Counts {
    let sum = |of: fn(&Counts) -> &Vec<f64>| -> Vec<f64> {
        let length = parts.first().map_or(0, |(_, counts)| of(counts).len());
        (0..length).map(|at| parts.iter().map(|(weight, counts)| weight * of(counts)[at]).sum()).collect()
    };
    Counts {
        came: sum(|counts| &counts.came),
        refused: sum(|counts| &counts.refused),
        finished: sum(|counts| &counts.finished),
        good: sum(|counts| &counts.good),
        failed: sum(|counts| &counts.failed),
    }
}

fn mean_counts(chances: &[f64], rates: &[Counts]) -> Counts {
    weighted(&chances.iter().copied().zip(rates.iter().cloned()).collect::<Vec<_>>())
}

fn mean_levels(chances: &[f64], levels: &[Levels]) -> Levels {
    let mean = |of: fn(&Levels) -> &Vec<f64>| -> Vec<f64> {
        (0..of(&levels[0]).len())
            .map(|at| chances.iter().zip(levels).map(|(chance, level)| chance * of(level)[at]).sum())
            .collect()
    };
    Levels {
        busy: mean(|levels| &levels.busy),
        waiting: mean(|levels| &levels.waiting),
        asking: mean(|levels| &levels.asking),
        thinking: mean(|levels| &levels.thinking),
    }
}

/// Names the numbers; times by Little's law.
fn name(programs: &Programs, counts: &Counts, levels: &Levels, states: usize) -> Answer {
    let (mut metrics, mut loads) = (BTreeMap::new(), BTreeMap::new());
    let mut busiest: f64 = 0.0;
    for (at, place) in programs.places.iter().enumerate() {
        let load = levels.busy[at] / place.workers as f64;
        busiest = busiest.max(load);
        let mut put = |name: &str, value: f64| {
            metrics.insert(format!("{}.{name}", place.name), value);
            loads.insert(format!("{}.{name}", place.name), load);
        };
        put("utilization", load);
        put("throughput", counts.finished[at]);
        let begun = counts.came[at] - counts.refused[at];
        put("sojourn.mean", (levels.busy[at] + levels.waiting[at]) / begun);
        if levels.waiting[at] > 0.0 {
            put("wait.mean", levels.waiting[at] / begun);
        }
        if counts.refused[at] > 0.0 {
            metrics.insert(place.refusals.clone(), counts.refused[at] / counts.came[at]);
            loads.insert(place.refusals.clone(), load);
        }
    }
    for (at, class) in programs.classes.iter().enumerate() {
        let mut put = |name: &str, value: f64| {
            metrics.insert(format!("{}.{name}", class.name), value);
            loads.insert(format!("{}.{name}", class.name), busiest);
        };
        put("goodput.rate", counts.good[at]);
        put("response.mean", levels.asking[at] / (counts.good[at] + counts.failed[at]));
    }
    Answer { states, metrics, loads }
}
