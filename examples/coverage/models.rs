//! Models whose answer is known, as scenarios, with the answer.
//!
//! The mean service time is 1 s throughout, so that times are in multiples of it. Sources of the formulas: Kleinrock,
//! "Queueing Systems", volume 1 (1975): M/M/c, M/G/1 and its transform, Burke's theorem; Cobham 1954 for priorities; Franx
//! 2001 ("A simple solution for the M/D/c waiting time distribution") for the distribution of the wait with constant service.

/// A model at one load, and what is known of it.
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
pub struct Truth {
    /// Its full name.
    pub metric: &'static str,
    /// What the table calls it.
    pub label: &'static str,
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
        // The distribution of its wait has no closed form.
        "lognormal" => single("lognormal", load, 1, "{ lognormal = { mean = \"1s\", cv = 2 } }", Law::mean_only(load, 5.0)),
        "tandem" => tandem(load),
        "priority" => priority(load),
        _ => return None,
    })
}

/// What is known of the wait in a queue.
struct Law {
    mean: f64,
    quantile: Option<Box<dyn Fn(f64) -> f64>>,
}

impl Law {
    /// Pollaczek and Khinchine: `second` is the second moment of a service time.
    fn mean_only(load: f64, second: f64) -> Law {
        Law { mean: load * second / (2.0 * (1.0 - load)), quantile: None }
    }
}

fn multi(load: f64, servers: u32) -> Law {
    let (c, offered) = (f64::from(servers), load * f64::from(servers));
    // Erlang's B by recursion, then C.
    let blocked = (1..=servers).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b));
    let waits = blocked / (1.0 - load * (1.0 - blocked));
    let spare = c - offered;
    Law {
        mean: waits / spare,
        quantile: Some(Box::new(move |q: f64| if 1.0 - q >= waits { 0.0 } else { (waits / (1.0 - q)).ln() / spare })),
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
    Law { quantile: Some(inverse(move |t| 1.0 - below(t))), ..Law::mean_only(load, 1.0) }
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
        quantile: Some(inverse(move |t| terms.iter().map(|(weight, pole)| weight * (-pole * t).exp()).sum())),
        ..Law::mean_only(load, 1.0 + H2_SCV)
    }
}

/// The quantiles of a distribution with these tails.
fn inverse(tail: impl Fn(f64) -> f64 + 'static) -> Box<dyn Fn(f64) -> f64> {
    Box::new(move |q| {
        let (mut low, mut high) = (0.0, 1.0);
        if tail(0.0) <= 1.0 - q {
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
    let mut truths = vec![Truth { metric: "consumers.workers.wait.mean", label: "mean wait", exact: law.mean }];
    if let Some(quantile) = &law.quantile {
        for (metric, label, q) in [
            ("consumers.workers.wait.p50", "p50 of the wait", 0.5),
            ("consumers.workers.wait.p99", "p99 of the wait", 0.99),
            ("consumers.workers.wait.p999", "p99.9 of the wait", 0.999),
        ] {
            truths.push(Truth { metric, label, exact: quantile(q) });
        }
    }
    truths.push(Truth { metric: "queues.jobs.backlog.mean", label: "mean backlog", exact: rate * (law.mean + 1.0) });
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

/// Two classes of equal rate before one worker, without preemption: the mean waits of Cobham.
fn priority(load: f64) -> Case {
    let half = load / 2.0;
    let scenario = format!(
        "[producers.urgent]\narrivals = {{ poisson = \"{half}/s\" }}\npriority = 1\npublish = \"jobs\"\n\
         [producers.bulk]\narrivals = {{ poisson = \"{half}/s\" }}\npublish = \"jobs\"\n\
         [queues.jobs]\ndiscipline = \"priority\"\nmax_priority = 1\n\
         [consumers.workers]\nqueue = \"jobs\"\nservice = {{ exponential = \"1s\" }}\n"
    );
    let urgent = load / (1.0 - half);
    let truths = vec![
        Truth { metric: "producers.urgent.wait.mean", label: "mean wait, urgent", exact: urgent },
        Truth { metric: "producers.bulk.wait.mean", label: "mean wait, bulk", exact: urgent / (1.0 - load) },
        Truth { metric: "queues.jobs.backlog.mean", label: "mean backlog", exact: load / (1.0 - load) },
    ];
    Case { model: "priority", load, scenario, rate: load, truths }
}
