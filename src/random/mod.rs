//! Random numbers that belong to names and messages, and the distributions drawn from them.
//!
//! A [`Stream`] is a function of (seed, replication, entity name, purpose). What it gives to message k depends on the
//! stream and on k alone, never on the order of events: adding an entity disturbs no other, and two variants of a system
//! share their random numbers wherever they share names.

mod bisection;
mod build;
mod cdf;
mod counts;
mod display;
mod distribution;
mod gamma;
mod moments;
mod normal;
mod partial;
mod phase_type;
pub(crate) mod pinned;
mod refusal;
mod sample;
mod solve;
mod stream;
#[cfg(test)]
mod tests;

pub use build::{coxian, discrete, empirical, hyperexponential, mixture, phase_type, truncated};
pub use counts::Counts;
pub use distribution::{Branch, Distribution, Part};
pub use refusal::SolveError;
pub use solve::{
    gamma_mean_cv, gamma_p50_p99, hyperexponential_mean_cv, hyperexponential_p50_p99, lognormal_mean_cv, lognormal_p50_p99,
    pareto_mean_cv, pareto_p50_p99, weibull_mean_cv, weibull_p50_p99,
};
pub use stream::{Draws, Stream};
