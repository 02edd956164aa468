//! Laws of services, hosts and closed producers, for models that are built here: which are recognised, and what they say.

use crate::{model, value};
use queuelab::model::{
    Arrivals, Balance, Call, Discipline, Handler, Hedge, Host, HostId, Jitter, Layer, Model, Retry, RetryOn, Scheduling, Service,
    ServiceId, Step, Way, Work,
};
use queuelab::random::{Counts, Distribution};
use queuelab::theory::{Answer, answers};
use queuelab::units::{Rate, Span};

/// An exponential time with this mean in seconds.
fn exponential(mean: f64) -> Distribution {
    Distribution::Exponential { mean: mean * 1e9 }
}

fn service(name: &str, workers: u32, work: Distribution) -> Service {
    Service {
        name: name.to_owned(),
        count: workers,
        concurrency: 1,
        balance: None,
        queue_limit: None,
        discipline: Discipline::Fifo,
        shed: None,
        handler: Handler(vec![Step::Work(Work::Drawn(work))]),
        host: None,
        network: None,
    }
}

fn call(at: u32) -> Step {
    layered(at, Vec::new())
}

fn layered(at: u32, layers: Vec<Layer>) -> Step {
    Step::Call(Box::new(Call { service: ServiceId(at), network: None, connect: None, layers, fallback: None }))
}

/// One producer, called `web`, before these services.
fn system(arrivals: Arrivals, steps: Vec<Step>, services: Vec<Service>) -> Model {
    let mut model = model(
        "[run]\nduration = \"1min\"\n[producers.web]\narrivals = { poisson = \"1/s\" }\npublish = \"jobs\"\n[queues.jobs]\n\
         [consumers.workers]\nqueue = \"jobs\"\nservice = \"1ms\"\n",
    );
    model.producers[0].arrivals = arrivals;
    model.producers[0].handler = Handler(steps);
    (model.queues, model.pools, model.services) = (Vec::new(), Vec::new(), services);
    model
}

fn poisson(rate: f64) -> Arrivals {
    Arrivals::Poisson { rate: Rate(rate) }
}

fn near(found: &[Answer], metric: &str, exact: f64) {
    let answer = found.iter().find(|answer| answer.metric == metric);
    let value = answer.unwrap_or_else(|| panic!("there is no answer for {metric}")).value;
    assert!((value / exact - 1.0).abs() < 1e-8, "{metric}: {value} is not {exact}");
}

/// Seven callers and one worker: throughput, response and percentiles of the wait of the bank.
#[test]
fn the_machine_repairman() {
    let closed = |clients, think: f64| Arrivals::Closed { clients, think: Distribution::Constant { value: think * 1e9 } };
    let one = system(closed(7, 8.47201), vec![call(0)], vec![service("db", 1, exponential(1.0 / 0.80002))]);
    let found = answers(&one);
    near(&found, "services.db.throughput", 0.612_019_055_899_084_8);
    near(&found, "producers.web.response.mean", 2.965_542_364_634_579_5);
    near(&found, "services.db.waiting.mean", 1.049_963_743_475_908);
    near(&found, "services.db.waited.ratio", 0.682_746_938_546_346_7);
    near(&found, "services.db.wait.p95", 6.181_670_792_711_132);
    let fifty = system(closed(400, 0.140166), vec![call(0)], vec![service("db", 50, exponential(1.0 / 51.706))]);
    let found = answers(&fifty);
    near(&found, "producers.web.goodput.rate", 2_465.636_350_101_69);
    near(&found, "services.db.wait.p99", 0.015_086_012_292_484_942);
    // A worker that waits for another service holds two at a time: no product form.
    let mut layered = one;
    layered.services.push(service("disk", 1, exponential(0.1)));
    layered.services[0].handler.0.push(call(1));
    assert_eq!(answers(&layered), []);
}

/// 20 clients, four centers with fractions of visits, one of them with two workers.
#[test]
fn a_closed_network() {
    let visits = [1.0, 0.41, 3.2, 1.7];
    let means = [0.00646976, 0.0141074, 0.00565041, 0.0175375];
    let steps = |(at, visits): (usize, &f64)| {
        let whole = Step::Repeat { count: Counts::Constant(visits.floor() as u32), steps: vec![call(at as u32)] };
        let weight = visits.fract();
        let ways = vec![Way { weight, steps: vec![call(at as u32)] }, Way { weight: 1.0 - weight, steps: Vec::new() }];
        [whole, Step::Choose(ways)]
    };
    let servers = [1, 1, 2, 1];
    let services = (0..4).map(|at| service(&format!("s{at}"), servers[at], exponential(means[at]))).collect();
    let clients = Arrivals::Closed { clients: 20, think: exponential(0.136445) };
    let found = answers(&system(clients, visits.iter().enumerate().flat_map(steps).collect(), services));
    near(&found, "producers.web.goodput.rate", 33.541_365_764_409_015);
    near(&found, "producers.web.response.mean", 0.459_833_641_140_550_75);
    let in_system = |at: usize| {
        let of = |level: &str| value(&found, &format!("services.s{at}.{level}.mean")).unwrap();
        of("busy") + of("waiting")
    };
    assert!((in_system(2) / 0.667_876_862_998_258_5 - 1.0).abs() < 1e-9);
    assert!((in_system(3) / 14.237_726_629_268_225 - 1.0).abs() < 1e-9);
}

/// Attempts that fail are tried again: visits multiply, pauses add to the response.
#[test]
fn retries_and_loops() {
    let retry = |max_attempts, base| {
        let (factor, cap, jitter, on, budget) = (1.0, None, Jitter::None, RetryOn::Any, None);
        Layer::Retry(Retry { max_attempts, base: Span::from_secs_f64(base), factor, cap, jitter, on, budget })
    };
    let failing = |workers, rate: f64, probability| {
        let mut service = service("db", workers, exponential(1.0 / rate));
        service.handler.0.push(Step::Fail { probability });
        service
    };
    let found = answers(&system(poisson(542.756), vec![layered(0, vec![retry(5, 0.0)])], vec![failing(8, 166.61, 0.57)]));
    near(&found, "services.db.offered.rate", 542.756 * 2.18565301);
    near(&found, "producers.web.failed.ratio", 0.0601692057);
    assert_eq!(value(&found, "producers.web.response.mean"), None);
    let found =
        answers(&system(poisson(526.001), vec![layered(0, vec![retry(2000, 0.0505724)])], vec![failing(6, 179.94, 0.44)]));
    near(&found, "producers.web.response.mean", 0.058_175_308_352_458_37);
    near(&found, "producers.web.retries.rate", 20.900_890_192_600_002 / 0.0505724);
}

/// Processor sharing: the same number for every shape of work, and half of the time for half of the work.
#[test]
fn processors_are_shared() {
    let host = |cores| Host { name: "node".to_owned(), cores, scheduling: Scheduling::ProcessorSharing, speed: 1.0 };
    let shared = |rate, work, cores| {
        let mut service = service("db", 5000, work);
        service.host = Some(HostId(0));
        let mut model = system(poisson(rate), vec![call(0)], vec![service]);
        model.hosts = vec![host(cores)];
        model
    };
    let one = answers(&shared(26.7212, exponential(1.0 / 61.147), 1));
    near(&one, "producers.web.response.mean", 0.029_047_981_455_768_64);
    near(&one, "producers.web.response.sd", 0.001_315_613_064_668_946_4f64.sqrt());
    let constant = answers(&shared(0.517209, Distribution::Constant { value: 1.48296e9 }, 1));
    near(&constant, "services.db.sojourn.mean", 6.364_642_258_159_116);
    near(&constant, "hosts.node.utilization", 0.517209 * 1.48296);
    // Two cores at load 1/2: 4/3 there are.
    near(&answers(&shared(1.0, Distribution::Constant { value: 1e9 }, 2)), "services.db.busy.mean", 4.0 / 3.0);
    let mut few = shared(26.7212, exponential(1.0 / 61.147), 1);
    few.services[0].count = 3;
    assert_eq!(answers(&few), []);
}

/// Joins of waits without queues: the largest of many, the fourth of seven, sums, copies.
#[test]
fn order_statistics() {
    let wait = |of: &Distribution| vec![Step::Wait(of.clone())];
    let fork = |n: usize, join, of: &Distribution| vec![Step::Parallel { branches: vec![wait(of); n], join }];
    let found = answers(&system(poisson(1.0), fork(100, 100, &exponential(1.0 / 922.594)), Vec::new()));
    near(&found, "producers.web.response.mean", 0.005_622_600_534_622_618);
    near(&found, "producers.web.response.p99", 0.009_977_703_804_732_164);
    let weibull = Distribution::Weibull { shape: 0.61, scale: 0.0271929e9 };
    let found = answers(&system(poisson(1.0), fork(250, 250, &weibull), Vec::new()));
    near(&found, "producers.web.response.mean", 0.539_103_327_387_472_4);
    near(&found, "producers.web.response.p999", 1.692_766_503_293_732_5);
    let lognormal = Distribution::Lognormal { mu: -1.60205 + 1e9f64.ln(), sigma: 1.03 };
    let found = answers(&system(poisson(1.0), fork(7, 4, &lognormal), Vec::new()));
    near(&found, "producers.web.response.mean", 0.225_291_099_106_511_54);
    near(&found, "producers.web.response.p50", 0.201_483_054_077_879_37);
    // Five of 10 ms: in a row Erlang (mean 50, p99 116.05 ms), side by side 22.83 and 62.07 ms.
    let row = answers(&system(poisson(1.0), vec![Step::Wait(exponential(0.01)); 5], Vec::new()));
    near(&row, "producers.web.response.mean", 0.05);
    assert!((value(&row, "producers.web.response.p99").unwrap() - 0.11605).abs() < 5e-6);
    let side = answers(&system(poisson(1.0), fork(5, 5, &exponential(0.01)), Vec::new()));
    near(&side, "producers.web.response.mean", 0.01 * 137.0 / 60.0);
    assert!((value(&side, "producers.web.response.p99").unwrap() - 0.06212).abs() < 1e-4);
}

#[test]
fn hedging() {
    let pareto = Distribution::Pareto { minimum: 0.0733268e9, shape: 2.37 };
    let hedge = Layer::Hedge(Hedge { after: Span::from_secs_f64(0.193733), max: 2, cancel: true });
    let found = answers(&system(poisson(1.0), vec![layered(0, vec![hedge.clone()])], vec![service("leaf", 200, pareto.clone())]));
    near(&found, "services.leaf.offered.rate", 1.100_000_031_264_233);
    near(&found, "producers.web.response.mean", 0.119_271_563_528_835);
    near(&found, "producers.web.response.p999", 0.426_329_392_569_874_8);
    // With few workers somebody waits.
    assert_eq!(answers(&system(poisson(1.0), vec![layered(0, vec![hedge])], vec![service("leaf", 2, pareto)])), []);
}

#[test]
fn forks_with_queues() {
    let two = |a: f64, b: f64| {
        let branches = vec![vec![call(0)], vec![call(1)]];
        let services = vec![service("a", 1, exponential(a)), service("b", 1, exponential(b))];
        answers(&system(poisson(2.7505), vec![Step::Parallel { branches, join: 2 }], services))
    };
    near(&two(1.0 / 3.85764, 1.0 / 3.85764), "producers.web.response.mean", 1.274_341_919_865_004_6);
    let unequal = two(1.0 / 3.85764, 0.1);
    near(&unequal, "services.a.sojourn.mean", 1.0 / (3.85764 - 2.7505));
    assert_eq!(value(&unequal, "producers.web.response.mean"), None);
}

/// Balancers: a random split is exact, in turn too, the best of several is that of infinitely many.
#[test]
fn balancers() {
    let balanced = |balance, count, rate: f64, mean: f64| {
        let mut service = service("web", count, exponential(mean));
        service.balance = Some(balance);
        answers(&system(poisson(rate * f64::from(count)), vec![call(0)], vec![service]))
    };
    near(&balanced(Balance::Random, 4, 0.9, 1.0), "producers.web.response.mean", 10.0);
    let turn = balanced(Balance::RoundRobin, 4, 0.9, 1.0);
    let wait = value(&turn, "services.web.wait.mean").unwrap();
    assert!(wait > 0.3 * 9.0 && wait < 9.0 * 0.7, "{wait}");
    let best = balanced(Balance::Choices(3), 1000, 22.7414, 1.0 / 24.116);
    near(&best, "producers.web.response.mean", 0.100_982_479_528_284_18);
    assert!(best.iter().filter(|answer| answer.metric.contains("sojourn")).all(|answer| !answer.exact));
    assert_eq!(value(&balanced(Balance::Choices(2), 4, 0.9, 1.0), "producers.web.response.mean"), None);
}

/// One service, called by open producers alone, is a station with all its laws.
#[test]
fn a_called_service_is_a_station() {
    let mut bounded = service("db", 2, exponential(0.01));
    bounded.queue_limit = Some(0);
    near(&answers(&system(poisson(100.0), vec![call(0)], vec![bounded])), "services.db.rejected.ratio", 0.2);
    let constant = service("db", 1, Distribution::Constant { value: 1e7 });
    near(&answers(&system(poisson(80.0), vec![call(0)], vec![constant])), "services.db.wait.mean", 0.02);
    // Two in a row: independent sojourns of 20/s and 50/s.
    let services = vec![service("a", 1, exponential(0.01)), service("b", 1, exponential(1.0 / 130.0))];
    let found = answers(&system(poisson(80.0), vec![call(0), call(1)], services));
    near(&found, "producers.web.response.mean", 0.05 + 0.02);
    near(&found, "producers.web.response.sd", 0.05f64.hypot(0.02));
    assert!(value(&found, "producers.web.response.p99").is_some());
}
