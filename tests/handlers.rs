//! Systems of services keep the laws: the same bytes on any number of threads, numbers that hang on names alone, nothing lost
//! without a reason, nothing left behind, and circles of waiting that are found.

#[path = "handlers/systems.rs"]
mod systems;

use queuelab::engine::{Halt, Observer, Transition, World};
use queuelab::experiment::{self, Summary};
use queuelab::measure::{Recorder, Source, sources};
use queuelab::model::{Load, Model, metrics};
use queuelab::scenario::{Document, resolve};
use queuelab::units::{Span, Time};
use rayon::prelude::*;
use systems::system;

fn model(text: &str) -> Model {
    let document = Document { name: "handlers".to_owned(), path: None, text: text.to_owned() };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}\n{text}")).model
}

fn run(text: &str) -> Summary {
    experiment::run(&model(text), &|_, _| true).unwrap_or_else(|stopped| panic!("{stopped}")).summary
}

fn number(summary: &Summary, metric: &str) -> f64 {
    summary.metrics.get(metric).and_then(|reading| reading.value.estimate).unwrap_or_else(|| panic!("{metric} has no value"))
}

/// Much of what can happen to a call.
const BUSY: &str = r#"
[run]
duration = "20s"
replications = 5
seed = 42

[producers.web]
arrivals = { poisson = "60/s" }
key = { zipf = { keys = 50 } }
steps = [
    { call = "gateway", timeout = "300ms", retry = { max_attempts = 3, backoff = "5ms", jitter = "full", budget = { tokens = {} } } },
    { publish = "mails" },
]

[producers.clients]
clients = 5
think = { exponential = "100ms" }
steps = [{ parallel = [[{ call = "stock", hedge = "20ms" }], [{ call = "db" }]], join = "any" }]

[services.gateway]
count = 4
queue_limit = 20
shed = "deadline"
steps = [
    { work = { exponential = "5ms" } },
    { call = "stock", deadline = "100ms", cancel = true, breaker = { window = 20, min_calls = 10, open = "200ms" }, fallback = [{ wait = "1ms" }] },
    { reply = true },
    { lock = "row", steps = [{ call = "db" }] },
]

[services.stock]
count = 4
balance = "two-random-choices"
host = "node"
steps = [{ cache = "local", miss = [{ work = { exponential = "20ms" } }] }, { choose = [{ weight = 9 }, { weight = 1, steps = [{ fail = "50%" }] }] }]

[services.db]
count = 2
host = "node"
service = { lognormal = { mean = "6ms", cv = 1.5 } }
network = { exponential = "1ms" }

[queues.mails]
max_length = 50

[consumers.mailers]
queue = "mails"
steps = [{ work = { exponential = "8ms" } }, { repeat = { geometric = { mean = 1.5 } }, steps = [{ call = "db" }] }]

[hosts.node]
cores = 2

[locks.row]
permits = 2
lease = "100ms"

[caches.local]
capacity = 20
ttl = "1s"

[[faults]]
crash = "services.stock"
count = 2
every = { exponential = "3s" }
for = { exponential = "500ms" }

[[faults]]
loss = "services.gateway"
share = 0.02
at = "5s"
for = "5s"

[[faults]]
slow = "consumers.mailers"
factor = 3
every = { exponential = "4s" }
for = "1s"
"#;

/// What must not touch the rest.
const UNRELATED: &str = r#"
[producers.stranger]
arrivals = { poisson = "40/s" }
steps = [{ call = "hermit", retry = 2, timeout = "50ms" }, { publish = "elsewhere" }]

[services.hermit]
balance = "random"
count = 2
host = "cave"
steps = [{ lock = "door", steps = [{ work = { exponential = "20ms" } }] }, { call = "friend", hedge = "10ms" }]

[services.friend]
service = { exponential = "15ms" }

[queues.elsewhere]

[consumers.last]
queue = "elsewhere"
steps = [{ call = "friend" }]

[hosts.cave]

[locks.door]
"#;
const UNRELATED_FAULT: &str = "[[faults]]\npause = \"services.friend\"\nevery = { exponential = \"2s\" }\nfor = \"100ms\"\n";

#[test]
fn threads_change_nothing() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        serde_json::to_string(&pool.install(|| run(BUSY))).unwrap()
    };
    let alone = on(1);
    assert!(alone == on(4), "4 threads give other bytes");
    // And much of it happens.
    let found = run(BUSY);
    for metric in [
        "producers.web.retries.rate",
        "producers.web.timeout.count",
        "services.gateway.wasted.count",
        "services.stock.failed.count",
        "services.stock.throughput",
        "caches.local.hit.ratio",
        "locks.row.wait.max",
        "hosts.node.utilization",
        "consumers.mailers.throughput",
    ] {
        assert!(number(&found, metric) > 0.0, "{metric}");
    }
}

#[test]
fn what_is_unrelated_changes_no_number() {
    let alone = run(BUSY);
    let front = BUSY.replace("\n[producers.web]", &format!("{UNRELATED}\n[producers.web]"));
    let front = front.replacen("\n[[faults]]", &format!("\n{UNRELATED_FAULT}\n[[faults]]"), 1);
    for text in [format!("{BUSY}{UNRELATED_FAULT}{UNRELATED}"), front] {
        let together = run(&text);
        for (name, reading) in &alone.metrics {
            assert_eq!(Some(reading), together.metrics.get(name), "{name}");
        }
        for (name, column) in &alone.series.columns {
            // Bins of their own are told from those of the series, which may differ.
            let other = &together.series.columns[name];
            assert_eq!((&column.mean, &column.min, &column.max), (&other.mean, &other.min, &other.max), "{name} over time");
        }
        assert!(number(&together, "services.friend.wait.max") > 0.0);
    }
}

/// Common random numbers: when one call becomes a publication, arrivals and the work of all other services stay as they were,
/// whichever of the calls it is.
#[test]
fn a_call_that_becomes_a_publication_moves_nothing_else() {
    let text = |steps: &str| {
        format!(
            r#"
[run]
stop = "drained"
replications = 1
[producers.web]
arrivals = {{ poisson = "20/s" }}
messages = 2000
call = "checkout"
[services.checkout]
count = 8
steps = {steps}
[services.pay]
service = {{ exponential = "30ms" }}
network = {{ exponential = "2ms" }}
[services.stock]
count = 2
steps = [{{ work = {{ lognormal = {{ mean = "20ms", cv = 2.0 }} }} }}, {{ choose = [{{ weight = 1, steps = [{{ work = "5ms" }}] }}, {{ weight = 2 }}] }}]
[services.mail]
service = {{ exponential = "40ms" }}
[queues.mails]
[consumers.mailers]
queue = "mails"
steps = [{{ call = "mail" }}]
"#
        )
    };
    let (work, pay, stock) = ("{ work = { exponential = \"5ms\" } }", "{ call = \"pay\" }", "{ call = \"stock\", retry = 2 }");
    for order in [[0, 1, 2, 3], [1, 0, 2, 3], [1, 2, 3, 0]] {
        let with = |mail: &str| {
            let steps = [mail, pay, stock, work];
            run(&text(&format!("[{}]", order.map(|at| steps[at]).join(", "))))
        };
        let (calls, publishes) = (with("{ call = \"mail\" }"), with("{ publish = \"mails\" }"));
        for metric in [
            "producers.web.offered.count",
            "services.pay.offered.count",
            "services.pay.service.mean",
            "services.pay.service.sd",
            "services.pay.service.max",
            "services.stock.service.mean",
            "services.stock.service.sd",
            "services.stock.service.min",
            "services.mail.offered.count",
        ] {
            assert_eq!(number(&calls, metric), number(&publishes, metric), "{metric} with steps in order {order:?}");
        }
        assert!(number(&publishes, "producers.web.response.mean") < number(&calls, "producers.web.response.mean") - 0.040);
    }
}

/// Workers and messages, counted from outside.
struct Watch<'m> {
    model: &'m Model,
    recorder: Recorder,
    now: Time,
    busy: Vec<u64>,
    created: Vec<u64>,
    ended: Vec<u64>,
}

impl Watch<'_> {
    fn new(model: &Model) -> Watch<'_> {
        let (pools, producers) = (model.pools.len() + model.services.len(), model.producers.len());
        Watch {
            model,
            recorder: Recorder::new(model),
            now: Time::ZERO,
            busy: vec![0; pools],
            created: vec![0; producers],
            ended: vec![0; producers],
        }
    }

    fn workers(&self, pool: usize) -> u64 {
        let pools = self.model.pools.len();
        u64::from(if pool < pools { self.model.pools[pool].workers() } else { self.model.services[pool - pools].workers() })
    }
}

impl Observer for Watch<'_> {
    fn record(&mut self, now: Time, transition: Transition<'_>) {
        assert!(now >= self.now, "time runs backwards");
        self.now = now;
        match &transition {
            Transition::Started { pool, resumed, .. } => {
                let pool = *pool as usize;
                self.busy[pool] += u64::from(!resumed);
                assert!(self.busy[pool] <= self.workers(pool), "more are busy than there are workers");
            }
            Transition::Finished { pool, service, sojourn, resumes, .. } => {
                assert!(service <= sojourn);
                let busy = &mut self.busy[*pool as usize];
                *busy = busy.checked_sub(u64::from(!resumes)).expect("nobody finishes what nobody began");
            }
            Transition::BrokenOff { pool, resumes, .. } => {
                let busy = &mut self.busy[*pool as usize];
                *busy = busy.checked_sub(u64::from(!resumes)).expect("nobody breaks off what nobody began");
            }
            Transition::Created { producer, .. } => self.created[*producer as usize] += 1,
            Transition::Ended { producer, .. } => {
                let at = *producer as usize;
                self.ended[at] += 1;
                assert!(self.ended[at] <= self.created[at], "more messages end than there were");
            }
            Transition::Responded { response, observed, .. } => assert!(observed <= response),
            _ => {}
        }
        self.recorder.record(now, transition);
    }
}

/// What became of a random system.
enum Fate {
    Refused,
    Deadlocked(String),
    Drained,
}

/// Events that none of these systems needs.
const MOST_EVENTS: u64 = 2_000_000;

fn watch(seed: u64) -> Fate {
    let text = system(seed);
    let document = Document { name: "random".to_owned(), path: None, text: text.clone() };
    let Ok(resolved) = resolve(&document, &[]) else { return Fate::Refused };
    let model = resolved.model;
    let mut world = World::new(&model, seed, 0, Time::LATEST);
    let mut watch = Watch::new(&model);
    let mut until = Time::ZERO;
    loop {
        until += Span(100_000_000);
        match world.advance(until, MOST_EVENTS, &mut watch) {
            Ok(()) => {}
            Err(Halt::Deadlock { circle, .. }) => {
                assert!(
                    circle.contains("lock") || circle.contains("cache") || circle.contains("bulkhead"),
                    "system {seed}: {circle}\n{text}"
                );
                world.audit().unwrap_or_else(|what| panic!("system {seed}: {what}\n{text}"));
                return Fate::Deadlocked(circle);
            }
            Err(other) => panic!("system {seed}: {other}\n{text}"),
        }
        world.audit().unwrap_or_else(|what| panic!("system {seed}: {what}\n{text}"));
        if world.is_over() {
            break;
        }
    }
    assert_eq!(world.in_system(), 0, "system {seed} leaves something behind\n{text}");
    let tally = world.tally();
    assert_eq!(tally.created, tally.finished + tally.lost);
    assert_eq!(watch.created, watch.ended, "system {seed}: messages went astray\n{text}");
    assert!(watch.busy.iter().all(|busy| *busy == 0), "system {seed} leaves workers busy\n{text}");
    assert!(watch.created.iter().all(|created| *created == 40));
    let measured = Span(world.last_event().0.max(1));
    watch.recorder.book(world.last_event());
    for (metric, source) in metrics(&model).iter().zip(&sources(&model, &watch.recorder, measured)) {
        let name = &metric.name;
        let whole = name.ends_with(".utilization") || name.ends_with(".ratio");
        if let (Source::Ratio(part, of), true) = (source, whole) {
            assert!((0.0..=of * (1.0 + 1e-9)).contains(part), "system {seed}: {name} is {part} / {of}\n{text}");
        }
        let emptied = [".held", ".waiting", ".ready", ".unacked"].iter().any(|level| name.ends_with(level));
        if let (Source::Level(level, _), true) = (source, emptied) {
            assert_eq!(level.value(), 0, "system {seed}: {name} at the end\n{text}");
        }
    }
    Fate::Drained
}

/// The same, and tells of the system if the engine itself panics.
fn told(seed: u64) -> Fate {
    std::panic::catch_unwind(|| watch(seed)).unwrap_or_else(|what| {
        println!("in system {seed}:\n{}", system(seed));
        std::panic::resume_unwind(what)
    })
}

#[test]
fn random_systems_of_services_keep_the_laws() {
    // The first thousand, and those of the first seventy thousand that have found something.
    let seeds: Vec<u64> = (0..1000).chain([1216, 1603, 1968, 2447, 3467, 4854, 6119, 6819, 8743, 10653, 15445, 22350]).collect();
    let fates: Vec<Fate> = seeds.into_par_iter().map(told).collect();
    let count = |which: fn(&Fate) -> bool| fates.iter().filter(|fate| which(fate)).count();
    let refused = count(|fate| matches!(fate, Fate::Refused));
    let circles: Vec<&String> =
        fates.iter().filter_map(|fate| if let Fate::Deadlocked(circle) = fate { Some(circle) } else { None }).collect();
    println!("{refused} are refused, {} deadlock, the first with: {:?}", circles.len(), circles.first());
    assert!(refused < 300 && circles.len() < 200, "{refused} are refused, {} deadlock", circles.len());
    assert!(count(|fate| matches!(fate, Fate::Drained)) > 500);
}

/// A calls B, and B calls A, now and then; one worker each.
fn circle(around: &str) -> String {
    let choose =
        |to: &str| format!("{{ choose = [{{ weight = 1, steps = [{{ call = \"{to}\"{around} }}] }}, {{ weight = 1 }}] }}");
    format!(
        r#"
[run]
duration = "100s"
replications = 1
[producers.web]
arrivals = {{ poisson = "20/s" }}
steps = [{{ choose = [{{ weight = 1, steps = [{{ call = "a" }}] }}, {{ weight = 1, steps = [{{ call = "b" }}] }}] }}]
[services.a]
steps = [{{ work = "10ms" }}, {}]
[services.b]
steps = [{{ work = "10ms" }}, {}]
"#,
        choose("b"),
        choose("a")
    )
}

fn halt(text: &str) -> Option<Halt> {
    experiment::run(&model(text), &|_, _| true).err().map(|stopped| stopped.halt)
}

#[test]
fn workers_that_wait_for_each_other_are_found_and_named() {
    match halt(&circle("")) {
        Some(Halt::Deadlock { circle, at }) => {
            assert!(circle.contains("`services.a`") && circle.contains("`services.b`"), "{circle}");
            assert!(at < Time(100_000_000_000), "{at}");
        }
        other => panic!("{other:?}"),
    }
    // Calls that end by themselves wait for nobody for ever.
    assert_eq!(halt(&circle(", timeout = \"200ms\"")), None);
    // A service that calls itself, with one worker.
    let own = circle("").replace("call = \"b\"", "call = \"a\"");
    assert!(matches!(halt(&own), Some(Halt::Deadlock { circle, .. }) if circle.contains("`services.a`")));
}

/// Two locks in opposite order: of workers, and of producers themselves.
#[test]
fn locks_in_opposite_order_are_found() {
    let holding = |first: &str, second: &str| {
        format!(
            "steps = [{{ lock = \"{first}\", steps = [{{ wait = \"10ms\" }}, {{ lock = \"{second}\", steps = [{{ wait = \"1ms\" }}] }}] }}]\n"
        )
    };
    let run = "[run]\nduration = \"10s\"\nreplications = 1\n";
    let arrivals = "arrivals = { poisson = \"20/s\" }\n";
    let locks = "[locks.left]\n[locks.right]\n";
    let producers = format!(
        "{run}[producers.x]\n{arrivals}{}[producers.y]\n{arrivals}{}{locks}",
        holding("left", "right"),
        holding("right", "left")
    );
    let services = format!(
        "{run}[producers.x]\n{arrivals}call = \"x\"\n[producers.y]\n{arrivals}call = \"y\"\n[services.x]\n{}[services.y]\n{}{locks}",
        holding("left", "right"),
        holding("right", "left")
    );
    for text in [&producers, &services] {
        match halt(text) {
            Some(Halt::Deadlock { circle, .. }) => assert!(circle.contains("`left`") && circle.contains("`right`"), "{circle}"),
            other => panic!("{other:?}"),
        }
        // Leases end it.
        assert_eq!(halt(&text.replace("[locks.left]\n", "[locks.left]\nlease = \"50ms\"\n")), None);
        // And so does one order for all.
        let ordered = text.replace(&holding("right", "left"), &holding("left", "right"));
        assert_eq!(halt(&ordered), None);
    }
}

/// Drains a system and looks at what is left, which must be nothing.
fn drained(text: &str) -> Summary {
    let found = run(text);
    for replicate in &found.replicates {
        assert_eq!(replicate.in_system, 0);
        assert_eq!(replicate.created, replicate.finished + replicate.lost);
    }
    found
}

const STOPPED: &str = r#"
[run]
stop = "drained"
replications = 2
[producers.web]
arrivals = { poisson = "50/s" }
messages = 500
steps = [STEP]
[services.a]
count = 20
steps = [{ work = { exponential = "10ms" } }, { lock = "row", steps = [{ call = "b" }] }, { parallel = [[{ work = "5ms" }], [{ call = "b" }]] }]
[services.b]
count = 3
service = { exponential = "20ms" }
[locks.row]
permits = 5
lease = "1s"
"#;

/// Whatever stops a task in the middle leaves nothing behind.
#[test]
fn what_is_stopped_leaves_nothing_behind() {
    let any = "{ parallel = [[{ call = \"a\" }], [{ call = \"b\" }], [{ wait = \"15ms\" }]], join = \"any\" }";
    let found = drained(&STOPPED.replace("STEP", any));
    // Whoever is not needed any more is called back, and works for nobody.
    assert_eq!(number(&found, "services.a.wasted.count"), 0.0);
    assert!(number(&found, "services.a.throughput") < 0.9 * number(&found, "services.a.offered.rate"));
    let recalled = "{ call = \"a\", timeout = \"30ms\", cancel = true }";
    let found = drained(&STOPPED.replace("STEP", recalled));
    assert!(number(&found, "producers.web.timeout.count") > 0.0);
    assert_eq!(number(&found, "services.a.wasted.count"), 0.0);
    let hedged = "{ call = \"a\", hedge = { after = \"10ms\", max = 3 } }";
    let found = drained(&STOPPED.replace("STEP", hedged));
    assert!(number(&found, "services.a.offered.count") > 600.0);
    let crash = "[[faults]]\ncrash = \"services.a\"\nat = \"3s\"\nfor = \"1s\"\n";
    let found = drained(&format!("{}{crash}", STOPPED.replace("STEP", "{ call = \"a\" }")));
    assert!(number(&found, "producers.web.failed.count") > 20.0);
}

/// A reply in a branch is the reply of the service: nobody waits in vain, and nothing is wasted.
#[test]
fn a_branch_may_reply() {
    let text = "[run]\nstop = \"drained\"\nreplications = 1\n[producers.web]\narrivals = { constant = \"10/s\" }\nmessages = 100\ncall = \"a\"\n[services.a]\nsteps = [{ parallel = [[{ work = \"2ms\" }, { reply = true }], [{ work = \"5ms\" }]] }]\n";
    let found = drained(text);
    assert_eq!(number(&found, "services.a.wasted.count"), 0.0);
    assert_eq!(number(&found, "producers.web.response.max"), 0.002);
    assert_eq!(number(&found, "producers.web.completion.max"), 0.005);
}

/// A hundred thousand callers before a bulkhead, of whom each is refused at once when it is his turn.
#[test]
fn a_long_line_before_a_bulkhead_is_refused_without_a_word() {
    let text = r#"
[run]
duration = "5s"
warmup = "none"
start = "empty"
replications = 1
[producers.web]
arrivals = { batch = { arrivals = { constant = "1/s" }, size = 100_000 } }
messages = 100_000
steps = [{ call = "a", bulkhead = { max = 1, wait = "unlimited" }, timeout = "500ms" }]
[services.a]
queue_limit = 0
service = "1s"
"#;
    let found = run(&text.replace("warmup = \"none\"\n", ""));
    assert_eq!(number(&found, "producers.web.failed.count") as u64, 100_000);
    assert_eq!(number(&found, "services.a.rejected.count") as u64, 99_999);
}

/// Nothing comes through a partition, whoever sends and whatever it is.
#[test]
fn a_partition_cuts_every_way() {
    let text = "[run]\nduration = \"10s\"\nstart = \"empty\"\nreplications = 1\n[producers.web]\narrivals = { constant = \"10/s\" }\nSENDS\n[services.shop]\nhost = \"node\"\nservice = \"1ms\"\n[queues.jobs]\n[consumers.workers]\nqueue = \"jobs\"\nservice = \"1ms\"\n[hosts.node]\n[[faults]]\npartition = [\"producers.web\", \"OTHER\"]\nat = \"5050ms\"\n";
    for (sends, other, metric) in [
        ("publish = \"jobs\"", "queues.jobs", "consumers.workers.throughput"),
        ("steps = [{ call = \"shop\", timeout = \"50ms\" }]", "services.shop", "services.shop.throughput"),
        ("steps = [{ call = \"shop\", timeout = \"50ms\" }]", "hosts.node", "services.shop.throughput"),
    ] {
        let found = run(&text.replace("SENDS", sends).replace("OTHER", other));
        assert_eq!(number(&found, metric), 5.0, "{other}");
        assert_eq!(number(&found, "producers.web.failed.count"), 49.0, "{other}");
    }
}

/// Faults that come by chance do not keep a run going, and do not lengthen it: it ends within a bin of the last message.
#[test]
fn a_drained_run_ends_in_spite_of_faults() {
    let text = "[run]\nstop = \"drained\"\nreplications = 3\n[producers.web]\narrivals = { constant = \"10/s\" }\nmessages = 50\ncall = \"a\"\n[services.a]\nservice = \"10ms\"\n[[faults]]\nslow = \"services.a\"\nfactor = 2\nevery = { exponential = \"10s\" }\nfor = { exponential = \"10s\" }\n";
    for replicate in drained(text).replicates {
        assert!((5.0..5.2).contains(&replicate.simulated), "{}", replicate.simulated);
    }
}

/// Who waits for what another gets for a cache, and that other for him: at one remove through a service, or by himself. And a
/// bulkhead of which the only place is taken further up.
#[test]
fn caches_and_bulkheads_can_close_a_circle() {
    let cache = r#"
[run]
duration = "10s"
replications = 1
[producers.web]
arrivals = { poisson = "20/s" }
key = { uniform = { keys = 3 } }
call = "a"
[services.a]
count = 5
steps = [{ cache = "local", miss = [{ work = "1ms" }, { call = "b" }] }]
[services.b]
count = 5
steps = [{ cache = "local", miss = [{ work = "1ms" }] }]
[caches.local]
capacity = 2
single_flight = true
"#;
    match halt(cache) {
        Some(Halt::Deadlock { circle, .. }) => assert!(circle.contains("`services.b`") && circle.contains("`local`"), "{circle}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(halt(&cache.replace("single_flight = true\n", "")), None);
    let bulkhead = r#"
[run]
duration = "10s"
replications = 1
[producers.web]
arrivals = { poisson = "20/s" }
call = "a"
[services.a]
count = 50
steps = [{ choose = [{ weight = 1, steps = [{ call = "b", bulkhead = { max = 1, wait = "unlimited" } }] }, { weight = 1 }] }]
[services.b]
count = 50
steps = [{ work = "1ms" }, { choose = [{ weight = 1, steps = [{ call = "a" }] }, { weight = 1 }] }]
"#;
    assert!(matches!(halt(bulkhead), Some(Halt::Deadlock { circle, .. }) if circle.contains("`services.a`")));
    assert_eq!(halt(&bulkhead.replace("wait = \"unlimited\"", "wait = \"1s\"")), None);
}

/// What a crashed consumer held is given back where it stood, the oldest in front, and its time goes on: it expires as if it had
/// been ready all the time.
#[test]
fn what_a_crash_gives_back_keeps_its_place_and_its_time() {
    let text = r#"
[run]
stop = "drained"
replications = 1
[producers.web]
arrivals = { constant = "10/s" }
messages = 6
publish = "jobs"
[queues.jobs]
[consumers.workers]
queue = "jobs"
count = 2
prefetch = 2
service = "1s"
[[faults]]
crash = "consumers.workers"
at = "650ms"
for = "50ms"
"#;
    // Messages come at 0.1, 0.2 ... 0.6 s; four are held at 0.65 s, and all six begin in their order: two at 0.7 s, two at 1.7 s,
    // two at 2.7 s, which were born at 0.5 and 0.6 s.
    let found = drained(text);
    assert_eq!(number(&found, "producers.web.completion.max"), 3.7 - 0.5);
    assert_eq!(number(&found, "producers.web.completion.min"), 1.7 - 0.2);
    assert_eq!(number(&found, "queues.jobs.ready.max"), 6.0);
    // One consumer crashes, and the other holds what it has: what came back first is older, and stays in front.
    let one = text.replace("at = \"650ms\"", "count = 1\nat = \"650ms\"");
    let found = drained(&format!("{one}[[faults]]\ncrash = \"consumers.workers\"\ncount = 1\nat = \"660ms\"\nfor = \"40ms\"\n"));
    assert_eq!(number(&found, "producers.web.completion.max"), 3.7 - 0.5);
    // At 0.65 s the first two are older than 0.38 s, the third is at 0.68 s, and the fourth is taken at 0.7 s.
    let mortal = text.replace("[queues.jobs]", "[queues.jobs]\nttl = \"380ms\"");
    let found = drained(&mortal);
    assert_eq!(number(&found, "queues.jobs.expired.count"), 3.0);
    assert_eq!(number(&found, "producers.web.failed.count"), 3.0);
}

/// One request every 100 ms: what a layer refuses and what is done instead is counted, each by itself.
#[test]
fn what_is_not_let_through_is_counted() {
    let run = |layer: &str, steps: &str| {
        run(&format!(
            "[run]\nduration = \"100s\"\nwarmup = \"10s\"\nreplications = 2\n[producers.web]\narrivals = {{ constant = \"10/s\" }}\n\
             steps = [{{ call = \"db\", {layer}, fallback = [] }}]\n[services.db]\nconcurrency = 8\nsteps = [{steps}]\n"
        ))
    };
    let counted = |summary: &Summary| {
        ["open", "full", "limited", "fallbacks", "goodput"]
            .map(|kind| number(summary, &format!("producers.web.{kind}.rate")).round())
    };
    // Every second request finds the one place taken; of the tokens there is one for every second.
    assert_eq!(counted(&run("bulkhead = 1", "{ work = \"150ms\" }")), [0.0, 5.0, 0.0, 5.0, 10.0]);
    let half = "rate_limit = { rate = \"5/s\", burst = 1, wait = \"0s\" }";
    assert_eq!(counted(&run(half, "{ work = \"1ms\" }")), [0.0, 0.0, 5.0, 5.0, 10.0]);
    // The service is broken: the breaker opens before the measurement begins, and stays open.
    let breaker = "breaker = { window = 10, min_calls = 10, open = \"1h\" }";
    assert_eq!(counted(&run(breaker, "{ work = \"1ms\" }, { fail = 1.0 }")), [10.0, 0.0, 0.0, 10.0, 10.0]);
    // What waits for a place and gives up is refused as well.
    let patient = "bulkhead = { max = 1, queue = 1, wait = \"10ms\" }";
    let found = run(patient, "{ work = \"1s\" }");
    let [_, full, _, fallbacks, _] = counted(&found);
    assert_eq!((full, fallbacks), (9.0, 9.0));
}

/// What `check` says of a service behind a cache that fills itself, by Che's approximation, against what is seen.
#[test]
fn a_cache_with_a_capacity_is_foreseen() {
    let text = r#"
[run]
duration = "1000s"
replications = 2
[producers.web]
arrivals = { poisson = "100/s" }
key = { zipf = { keys = 1000 } }
steps = [{ cache = "items", miss = [{ call = "db" }] }]
[caches.items]
capacity = 100
[services.db]
service = "1ms"
"#;
    let foreseen = Load::of(&model(text)).services[0].rate / 100.0;
    let seen = 1.0 - number(&run(text), "caches.items.hit.ratio");
    assert!((foreseen - seen).abs() < 0.01 && (0.2..0.6).contains(&foreseen), "{foreseen} {seen}");
}

/// A step may say how urgent and how large its message is, whatever caused it.
#[test]
fn a_step_publishes_messages_of_another_priority_and_size() {
    let text = r#"
[run]
duration = "200s"
replications = 2
[brokers.node]
[producers.web]
arrivals = { poisson = "40/s" }
size = "1KiB"
steps = [{ publish = "jobs" }, { publish = "jobs", priority = 5, size = "3KiB" }]
[queues.jobs]
broker = "node"
discipline = "priority"
[consumers.workers]
queue = "jobs"
service = { exponential = "10ms" }
"#;
    let bytes = |text: &str| {
        let result = run(text);
        number(&result, "brokers.node.memory.mean") / number(&result, "queues.jobs.backlog.mean")
    };
    // Batches of two with 20 ms of work: the first waits 40/s x 0.0006 s^2 / (2 x 0.2) = 60 ms (Pollaczek, Khinchine) and is there
    // for 70 ms, the second, of three times the size, for 80 ms.
    let alike = bytes(&text.replace("priority = 5, ", ""));
    assert!((alike / (1024.0 * (70.0 + 3.0 * 80.0) / 150.0) - 1.0).abs() < 0.01, "{alike}");
    // Where they are urgent they are gone sooner.
    let sooner = bytes(text);
    assert!((1100.0..1700.0).contains(&sooner), "{sooner}");
}

/// What is taken back from a consumer that crashed is dispatched again, and counted as that, without any broker.
#[test]
fn a_crash_makes_redeliveries_of_a_textbook_queue_too() {
    let result = run(r#"
[run]
duration = "100s"
replications = 2
[producers.web]
arrivals = { constant = "10/s" }
publish = "jobs"
[queues.jobs]
[consumers.workers]
queue = "jobs"
count = 2
service = "190ms"
[[faults]]
at = "50.02s"
for = "1s"
crash = "consumers.workers"
"#);
    assert_eq!(number(&result, "queues.jobs.redelivered.count"), 2.0);
    assert_eq!(number(&result, "queues.jobs.dead_lettered.ratio"), 0.0);
    assert_eq!(number(&result, "consumers.workers.failed.ratio"), 0.0);
}

/// The share of time that a breaker is open: it opens with the fourth failure, for ten seconds at least.
#[test]
fn a_breaker_is_seen_open() {
    let result = run(r#"
[run]
start = "empty"
duration = "100s"
replications = 2
[producers.web]
arrivals = { constant = "1/s" }
steps = [{ call = "db", breaker = { window = 4, min_calls = 4, open = "9.5s", probes = 1 } }]
[services.db]
steps = [{ work = "1ms" }, { fail = "100%" }]
"#);
    // Calls at 1, 2, 3 and 4 s fail; the first that is let through again comes at 14 s, fails, and so on every 10 s.
    let open = (100.0 - 4.001 - 10.0 * 0.001) / 100.0;
    assert!((number(&result, "producers.web.open.ratio") - open).abs() < 2e-4, "{}", number(&result, "producers.web.open.ratio"));
}

/// Recorded keys are looked for in a cache as they were recorded: what was asked for before is there, whoever asked for it.
#[test]
fn a_cache_knows_recorded_keys() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded-keys.csv");
    std::fs::write(&path, "at,who\n1,ann\n2,bob\n3,ann\n4,eve\n5,ann\n6,bob\n").expect("write a recording");
    let result = run(&format!(
        r#"
[run]
stop = "drained"
replications = 2
[producers.web]
arrivals = {{ trace = {{ path = '{0}', column = "at", carry = {{ key = "who" }} }} }}
key = {{ carried = "key" }}
steps = [{{ cache = "items", miss = [{{ wait = "10ms" }}] }}]
[producers.late]
arrivals = {{ trace = {{ path = '{0}', column = "at", carry = {{ key = "who" }} }} }}
key = {{ carried = "key" }}
steps = [{{ wait = "500ms" }}, {{ cache = "items", miss = [{{ wait = "10ms" }}] }}]
[caches.items]
capacity = 2
"#,
        path.display()
    ));
    // One after the other, each key is asked for by both: ann, bob, ann, then eve drives bob out, ann is still there, bob is not.
    assert_eq!(number(&result, "caches.items.hit.ratio"), 8.0 / 12.0);
}
