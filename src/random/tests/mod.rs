//! Tests of the room as a whole.

pub mod acceptance;
mod samples;
mod solving;
mod values;

use crate::random::{self, Branch, Distribution, Part};

pub const MS: f64 = 1e6;

pub fn part<T>(weight: f64, of: T) -> Part<T> {
    Part { weight, of }
}

/// Every variant, most with more than one set of parameters, nested ones among them.
pub fn everything() -> Vec<Distribution> {
    let recorded = vec![3.0 * MS, MS, 1.5 * MS, 9.0 * MS, 3.0 * MS, 2.2 * MS];
    let branch = |probability, mean| Branch { probability, mean };
    let two = random::discrete(vec![part(3.0, 2.0 * MS), part(1.0, 10.0 * MS)]).unwrap();
    let exponential = |mean| Distribution::Exponential { mean };
    let lognormal = random::lognormal_mean_cv(10.0 * MS, 2.0).unwrap();
    let mixture = random::mixture(vec![
        part(0.5, exponential(2.0 * MS)),
        part(0.3, Distribution::Constant { value: 4.0 * MS }),
        part(0.2, Distribution::Shifted { by: 5.0 * MS, of: Box::new(two.clone()) }),
    ])
    .unwrap();
    let phases =
        random::phase_type(vec![0.6, 0.4, 0.0], vec![vec![-3e-7, 1e-7, 1e-7], vec![0.0, -5e-7, 2e-7], vec![4e-7, 0.0, -1e-6]])
            .unwrap();
    let cut = |max: f64, of: Distribution| random::truncated(max * MS, of).unwrap();
    let mut all = vec![
        Distribution::Constant { value: 8.0 * MS },
        exponential(10.0 * MS),
        Distribution::Uniform { min: MS, max: 5.0 * MS },
        Distribution::Triangular { min: MS, mode: 2.0 * MS, max: 7.0 * MS },
        Distribution::Triangular { min: MS, mode: MS, max: 7.0 * MS },
        Distribution::Normal { mean: 10.0 * MS, sd: 2.0 * MS },
        Distribution::Normal { mean: 2.0 * MS, sd: 3.0 * MS },
        Distribution::Normal { mean: -9.0 * MS, sd: 3.0 * MS },
        lognormal.clone(),
        Distribution::Gamma { shape: 0.4, scale: 10.0 * MS },
        Distribution::Gamma { shape: 7.5, scale: MS },
        Distribution::Erlang { stages: 4, mean: 8.0 * MS },
        Distribution::Erlang { stages: 40, mean: 8.0 * MS },
        Distribution::Weibull { shape: 0.7, scale: 4.0 * MS },
        Distribution::Weibull { shape: 3.0, scale: 4.0 * MS },
        Distribution::Pareto { minimum: MS, shape: 5.5 },
        random::hyperexponential(vec![branch(9.0, 2.0 * MS), branch(1.0, 30.0 * MS)]).unwrap(),
        phases.clone(),
        random::coxian(&[(2.0 * MS, 0.5), (5.0 * MS, 0.9), (MS, 0.0)]).unwrap(),
        random::empirical(recorded.clone(), false).unwrap(),
        random::empirical(recorded.clone(), true).unwrap(),
        two,
        mixture.clone(),
        Distribution::Shifted { by: 3.0 * MS, of: Box::new(exponential(MS)) },
    ];
    let inner = cut(40.0, lognormal.clone());
    all.extend([
        cut(15.0, exponential(10.0 * MS)),
        cut(12.0, lognormal),
        cut(4.0, mixture),
        cut(6.0, phases),
        cut(0.1, exponential(10.0 * MS)),
        cut(2.5, Distribution::Uniform { min: MS, max: 5.0 * MS }),
        cut(3.0, Distribution::Triangular { min: MS, mode: 2.0 * MS, max: 7.0 * MS }),
        cut(3.0, Distribution::Normal { mean: 2.0 * MS, sd: 3.0 * MS }),
        cut(6.0, Distribution::Gamma { shape: 7.5, scale: MS }),
        cut(6.0, Distribution::Erlang { stages: 4, mean: 8.0 * MS }),
        cut(3.0, Distribution::Weibull { shape: 3.0, scale: 4.0 * MS }),
        cut(9.0, Distribution::Pareto { minimum: MS, shape: 0.8 }),
        cut(9.0, Distribution::Pareto { minimum: MS, shape: 2.0 }),
        cut(9.0, random::hyperexponential(vec![branch(9.0, 2.0 * MS), branch(1.0, 30.0 * MS)]).unwrap()),
        cut(3.0, random::empirical(recorded.clone(), false).unwrap()),
        cut(2.9, random::empirical(recorded, true).unwrap()),
        cut(9.0, Distribution::Shifted { by: 2.0 * MS, of: Box::new(inner) }),
    ]);
    all
}
