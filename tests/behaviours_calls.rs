//! What calls do, each in a small scenario whose outcome is known beforehand: chains, fan-out, hedges, retries, caches, locks,
//! balancers, and what a caller sees of a service that stands still.
//!
//! Random models: within 2 % of the exact value, or within three standard errors. Fixed ones: to the nanosecond.

#[path = "behaviours/checks.rs"]
mod checks;

use checks::{agrees, check, exactly, number, run};
use queuelab::engine::{Observer, Outcome, Transition, World};
use queuelab::scenario::{Document, resolve};
use queuelab::units::Time;

/// Layers that call each other, each with three attempts; the last one always fails.
fn retrying(layers: usize) -> String {
    let mut text =
        "[run]\nstop = \"drained\"\nreplications = 2\n[producers.web]\narrivals = { constant = \"1/s\" }\nmessages = 20\n"
            .to_owned();
    let call = |to: usize| format!("{{ call = \"layer{to}\", retry = {{ max_attempts = 3, backoff = \"1ms\" }} }}");
    text += &format!("steps = [{}]\n", call(1));
    for layer in 1..layers {
        text += &format!("[services.layer{layer}]\ncount = 100\nsteps = [{}]\n", call(layer + 1));
    }
    text + &format!("[services.layer{layers}]\ncount = 100\nsteps = [{{ work = \"1ms\" }}, {{ fail = \"100%\" }}]\n")
}

/// When all fails, attempts multiply: 3 in each of so many layers.
#[test]
fn retries_in_every_layer_multiply() {
    for (layers, attempts) in [(1, 3.0), (3, 27.0), (5, 243.0)] {
        let found = run(&retrying(layers), &[]);
        exactly(&found, &format!("services.layer{layers}.offered.count"), 20.0 * attempts);
        exactly(&found, "producers.web.failed.ratio", 1.0);
        // Only the first layer tries again on behalf of the producer; the layers below do so for their callers.
        exactly(&found, &format!("services.layer{layers}.failed.ratio"), 1.0);
    }
    // When each attempt fails by itself, with probability 1/2: 1 + 1/2 + 1/4 attempts, and 1 in 8 requests fails.
    let one = retrying(1).replace("100%", "50%").replace("messages = 20\n", "messages = 5000\n").replace("\"1/s\"", "\"100/s\"");
    let found = run(&one, &["run.replications=20"]);
    check(&found, "services.layer1.offered.count", 1.75 * 5000.0, 0.02);
    check(&found, "producers.web.failed.ratio", 0.125, 0.05);
}

const CACHED: &str = r#"
[run]
duration = "200s"
replications = 20
[producers.web]
arrivals = { poisson = "200/s" }
steps = [{ cache = "local", miss = [{ call = "db" }] }]
[caches.local]
hit_ratio = 0.9
[services.db]
count = 1000
service = "2ms"
"#;

/// A cache keeps a share h of the load away: without it the database sees 1 / (1 - h) times as much.
#[test]
fn a_cold_cache_multiplies_the_load_of_the_database() {
    for (hit, times) in [(0.9, 10.0), (0.95, 20.0), (0.99, 100.0)] {
        let warm = run(CACHED, &[&format!("caches.local.hit_ratio={hit}")]);
        check(&warm, "services.db.offered.rate", 200.0 / times, 0.05);
        check(&warm, "caches.local.hit.ratio", hit, 0.02);
        check(&warm, "producers.web.response.mean", 0.002 * (1.0 - hit), 0.05);
    }
    check(&run(CACHED, &["caches.local.hit_ratio=0"]), "services.db.offered.rate", 200.0, 0.02);
}

const COLD: &str = r#"
[run]
warmup = "200s"
duration = "50s"
replications = 5
[producers.web]
arrivals = { poisson = "400/s" }
key = { uniform = { keys = 1000 } }
steps = [{ cache = "local", miss = [{ call = "db", timeout = "1s" }] }]
[caches.local]
capacity = 1000
[services.db]
service = "10ms"
"#;

/// A database that does 100/s at 400/s, behind a cache that would take all of it. From cold, whoever arrives in the first third of
/// a second is served within the second that he waits; what comes later is stored for nobody, and so it stays. Where everyone
/// waits as long as it takes, the cache fills.
#[test]
fn a_cache_stays_cold_when_callers_give_up_before_it_fills() {
    let stuck = run(COLD, &[]);
    // 133 requests for 1000 keys are 125 different ones.
    let hits = number(&stuck, "caches.local.hit.ratio");
    assert!((0.10..0.15).contains(&hits), "{hits}");
    let goodput = number(&stuck, "producers.web.goodput.rate");
    assert!((goodput / 400.0 - hits).abs() < 0.01, "{goodput}");
    let utilization = number(&stuck, "services.db.utilization");
    assert!(utilization > 0.9999, "{utilization}");
    let patient = run(&COLD.replace(", timeout = \"1s\"", ""), &[]);
    let hits = number(&patient, "caches.local.hit.ratio");
    assert!(hits > 0.999, "{hits}");
    exactly(&patient, "producers.web.failed.ratio", 0.0);
}

const PEAK: &str = r#"
[run]
start = "empty"
stop = "drained"
replications = 10
[producers.web]
arrivals = { profile = [
    { for = "60s", rate = "200/s" },
    { for = "60s", rate = "1000/s" },
    { for = "240s", rate = "200/s" },
] }
steps = [{ call = "shop" }]
[services.shop]
count = 4
service = "10ms"
"#;

/// 200/s, for a minute 1000/s, and 400/s are done. Who waits for the answer is refused, or gives up, or waits 90 s; the queue of
/// an asynchronous design carries the same (see `a_queue_shaves_a_peak`), and the producer has its answer at once.
#[test]
fn a_synchronous_design_refuses_the_peak_that_a_queue_carries() {
    let refusing = run(PEAK, &["services.shop.queue_limit=100"]);
    check(&refusing, "services.shop.rejected.count", 36_000.0 - 100.0, 0.02);
    check(&refusing, "producers.web.failed.count", 36_000.0 - 100.0, 0.02);
    // 60 % of the burst.
    let share = number(&refusing, "services.shop.rejected.count") / 60_000.0;
    assert!((share - 0.6).abs() < 0.02 * 0.6, "{share}");
    let impatient = PEAK.replace("call = \"shop\"", "call = \"shop\", timeout = { after = \"1s\", cancel = true }");
    let impatient = run(&impatient, &[]);
    // What does not wait for longer than a second is 400; but of what begins just in time, some is called back in the middle of the
    // work, and that has been in vain.
    let timeouts = number(&impatient, "producers.web.timeout.count");
    assert!(timeouts > 0.98 * (36_000.0 - 400.0), "{timeouts}");
    exactly(&impatient, "services.shop.wasted.count", 0.0);
    let patient = run(PEAK, &[]);
    exactly(&patient, "producers.web.failed.count", 0.0);
    let longest = number(&patient, "producers.web.response.max");
    assert!((longest / 90.0 - 1.0).abs() < 0.03, "{longest}");
    let queued = PEAK
        .replace("{ call = \"shop\" }", "{ publish = \"jobs\" }")
        .replace("[services.shop]\n", "[queues.jobs]\n[consumers.shop]\nqueue = \"jobs\"\n");
    let queued = run(&queued, &[]);
    exactly(&queued, "producers.web.response.max", 0.0);
    let longest = number(&queued, "producers.web.completion.max");
    assert!((longest / 90.0 - 1.0).abs() < 0.03, "{longest}");
    check(&queued, "queues.jobs.drain", 180.0, 0.05);
}

const LOCKED: &str = r#"
[run]
stop = "drained"
replications = 1
[producers.first]
arrivals = { renewal = "1s" }
messages = 1
call = "first"
[producers.second]
arrivals = { renewal = "2s" }
messages = 1
call = "second"
[services.first]
steps = [{ lock = "file", steps = [{ work = "1s" }] }]
[services.second]
steps = [{ lock = "file", steps = [{ work = "500ms" }] }]
[locks.file]
lease = "3s"
[[faults]]
pause = "services.first"
at = "1500ms"
for = "10s"
"#;

/// The holder stands still for longer than its lease: another gets the lock, and what the first writes when it wakes is a lost
/// update, or is refused where tokens fence it off. Everything at its instant: the lease of 1 s ends at 4 s, the second is
/// done at 4.5 s, and the first, which had 0.5 s to go, at 12 s.
#[test]
fn a_holder_that_pauses_is_fenced_off() {
    for (fencing, refused, lost) in [(false, 0.0, 1.0), (true, 1.0, 0.0)] {
        let found = run(LOCKED, &[&format!("locks.file.fencing={fencing}")]);
        exactly(&found, "locks.file.expired.count", 1.0);
        exactly(&found, "locks.file.refused.count", refused);
        exactly(&found, "locks.file.lost_update.count", lost);
        exactly(&found, "producers.second.response.max", 2.5);
        exactly(&found, "producers.first.response.max", 11.0);
        exactly(&found, "producers.first.failed.count", refused);
        exactly(&found, "producers.second.failed.count", 0.0);
        exactly(&found, "locks.file.wait.max", 2.0);
    }
    // With a lease that is long enough the second waits, and nobody overtakes.
    let patient = run(LOCKED, &["locks.file.lease=20s"]);
    exactly(&patient, "producers.second.response.max", 10.5);
    exactly(&patient, "locks.file.lost_update.count", 0.0);
}

/// A call for each of so many, one after another or all at once, on services with a worker for everyone.
fn calls(parallel: bool, many: usize, leaf: &str) -> String {
    let calls = if parallel {
        format!("{{ parallel = [{}] }}", vec!["[{ call = \"leaf\" }]"; many].join(", "))
    } else {
        vec!["{ call = \"leaf\" }"; many].join(", ")
    };
    format!(
        "[run]\nstop = \"drained\"\nreplications = 20\n[producers.web]\narrivals = {{ poisson = \"50/s\" }}\nmessages = 10000\nsteps = [{calls}]\n[services.leaf]\ncount = 100000\n{leaf}\n"
    )
}

/// Five calls of Exp(10 ms): one after another the sum, Erlang's distribution; all at once the maximum.
#[test]
fn chains_add_and_fans_take_the_longest() {
    let leaf = "service = { exponential = \"10ms\" }";
    let chain = run(&calls(false, 5, leaf), &[]);
    check(&chain, "producers.web.response.mean", 0.050, 0.02);
    // P(sum > t) = e^-x (1 + x + x^2/2 + x^3/6 + x^4/24) with x = t / 10 ms.
    let beyond = |t: f64| {
        let x = t / 0.010;
        (-x).exp() * (0..5).map(|k| x.powi(k) / (1..=k).map(f64::from).product::<f64>()).sum::<f64>()
    };
    let p99 = solve(|t| beyond(t) - 0.01, 0.0, 1.0);
    assert!((p99 - 0.116).abs() < 5e-4, "{p99}");
    check(&chain, "producers.web.response.p99", p99, 0.03);
    let fan = run(&calls(true, 5, leaf), &[]);
    check(&fan, "producers.web.response.mean", 0.010 * (1..=5).map(|k| 1.0 / f64::from(k)).sum::<f64>(), 0.02);
    check(&fan, "producers.web.response.p99", -0.010 * (1.0 - 0.99f64.powf(0.2)).ln(), 0.03);
}

/// Where a falling function crosses zero.
fn solve(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if f(middle) > 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// All that is called must be there. What is published must not: a request is accepted as soon as its queue has it.
#[test]
fn availabilities_multiply_along_a_chain_and_not_behind_a_queue() {
    for (calls_of_each, up) in [(5, 0.999f64), (10, 0.999), (30, 0.9999)] {
        let leaf = format!("steps = [{{ fail = {} }}]", 1.0 - up);
        let found = run(&calls(false, calls_of_each, &leaf), &[]);
        let exact = 1.0 - up.powi(calls_of_each as i32);
        check(&found, "producers.web.failed.ratio", exact, 0.2);
    }
    let text = r#"
[run]
stop = "drained"
replications = 20
[producers.web]
arrivals = { poisson = "50/s" }
messages = 10000
steps = [{ call = "gateway" }, { publish = "jobs" }]
[services.gateway]
count = 100
steps = [{ fail = "1%" }]
[queues.jobs]
[consumers.workers]
queue = "jobs"
count = 10
steps = [{ work = "1ms" }, { fail = "5%" }]
"#;
    let found = run(text, &[]);
    let accepted = number(&found, "producers.web.goodput.rate") / number(&found, "producers.web.offered.rate");
    assert!((accepted - 0.99).abs() < 0.001, "{accepted}");
    check(&found, "producers.web.failed.ratio", 0.01, 0.1);
    check(&found, "consumers.workers.failed.ratio", 0.05, 0.05);
}

/// One slow leaf makes a request slow: of n with probability p each, 1 - (1 - p)^n.
#[test]
fn fan_out_finds_the_slow_leaf() {
    for (leaves, slow, messages) in [(10usize, 0.01f64, 1000), (50, 0.01, 500), (100, 0.01, 500), (2000, 0.0001, 50)] {
        let leaf = format!(
            "service = {{ discrete = [{{ value = \"1ms\", weight = {} }}, {{ value = \"1001ms\", weight = {slow} }}] }}",
            1.0 - slow
        );
        let found = run(&calls(true, leaves, &leaf), &[&format!("producers.web.messages={messages}")]);
        let exact = 1.0 - (1.0 - slow).powi(leaves as i32);
        check(&found, "producers.web.response.mean", 0.001 + exact, 0.2);
        exactly(&found, "services.leaf.offered.count", (messages * leaves) as f64);
    }
}

/// 99 % Exp(10 ms), 1 % a second: a second copy after the 95th percentile brings the 99.9th from 1 s to some 59 ms, for 5 % more.
#[test]
fn a_second_copy_cuts_the_tail_for_little() {
    let leaf = "service = { mixture = [{ weight = 99, of = { exponential = \"10ms\" } }, { weight = 1, of = \"1s\" }] }";
    let plain = calls(false, 1, leaf);
    let beyond = |t: f64| if t < 1.0 { 0.99 * (-t.max(0.0) / 0.010).exp() + 0.01 } else { 0.0 };
    let after = (solve(|t| beyond(t) - 0.05, 0.0, 0.5) * 1e9).round() / 1e9;
    let hedge = format!("call = \"leaf\", hedge = \"{}ns\"", after * 1e9);
    let hedged = plain.replace("call = \"leaf\"", &hedge);
    let plain = run(&plain, &[]);
    let tail = number(&plain, "producers.web.response.p999");
    assert!((tail - 1.0).abs() < 0.001, "{tail}");
    let hedged = run(&hedged, &["producers.web.messages=20000"]);
    // Both copies are slow: the first by t, the second by t less its delay.
    let exact = solve(|t| beyond(t) * beyond(t - after) - 0.001, after, 0.9);
    assert!((exact - 0.059).abs() < 0.001, "{exact}");
    check(&hedged, "producers.web.response.p999", exact, 0.1);
    let extra = number(&hedged, "services.leaf.offered.count") / 20_000.0 - 1.0;
    assert!((extra - 0.05).abs() < 0.001, "{extra}");
}

const SUPERMARKET: &str = r#"
[run]
warmup = "100s"
duration = "200s"
replications = 4
[producers.web]
arrivals = { poisson = "250/s" }
call = "tills"
[services.tills]
count = 500
balance = "random"
service = { exponential = "1s" }
"#;

/// The supermarket model: with so many tills, and the shorter of d at random, the mean time is the sum of
/// load^((d^i - d) / (d - 1)) over i (Mitzenmacher 2001).
#[test]
fn two_choices_are_much_better_than_one() {
    let exact = |load: f64, d: i32| -> f64 {
        if d == 1 {
            return 1.0 / (1.0 - load);
        }
        (1..20).map(|i| load.powf(f64::from(d.pow(i.min(12) as u32) - d) / f64::from(d - 1))).sum()
    };
    for (rate, choices, tabled) in [(250, 1, 2.0), (250, 2, 1.27), (250, 3, 1.13), (450, 2, 2.61), (450, 3, 2.03)] {
        let exact = exact(f64::from(rate) / 500.0, choices);
        assert!((exact - tabled).abs() < 0.01, "{exact}");
        let balance = match choices {
            1 => "services.tills.balance=random".to_owned(),
            _ => format!("services.tills.balance={{ choices = {choices} }}"),
        };
        let found = run(SUPERMARKET, &[&format!("producers.web.arrivals.poisson={rate}/s"), &balance]);
        // Of few replications: within 2 %.
        let mean = number(&found, "producers.web.response.mean");
        assert!((mean / exact - 1.0).abs() < 0.02, "{rate}/s, {choices} choices: {mean} for {exact}");
    }
}

const STALL: &str = r#"
[run]
duration = "200s"
warmup = "none"
start = "empty"
stop = "drained"
replications = 1
[producers.open]
arrivals = { constant = "100/s" }
call = "shop"
[producers.tester]
clients = 1
think = "9ms"
call = "shop"
[services.shop]
count = 100000
service = "1ms"
[[faults]]
pause = "services.shop"
at = "100s"
for = "100s"
"#;

/// A hundred seconds of 1 ms, then the service stands still for a hundred seconds. A tester who waits for each answer sees one
/// slow request; those who come at their own pace wait 25 s on average (Tene: coordinated omission).
#[test]
fn a_tester_who_waits_for_answers_omits_those_that_would_have_been_slow() {
    let found = run(STALL, &[]);
    let mean = |name: &str| number(&found, &format!("producers.{name}.response.mean"));
    let near = |metric: &str, exact: f64, off: f64| {
        let found = number(&found, metric);
        assert!((found - exact).abs() <= off, "{metric} is {found}, should be {exact}");
    };
    near("producers.tester.offered.count", 10_000.0, 2.0);
    near("producers.tester.response.mean", 0.011, 1e-5);
    near("producers.tester.response.p99", 0.001, 1e-5);
    near("producers.tester.response.max", 100.0, 0.011);
    near("producers.open.offered.count", 20_000.0, 1.0);
    near("producers.open.response.mean", 25.0, 0.01);
    near("producers.open.response.p75", 50.0, 0.1);
    near("producers.open.response.p99", 98.0, 0.2);
    assert!(mean("open") > 2000.0 * mean("tester"));
    // The same with a single caller in front of open arrivals: what it sees of each request, and the truth. In the stall 10,000
    // pile up, and the last waits for all of them.
    let text = STALL.replace("call = \"shop\"\n[producers.tester]", "callers = 1\ncall = \"shop\"\n[producers.tester]");
    let found = run(&text, &[]);
    let observed = number(&found, "producers.open.observed.mean");
    assert!((observed - (0.001 + 100.0 / 20_000.0)).abs() < 1e-5, "{observed}");
    assert!(number(&found, "producers.open.response.mean") > 25.0);
    assert!(number(&found, "producers.open.observed.p99") < 0.0011);
}

/// Notes when requests are shed.
#[derive(Default)]
struct Shed(Vec<f64>);

impl Observer for Shed {
    fn record(&mut self, now: Time, transition: Transition<'_>) {
        if let Transition::Lost { outcome: Outcome::Expired, .. } = transition {
            self.0.push(now.as_secs_f64() * 1e3);
        }
    }
}

/// A service whose queue stands: twice as much comes as it does. CoDel drops at the published pace, the k-th an interval / sqrt(k)
/// after the one before.
#[test]
fn codel_drops_at_the_published_pace() {
    let text = r#"
[run]
duration = "3s"
[producers.web]
arrivals = { constant = "20000/s" }
call = "shop"
[services.shop]
service = "100us"
shed = "codel"
"#;
    let document = Document { name: "codel".to_owned(), path: None, text: text.to_owned() };
    let model = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}")).model;
    let mut world = World::new(&model, 1, 0, Time(3_000_000_000));
    let mut shed = Shed::default();
    world.advance(Time(3_000_000_000), u64::MAX, &mut shed).unwrap();
    world.audit().unwrap();
    assert!(shed.0.len() > 100);
    let mut due = 0.0;
    for (k, at) in shed.0.iter().enumerate().take(100) {
        if k > 0 {
            due += 100.0 / (k as f64).sqrt();
        }
        // A worker looks every 0.1 ms.
        let offset = at - shed.0[0];
        assert!((-0.11..=0.11).contains(&(offset - due)), "drop {k} at {offset} ms for {due}");
    }
    for (at, offset) in shed.0.iter().zip([0.0, 100.0, 170.7, 228.4, 278.4]) {
        assert!((at - shed.0[0] - offset).abs() < 0.2);
    }
    // The first when all have waited more than 5 ms for 100 ms: half of what comes is left over, so that request 200 waits 5 ms.
    assert!((105.0..=115.0).contains(&shed.0[0]), "{}", shed.0[0]);
}

/// The checks of this file notice what is off.
#[test]
fn checks_notice_what_is_off() {
    let found = run(&calls(false, 2, "service = { exponential = \"10ms\" }"), &["producers.web.messages=5000"]);
    assert!(agrees(&found, "producers.web.response.mean", 0.020, 0.05).is_ok());
    assert!(agrees(&found, "producers.web.response.mean", 0.021, 0.05).is_err());
}
