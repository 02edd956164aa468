//! Which models are recognised, and that their nearest neighbours are not.

use crate::{model, value};
use queuelab::theory::{Answer, answers};

/// 240/s of 10 ms each before 3 workers; every argument replaces or adds lines of its table.
fn document(run: &str, arrivals: &str, queue: &str, pool: &str, more: &str) -> String {
    let count = if pool.contains("count") { "" } else { "count = 3" };
    format!(
        "[run]\n{run}\n[producers.web]\narrivals = {arrivals}\npublish = \"jobs\"\n[queues.jobs]\n{queue}\n\
         [consumers.workers]\nqueue = \"jobs\"\n{count}\n{pool}\n{more}\n"
    )
}

const RUN: &str = "duration = \"1min\"";
const POISSON: &str = "{ poisson = \"240/s\" }";
const EXPONENTIAL: &str = "service = { exponential = \"10ms\" }";

fn of(run: &str, arrivals: &str, queue: &str, pool: &str, more: &str) -> Vec<Answer> {
    answers(&model(&document(run, arrivals, queue, pool, more)))
}

fn law(answers: &[Answer], metric: &str) -> Option<(String, bool)> {
    answers.iter().find(|answer| answer.metric == metric).map(|answer| (answer.law.clone(), answer.exact))
}

const WAIT: &str = "consumers.workers.wait.mean";
const P99: &str = "consumers.workers.wait.p99";

#[test]
fn laws_are_told_by_their_conditions() {
    let exact = |name: &str| Some((name.to_owned(), true));
    let about = |name: &str| Some((name.to_owned(), false));
    let priority = "discipline = \"priority\"\nmax_priority = 3";
    let cases = [
        (POISSON, "", EXPONENTIAL, exact("M/M/3 (Erlang C)")),
        ("{ renewal = { exponential = \"5ms\" } }", "", EXPONENTIAL, exact("M/M/3 (Erlang C)")),
        (POISSON, "discipline = \"lifo\"", EXPONENTIAL, exact("M/M/3 (Erlang C), last in first out")),
        (POISSON, "discipline = \"random\"", EXPONENTIAL, exact("M/M/3 (Erlang C), random order")),
        // One producer, one priority: the oldest is next.
        (POISSON, priority, EXPONENTIAL, exact("M/M/3 (Erlang C)")),
        (POISSON, "max_length = 7\noverflow = \"reject-publish\"", EXPONENTIAL, exact("M/M/3/10")),
        (POISSON, "max_length = 0\noverflow = \"reject-publish\"", "service = \"10ms\"", exact("M/G/3/3 (Erlang B)")),
        (
            "{ poisson = \"80/s\" }",
            "max_length = 7\noverflow = \"reject-publish\"",
            "count = 1\nservice = { erlang = { stages = 3, mean = \"10ms\" } }",
            exact("M/E3/1/8"),
        ),
        (
            "{ mmpp = { rates = [\"100/s\", \"300/s\"], stay = [\"1s\", \"1s\"] } }",
            "",
            EXPONENTIAL,
            exact("MMPP/M/3 (matrix-geometric)"),
        ),
        (POISSON, "ttl = \"20ms\"", EXPONENTIAL, exact("M/M/3 with a time to live")),
        (POISSON, "", "service = \"10ms\"", exact("M/D/3 (Crommelin, Franx)")),
        (POISSON, "", "service = { gamma = { mean = \"10ms\", cv = 2.0 } }", about("GI/G/3 (Allen-Cunneen)")),
        ("{ constant = \"240/s\" }", "", EXPONENTIAL, exact("D/M/3 (Takács)")),
        ("{ renewal = { gamma = { mean = \"4ms\", cv = 2.0 } } }", "", EXPONENTIAL, exact("GI/M/3 (Takács)")),
        ("{ constant = \"240/s\" }", "", "service = { gamma = { mean = \"10ms\", cv = 2.0 } }", about("GI/G/3 (Allen-Cunneen)")),
        ("{ batch = { arrivals = { poisson = \"60/s\" }, size = 4 } }", "", EXPONENTIAL, exact("M^X/M/3 (state by state)")),
    ];
    for (arrivals, queue, pool, expected) in cases {
        assert_eq!(law(&of(RUN, arrivals, queue, pool, ""), WAIT), expected, "{arrivals} {queue} {pool}");
    }
}

#[test]
fn neighbours_of_a_law_are_not_recognised() {
    let nothing = [
        ("two pools", POISSON, "", EXPONENTIAL, "[consumers.others]\nqueue = \"jobs\"\nservice = { exponential = \"10ms\" }"),
        ("a prefetch buffer", POISSON, "", "prefetch = 5\nservice = { exponential = \"10ms\" }", ""),
        ("an unlimited prefetch", POISSON, "", "prefetch = 0\nservice = { exponential = \"10ms\" }", ""),
        ("a dropped head", POISSON, "max_length = 7\noverflow = \"drop-head\"", EXPONENTIAL, ""),
        ("limit and time to live", POISSON, "max_length = 7\nttl = \"1s\"\noverflow = \"reject-publish\"", EXPONENTIAL, ""),
        ("time to live, last in first out", POISSON, "ttl = \"20ms\"\ndiscipline = \"lifo\"", EXPONENTIAL, ""),
        (
            "a limit before other than exponential work",
            POISSON,
            "max_length = 7\noverflow = \"reject-publish\"",
            "service = \"10ms\"",
            "",
        ),
        (
            "a limit after constant arrivals",
            "{ constant = \"240/s\" }",
            "max_length = 7\noverflow = \"reject-publish\"",
            EXPONENTIAL,
            "",
        ),
        ("batches at constant times", "{ batch = { arrivals = { constant = \"60/s\" }, size = 4 } }", "", EXPONENTIAL, ""),
        (
            "batches before several workers of constant work",
            "{ batch = { arrivals = { poisson = \"60/s\" }, size = 4 } }",
            "",
            "service = \"10ms\"",
            "",
        ),
        ("overload", "{ poisson = \"300/s\" }", "", EXPONENTIAL, ""),
        ("a rate profile", "{ profile = [{ for = \"1min\", rate = \"240/s\" }] }", "", EXPONENTIAL, ""),
        (
            "two constant streams",
            "{ constant = \"120/s\" }",
            "",
            EXPONENTIAL,
            "[producers.b]\narrivals = { constant = \"120/s\" }\npublish = \"jobs\"",
        ),
        ("work of infinite variance", POISSON, "", "service = { pareto = { minimum = \"1ms\", shape = 1.5 } }", ""),
    ];
    for (name, arrivals, queue, pool, more) in nothing {
        let found = of(RUN, arrivals, queue, pool, more);
        assert_eq!((law(&found, WAIT), law(&found, P99)), (None, None), "{name}");
    }
    // No percentiles by an approximation, for batches in another order, and where the order alone is unknown.
    for (arrivals, queue, pool) in [
        (POISSON, "", "service = { normal = { mean = \"10ms\", sd = \"2ms\" } }"),
        ("{ constant = \"240/s\" }", "discipline = \"lifo\"", EXPONENTIAL),
        (POISSON, "discipline = \"lifo\"\nmax_length = 7\noverflow = \"reject-publish\"", EXPONENTIAL),
    ] {
        let found = of(RUN, arrivals, queue, pool, "");
        assert!(law(&found, WAIT).is_some() && law(&found, P99).is_none(), "{arrivals} {queue} {pool}");
    }
}

#[test]
fn runs_that_end_have_no_steady_state() {
    for run in ["duration = \"1min\"\nstart = \"empty\"", "duration = \"1min\"\nstop = \"drained\""] {
        assert_eq!(of(run, POISSON, "", EXPONENTIAL, ""), [], "{run}");
    }
    let text = document(RUN, POISSON, "", EXPONENTIAL, "").replace("publish = \"jobs\"", "publish = \"jobs\"\nmessages = 100");
    assert_eq!(answers(&model(&text)), []);
}

/// A head that is dropped loses the same share and leaves the same number ready, and nothing is said of waits.
#[test]
fn a_dropped_head_loses_the_same_share() {
    let refused = of(RUN, POISSON, "max_length = 7\noverflow = \"reject-publish\"", EXPONENTIAL, "");
    let dropped = of(RUN, POISSON, "max_length = 7\noverflow = \"drop-head\"", EXPONENTIAL, "");
    assert_eq!(value(&refused, "queues.jobs.rejected.ratio"), value(&dropped, "queues.jobs.dropped.ratio"));
    assert_eq!(value(&refused, "queues.jobs.ready.mean"), value(&dropped, "queues.jobs.ready.mean"));
    assert!(!dropped.iter().any(|answer| answer.metric.contains(".wait") || answer.metric.contains(".sojourn")));
}

/// Where nothing else is known, the workers' load is; but not behind a queue that loses, nor in an overload.
#[test]
fn utilization_is_known_where_all_comes_through() {
    let buffered = of(RUN, POISSON, "", "prefetch = 5\nservice = { exponential = \"10ms\" }", "");
    assert!((value(&buffered, "consumers.workers.utilization").unwrap() - 0.8).abs() < 1e-12);
    assert_eq!(value(&of(RUN, "{ poisson = \"300/s\" }", "", EXPONENTIAL, ""), "consumers.workers.utilization"), None);
}

const CHAIN: &str = "[run]\nduration = \"1min\"\n[producers.a]\narrivals = { poisson = \"50/s\" }\npublish = \"first\"\n\
    [producers.b]\narrivals = { poisson = \"30/s\" }\npublish = \"second\"\n[queues.first]\n[queues.second]\n\
    [consumers.one]\nqueue = \"first\"\npublish = \"second\"\nservice = { exponential = \"10ms\" }\n\
    [consumers.two]\nqueue = \"second\"\nservice = { exponential = \"10ms\" }\n";

/// Two M/M/1 in a row, the second fed by a producer of its own too: sojourns of rate 50/s and 20/s add up.
#[test]
fn flows_go_on_and_join() {
    let found = answers(&model(CHAIN));
    let near = |metric: &str, expected: f64| {
        let value = value(&found, metric).unwrap_or(f64::NAN);
        assert!((value / expected - 1.0).abs() < 1e-8, "{metric}: {value} is not {expected}");
    };
    near("consumers.two.wait.mean", 0.8 * 0.05);
    near("producers.a.completion.mean", 0.02 + 0.05);
    near("producers.a.completion.sd", 0.02f64.hypot(0.05));
    near("producers.b.completion.mean", 0.05);
    // Hypoexponential: P(T > t) = (50 exp(-20 t) - 20 exp(-50 t)) / 30 is 0.01 at the p99.
    let p99 = value(&found, "producers.a.completion.p99").unwrap();
    assert!(((50.0 * (-20.0 * p99).exp() - 20.0 * (-50.0 * p99).exp()) / 30.0 - 0.01).abs() < 1e-10);
    assert_eq!(value(&found, "producers.a.wait.p99"), None);
}

#[test]
fn flows_end_where_they_are_no_longer_poisson() {
    // Constant work at the first station: what leaves it is no Poisson process, only its rate is known.
    let constant = answers(&model(&CHAIN.replacen("service = { exponential = \"10ms\" }", "service = \"10ms\"", 1)));
    assert!(value(&constant, "consumers.one.wait.mean").is_some());
    assert_eq!(value(&constant, "consumers.two.wait.mean"), None);
    assert!((value(&constant, "consumers.two.utilization").unwrap() - 0.8).abs() < 1e-12);
    assert_eq!(value(&constant, "producers.a.completion.mean"), None);
    // A queue that loses: not even the rate behind it is known.
    let bounded = answers(&model(&CHAIN.replacen("[queues.first]", "[queues.first]\nmax_length = 3", 1)));
    assert_eq!(value(&bounded, "consumers.two.utilization"), None);
    // Two pools on the first queue.
    let more = "[consumers.three]\nqueue = \"first\"\nservice = \"1ms\"\n";
    assert_eq!(answers(&model(&format!("{CHAIN}{more}"))), []);
    // Three stations, two workers in the middle: means add up, percentiles are not known.
    let middle = CHAIN.replacen("[queues.second]", "[queues.second]\n[queues.third]", 1)
        + "count = 2\npublish = \"third\"\n[consumers.three]\nqueue = \"third\"\nservice = { exponential = \"10ms\" }\n";
    let found = answers(&model(&middle));
    assert!(value(&found, "producers.a.completion.mean").is_some());
    assert_eq!(value(&found, "producers.a.completion.p99"), None);
}

/// Priorities: classes by producer for exponential work and for one worker; drawn priorities are of no class.
#[test]
fn classes_of_priority_have_their_own_waits() {
    let second = "[producers.bulk]\narrivals = { poisson = \"120/s\" }\npublish = \"jobs\"\npriority = 0";
    let first = "{ poisson = \"120/s\" }";
    let queue = "discipline = \"priority\"\nmax_priority = 1";
    let with = |priority: &str, pool: &str| {
        let text = document(RUN, first, queue, pool, second);
        answers(&model(&text.replacen("publish = \"jobs\"", &format!("publish = \"jobs\"\npriority = {priority}"), 1)))
    };
    let found = with("1", EXPONENTIAL);
    assert!(value(&found, "producers.web.wait.p99").is_some() && value(&found, "producers.bulk.wait.p99").is_none());
    assert!(value(&found, "producers.web.wait.mean") < value(&found, "producers.bulk.wait.mean"));
    let drawn = with("{ uniform = { min = 0, max = 1 } }", EXPONENTIAL);
    assert_eq!(value(&drawn, "producers.web.wait.mean"), None);
    assert!(value(&drawn, WAIT).is_some());
    // Several workers with constant work: no law for the classes.
    let constant = with("1", "service = \"10ms\"");
    assert_eq!(value(&constant, "producers.web.wait.mean"), None);
}

/// A burst over a queue of 400/s: 36,000 messages, gone in 180 s, the longest wait 90 s, and called an approximation.
#[test]
fn planned_overloads_are_followed() {
    let burst = "{ profile = [{ for = \"60s\", rate = \"200/s\" }, { for = \"60s\", rate = \"1000/s\" }, { for = \"240s\", rate = \"200/s\" }] }";
    let found = of("start = \"empty\"\nstop = \"drained\"", burst, "", "count = 4\nservice = \"10ms\"", "");
    let text = |metric: &str| (value(&found, metric), found.iter().all(|answer| !answer.exact && answer.law == "fluid"));
    assert_eq!(text("queues.jobs.backlog.max"), (Some(36_000.0), true));
    assert_eq!(text("queues.jobs.drain"), (Some(180.0), true));
    assert_eq!(text("consumers.workers.wait.max"), (Some(90.0), true));
    // Measured after a warm-up, or in a queue with a limit, nothing is said.
    assert_eq!(of("duration = \"6min\"", burst, "", "service = \"10ms\"", ""), []);
    let limited = of("start = \"empty\"\nstop = \"drained\"", burst, "max_length = 10", "service = \"10ms\"", "");
    assert_eq!(limited, []);
}
