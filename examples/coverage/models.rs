//! Models whose answer is known, as scenarios, with the answer.
//!
//! The mean service time is 1 s throughout, so that times are in multiples of it. No value comes from a simulation. Sources of
//! the formulas: Kleinrock, "Queueing Systems", volume 1 (1975): M/M/c, M/G/1 and its transform, Burke's theorem; Cobham 1954 for
//! the means under priorities; Franx 2001 ("A simple solution for the M/D/c waiting time distribution") for the distribution of
//! the wait with constant service; Flatto and Hahn 1984 for the join of two (`theory/fork.rs` has it in full). That with lognormal service is what the room `theory` gives, by inversion of a transform.

use queuelab::model::Model;
use queuelab::scenario::{self, Document};
use queuelab::theory;

/// A model at one load, and what is known of it.
#[derive(Clone)]
pub struct Case {
    /// Its name on the command line.
    pub model: &'static str,
    /// Utilization of its workers.
    pub load: f64,
    /// Everything of its scenario but the table `[run]`.
    pub scenario: String,
    /// Messages a second.
    pub rate: f64,
    /// What is known.
    pub truths: Vec<Truth>,
}

/// The exact value of a metric.
#[derive(Clone)]
pub struct Truth {
    /// Its full name.
    pub metric: String,
    /// What the table calls it.
    pub label: String,
    /// In seconds or messages.
    pub exact: f64,
}

/// Squared coefficient of variation of the hyperexponential service.
const H2_SCV: f64 = 5.0;

/// The model of this name at this load.
pub fn case(model: &str, load: f64) -> Option<Case> {
    Some(match model {
        "mm1" => single("mm1", load, 1, "{ exponential = \"1s\" }", multi(load, 1)),
        "mm3" => single("mm3", load, 3, "{ exponential = \"1s\" }", multi(load, 3)),
        "md1" => single("md1", load, 1, "\"1s\"", constant(load)),
        "mh2" => single("mh2", load, 1, "{ hyperexponential = { mean = \"1s\", cv = 2.23606797749979 } }", hyper(load)),
        "lognormal" => lognormal(load),
        "tandem" => tandem(load),
        "priority" => priority(load),
        "fork" => fork(load),
        _ => return None,
    })
}

impl Case {
    /// Its model with these lines in the table `[run]`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn model(&self, run: &str) -> Result<Model, String> {
        let text = format!("[run]\n{run}\n{}", self.scenario);
        let document = Document { name: self.model.to_owned(), path: None, text };
        Ok(scenario::resolve(&document, &[]).map_err(|problems| problems.render(false))?.model)
    }
}

/// The percentiles that are judged: suffix, name and order.
const PERCENTILES: [(&str, &str, f64); 3] = [("p50", "p50", 0.5), ("p99", "p99", 0.99), ("p999", "p99.9", 0.999)];

/// What is known of the wait in a queue.
struct Law {
    mean: f64,
    quantile: Box<dyn Fn(f64) -> f64>,
}

impl Law {
    /// What is known of a wait of this name.
    fn truths(&self, metric: &str, label: &str) -> Vec<Truth> {
        let mean = Truth::new(&format!("{metric}.mean"), &format!("mean {label}"), self.mean);
        let percentile = |(suffix, name, q): (&str, &str, f64)| {
            Truth::new(&format!("{metric}.{suffix}"), &format!("{name} of the {label}"), (self.quantile)(q))
        };
        std::iter::once(mean).chain(PERCENTILES.map(percentile)).collect()
    }
}

impl Truth {
    fn new(metric: &str, label: &str, exact: f64) -> Truth {
        Truth { metric: metric.to_owned(), label: label.to_owned(), exact }
    }
}

/// Pollaczek and Khinchine: the mean wait, where `second` is the second moment of a service time.
fn pollaczek(load: f64, second: f64) -> f64 {
    load * second / (2.0 * (1.0 - load))
}

fn multi(load: f64, servers: u32) -> Law {
    let (c, offered) = (f64::from(servers), load * f64::from(servers));
    // Erlang's B by recursion, then C.
    let blocked = (1..=servers).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b));
    let waits = blocked / (1.0 - load * (1.0 - blocked));
    let spare = c - offered;
    Law {
        mean: waits / spare,
        quantile: Box::new(move |q: f64| if 1.0 - q >= waits { 0.0 } else { (waits / (1.0 - q)).ln() / spare }),
    }
}

fn constant(load: f64) -> Law {
    // Stationary numbers in the system, by balance across each cut: all terms are positive.
    const STATES: usize = 400;
    let mut pmf = vec![(-load).exp()];
    (1..=STATES + 1).for_each(|k| pmf.push(pmf[k - 1] * load / k as f64));
    let mut tails = vec![0.0; STATES + 2];
    (0..=STATES).rev().for_each(|k| tails[k] = tails[k + 1] + pmf[k]);
    let mut states = vec![1.0 - load];
    for i in 1..STATES {
        let up: f64 = (1..i).map(|j| states[j] * tails[i + 1 - j]).sum();
        states.push((states[0] * tails[i] + up) / pmf[0]);
    }
    let queued: Vec<f64> =
        (0..STATES - 1).scan(states[0], |sum, k| Some(std::mem::replace(sum, *sum + states[k + 1]) + states[k + 1])).collect();
    let below = move |t: f64| {
        let k = t.floor() as usize + 1;
        let x = load * (k as f64 - t);
        let mut term = (-x).exp();
        let mut sum = 0.0;
        for j in 0..k {
            sum += queued[k - j - 1] * term;
            term *= x / (j + 1) as f64;
        }
        sum
    };
    Law { mean: pollaczek(load, 1.0), quantile: inverse(move |t| 1.0 - below(t)) }
}

fn hyper(load: f64) -> Law {
    // Balanced means, as the scenario's `{ mean, cv }` has it.
    let p = (1.0 + ((H2_SCV - 1.0) / (H2_SCV + 1.0)).sqrt()) / 2.0;
    let (fast, slow) = (2.0 * p, 2.0 * (1.0 - p));
    // The transform of the wait is (1 - load) N(s) / D(s) with two simple poles.
    let (b, c) = (fast + slow - load, fast * slow - load * (p * slow + (1.0 - p) * fast));
    let root = (b * b - 4.0 * c).sqrt();
    let poles = [(b - root) / 2.0, (b + root) / 2.0];
    let terms = poles.map(|pole| {
        let residue = (fast - pole) * (slow - pole) / (b - 2.0 * pole);
        ((1.0 - load) * residue / pole, pole)
    });
    Law {
        mean: pollaczek(load, 1.0 + H2_SCV),
        quantile: inverse(move |t| terms.iter().map(|(weight, pole)| weight * (-pole * t).exp()).sum()),
    }
}

/// The quantiles of a distribution with these tails.
fn inverse(tail: impl Fn(f64) -> f64 + 'static) -> Box<dyn Fn(f64) -> f64> {
    Box::new(move |q| {
        let (mut low, mut high) = (0.0, 1.0);
        // What is known to the last digit may differ in it.
        if tail(0.0) <= 1.0 - q + 1e-12 {
            return 0.0;
        }
        while tail(high) > 1.0 - q {
            high *= 2.0;
        }
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if tail(middle) > 1.0 - q { low = middle } else { high = middle }
        }
        high
    })
}

fn single(model: &'static str, load: f64, servers: u32, service: &str, law: Law) -> Case {
    let rate = load * f64::from(servers);
    let scenario = format!(
        "[producers.source]\narrivals = {{ poisson = \"{rate}/s\" }}\npublish = \"jobs\"\n[queues.jobs]\n\
         [consumers.workers]\nqueue = \"jobs\"\ncount = {servers}\nservice = {service}\n"
    );
    let backlog = Truth::new("queues.jobs.backlog.mean", "mean backlog", rate * (law.mean + 1.0));
    let truths = law.truths("consumers.workers.wait", "wait").into_iter().chain([backlog]).collect();
    Case { model, load, scenario, rate, truths }
}

/// Two single workers in a row: by Burke's theorem the second sees the Poisson process that the first sees.
fn tandem(load: f64) -> Case {
    let mut case = single("tandem", load, 1, "{ exponential = \"1s\" }", multi(load, 1));
    case.scenario = format!(
        "[producers.source]\narrivals = {{ poisson = \"{load}/s\" }}\npublish = \"first\"\n[queues.first]\n[queues.jobs]\n\
         [consumers.front]\nqueue = \"first\"\nservice = {{ exponential = \"1s\" }}\npublish = \"jobs\"\n\
         [consumers.workers]\nqueue = \"jobs\"\nservice = {{ exponential = \"1s\" }}\n"
    );
    case
}

/// Service with a coefficient of variation of 2, so that its second moment is 5.
fn lognormal(load: f64) -> Case {
    let unknown = Law { mean: pollaczek(load, 5.0), quantile: Box::new(|_| f64::NAN) };
    let mut case = single("lognormal", load, 1, "{ lognormal = { mean = \"1s\", cv = 2 } }", unknown);
    let answers = theory::answers(&case.model("duration = \"1h\"").expect("the scenario is valid"));
    for truth in case.truths.iter_mut().filter(|truth| truth.exact.is_nan()) {
        let answer = answers.iter().find(|answer| answer.metric == truth.metric && answer.exact);
        truth.exact = answer.expect("the wait in M/G/1 has a law").value;
    }
    case
}

/// Every message asks two services at once and waits for both: each by itself is M/M/1, and of the two (12 - load) / 8 of its mean
/// response is waited for.
fn fork(load: f64) -> Case {
    let scenario = format!(
        "[producers.source]\narrivals = {{ poisson = \"{load}/s\" }}\n\
         steps = [{{ parallel = [[{{ call = \"left\" }}], [{{ call = \"right\" }}]] }}]\n\
         [services.left]\nservice = {{ exponential = \"1s\" }}\n[services.right]\nservice = {{ exponential = \"1s\" }}\n"
    );
    let joined = (12.0 - load) / 8.0 / (1.0 - load);
    let response = Truth::new("producers.source.response.mean", "mean response, both", joined);
    let waiting = Truth::new("services.left.waiting.mean", "mean waiting, one", load * load / (1.0 - load));
    let truths =
        [response].into_iter().chain(multi(load, 1).truths("services.left.wait", "wait, one")).chain([waiting]).collect();
    Case { model: "fork", load, scenario, rate: load, truths }
}

/// Two classes of equal rate before one worker, without preemption: the means are those of Cobham. An urgent message waits as
/// often as all do, and then only for its own kind.
fn priority(load: f64) -> Case {
    let half = load / 2.0;
    let scenario = format!(
        "[producers.urgent]\narrivals = {{ poisson = \"{half}/s\" }}\npriority = 1\npublish = \"jobs\"\n\
         [producers.bulk]\narrivals = {{ poisson = \"{half}/s\" }}\npublish = \"jobs\"\n\
         [queues.jobs]\ndiscipline = \"priority\"\nmax_priority = 1\n\
         [consumers.workers]\nqueue = \"jobs\"\nservice = {{ exponential = \"1s\" }}\n"
    );
    let mean = load / (1.0 - half);
    let urgent = Law { mean, quantile: Box::new(move |q: f64| ((load / (1.0 - q)).ln() / (1.0 - half)).max(0.0)) };
    let bulk = Law { mean: mean / (1.0 - load), quantile: overtaken(load, half) };
    let backlog = Truth::new("queues.jobs.backlog.mean", "mean backlog", load / (1.0 - load));
    let truths = urgent.truths("producers.urgent.wait", "wait, urgent").into_iter();
    let truths = truths.chain(bulk.truths("producers.bulk.wait", "wait, bulk")).chain([backlog]).collect();
    Case { model: "priority", load, scenario, rate: load, truths }
}

/// The quantiles of the wait of the lower of two classes in M/M/1, where the upper one comes at rate `above`.
///
/// Of those in the system it waits for n with probability (1 - load) load^n, and for all of the upper class that come
/// meanwhile: until a random walk from n, up at rate `above` and down at rate 1, reaches 0. The walk is uniformised: `left[k]`
/// is the chance that it is still on its way after k steps, of which the time t holds a Poisson number.
fn overtaken(load: f64, above: f64) -> Box<dyn Fn(f64) -> f64> {
    const STEPS: usize = 6000;
    let size = (-40.0 / load.ln()) as usize + 400;
    let (up, down) = (above / (above + 1.0), 1.0 / (above + 1.0));
    let mut walk: Vec<f64> = (0..=size).map(|n| if n == 0 { 0.0 } else { (1.0 - load) * load.powi(n as i32) }).collect();
    let mut left = Vec::with_capacity(STEPS);
    for _ in 0..STEPS {
        left.push(walk.iter().sum::<f64>());
        let after = |n: usize| {
            let from_below = if n > 1 { up * walk[n - 1] } else { 0.0 };
            from_below + if n < size { down * walk[n + 1] } else { up * walk[n] }
        };
        walk = (0..=size).map(|n| if n == 0 { 0.0 } else { after(n) }).collect();
    }
    inverse(move |t| {
        let mean = t * (above + 1.0);
        // From the most likely number of steps to both sides, so that no term is too small to begin with.
        let middle = mean as usize;
        let log = |k: usize| k as f64 * mean.ln() - mean - (1..=k).map(|j| (j as f64).ln()).sum::<f64>();
        let mut sum = 0.0;
        let mut term = if mean > 0.0 { log(middle).exp() } else { 1.0 };
        let first = term;
        for k in middle..STEPS.max(middle) {
            sum += term * left[k.min(STEPS - 1)];
            term *= mean / (k + 1) as f64;
        }
        term = first;
        for k in (1..=middle).rev() {
            term *= k as f64 / mean;
            sum += term * left[(k - 1).min(STEPS - 1)];
        }
        sum
    })
}
