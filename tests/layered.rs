//! Layered systems, in which workers are held while they wait for others: exact answers of their Markov chains, beside what the
//! program says about them.
//!
//! The chains know nothing of the engine: their programs, states and transitions are written anew, from what the steps mean.

#[path = "layered/answer.rs"]
mod answer;
#[path = "layered/chain.rs"]
mod chain;
#[path = "layered/models.rs"]
mod models;
#[path = "layered/program.rs"]
mod program;
#[allow(dead_code, reason = "the reference values are not needed here, only their judge")]
#[path = "reference/suite.rs"]
mod suite;

use answer::{Answer, answer};
use models::MODELS;
use queuelab::model::Model;
use queuelab::scenario::{Document, resolve};
use rayon::prelude::*;
use suite::measure::{Outcome, outcomes};
use suite::values::{Kind, Row};
use suite::verdict::judge;

const SEED: u64 = 4;
const RUN: &str = "[run]\nduration = \"8000s\"\nwarmup = \"60s\"\nreplications = 20\n";

fn model(text: &str) -> Model {
    let document = Document { name: "layered".to_owned(), path: None, text: format!("{RUN}{text}") };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}")).model
}

fn rows(name: &str, answer: &Answer) -> Vec<Row> {
    let row = |(metric, &value): (&String, &f64)| Row {
        id: format!("{name}: {metric}"),
        metric: metric.clone(),
        value,
        kind: Kind::Interval,
        load: answer.loads[metric],
    };
    answer.metrics.iter().map(row).collect()
}

#[test]
fn layers_wait_for_each_other_as_their_markov_chains_say() {
    let of = |&(name, text): &(&str, &str)| -> (String, Vec<Outcome>) {
        let model = model(text);
        let answer = answer(&model);
        let found = outcomes(name, model, &rows(name, &answer), SEED);
        (format!("{name}: {} states, {} values", answer.states, answer.metrics.len()), found)
    };
    let all: Vec<(String, Vec<Outcome>)> = MODELS.par_iter().map(of).collect();
    all.iter().for_each(|(line, _)| println!("{line}"));
    let all: Vec<Outcome> = all.into_iter().flat_map(|(_, outcomes)| outcomes).collect();
    let verdict = judge(&all);
    println!("{}\n{}", verdict.tests.join("\n"), verdict.misses.join("\n"));
    let middle = verdict.widths[verdict.widths.len() / 2];
    println!("worst z {:+.2}, half the intervals of means are within {:.2} %", verdict.worst, middle * 100.0);
    assert!(verdict.problems.is_empty() && verdict.silent.is_empty(), "{:?} {:?}", verdict.problems, verdict.silent);
    assert!(verdict.judged >= 90, "only {} intervals were judged", verdict.judged);
    // The judge would notice answers that are 3 % off.
    let mut off = all;
    off.iter_mut().for_each(|outcome| outcome.row.value *= 1.03);
    assert!(!judge(&off).problems.is_empty(), "3 % are not noticed");
}

/// The chains themselves, against closed forms.
#[test]
fn chains_know_what_formulas_know() {
    let close = |answer: &Answer, metric: &str, exact: f64| {
        let found = answer.metrics[metric];
        assert!((found / exact - 1.0).abs() < 1e-9, "{metric} is {found}, should be {exact}");
    };
    // One client meets nobody: its response is the sum of all times that it waits for, and no second phase.
    let alone = answer(&model(
        r#"
[producers.web]
clients = 1
think = { exponential = "2s" }
call = "a"
[services.a]
steps = [
    { work = { exponential = "100ms" } },
    { parallel = [[{ call = "b" }], [{ call = "c" }]] },
    { call = "b" },
]
[services.b]
service = { exponential = "200ms" }
[services.c]
service = { exponential = "300ms" }
"#,
    ));
    // The longer of two exponential times: the sum less the shorter.
    let response = 0.1 + (0.2 + 0.3 - 1.0 / (1.0 / 0.2 + 1.0 / 0.3)) + 0.2;
    close(&alone, "producers.web.response.mean", response);
    close(&alone, "producers.web.goodput.rate", 1.0 / (2.0 + response));
    close(&alone, "services.b.utilization", 0.4 / (2.0 + response));
    // Machine repairmen: n clients and one worker are a queue of birth and death.
    let repair = answer(&model(
        "[producers.web]\nclients = 4\nthink = { exponential = \"1s\" }\ncall = \"a\"\n[services.a]\nservice = { exponential = \"400ms\" }\n",
    ));
    let weights: Vec<f64> = (0..=4).map(|k: i32| (0..k).map(|i| f64::from(4 - i) * 0.4).product()).collect();
    let sum: f64 = weights.iter().sum();
    let rate = (1.0 - weights[0] / sum) / 0.4;
    close(&repair, "producers.web.goodput.rate", rate);
    close(&repair, "producers.web.response.mean", 4.0 / rate - 1.0);
    // M/M/2 with two places to wait: the share refused is that of the last state.
    let bounded = answer(&model(
        "[producers.web]\narrivals = { poisson = \"5/s\" }\ncall = \"a\"\n[services.a]\ncount = 2\nqueue_limit = 2\nservice = { exponential = \"500ms\" }\n",
    ));
    let load: f64 = 2.5;
    let weights = [1.0, load, load * load / 2.0, load.powi(3) / 4.0, load.powi(4) / 8.0];
    close(&bounded, "services.a.rejected.ratio", weights[4] / weights.iter().sum::<f64>());
}
