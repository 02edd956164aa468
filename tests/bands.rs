//! Results over time: bands over replications that hold what they say, and starts that are never cut.

use queuelab::experiment::{self, Column, Study};
use queuelab::scenario::{Document, resolve};

fn study(text: &str, overrides: &[&str]) -> Study {
    let document = Document { name: "test".to_owned(), path: None, text: text.to_owned() };
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let model = resolve(&document, &overrides).unwrap_or_else(|problems| panic!("{problems}")).model;
    experiment::run(&model, &|_, _| true).unwrap()
}

/// A hall that fills: more guides than ever have work, so that the number of visitors is Poisson with mean
/// `rate x stay x (1 - exp(-t / stay))` at time t (M/M/infinity from empty).
const HALL: &str = r#"
[run]
start = "empty"
duration = "40s"
bin = "2s"

[producers.crowd]
arrivals = { poisson = "4/s" }
publish = "hall"

[queues.hall]

[consumers.guides]
queue = "hall"
count = 200
service = { exponential = "10s" }
"#;

/// The mean of the hall's backlog over the bin from `from` to `to`.
fn expected(from: f64, to: f64) -> f64 {
    let (rate, stay) = (4.0, 10.0);
    rate * stay * (1.0 - stay / (to - from) * ((-from / stay).exp() - (-to / stay).exp()))
}

/// Of 300 experiments with 20 bins each the share of bins whose interval holds the exact mean, and likewise for each bin by
/// itself: 95 % of 300 is 285 with a standard deviation of 3.8.
#[test]
fn a_band_holds_the_exact_curve_as_often_as_it_says() {
    let mut hits = [0; 20];
    for seed in 1..=300 {
        let study = study(HALL, &[&format!("run.seed={seed}")]);
        let column = &study.summary.series.columns["queues.hall.backlog"];
        assert_eq!((column.mean.len(), column.low.len(), column.high.len()), (20, 20, 20));
        for (bin, hit) in hits.iter_mut().enumerate() {
            let exact = expected(bin as f64 * 2.0, (bin + 1) as f64 * 2.0);
            let (low, high) = (column.low[bin].unwrap(), column.high[bin].unwrap());
            assert!(low <= column.mean[bin] && column.mean[bin] <= high);
            *hit += u32::from(low <= exact && exact <= high);
        }
    }
    let share = f64::from(hits.iter().sum::<u32>()) / 6000.0;
    assert!((0.935..0.97).contains(&share), "{share}: {hits:?}");
    assert!(hits.iter().all(|hit| (270..=299).contains(hit)), "{hits:?}");
}

/// An interval of four times as many replications is half as wide.
#[test]
fn a_band_narrows_with_the_replications_and_the_range_does_not() {
    let width = |study: &Study| {
        let column = &study.summary.series.columns["queues.hall.backlog"];
        let last = column.mean.len() - 1;
        (column.high[last].unwrap() - column.low[last].unwrap(), column.max[last] - column.min[last])
    };
    let (few, many) = (study(HALL, &["run.replications=25"]), study(HALL, &["run.replications=400"]));
    let ((few, least), (many, most)) = (width(&few), width(&many));
    assert!((3.0..6.0).contains(&(few / many)), "{few} and {many}");
    assert!(most > least && most > 5.0 * many, "{least} and {most}");
}

#[test]
fn one_replication_has_no_band_and_says_so() {
    let study = study(HALL, &["run.replications=1"]);
    let column: &Column = &study.summary.series.columns["queues.hall.backlog"];
    assert_eq!((column.mean.len(), column.low.len(), column.high.len()), (20, 0, 0));
    assert_eq!(column.mean, column.min);
    assert!(column.method.is_none() && column.reason.as_deref().unwrap().contains("run more"), "{column:?}");
}

/// Whatever makes a study one of its start keeps it whole: nothing is cut, and the series begins with the empty system.
#[test]
fn a_start_that_matters_is_never_cut() {
    let profile = r#"producers.crowd.arrivals={ profile = [{ for = "10s", rate = "1/s" }, { for = "10s", from = "1/s", to = "30/s" }, { for = "20s", rate = "1/s" }] }"#;
    let spike = r#"producers.crowd.arrivals={ batch = { arrivals = { constant = "3/min" }, size = 100 } }"#;
    for (what, start, overrides) in [
        ("an empty start", true, &[][..]),
        ("a ramp", false, &[profile]),
        ("a spike", true, &[spike]),
        ("a drain", false, &["run.stop=drained"]),
        ("a number of messages", false, &["producers.crowd.messages=100"]),
        ("many replications", true, &["run.replications=40"]),
        ("a search for precision", true, &["run.precision=10%"]),
    ] {
        let text = if start { HALL.to_owned() } else { HALL.replace("start = \"empty\"", "") };
        let study = study(&text, overrides);
        assert!(study.courses.iter().all(|course| course.warmup.span().0 == 0), "{what}: {:?}", study.courses);
        assert_eq!(study.summary.series.warmup, 0.0, "{what}");
        let column = &study.summary.series.columns["queues.hall.backlog"];
        assert!(column.mean[0] < 0.3 * column.mean.iter().copied().fold(0.0, f64::max), "{what}: {:?}", column.mean);
        assert_eq!(column.low.len(), column.mean.len(), "{what}");
    }
}
