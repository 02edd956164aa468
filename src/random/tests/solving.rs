//! Solved parameters give back what they were solved for; what cannot be solved says why.

use super::{MS, part};
use crate::random::{self, Branch, Distribution, SolveError};

type Solve = fn(f64, f64) -> Result<Distribution, SolveError>;

#[test]
fn known_answers() {
    let Ok(Distribution::Lognormal { mu, sigma }) = random::lognormal_p50_p99(8.0 * MS, 60.0 * MS) else { panic!() };
    assert!((mu - (8.0 * MS).ln()).abs() < 1e-14 && (sigma - 7.5f64.ln() / 2.3263478740408408).abs() < 1e-15);
    let Ok(Distribution::Lognormal { mu, sigma }) = random::lognormal_mean_cv(10.0 * MS, 2.0) else { panic!() };
    assert!((sigma * sigma - 5f64.ln()).abs() < 1e-14 && (mu - (1e7f64.ln() - 0.5 * 5f64.ln())).abs() < 1e-14);
    let Ok(Distribution::Gamma { shape, scale }) = random::gamma_mean_cv(10.0, 2.0) else { panic!() };
    assert_eq!((shape, scale), (0.25, 40.0));
    let Ok(Distribution::Weibull { shape, .. }) = random::weibull_mean_cv(10.0, 1.0) else { panic!() };
    assert!((shape - 1.0).abs() < 1e-12);
    let Ok(Distribution::Pareto { minimum, shape }) = random::pareto_mean_cv(10.0, (1.0f64 / 3.0).sqrt()) else { panic!() };
    assert!((shape - 3.0).abs() < 1e-14 && (minimum - 20.0 / 3.0).abs() < 1e-13);
    let Ok(Distribution::Hyperexponential { branches }) = random::hyperexponential_mean_cv(10.0, 3f64.sqrt()) else { panic!() };
    // Whitt 1982: p = (1 + sqrt((c^2 - 1)/(c^2 + 1)))/2 with c^2 = 3.
    assert!((branches[0].probability - 0.5 * (1.0 + 0.5f64.sqrt())).abs() < 1e-14);
    assert!((branches[0].probability * branches[0].mean - 5.0).abs() < 1e-13);
    // A gamma distribution of shape 1 is exponential.
    let Ok(Distribution::Gamma { shape, scale }) = random::gamma_p50_p99(2f64.ln(), 100f64.ln()) else { panic!() };
    assert!((shape - 1.0).abs() < 1e-9 && (scale - 1.0).abs() < 1e-9);
}

#[test]
fn mean_and_cv_are_given_back() {
    let solves: [(&str, Solve, f64); 5] = [
        ("lognormal", random::lognormal_mean_cv, 1e-9),
        ("gamma", random::gamma_mean_cv, 1e-9),
        ("weibull", random::weibull_mean_cv, 1e-6),
        ("pareto", random::pareto_mean_cv, 1e-9),
        ("hyperexponential", random::hyperexponential_mean_cv, 1e-9),
    ];
    for (name, solve, tolerance) in solves {
        for cv in [0.01, 0.3, 1.0, 1.5, 4.0, 100.0] {
            if name == "hyperexponential" && cv < 1.0 {
                continue;
            }
            for mean in [1.0, 10.0 * MS, 1e15] {
                let solved = solve(mean, cv).unwrap();
                assert!((solved.mean() / mean - 1.0).abs() < tolerance, "{name} {mean} {cv}: mean {}", solved.mean());
                assert!((solved.scv().sqrt() / cv - 1.0).abs() < tolerance, "{name} {mean} {cv}: cv {}", solved.scv().sqrt());
            }
        }
    }
}

#[test]
fn percentiles_are_given_back() {
    let solves: [(&str, Solve, f64); 5] = [
        ("lognormal", random::lognormal_p50_p99, 1e-9),
        ("gamma", random::gamma_p50_p99, 1e-6),
        ("weibull", random::weibull_p50_p99, 1e-9),
        ("pareto", random::pareto_p50_p99, 1e-9),
        ("hyperexponential", random::hyperexponential_p50_p99, 1e-6),
    ];
    for (name, solve, tolerance) in solves {
        for ratio in [1.01, 2.0, 6.65, 7.5, 30.0, 48.0, 1000.0] {
            if name == "hyperexponential" && !(6.65..=48.0).contains(&ratio) {
                continue;
            }
            let (p50, p99) = (8.0 * MS, 8.0 * MS * ratio);
            let solved = solve(p50, p99).unwrap();
            let (q50, q99) = (solved.quantile(0.5), solved.quantile(0.99));
            assert!((q50 / p50 - 1.0).abs() < tolerance && (q99 / p99 - 1.0).abs() < tolerance, "{name} {ratio}: {q50} {q99}");
        }
    }
}

/// Cause and cure of a refusal must contain these texts.
fn refused(result: Result<Distribution, SolveError>, cause: &str, cure: &str) {
    let error = result.expect_err(cause);
    assert!(error.cause.contains(cause), "`{}` should contain `{cause}`", error.cause);
    assert!(error.cure.contains(cure), "`{}` should contain `{cure}`", error.cure);
}

#[test]
fn impossible_means_and_cvs_are_refused() {
    let solves: [Solve; 5] = [
        random::lognormal_mean_cv,
        random::gamma_mean_cv,
        random::weibull_mean_cv,
        random::pareto_mean_cv,
        random::hyperexponential_mean_cv,
    ];
    for solve in solves {
        refused(solve(f64::NAN, 1.5), "must be a positive length of time, not NaN", "10ms");
        refused(solve(0.0, 1.5), "must be a positive length of time, not 0s", "10ms");
        refused(solve(-8.0 * MS, 1.5), "not -8ms", "10ms");
        refused(solve(f64::INFINITY, 1.5), "not infinite", "10ms");
        refused(solve(8.0 * MS, 0.0), "must be a positive number, not 0", "the constant \"8ms\"");
        refused(solve(8.0 * MS, -1.0), "must be a positive number, not -1", "mean = \"8ms\"");
        refused(solve(8.0 * MS, f64::NAN), "must be a positive number, not NaN", "mean = \"8ms\"");
        refused(solve(8.0 * MS, 1e30), "out of range", "1000000");
    }
    refused(random::hyperexponential_mean_cv(MS, 0.5), "at least as much as an exponential", "`gamma`");
    refused(random::weibull_mean_cv(MS, 1e-4), "cv of 0.0001", "between 0.00128");
}

#[test]
fn impossible_percentiles_are_refused() {
    let solves: [Solve; 5] = [
        random::lognormal_p50_p99,
        random::gamma_p50_p99,
        random::weibull_p50_p99,
        random::pareto_p50_p99,
        random::hyperexponential_p50_p99,
    ];
    for solve in solves {
        refused(solve(60.0 * MS, 8.0 * MS), "p50 above p99", "p50 = \"8ms\", p99 = \"60ms\"");
        refused(solve(8.0 * MS, 8.0 * MS), "p50 and p99 are both 8ms", "a p99 above p50");
        refused(solve(f64::NAN, 8.0 * MS), "p50 of a", "10ms");
        refused(solve(8.0 * MS, f64::NAN), "p99 of a", "10ms");
        refused(solve(0.0, 8.0 * MS), "not 0s", "10ms");
        refused(solve(8.0 * MS, f64::INFINITY), "not infinite", "10ms");
    }
    let hyper = random::hyperexponential_p50_p99;
    refused(hyper(10.0 * MS, 50.0 * MS), "a p99 of 5 times its p50: the ratio can be from 6.644 to 49.", "from 66.439ms to 49");
    refused(hyper(10.0 * MS, 700.0 * MS), "from 6.644 to 49.", "`lognormal`");
    refused(random::gamma_p50_p99(1.0, 1.0 + 1e-6), "a p99 of 1.000001 times its p50: the ratio can be from 1.0002327 to", "p99");
}

#[test]
fn parts_without_meaning_are_refused() {
    let exponential = || Distribution::Exponential { mean: MS };
    refused(random::truncated(0.0, exponential()), "not 0s", "10ms");
    refused(random::truncated(f64::NAN, exponential()), "not NaN", "10ms");
    refused(
        random::truncated(100.0, exponential()),
        "keeps 0.01 % of this distribution (exponential, mean 1ms)",
        "2.002us or more",
    );
    refused(random::mixture(vec![]), "no parts", "at least one");
    refused(random::mixture(vec![part(-1.0, exponential())]), "is -1", "positive weight");
    refused(random::mixture(vec![part(f64::NAN, exponential())]), "is NaN", "positive weight");
    refused(random::mixture(vec![part(1e308, exponential()), part(1e308, exponential())]), "too large", "smaller");
    refused(random::discrete(vec![]), "no parts", "at least one");
    refused(random::discrete(vec![part(0.0, MS)]), "is 0", "positive weight");
    refused(random::discrete(vec![part(1.0, -MS)]), "not -1ms", "10ms");
    refused(random::hyperexponential(vec![]), "no parts", "at least one");
    refused(random::hyperexponential(vec![Branch { probability: 1.0, mean: 0.0 }]), "mean of a branch", "10ms");
    refused(random::empirical(vec![], true), "no values", "at least one");
    refused(random::empirical(vec![1.0, f64::NAN], false), "recorded value 2 is NaN", "leave");
    refused(random::empirical(vec![1.0, 2.0, -MS], false), "recorded value 3 is -1ms", "leave");
}

#[test]
fn weights_are_made_to_sum_to_one() {
    let Ok(Distribution::Discrete { values }) = random::discrete(vec![part(3.0, 1.0), part(1.0, 2.0)]) else { panic!() };
    assert_eq!(values, vec![part(0.75, 1.0), part(0.25, 2.0)]);
}

#[test]
fn impossible_chains_are_refused() {
    refused(random::coxian(&[]), "no stages", "at least one");
    refused(random::coxian(&[(0.0, 0.0)]), "mean of stage 1", "10ms");
    refused(random::coxian(&[(MS, 1.5), (MS, 0.0)]), "1.5, which is not between", "between 0 and 1");
    refused(random::coxian(&[(MS, f64::NAN), (MS, 0.0)]), "NaN, which is not between", "between 0 and 1");
    refused(random::coxian(&[(MS, 0.5), (MS, 0.5)]), "last stage goes on", "write 0");
    let phases =
        |initial: &[f64], rates: &[&[f64]]| random::phase_type(initial.to_vec(), rates.iter().map(|row| row.to_vec()).collect());
    refused(phases(&[], &[]), "no phases", "at least one");
    refused(phases(&[1.0], &[&[-1.0], &[-1.0]]), "1 rows of 1 rates", "one row");
    refused(phases(&[0.5, 0.5], &[&[-1.0, 0.0], &[-1.0]]), "2 rows of 2 rates", "one row");
    refused(phases(&[1.5], &[&[-1.0]]), "probability is 1.5", "between 0 and 1");
    refused(phases(&[f64::NAN], &[&[-1.0]]), "probability is NaN", "between 0 and 1");
    refused(phases(&[0.5], &[&[-1.0]]), "sum to 0.5", "sum to 1");
    refused(phases(&[1.0], &[&[1.0]]), "row 1, column 1 of the rates is 1", "negative");
    refused(phases(&[1.0, 0.0], &[&[-1.0, -0.5], &[0.0, -1.0]]), "row 1, column 2", "0 or a positive");
    refused(phases(&[1.0, 0.0], &[&[-1.0, 2.0], &[0.0, -1.0]]), "row 1 of the rates sums to more than 0", "diagonal");
    refused(phases(&[1.0, 0.0], &[&[-1.0, 1.0], &[1.0, -1.0]]), "from phase 1 the end is never reached", "less than 0");
    // A phase without an end does no harm where it is never reached.
    let kept = phases(&[1.0, 0.0, 0.0], &[&[-2.0, 0.0, 0.0], &[0.0, -1.0, 1.0], &[0.0, 1.0, -1.0]]).unwrap();
    assert_eq!(kept, Distribution::PhaseType { initial: vec![1.0], rates: vec![vec![-2.0]] });
}
