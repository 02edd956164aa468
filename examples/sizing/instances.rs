//! Pools to be sized whose right size is known.

use super::known::{Asked, Work, wait};

/// A pool, its goal, and the number of workers that it needs.
#[derive(Debug, Clone)]
pub struct Instance {
    pub rate: f64,
    pub work: Work,
    pub asked: Asked,
    pub goal: f64,
    pub right: usize,
}

/// Numbers without pattern, the same everywhere (D. Lehmer's generator with the multiplier of S. K. Park and K. W. Miller 1988).
struct Chance(u64);

impl Chance {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        low + (high - low) * self.0 as f64 / 2_147_483_647.0
    }
}

/// So many instances, the kinds of work and of goals in turn. The metric at the right size and at one less lie outside of the tolerance around the
/// goal, so that there is one right answer.
pub fn instances(count: usize, seed: u64, tolerance: f64) -> Vec<Instance> {
    let mut chance = Chance(seed);
    let mut found: Vec<Instance> = Vec::new();
    while found.len() < count {
        let at = found.len();
        let mean = chance.between(1.0, 4.0).exp() / 1000.0;
        let (work, most) = match at % 3 {
            0 => (Work::Exponential(mean), 40.0),
            1 => (Work::Constant(mean), 25.0),
            _ => (Work::Hyperexponential(mean, chance.between(1.5, 6.0)), 5.0),
        };
        let asked = [Asked::Mean, Asked::Quantile(0.95), Asked::Quantile(0.99)][at / 3 % 3];
        // A size at a load between 0.6 and 0.95, and a goal that it just meets.
        let workers = chance.between(1.0, most + 1.0) as usize;
        let rate = rounded(workers as f64 * chance.between(0.6, 0.95) / mean);
        // Next to a load of 1 the exact numbers take for ever, and so would anything else.
        let load_below = rate * mean / (workers as f64 - 1.0);
        if (0.97..1.0).contains(&load_below) {
            continue;
        }
        let here = wait(rate, work, workers, asked);
        let below = wait(rate, work, workers - 1, asked);
        let goal = rounded(here * (below.min(3.0 * here) / here).powf(chance.between(0.05, 0.95)));
        if !(goal > 0.0 && here > mean / 1000.0) {
            continue;
        }
        let right = workers;
        if here < goal * (1.0 - tolerance) && below > goal * (1.0 + tolerance) {
            found.push(Instance { rate, work, asked, goal, right });
        }
    }
    found
}

/// Six digits, as they are written into the scenario.
fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

impl Instance {
    /// The scenario.
    pub fn scenario(&self) -> String {
        let ms = |seconds: f64| format!("{}ms", seconds * 1000.0);
        let work = match self.work {
            Work::Exponential(mean) => format!("{{ exponential = \"{}\" }}", ms(mean)),
            Work::Constant(time) => format!("\"{}\"", ms(time)),
            Work::Hyperexponential(mean, scv) => {
                format!("{{ hyperexponential = {{ mean = \"{}\", cv = {} }} }}", ms(mean), scv.sqrt())
            }
        };
        let statistic = match self.asked {
            Asked::Mean => "mean".to_owned(),
            Asked::Quantile(q) => format!("p{:.0}", q * 100.0),
        };
        format!(
            "[run]\nduration = \"1h\"\n[producers.web]\narrivals = {{ poisson = \"{}/s\" }}\npublish = \"jobs\"\n[queues.jobs]\n\
             [consumers.workers]\nqueue = \"jobs\"\nservice = {work}\n[goals]\nlatency = \"consumers.workers.wait.{statistic} < {}us\"\n",
            self.rate,
            self.goal * 1e6
        )
    }
}
