//! Retry storms: a service that does 300/s stands still for ten seconds, callers give up after a second and try again, and what
//! they gave up is served all the same. Whether it recovers, over twenty seeds for each case.
//!
//! The shape is that of Bronson, Aghayev, Charapko, Zhu 2021, "Metastable failures in distributed systems". A case is safe when
//! the rate of first attempts times attempts stays below 300/s, or when a cure keeps it there; the times to recover were found
//! with a script of fifty lines that knows nothing of this program, five seeds each, to whole seconds.

use queuelab::experiment;
use queuelab::scenario::{Document, resolve};
use rayon::prelude::*;

const SEEDS: u64 = 20;
/// The outage, in seconds from the start.
const OUTAGE: std::ops::Range<usize> = 60..70;

/// A case: first attempts a second, attempts in all, more keys of `retry`, more keys of the service, and seconds simulated.
struct Case {
    rate: u32,
    attempts: u32,
    retry: &'static str,
    service: &'static str,
    seconds: u32,
}

const STORM: Case = Case { rate: 280, attempts: 2, retry: "", service: "", seconds: 220 };

/// What became of it: for each seed the goodput in every second, and what the service did a second at the end.
struct Fate {
    goodput: Vec<Vec<f64>>,
    served: Vec<f64>,
    rate: f64,
}

fn run(case: &Case) -> Fate {
    let Case { rate, attempts, retry, service, seconds } = case;
    let text = format!(
        r#"
[run]
duration = "{seconds}s"
start = "empty"
bin = "1s"
replications = 1
[producers.web]
arrivals = {{ poisson = "{rate}/s" }}
steps = [{{ call = "db", retry = {{ max_attempts = {attempts}, backoff = "0s"{retry} }}, timeout = "1s" }}]
[services.db]
service = "3333333ns"
{service}
[[faults]]
pause = "services.db"
at = "60s"
for = "10s"
"#
    );
    let document = Document { name: "metastable".to_owned(), path: None, text };
    let model = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}")).model;
    let each = |seed: u64| {
        let mut model = model.clone();
        model.plan.seed = seed;
        let summary = experiment::run(&model, &|_, _| true).unwrap_or_else(|stopped| panic!("{stopped}")).summary;
        let column = |name: &str| summary.series.columns[name].mean.clone();
        let served = column("services.db.throughput");
        (column("producers.web.goodput.rate"), mean(&served[served.len() - 40..]))
    };
    let (goodput, served) = (1..=SEEDS).into_par_iter().map(each).unzip();
    Fate { goodput, served, rate: f64::from(*rate) }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

impl Fate {
    /// For each seed: the seconds after the outage until five in a row bring 90 % of what is asked for; none: never.
    fn recoveries(&self) -> Vec<Option<usize>> {
        let recovered = |goodput: &Vec<f64>| goodput[OUTAGE.end..].windows(5).position(|window| mean(window) > 0.9 * self.rate);
        self.goodput.iter().map(recovered).collect()
    }

    /// It was well before, and never is again.
    fn is_stuck(&self) -> bool {
        let well = self.goodput.iter().all(|goodput| mean(&goodput[10..OUTAGE.start]) > 0.95 * self.rate);
        let dead = self.goodput.iter().all(|goodput| mean(&goodput[goodput.len() - 40..]) < 0.01 * self.rate);
        well && dead && self.recoveries().iter().all(Option::is_none)
    }
}

/// How far two samples are from one distribution, in standard deviations of the sum of ranks (Wilcoxon, Mann, Whitney).
fn distance(one: &[Option<usize>], other: &[Option<usize>]) -> f64 {
    let rank = |time: &Option<usize>| time.unwrap_or(usize::MAX);
    let wins = |a: usize, b: usize| f64::from(u8::from(a > b)) + f64::from(u8::from(a == b)) / 2.0;
    let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (rank(a), rank(b))));
    let sum: f64 = pairs.map(|(a, b)| wins(a, b)).sum();
    let (n, m) = (one.len() as f64, other.len() as f64);
    (sum - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

/// The first and the last of those that recover.
fn span(times: &[Option<usize>]) -> (usize, usize) {
    let times: Vec<usize> = times.iter().flatten().copied().collect();
    (*times.iter().min().expect("some recover"), *times.iter().max().expect("some recover"))
}

/// The script's seeds 1 to 20.
const TWO_OF_140: &[usize] = &[90, 96, 104, 104, 109, 110, 111, 114, 114, 115, 116, 117, 121, 122, 123, 123, 126, 135, 138, 144];
const THREE_OF_90: &[usize] = &[57, 60, 60, 61, 67, 68, 70, 70, 71, 72, 73, 73, 76, 76, 76, 76, 77, 79, 82, 83];
const ONE_OF_280: &[usize] =
    &[111, 116, 117, 118, 121, 121, 122, 123, 124, 125, 125, 132, 134, 134, 134, 134, 137, 137, 141, 148];
/// Two of them never, in 190 s.
const DROPPED: &[usize] = &[10, 11, 25, 31, 44, 45, 57, 58, 66, 85, 107, 112, 113, 114, 114, 134, 137, 147];
const BUDGETED: &[usize] = &[111, 117, 120, 121, 121, 122, 122, 123, 125, 125, 125, 133, 134, 135, 135, 136, 138, 140, 141, 148];

/// It recovers in all seeds but so many, and does so as the script does; what was stated for five seeds lies within the span of
/// these twenty.
fn recovers(case: &Case, script: &[usize], stated: (usize, usize), but: usize) {
    let times = run(case).recoveries();
    let never = times.iter().filter(|time| time.is_none()).count();
    assert!(never <= but, "{never} never recover: {times:?}");
    let (first, last) = span(&times);
    assert!(first <= stated.0 && stated.1 <= last, "{times:?} do not span {stated:?}");
    let mut script: Vec<Option<usize>> = script.iter().copied().map(Some).collect();
    script.resize(script.len().max(SEEDS as usize), None);
    let z = distance(&times, &script);
    assert!(z.abs() < 3.29, "z = {z}: {times:?} for {script:?}");
}

/// More than the service can do if everyone tries as often as they may: for ever.
#[test]
fn a_retry_storm_outlives_its_cause() {
    for case in [STORM, Case { rate: 160, ..STORM }, Case { rate: 120, attempts: 3, ..STORM }] {
        let fate = run(&case);
        assert!(fate.is_stuck(), "{}/s, {} attempts: {:?}", case.rate, case.attempts, fate.recoveries());
        // All that it does is in vain.
        assert!(fate.served.iter().all(|served| (served / 300.0 - 1.0).abs() < 0.01), "{:?}", fate.served);
    }
}

/// Less than that: it comes back when the backlog is worked off.
#[test]
fn below_the_bound_it_recovers() {
    recovers(&Case { rate: 140, seconds: 260, ..STORM }, TWO_OF_140, (104, 122), 0);
    recovers(&Case { rate: 90, attempts: 3, seconds: 200, ..STORM }, THREE_OF_90, (77, 77), 0);
}

/// What helps at 280/s, and what does not.
#[test]
fn cures_keep_the_load_below_what_can_be_done() {
    // The backlog of 2800 is worked off at 20/s.
    recovers(&Case { attempts: 1, seconds: 260, ..STORM }, ONE_OF_280, (111, 123), 0);
    // Whoever has waited for too long is not served: what is done is never in vain, but each request comes twice.
    recovers(&Case { service: "shed = \"deadline\"", seconds: 260, ..STORM }, DROPPED, (10, 85), 4);
    for case in [
        Case { service: "discipline = \"lifo\"", seconds: 120, ..STORM },
        Case { attempts: 1, service: "shed = \"deadline\"", seconds: 120, ..STORM },
    ] {
        let times = run(&case).recoveries();
        assert!(times.iter().all(|time| *time == Some(0)), "{times:?}");
    }
    // A tenth of what succeeds is nothing while nothing does.
    let of = |what: &'static str| Case { retry: what, seconds: 260, ..STORM };
    recovers(&of(", budget = { ratio = { share = \"10%\", of = \"successes\" } }"), BUDGETED, (111, 111), 0);
    // A tenth of what is asked: 280 x 1.1 is more than 300, 260 x 1.1 is not, and leaves 14/s to work off a backlog of 2600.
    let requests = of(", budget = { ratio = { share = \"10%\", of = \"requests\" } }");
    assert!(run(&requests).is_stuck());
    let times = run(&Case { rate: 260, seconds: 340, ..requests }).recoveries();
    assert!(times.iter().all(Option::is_some), "{times:?}");
    let (first, last) = span(&times);
    assert!(first <= 150 && 150 <= last && 100 < first && last < 250, "{times:?}");
}

/// The comparison of samples: tables of the rank sum test give z = (0 - 8) / sqrt(4 x 4 x 9 / 12) for four below four.
#[test]
fn samples_are_compared_by_their_ranks() {
    let sample = |values: [usize; 4]| values.map(Some).to_vec();
    let z = distance(&sample([1, 2, 3, 4]), &sample([5, 6, 7, 8]));
    assert!((z + 8.0 / 12f64.sqrt()).abs() < 1e-12, "{z}");
    assert_eq!(distance(&sample([1, 2, 3, 4]), &sample([1, 2, 3, 4])), 0.0);
    assert!(distance(&[None; 20], &BUDGETED.iter().copied().map(Some).collect::<Vec<_>>()) > 3.29);
}
