//! What documents with steps, calls, services and faults mean, and which load they put on a system.

use queuelab::model::{
    Ack, Arrivals, Balance, Breaker, BudgetOf, Bulkhead, CacheId, Call, Contents, Discipline, Fault, FaultKind, FaultTimes,
    Handler, Hedge, HostId, Jitter, Keys, Layer, Load, LockId, Model, PoolId, ProducerId, QueueId, RateLimit, Retry, RetryBudget,
    RetryOn, Scheduling, ServiceId, Shed, Step, Target, Timeout, TwoPhaseCommit, Way, Window, Work, metrics, settles,
};
use queuelab::random::{Counts, Distribution};
use queuelab::scenario::{Document, resolve};
use queuelab::units::{Rate, Span, Time};
use std::path::PathBuf;

const MS: u64 = 1_000_000;

fn model(text: &str) -> Model {
    let text = if text.contains("[run]") { text.to_owned() } else { format!("[run]\nduration = \"10min\"\n{text}") };
    let document = Document { name: "test".to_owned(), path: None, text: text.clone() };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{text}\n{problems}")).model
}

/// A producer whose steps these are, beside everything that they may name.
fn handler(steps: &str) -> Handler {
    model(&format!(
        "[producers.web]\narrivals = {{ poisson = \"10/s\" }}\nsteps = [{steps}]\n\
         [queues.jobs]\n[services.db]\nservice = \"8ms\"\n[services.log]\nservice = \"1ms\"\n\
         [locks.row]\n[locks.table]\n[caches.hot]\nhit_ratio = \"90%\"\n"
    ))
    .producers
    .remove(0)
    .handler
}

fn ms(length: u64) -> Distribution {
    Distribution::Constant { value: (length * MS) as f64 }
}

fn work(length: u64) -> Step {
    Step::Work(Work::Drawn(ms(length)))
}

fn call_of(steps: &str) -> Call {
    match handler(steps).0.remove(0) {
        Step::Call(call) => *call,
        other => panic!("{other:?}"),
    }
}

fn layers(keys: &str) -> Vec<Layer> {
    call_of(&format!("{{ call = \"db\", {keys} }}")).layers
}

#[test]
fn every_step_is_read() {
    let cases = [
        (r#"{ work = "8ms" }"#, work(8)),
        (r#"{ wait = "8ms" }"#, Step::Wait(ms(8))),
        (r#"{ publish = "jobs" }"#, Step::Publish(QueueId(0))),
        (r#"{ call = "log" }"#, Step::Call(Box::new(Call::plain(ServiceId(1))))),
        (r#"{ fail = "1%" }"#, Step::Fail { probability: 0.01 }),
        (
            r#"{ parallel = [[{ work = "1ms" }], [{ work = "2ms" }, { work = "3ms" }]] }"#,
            Step::Parallel { branches: vec![vec![work(1)], vec![work(2), work(3)]], join: 2 },
        ),
        (
            r#"{ parallel = [[{ work = "1ms" }], [{ work = "2ms" }]], join = "any" }"#,
            Step::Parallel { branches: vec![vec![work(1)], vec![work(2)]], join: 1 },
        ),
        (
            r#"{ parallel = [[{ work = "1ms" }], [{ work = "2ms" }], [{ work = "3ms" }]], join = 2 }"#,
            Step::Parallel { branches: vec![vec![work(1)], vec![work(2)], vec![work(3)]], join: 2 },
        ),
        (
            r#"{ choose = [{ weight = 9, steps = [{ work = "1ms" }] }, { weight = 1 }, { weight = 2, steps = [] }] }"#,
            Step::Choose(vec![
                Way { weight: 9.0, steps: vec![work(1)] },
                Way { weight: 1.0, steps: Vec::new() },
                Way { weight: 2.0, steps: Vec::new() },
            ]),
        ),
        (r#"{ repeat = 3, steps = [{ work = "1ms" }] }"#, Step::Repeat { count: Counts::Constant(3), steps: vec![work(1)] }),
        (
            r#"{ repeat = { uniform = { min = 0, max = 4 } }, steps = [{ work = "1ms" }] }"#,
            Step::Repeat { count: Counts::Uniform { min: 0, max: 4 }, steps: vec![work(1)] },
        ),
        (
            r#"{ repeat = { geometric = { mean = 2 } }, steps = [{ work = "1ms" }] }"#,
            Step::Repeat { count: Counts::Geometric { mean: 2.0 }, steps: vec![work(1)] },
        ),
        (r#"{ cache = "hot", miss = [{ work = "1ms" }] }"#, Step::Cache { cache: CacheId(0), miss: vec![work(1)] }),
        (r#"{ lock = "table", steps = [{ work = "1ms" }] }"#, Step::Lock { lock: LockId(1), steps: vec![work(1)] }),
        (
            r#"{ two_phase_commit = ["db", "log"], decide = "2ms", commit = "1ms", locks = ["row", "table"] }"#,
            Step::TwoPhaseCommit(Box::new(TwoPhaseCommit {
                participants: vec![ServiceId(0), ServiceId(1)],
                decide: ms(2),
                commit: Work::Drawn(ms(1)),
                locks: vec![LockId(0), LockId(1)],
            })),
        ),
    ];
    for (written, expected) in cases {
        assert_eq!(handler(written).0, [expected], "{written}");
    }
    assert_eq!(handler(r#"{ work = "8ms" }, { publish = "jobs" }"#).0, [work(8), Step::Publish(QueueId(0))]);
}

#[test]
fn the_order_of_the_keys_of_a_call_is_the_order_of_its_layers() {
    let timeout = |after: u64, propagate| Layer::Timeout(Timeout { after: Span(after * MS), cancel: false, propagate });
    let found = layers(r#"deadline = "1s", retry = 3, timeout = "200ms""#);
    assert!(matches!(found[1], Layer::Retry(_)), "{found:?}");
    assert_eq!((&found[0], &found[2]), (&timeout(1000, true), &timeout(200, false)));
    let found = layers(r#"timeout = "2s", retry = 3"#);
    assert!(found[0] == timeout(2000, false) && matches!(found[1], Layer::Retry(_)), "{found:?}");
    let found = layers(r#"retry = 3, timeout = "2s""#);
    assert!(found[1] == timeout(2000, false) && matches!(found[0], Layer::Retry(_)), "{found:?}");
    // The same from JSON, whose keys have their order too.
    let json = |keys: &str| {
        let text = format!(
            r#"{{ "run": {{ "duration": "1min" }}, "services": {{ "db": {{ "service": "8ms" }} }},
                "producers": {{ "web": {{ "arrivals": {{ "poisson": "1/s" }}, "steps": [{{ {keys}, "call": "db" }}] }} }} }}"#
        );
        let document = Document { name: "test".to_owned(), path: Some(PathBuf::from("test.json")), text };
        let mut model = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}")).model;
        model.producers.remove(0).handler
    };
    let same = |keys: &str| Handler(vec![Step::Call(Box::new(Call { layers: layers(keys), ..Call::plain(ServiceId(0)) }))]);
    assert_eq!(json(r#""retry": 3, "timeout": "2s""#), same(r#"retry = 3, timeout = "2s""#));
    assert_eq!(json(r#""timeout": "2s", "retry": 3"#), same(r#"timeout = "2s", retry = 3"#));
}

#[test]
fn layers_have_the_defaults_of_their_models() {
    let retry = Retry {
        max_attempts: 3,
        base: Span(500 * MS),
        factor: 1.0,
        cap: None,
        jitter: Jitter::None,
        on: RetryOn::Any,
        budget: None,
    };
    let breaker = Breaker {
        window: Window::Calls(100),
        min_calls: 100,
        failure_ratio: 0.5,
        slow: None,
        open: Span(60_000 * MS),
        probes: 10,
    };
    let span = |length: u64| Span(length * MS);
    let tokens = RetryBudget::Tokens { max: 10.0, ratio: 0.1 };
    let ratio = RetryBudget::Ratio { ratio: 0.2, of: BudgetOf::Requests, burst: 10.0 };
    let limit = RateLimit { rate: Rate(100.0), burst: 1.0, wait: Some(span(5000)) };
    let cases = [
        ("retry = 5", Layer::Retry(Retry { max_attempts: 5, ..retry.clone() })),
        ("retry = {}", Layer::Retry(retry.clone())),
        (r#"retry = { backoff = "50ms" }"#, Layer::Retry(Retry { base: span(50), ..retry.clone() })),
        (
            r#"retry = { backoff = { base = "50ms", cap = "1s" }, jitter = "decorrelated", on = "timeout" }"#,
            Layer::Retry(Retry {
                base: span(50),
                factor: 1.5,
                cap: Some(span(1000)),
                jitter: Jitter::Decorrelated,
                on: RetryOn::Timeout,
                ..retry.clone()
            }),
        ),
        (r#"retry = { jitter = { spread = "20%" } }"#, Layer::Retry(Retry { jitter: Jitter::Spread(0.2), ..retry.clone() })),
        ("retry = { budget = { tokens = {} } }", Layer::Retry(Retry { budget: Some(tokens), ..retry.clone() })),
        ("retry = { budget = { ratio = {} } }", Layer::Retry(Retry { budget: Some(ratio), ..retry.clone() })),
        ("breaker = {}", Layer::Breaker(breaker)),
        ("breaker = { window = 20 }", Layer::Breaker(Breaker { window: Window::Calls(20), min_calls: 20, ..breaker })),
        (
            r#"breaker = { window = "10s", slow = { after = "1s" } }"#,
            Layer::Breaker(Breaker { window: Window::Time(span(10_000)), slow: Some((span(1000), 1.0)), ..breaker }),
        ),
        ("bulkhead = 10", Layer::Bulkhead(Bulkhead { max: 10, queue: 0, wait: None })),
        ("bulkhead = {}", Layer::Bulkhead(Bulkhead { max: 25, queue: 0, wait: None })),
        (r#"bulkhead = { wait = "100ms" }"#, Layer::Bulkhead(Bulkhead { max: 25, queue: u32::MAX, wait: Some(span(100)) })),
        (r#"rate_limit = "100/s""#, Layer::RateLimit(limit)),
        (
            r#"rate_limit = { rate = "100/s", burst = 20, wait = "unlimited" }"#,
            Layer::RateLimit(RateLimit { burst: 20.0, wait: None, ..limit }),
        ),
        (r#"hedge = "20ms""#, Layer::Hedge(Hedge { after: span(20), max: 2, cancel: true })),
        (
            r#"timeout = { after = "1s", propagate = true }, cancel = true"#,
            Layer::Timeout(Timeout { after: span(1000), cancel: true, propagate: true }),
        ),
        (r#"deadline = "1s", propagate = false"#, Layer::Timeout(Timeout { after: span(1000), cancel: false, propagate: false })),
    ];
    for (written, expected) in cases {
        assert_eq!(layers(written), [expected], "{written}");
    }
    let call = call_of(r#"{ call = "db", network = "1ms", connect = "3ms", fallback = [{ work = "2ms" }] }"#);
    assert_eq!((call.network, call.connect, call.fallback), (Some(ms(1)), Some(ms(3)), Some(vec![work(2)])));
    assert_eq!(call_of(r#"{ call = "db", fallback = [] }"#).fallback, Some(Vec::new()));
}

#[test]
fn short_forms_are_handlers_of_a_step_or_two() {
    let model = model(
        "[producers.web]\nclients = 50\nthink = \"1s\"\ncall = \"db\"\n\
         [producers.batch]\narrivals = { poisson = \"1/s\" }\ncallers = 4\npublish = \"jobs\"\nkey = { uniform = { keys = 9 } }\n\
         [queues.jobs]\n[queues.done]\n[services.db]\nservice = \"8ms\"\nbalance = \"consistent-hash\"\ncount = 2\n\
         [consumers.workers]\nqueue = \"jobs\"\nservice = \"8ms\"\npublish = \"done\"\nack = \"auto\"\n\
         [consumers.last]\nqueue = \"done\"\nsteps = [{ work = \"8ms\" }]\nhost = \"node\"\n[hosts.node]\n",
    );
    assert_eq!(model.producers[0].arrivals, Arrivals::Closed { clients: 50, think: ms(1000) });
    assert_eq!(model.producers[0].handler.0, [Step::Call(Box::new(Call::plain(ServiceId(0))))]);
    assert_eq!((model.producers[1].callers, model.producers[1].keys), (Some(4), Some(Keys { count: 9, exponent: 0.0 })));
    assert_eq!(model.producers[1].handler, Handler::publishing(QueueId(0)));
    assert_eq!((model.pools[0].ack, model.pools[1].ack), (Ack::Auto, Ack::Manual));
    assert_eq!(model.pools[0].plain().and_then(|plain| plain.publish), Some(QueueId(1)));
    assert_eq!((model.pools[1].handler.plain().is_some(), model.pools[1].host), (true, Some(HostId(0))));
    assert_eq!(model.services[0].handler.0, [work(8)]);
    assert!(!model.is_plain());
}

#[test]
fn services_hosts_locks_and_caches_take_their_options() {
    let service = |keys: &str| {
        model(&format!(
            "[producers.web]\narrivals = {{ poisson = \"1/s\" }}\ncall = \"db\"\n[services.db]\nservice = \"8ms\"\n{keys}\n"
        ))
        .services
        .remove(0)
    };
    let plain = service("");
    assert_eq!((plain.count, plain.concurrency, plain.balance, plain.queue_limit), (1, 1, None, None));
    assert_eq!((plain.discipline, plain.shed, plain.host, plain.network), (Discipline::Fifo, None, None, None));
    for (written, balance) in [
        ("\"round-robin\"", Balance::RoundRobin),
        ("\"random\"", Balance::Random),
        ("\"least-connections\"", Balance::LeastConnections),
        ("\"two-random-choices\"", Balance::Choices(2)),
        ("{ choices = 3 }", Balance::Choices(3)),
        ("\"consistent-hash\"", Balance::ConsistentHash { points: 100, bound: None }),
        ("{ consistent_hash = { points = 50, bound = 1.25 } }", Balance::ConsistentHash { points: 50, bound: Some(1.25) }),
    ] {
        assert_eq!(service(&format!("count = 4\nbalance = {written}")).balance, Some(balance));
    }
    for (written, discipline) in [
        ("\"lifo\"", Discipline::Lifo),
        ("\"random\"", Discipline::Random),
        ("\"priority\"", Discipline::Priority { max_priority: 9 }),
        ("\"adaptive-lifo\"", Discipline::AdaptiveLifo { above: 12 }),
        ("{ adaptive_lifo = { above = 5 } }", Discipline::AdaptiveLifo { above: 5 }),
    ] {
        assert_eq!(service(&format!("count = 4\nconcurrency = 3\ndiscipline = {written}")).discipline, discipline);
    }
    let codel = |target: u64, interval: u64| Some(Shed::CoDel { target: Span(target * MS), interval: Span(interval * MS) });
    assert_eq!(service("shed = \"codel\"").shed, codel(5, 100));
    assert_eq!(service("shed = { codel = { target = \"9ms\" } }").shed, codel(9, 100));
    assert_eq!(service("shed = \"deadline\"").shed, Some(Shed::Deadline));

    let shared = model(
        "[producers.web]\narrivals = { poisson = \"1/s\" }\nkey = { zipf = { keys = 10_000, exponent = 0.8 } }\n\
         steps = [{ call = \"db\" }, { lock = \"row\", steps = [{ wait = \"1ms\" }] }, { cache = \"hot\", miss = [{ wait = \"1ms\" }] }]\n\
         [services.db]\nservice = \"8ms\"\nhost = \"node\"\nnetwork = \"1ms\"\n\
         [hosts.node]\ncores = 4\nscheduling = \"fifo\"\nspeed = 1.5\n\
         [locks.row]\npermits = 2\nlease = \"30s\"\nfencing = true\n\
         [caches.hot]\ncapacity = 100\nttl = \"1min\"\nlookup = \"1ms\"\nsingle_flight = true\n",
    );
    assert_eq!((shared.services[0].host, &shared.services[0].network), (Some(HostId(0)), &Some(ms(1))));
    let host = &shared.hosts[0];
    assert_eq!((host.cores, host.scheduling, host.speed), (4, Scheduling::Fifo, 1.5));
    let lock = &shared.locks[0];
    assert_eq!((lock.permits, lock.lease, lock.fencing), (2, Some(Span(30_000 * MS)), true));
    let cache = &shared.caches[0];
    assert_eq!(cache.contents, Contents::Lru { capacity: 100, ttl: Some(Span(60_000 * MS)) });
    assert_eq!((&cache.lookup, cache.single_flight), (&Some(ms(1)), true));
    assert_eq!(shared.producers[0].keys, Some(Keys { count: 10_000, exponent: 0.8 }));
}

#[test]
fn faults_say_when_what_and_whom() {
    let model = model(
        r#"
[producers.web]
arrivals = { poisson = "1/s" }
steps = [{ call = "db", timeout = "1s" }, { publish = "jobs" }]
[queues.jobs]
[consumers.workers]
queue = "jobs"
count = 3
service = "8ms"
[services.db]
service = "8ms"
host = "node"
[hosts.node]
[[faults]]
at = "5min"
for = "30s"
slow = "services.db"
factor = 20
[[faults]]
every = { exponential = "1min" }
for = "5s"
crash = "consumers.workers"
count = 2
[[faults]]
at = "1min"
pause = "hosts.node"
[[faults]]
at = "0s"
loss = "queues.jobs"
share = "1%"
[[faults]]
at = "2min"
for = "5s"
partition = ["producers.web", "services.db"]
"#,
    );
    let at = |secs: u64, length: Option<u64>| FaultTimes::At {
        at: Time(secs * 1000 * MS),
        length: length.map(|secs| Span(secs * 1000 * MS)),
    };
    let every = FaultTimes::Every { between: Distribution::Exponential { mean: 60e9 }, length: ms(5000) };
    let db = Target::Service(ServiceId(0));
    let expected = [
        Fault { times: at(300, Some(30)), kind: FaultKind::Slow { target: db, factor: 20.0 } },
        Fault { times: every, kind: FaultKind::Crash { target: Target::Pool(PoolId(0)), count: Some(2), silent: false } },
        Fault { times: at(60, None), kind: FaultKind::Pause { target: Target::Host(HostId(0)) } },
        Fault { times: at(0, None), kind: FaultKind::Loss { target: Target::Queue(QueueId(0)), probability: 0.01 } },
        Fault { times: at(120, Some(5)), kind: FaultKind::Partition { from: Target::Producer(ProducerId(0)), to: db } },
    ];
    assert_eq!(model.faults, expected);
}

/// A system with everything in it, whose every metric is asked for in a goal.
#[test]
fn goals_reach_every_metric() {
    let text = r#"
[producers.web]
arrivals = { poisson = "1/s" }
callers = 5
steps = [
    { call = "db", timeout = "1s" },
    { lock = "row", steps = [{ wait = "1ms" }] },
    { cache = "hot", miss = [{ wait = "1ms" }] },
    { publish = "jobs" },
]
[queues.jobs]
[consumers.workers]
queue = "jobs"
steps = [{ work = "8ms" }, { fail = "1%" }]
[services.db]
service = "8ms"
host = "node"
[hosts.node]
[locks.row]
[caches.hot]
hit_ratio = "90%"
"#;
    let known = metrics(&model(text));
    let names: Vec<String> = known.iter().flat_map(|metric| metric.full_names()).collect();
    for name in ["producers.web.observed.p99", "services.db.wasted.ratio", "locks.row.hold.mean", "caches.hot.hit.ratio"] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
    let goals: String = known
        .iter()
        .flat_map(|metric| {
            let value = match metric.quantity.unit() {
                "s" => "1s",
                "1/s" => "1/s",
                _ => "1",
            };
            metric.full_names().into_iter().map(move |name| format!("{name} < {value}"))
        })
        .enumerate()
        .map(|(number, goal)| format!("g{number} = \"{goal}\"\n"))
        .collect();
    assert_eq!(model(&format!("{text}[goals]\n{goals}")).goals.len(), names.len());
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-9), "{found} is not {expected}");
}

#[test]
fn visits_are_counted_through_ways_loops_misses_and_failures() {
    let model = model(
        r#"
[producers.web]
arrivals = { poisson = "100/s" }
steps = [
    { choose = [{ weight = 3, steps = [{ call = "db" }] }, { weight = 1 }] },
    { repeat = { uniform = { min = 0, max = 4 } }, steps = [{ call = "log" }] },
    { cache = "hot", miss = [{ call = "db", retry = 3, fallback = [{ call = "log" }] }] },
    { fail = "20%" },
    { parallel = [[{ call = "db" }, { fail = "50%" }], [{ call = "log" }]], join = "any" },
    { publish = "jobs" },
    { two_phase_commit = ["db", "log"] },
    { lock = "row", steps = [{ repeat = 2, steps = [{ fail = "50%" }, { publish = "jobs" }] }] },
]
[queues.jobs]
[consumers.workers]
queue = "jobs"
service = "1ms"
[services.db]
service = "1ms"
[services.log]
service = "1ms"
[locks.row]
[caches.hot]
hit_ratio = "90%"
"#,
    );
    let load = Load::of(&model);
    // The join of any is always met, because the second branch never fails.
    // A participant of a commit is asked twice.
    near(load.services[0].rate, 100.0 * (0.75 + 0.1 + 0.8 + 1.6));
    near(load.services[1].rate, 100.0 * (2.0 + 0.8 + 1.6));
    near(load.queues[0].rate, 100.0 * (0.8 + 0.8 * (0.5 + 0.25)));
}

/// A commit holds its locks through both of its rounds, and its participants work in both.
#[test]
fn locks_are_loaded_for_as_long_as_they_are_held() {
    let model = model(
        r#"
[producers.orders]
arrivals = { poisson = "20/s" }
call = "orders"
[producers.restock]
arrivals = { poisson = "30/s" }
steps = [{ lock = "stock", steps = [{ wait = "5ms" }, { repeat = 2, steps = [{ call = "fast" }] }] }]
[services.orders]
concurrency = 10
host = "node"
steps = [{ two_phase_commit = ["db", "fast"], decide = "4ms", commit = "6ms", locks = ["stock", "account"] }]
[services.db]
network = "1ms"
service = "10ms"
[services.fast]
service = "1ms"
[hosts.node]
speed = 2.0
[locks.stock]
[locks.account]
permits = 10
"#,
    );
    let load = Load::of(&model);
    // To the slower participant and back, the decision at twice the speed, and there and back again.
    let commit = (2.0 + 10.0) + 2.0 + (2.0 + 6.0);
    near(load.services[0].mean_service.unwrap(), commit / 1e3);
    near(load.hosts[0].demand, 20.0 * 2e-3);
    near(load.services[1].rate, 40.0);
    near(load.services[1].mean_service.unwrap(), 8e-3);
    near(load.services[2].rate, 2.0 * 20.0 + 2.0 * 30.0);
    near(load.services[2].mean_service.unwrap(), (80.0 * 1e-3 + 20.0 * 6e-3) / 100.0);
    near(load.locks[0].rate, 50.0);
    let called = 5.0 + 2.0 * 1.0;
    near(load.locks[0].demand, 20.0 * commit / 1e3 + 30.0 * called / 1e3);
    near(load.locks[0].hold().unwrap(), load.locks[0].demand / 50.0);
    near(load.locks[1].utilization, 20.0 * commit / 1e3 / 10.0);
}

#[test]
fn feedback_is_solved() {
    let again = |share: u32, count: u32| {
        model(&format!(
            "[producers.web]\narrivals = {{ poisson = \"60/s\" }}\npublish = \"jobs\"\n[queues.jobs]\n[queues.again]\n\
             [consumers.workers]\nqueue = \"jobs\"\ncount = {count}\n\
             steps = [{{ work = \"5ms\" }}, {{ choose = [{{ weight = {share}, steps = [{{ publish = \"again\" }}] }}, {{ weight = {} }}] }}]\n\
             [consumers.back]\nqueue = \"again\"\ncount = {count}\nservice = \"1ms\"\npublish = \"jobs\"\n",
            100 - share
        ))
    };
    // Each message comes 1 / (1 - p) times on average.
    let load = Load::of(&again(40, 1));
    near(load.queues[0].rate, 60.0 / 0.6);
    near(load.queues[1].rate, 40.0);
    near(load.pools[0].utilization, 0.5);
    // Beyond the capacity of 200/s no more than that comes through: 60 + 0.9 * 200.
    let load = Load::of(&again(90, 1));
    near(load.queues[0].rate, 60.0 + 0.9 * 200.0);
    near(load.queues[0].growth(), 40.0);
    assert!(settles(&again(99, 9)));
    near(Load::of(&again(99, 99)).queues[0].rate, 6000.0);
}

#[test]
fn a_worker_is_held_while_it_waits_for_others() {
    let model = model(
        r#"
[producers.web]
arrivals = { poisson = "50/s" }
steps = [{ work = "1ms" }, { call = "front" }]
[services.front]
concurrency = 4
host = "node"
steps = [
    { work = "4ms" },
    { call = "db", connect = "3ms" },
    { parallel = [[{ wait = "6ms" }], [{ work = "2ms" }]] },
    { reply = true },
    { call = "db", network = "0s" },
]
[services.db]
count = 2
network = "1ms"
steps = [{ wait = "1ms" }, { choose = [{ weight = 1, steps = [{ work = "10ms" }] }, { weight = 1 }] }]
[hosts.node]
speed = 2.0
"#,
    );
    let load = Load::of(&model);
    let (front, db) = (&load.services[0], &load.services[1]);
    near(db.response, 0.006);
    near(db.rate, 100.0);
    near(db.utilization, 0.3);
    // 4 ms at double speed; connecting, there, the answer, and back; the longer branch.
    near(front.response, 0.002 + (0.003 + 0.001 + 0.006 + 0.001) + 0.006);
    near(front.mean_service.unwrap(), front.response + 0.006);
    near(front.utilization, 50.0 * (front.response + 0.006) / 4.0);
    near(load.producers[0].response, 0.001 + front.response);
    near(load.hosts[0].demand, 50.0 * (0.002 + 0.001));
}

#[test]
fn who_waits_for_answers_sends_no_more_than_comes_back() {
    let closed = |clients: u32, count: u32| {
        Load::of(&model(&format!(
            "[producers.web]\nclients = {clients}\nthink = \"90ms\"\nsteps = [{{ repeat = 2, steps = [{{ call = \"db\" }}] }}]\n\
             [services.db]\nservice = \"5ms\"\ncount = {count}\n"
        )))
    };
    // Ten clients over think time and two answers; or half of what the service can do.
    near(closed(10, 4).producers[0].rate, 100.0);
    near(closed(10, 4).services[0].rate, 200.0);
    near(closed(50, 1).producers[0].rate, 100.0);
    let saturated = closed(50, 1);
    near(saturated.services[0].utilization, 1.0);
    near(saturated.services[0].steady(), 0.0);
    let open = |callers: u32| {
        Load::of(&model(&format!(
            "[producers.web]\narrivals = {{ poisson = \"100/s\" }}\ncallers = {callers}\nsteps = [{{ wait = \"20ms\" }}]\n"
        )))
    };
    near(open(1).producers[0].rate, 50.0);
    near(open(3).producers[0].rate, 100.0);
}

#[test]
fn calls_that_may_come_back_are_solved() {
    let model = model(
        "[producers.web]\narrivals = { poisson = \"10/s\" }\ncall = \"tree\"\n[services.tree]\ncount = 9\n\
         steps = [{ work = \"2ms\" }, { choose = [{ weight = 1, steps = [{ repeat = 2, steps = [{ call = \"tree\" }] }] }, { weight = 3 }] }]\n",
    );
    // Each visit leads to 2 / 4 more.
    let load = Load::of(&model);
    near(load.services[0].rate, 20.0);
    near(load.services[0].response, 0.004);
}

#[test]
fn the_design_with_calls_and_a_queue_is_free_of_warnings() {
    let document =
        Document { name: "design".to_owned(), path: None, text: include_str!("../src/scenario/templates/calls.toml").to_owned() };
    let resolved = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(resolved.warnings.is_empty(), "{}", resolved.warnings);
    let load = Load::of(&resolved.model);
    // 40/s of 80 ms on eight workers, and of 0.2 * 30 ms + 2 ms on two.
    near(load.services[0].utilization, 0.4);
    near(load.services[1].utilization, 0.16);
}
