//! Samples against the stated moments and distribution functions, and against samplers that others wrote.

use super::acceptance::follows;
use super::{MS, everything};
use crate::random::{self, Distribution, Stream};
use rand::SeedableRng;
use rand_distr::Distribution as Theirs;

const N: usize = 100_000;

/// Sorted draws; each variant has a stream of its own.
fn sample(distribution: &Distribution, name: usize) -> Vec<f64> {
    let stream = Stream::named(7, 0, &name.to_string(), "sample");
    let mut values: Vec<f64> = (0..N as u64).map(|k| distribution.sample(&mut stream.at(k))).collect();
    values.sort_by(f64::total_cmp);
    values
}

#[test]
fn samples_follow_the_stated_distribution() {
    for (i, distribution) in everything().iter().enumerate() {
        let values = sample(distribution, i);
        follows(|x| distribution.cdf(x), &values).unwrap_or_else(|why| panic!("{i} {distribution}: {why}"));
    }
}

#[test]
fn samples_have_the_stated_mean_variance_and_tail() {
    let n = N as f64;
    for (i, distribution) in everything().iter().enumerate() {
        let values = sample(distribution, i);
        let mean = distribution.mean();
        let variance = distribution.scv() * mean * mean;
        let sample_mean = values.iter().sum::<f64>() / n;
        let central = |power| values.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
        let (second, fourth) = (central(2), central(4));
        let error = (variance / n).sqrt();
        assert!((sample_mean - mean).abs() <= 5.0 * error + 1e-9 * mean, "{i} {distribution}: mean {sample_mean}, stated {mean}");
        let error = ((fourth - second * second).max(0.0) / n).sqrt();
        let slack = 5.0 * error + 1e-9 * mean * mean;
        assert!((second - variance).abs() <= slack, "{i} {distribution}: variance {second}, stated {variance}");
        let q999 = distribution.quantile(0.999);
        let above = values.iter().filter(|x| **x > q999).count() as f64;
        let expected = n * (1.0 - distribution.cdf(q999));
        assert!((above - expected).abs() <= 5.0 * expected.sqrt(), "{i} {distribution}: {above} above p99.9, not {expected}");
    }
}

#[test]
fn samplers_that_others_wrote_give_the_same_distributions() {
    let mut rng = rand::rngs::StdRng::seed_from_u64(11);
    let mut theirs = |of: &dyn Fn(&mut rand::rngs::StdRng) -> f64| {
        let mut values: Vec<f64> = (0..N).map(|_| of(&mut rng)).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let exponential = rand_distr::Exp::new(1.0 / MS).unwrap();
    let gamma = rand_distr::Gamma::new(0.3, MS).unwrap();
    let wide_gamma = rand_distr::Gamma::new(30.0, MS).unwrap();
    let weibull = rand_distr::Weibull::new(MS, 0.6).unwrap();
    let pareto = rand_distr::Pareto::new(MS, 1.5).unwrap();
    let lognormal = rand_distr::LogNormal::new(14.0, 1.2).unwrap();
    let pairs = [
        (Distribution::Exponential { mean: MS }, theirs(&|rng| exponential.sample(rng))),
        (Distribution::Gamma { shape: 0.3, scale: MS }, theirs(&|rng| gamma.sample(rng))),
        (Distribution::Gamma { shape: 30.0, scale: MS }, theirs(&|rng| wide_gamma.sample(rng))),
        (Distribution::Erlang { stages: 30, mean: 30.0 * MS }, theirs(&|rng| wide_gamma.sample(rng))),
        (Distribution::Weibull { shape: 0.6, scale: MS }, theirs(&|rng| weibull.sample(rng))),
        (Distribution::Pareto { minimum: MS, shape: 1.5 }, theirs(&|rng| pareto.sample(rng))),
        (Distribution::Lognormal { mu: 14.0, sigma: 1.2 }, theirs(&|rng| lognormal.sample(rng))),
    ];
    for (i, (distribution, theirs)) in pairs.iter().enumerate() {
        let ours = sample(distribution, 100 + i);
        // The largest distance between the two samples, by walking through both.
        let (mut a, mut b, mut worst) = (0usize, 0usize, 0usize);
        while a < N && b < N {
            if ours[a] <= theirs[b] {
                a += 1;
            } else {
                b += 1;
            }
            worst = worst.max(a.abs_diff(b));
        }
        let found = worst as f64 / N as f64;
        assert!(found < 1.95 * (2.0 / N as f64).sqrt(), "{distribution}: distance {found}");
    }
}

#[test]
fn a_smaller_uniform_number_gives_a_longer_time() {
    // The first uniform number of a message decides; the exceptions choose a branch or a phase with it, or reject.
    let stream = Stream::named(3, 0, "monotone", "sample");
    for distribution in everything() {
        let by_inversion = matches!(
            distribution,
            Distribution::Exponential { .. }
                | Distribution::Uniform { .. }
                | Distribution::Triangular { .. }
                | Distribution::Normal { .. }
                | Distribution::Lognormal { .. }
                | Distribution::Weibull { .. }
                | Distribution::Pareto { .. }
                | Distribution::Empirical { .. }
                | Distribution::Discrete { .. }
        );
        if by_inversion {
            let mut pairs: Vec<(f64, f64)> =
                (0..2000).map(|k| (stream.at(k).uniform(), distribution.sample(&mut stream.at(k)))).collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(pairs.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{distribution}");
            for (u, x) in pairs.iter().step_by(50) {
                let inverse = distribution.quantile(1.0 - u);
                assert!((x - inverse).abs() <= 1e-9 * x, "{distribution}: {x} is not the quantile {inverse}");
            }
        }
    }
}

#[test]
fn the_drawn_length_is_the_sampled_one_rounded() {
    let stream = Stream::named(5, 0, "rounded", "sample");
    for distribution in everything() {
        for k in 0..100 {
            let sampled = distribution.sample(&mut stream.at(k));
            assert_eq!(distribution.draw(stream.at(k)).0 as f64, sampled.round_ties_even(), "{distribution}");
        }
    }
    // Beyond the range is the longest span, not a panic.
    let endless = Distribution::Pareto { minimum: MS, shape: 0.001 };
    assert!((0..100).any(|k| endless.draw(stream.at(k)).0 == u64::MAX));
}

/// Another platform, compiler or version of a dependency must not change a single bit of a sample. Whoever changes a sampler
/// on purpose changes the number here, and says in the change log that results differ.
#[test]
fn samples_are_the_same_bits_everywhere() {
    let stream = Stream::named(9, 0, "pinned", "sample");
    let mut hash = 0xCBF2_9CE4_8422_2325u64;
    for distribution in everything() {
        for k in 0..1000 {
            hash = (hash ^ distribution.sample(&mut stream.at(k)).to_bits()).wrapping_mul(0x0100_0000_01B3);
        }
    }
    assert_eq!(hash, 0x409A_02FC_1069_2F47);
}

#[test]
fn a_cut_far_down_the_body_is_drawn_by_inversion_in_the_end() {
    // 0.1 % are left, so that 100 tries mostly fail.
    let whole = Distribution::Gamma { shape: 3.0, scale: MS };
    let cut = random::truncated(whole.quantile(0.0011), whole).unwrap();
    let stream = Stream::named(5, 0, "cut", "sample");
    let mut values: Vec<f64> = (0..2000).map(|k| cut.sample(&mut stream.at(k))).collect();
    values.sort_by(f64::total_cmp);
    follows(|x| cut.cdf(x), &values).unwrap_or_else(|why| panic!("{why}"));
}
