//! Moments, distribution functions and descriptions at known points, and against each other.

use super::{MS, everything, part};
use crate::random::{self, Branch, Distribution};

/// The integral of `f` from `a` to `b` by adaptive Simpson's rule.
fn integral(f: &dyn Fn(f64) -> f64, a: f64, b: f64, tolerance: f64, depth: u32) -> f64 {
    let simpson = |a: f64, b: f64| (b - a) / 6.0 * (f(a) + 4.0 * f(0.5 * (a + b)) + f(b));
    let middle = 0.5 * (a + b);
    let (whole, halves) = (simpson(a, b), simpson(a, middle) + simpson(middle, b));
    if depth == 0 || (whole - halves).abs() < tolerance {
        return halves;
    }
    integral(f, a, middle, 0.5 * tolerance, depth - 1) + integral(f, middle, b, 0.5 * tolerance, depth - 1)
}

#[test]
fn moments_are_the_integrals_of_the_distribution_function() {
    for distribution in everything() {
        let end = distribution.quantile(1.0 - 1e-12);
        let mean = distribution.mean();
        // Piecewise, so that a jump is met by many short intervals.
        let sum = |f: &dyn Fn(f64) -> f64| {
            let pieces = 64;
            let at = |i: i32| end * f64::from(i) / f64::from(pieces);
            (0..pieces).map(|i| integral(f, at(i), at(i + 1), 1e-9 * f(at(i)).max(1.0) * end / 64.0, 22)).sum::<f64>()
        };
        let first = sum(&|x| 1.0 - distribution.cdf(x));
        assert!((first / mean - 1.0).abs() < 3e-6, "{distribution}: mean {mean}, integral {first}");
        let second = sum(&|x| 2.0 * x / mean * (1.0 - distribution.cdf(x))) / mean;
        let stated = distribution.scv() + 1.0;
        assert!((second / stated - 1.0).abs() < 3e-5, "{distribution}: second moment {stated}, integral {second}");
    }
}

#[test]
fn quantiles_undo_distribution_functions() {
    for distribution in everything() {
        for i in 1..100 {
            let q = f64::from(i) / 100.0;
            let x = distribution.quantile(q);
            let (below, at) = (distribution.cdf(x * (1.0 - 1e-9) - 1e-9), distribution.cdf(x * (1.0 + 1e-9)));
            assert!(below <= q + 1e-9 && q <= at + 1e-9, "{distribution}: quantile {q} is {x}, cdf {below} to {at}");
        }
        assert_eq!(distribution.cdf(-1.0), 0.0);
        let most = distribution.quantile(1.0);
        assert!(distribution.cdf(most) > 1.0 - 1e-12, "{distribution}: {most}");
    }
}

#[test]
fn what_is_infinite_says_so() {
    let pareto = |shape| Distribution::Pareto { minimum: MS, shape };
    assert_eq!(pareto(1.0).mean(), f64::INFINITY);
    assert_eq!(pareto(1.0).scv(), f64::INFINITY);
    assert_eq!(pareto(2.0).mean(), 2.0 * MS);
    assert_eq!(pareto(2.0).scv(), f64::INFINITY);
    for shape in [0.9, 1.7] {
        let mixed = random::mixture(vec![part(1.0, pareto(shape)), part(1.0, Distribution::Exponential { mean: MS })]).unwrap();
        assert_eq!(mixed.mean().is_infinite(), shape < 1.0);
        assert_eq!(mixed.scv(), f64::INFINITY);
        assert_eq!(mixed.quantile(1.0), f64::INFINITY);
        let shifted = Distribution::Shifted { by: MS, of: Box::new(pareto(shape)) };
        assert_eq!(shifted.scv(), f64::INFINITY);
    }
    assert!(pareto(0.9).to_string().contains("mean infinite, cv infinite"));
}

#[test]
fn phase_types_that_have_another_name_agree_with_it() {
    let erlang = random::coxian(&[(2.0 * MS, 1.0), (2.0 * MS, 1.0), (2.0 * MS, 0.0)]).unwrap();
    let named = Distribution::Erlang { stages: 3, mean: 6.0 * MS };
    let branches = vec![Branch { probability: 0.9, mean: MS }, Branch { probability: 0.1, mean: 20.0 * MS }];
    let parallel = random::phase_type(vec![0.9, 0.1], vec![vec![-1.0 / MS, 0.0], vec![0.0, -0.05 / MS]]).unwrap();
    for (phases, named) in [(erlang, named), (parallel, random::hyperexponential(branches).unwrap())] {
        assert!((phases.mean() / named.mean() - 1.0).abs() < 1e-14);
        assert!((phases.scv() / named.scv() - 1.0).abs() < 1e-13);
        for x in [0.01, 1.0, 5.0, 80.0, 2000.0] {
            assert!((phases.cdf(x * MS) - named.cdf(x * MS)).abs() < 1e-13, "{phases} {x}");
        }
    }
}

#[test]
fn degenerate_parameters_are_constants() {
    for of in [
        Distribution::Uniform { min: MS, max: MS },
        Distribution::Triangular { min: MS, mode: MS, max: MS },
        Distribution::Normal { mean: MS, sd: 0.0 },
        random::empirical(vec![MS], true).unwrap(),
        random::empirical(vec![MS, MS], true).unwrap(),
    ] {
        for of in [of.clone(), random::truncated(2.0 * MS, of).unwrap()] {
            assert_eq!((of.mean(), of.scv(), of.quantile(0.3)), (MS, 0.0, MS), "{of:?}");
            assert_eq!((of.cdf(MS.next_down()), of.cdf(MS)), (0.0, 1.0), "{of:?}");
        }
    }
    let zero = Distribution::Constant { value: 0.0 };
    assert_eq!((zero.mean(), zero.scv(), zero.cdf(0.0)), (0.0, 0.0, 1.0));
}

#[test]
fn a_description_is_one_line_in_the_units_of_the_user() {
    let lognormal = random::lognormal_mean_cv(10.0 * MS, 2.0).unwrap();
    for (distribution, line) in [
        (Distribution::Constant { value: 8.0 * MS }, "constant 8ms"),
        (Distribution::Exponential { mean: 10.0 * MS }, "exponential, mean 10ms"),
        (Distribution::Uniform { min: MS, max: 5.0 * MS }, "uniform, 1ms to 5ms, mean 3ms"),
        (lognormal.clone(), "lognormal, mean 10ms, cv 2 (p50 4.472ms, p99 85.555ms)"),
        (
            random::hyperexponential_mean_cv(10.0 * MS, 2.0).unwrap(),
            "hyperexponential, 88.73 % with mean 5.635ms or 11.27 % with mean 44.365ms, mean 10ms, cv 2 (p50 4.515ms, p99 107.459ms)",
        ),
        (
            random::truncated(50.0 * MS, lognormal).unwrap(),
            "lognormal cut at 50ms, mean 7.587ms, cv 1.162 (p50 4.274ms, p99 42.32ms)",
        ),
        (
            Distribution::Shifted { by: MS, of: Box::new(Distribution::Exponential { mean: MS }) },
            "1ms + exponential, mean 2ms, cv 0.5 (p50 1.693ms, p99 5.605ms)",
        ),
    ] {
        assert_eq!(distribution.to_string(), line);
    }
    assert!(everything().iter().all(|distribution| distribution.to_string().lines().count() == 1));
}
