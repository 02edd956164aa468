//! The analytic twin against a bank of exact values, and at the borders of what it recognises.

#[path = "theory/recognition.rs"]
mod recognition;
#[path = "theory/robustness.rs"]
mod robustness;
#[path = "theory/services.rs"]
mod services;

use queuelab::model::{Arrivals, Model, Step, Work};
use queuelab::random::{self, Distribution};
use queuelab::scenario::{Document, read, resolve};
use queuelab::theory::{Answer, answers};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A model from text.
pub fn model(text: &str) -> Model {
    let document = Document { name: "test".to_owned(), path: None::<PathBuf>, text: text.to_owned() };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{}", problems.render(false))).model
}

/// The value of a metric, if theory has it.
pub fn value(answers: &[Answer], metric: &str) -> Option<f64> {
    answers.iter().find(|answer| answer.metric == metric).map(|answer| answer.value)
}

/// A model from the folder of reference scenarios, with means that are not rounded to nanoseconds as those of documents are.
fn reference(file: &str) -> Model {
    let document = read(&Path::new("tests/data/reference").join(file)).expect("a reference scenario is read");
    let mut model = resolve(&document, &[]).expect("a reference scenario is valid").model;
    let table: toml::Table = document.text.parse().expect("a reference scenario is TOML");
    for pool in &mut model.pools {
        let form = table["consumers"][&pool.name].get("service");
        if let (Some(Step::Work(Work::Drawn(service))), Some(form)) = (pool.handler.0.first_mut(), form) {
            unround(service, form);
        }
    }
    for producer in &mut model.producers {
        if let Arrivals::Renewal { gap } = &mut producer.arrivals {
            unround(gap, &table["producers"][&producer.name]["arrivals"]["renewal"]);
        }
    }
    model
}

/// The lengths of a distribution exactly as they are written.
fn unround(of: &mut Distribution, form: &toml::Value) {
    match of {
        Distribution::Constant { value } if form.is_str() => *value = nanos(form),
        Distribution::Exponential { mean } => *mean = nanos(&form["exponential"]),
        Distribution::Erlang { mean, .. } => *mean = nanos(&form["erlang"]["mean"]),
        Distribution::Gamma { scale, .. } => *scale = nanos(&form["gamma"]["scale"]),
        Distribution::Hyperexponential { branches } => {
            let means = form["hyperexponential"].as_array().into_iter().flatten().map(|branch| nanos(&branch["mean"]));
            branches.iter_mut().zip(means).for_each(|(branch, mean)| branch.mean = mean);
        }
        Distribution::Lognormal { .. } => {
            let form = &form["lognormal"];
            let cv = form["cv"].as_float().expect("the cv is a number");
            *of = random::lognormal_mean_cv(nanos(&form["mean"]), cv).expect("the parameters are valid");
        }
        _ => {}
    }
}

/// A written length in nanoseconds, with all its digits.
fn nanos(form: &toml::Value) -> f64 {
    let text = form.as_str().expect("a length is a text");
    let number = text.trim_end_matches(|sign: char| sign.is_alphabetic() || sign == 'µ');
    let unit = match &text[number.len()..] {
        "ns" => 1.0,
        "us" | "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        other => panic!("unknown unit {other}"),
    };
    number.parse::<f64>().expect("a length is a number") * unit
}

/// A row of the bank.
struct Row {
    family: String,
    id: String,
    scenario: String,
    metric: String,
    value: f64,
}

fn bank() -> Vec<Row> {
    let mut reader = csv::Reader::from_path("tests/data/reference/values.csv").expect("the bank is there");
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(|row| row.expect("the bank is CSV"));
    rows.map(|row| Row {
        family: row["id"].split('-').next().unwrap_or_default().to_owned(),
        id: row["id"].clone(),
        scenario: row["scenario"].clone(),
        metric: row["metric"].clone(),
        value: row["value"].parse().expect("values are numbers"),
    })
    .collect()
}

/// Family, how many of its values are compared, and the relative error that is allowed: 1e-9 for closed forms and recursions (a
/// bank value has 1e-12 or so), more where a transform is inverted numerically: 1e-8, and 1e-7 for uniform work, whose corners
/// leave kinks. The stays of the MMPP phases and the times in steps and services are rounded to nanoseconds here, which moves a
/// value by up to 1e-6.
const FAMILIES: &[(&str, usize, f64)] = &[
    ("clsd", 25, 1e-6),
    ("disp", 12, 1e-9),
    ("fan", 22, 1e-6),
    ("fb", 12, 1e-6),
    ("fj", 1, 1e-6),
    ("gim", 42, 1e-9),
    ("hdg", 14, 1e-6),
    ("jack", 14, 1e-6),
    ("md1q", 12, 1e-9),
    ("mdc", 21, 1e-9),
    ("mg1", 38, 1e-9),
    ("mg1d", 6, 1e-8),
    ("mg1k", 12, 1e-9),
    ("mgcc", 9, 1e-9),
    ("mgq", 12, 1e-7),
    ("mm1", 33, 1e-9),
    ("mmc", 65, 1e-9),
    ("mmcd", 15, 1e-9),
    ("mmck", 27, 1e-9),
    ("mmpp", 21, 1e-6),
    ("mphq", 18, 1e-9),
    ("mxg", 2, 1e-9),
    ("mxm", 23, 1e-9),
    ("ord", 18, 1e-9),
    ("phc", 4, 1e-9),
    ("prnp", 5, 1e-9),
    ("ps", 6, 1e-6),
    ("redl", 2, 1e-6),
    ("vac", 2, 1e-6),
];

/// 493 exact values of the bank, each within the error of its family.
#[test]
fn exact_answers_are_those_of_the_bank() {
    let mut known: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    let mut compared: BTreeMap<String, usize> = BTreeMap::new();
    for row in bank() {
        let found = known.entry(row.scenario.clone()).or_insert_with(|| answers(&reference(&row.scenario)));
        let Some(answer) = found.iter().find(|answer| answer.exact && answer.metric == row.metric) else { continue };
        let family =
            FAMILIES.iter().find(|family| family.0 == row.family).unwrap_or_else(|| panic!("{} has no tolerance", row.id));
        assert!(
            (answer.value - row.value).abs() <= family.2 * row.value.abs(),
            "{}: {} is not {}",
            row.id,
            answer.value,
            row.value
        );
        *compared.entry(row.family).or_default() += 1;
    }
    for (family, count, _) in FAMILIES {
        assert_eq!(compared.get(*family), Some(count), "{family}");
    }
    assert_eq!(compared.values().sum::<usize>(), 493);
}

/// Approximations are called so, and are as near as they are known to be: within 10 % for these eleven mean waits and levels.
#[test]
fn approximations_are_near_and_called_so() {
    let mut compared = 0;
    for row in bank().into_iter().filter(|row| ["mapph", "phc", "out"].contains(&row.family.as_str())) {
        let found = answers(&reference(&row.scenario));
        let Some(answer) = found.iter().find(|answer| !answer.exact && answer.metric == row.metric) else { continue };
        assert!((answer.value / row.value - 1.0).abs() < 0.1, "{}: {} is not near {}", row.id, answer.value, row.value);
        compared += 1;
    }
    assert_eq!(compared, 11);
}

/// What books print: 100/s of 50 ms each before 6, 7, 8 and 10 workers; loss of M/M/1/K.
#[test]
fn textbook_numbers() {
    for (count, waited, wait, p99) in
        [(6, 0.5875, 0.0294, 0.204), (7, 0.3241, 0.00810, 0.087), (8, 0.1673, 0.00279, 0.047), (10, 0.0361, 0.00036, 0.0128)]
    {
        let found = answers(&model(&format!(
            "[run]\nduration = \"1min\"\n[producers.web]\narrivals = {{ poisson = \"100/s\" }}\npublish = \"jobs\"\n\
             [queues.jobs]\n[consumers.workers]\nqueue = \"jobs\"\ncount = {count}\nservice = {{ exponential = \"50ms\" }}\n"
        )));
        for (metric, expected) in [("waited.ratio", waited), ("wait.mean", wait), ("wait.p99", p99)] {
            let value = value(&found, &format!("consumers.workers.{metric}")).expect("M/M/c is recognised");
            assert!((value / expected - 1.0).abs() < 6e-3, "{count} {metric}: {value} is not {expected}");
        }
    }
    for (rate, limit, loss) in [("90/s", 9, 0.0508), ("120/s", 99, 0.1667)] {
        for (overflow, cause) in [("reject-publish", "rejected"), ("drop-head", "dropped")] {
            let found = answers(&model(&format!(
                "[run]\nduration = \"1min\"\n[producers.web]\narrivals = {{ poisson = \"{rate}\" }}\npublish = \"jobs\"\n\
                 [queues.jobs]\nmax_length = {limit}\noverflow = \"{overflow}\"\n[consumers.workers]\nqueue = \"jobs\"\n\
                 service = {{ exponential = \"10ms\" }}\n"
            )));
            let value = value(&found, &format!("queues.jobs.{cause}.ratio")).expect("M/M/1/K is recognised");
            assert!((value - loss).abs() < 5e-5, "{rate} {overflow}: {value} is not {loss}");
        }
    }
}
