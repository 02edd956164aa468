//! One line that says what a distribution is: its textbook parameters where they say more than its moments, then mean,
//! coefficient of variation, and the median and the 99th percentile, whichever of them were given and whichever were solved for.

use super::Distribution;
use super::pinned::sqrt;
use super::refusal::{digits, length};
use std::fmt;

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distribution::Constant { value } => return write!(f, "constant {}", length(*value)),
            Distribution::Exponential { mean } => return write!(f, "exponential, mean {}", length(*mean)),
            Distribution::Uniform { min, max } => {
                return write!(f, "uniform, {} to {}, mean {}", length(*min), length(*max), length(self.mean()));
            }
            Distribution::Triangular { min, mode, max } => {
                write!(f, "triangular, {} to {} with mode {}", length(*min), length(*max), length(*mode))?;
            }
            Distribution::Normal { mean, sd } => {
                write!(f, "normal, {} with sd {}, cut at 0", length(*mean), length(*sd))?;
            }
            Distribution::Lognormal { .. } => f.write_str("lognormal")?,
            Distribution::Gamma { shape, .. } => write!(f, "gamma, shape {}", digits(*shape))?,
            Distribution::Erlang { stages, .. } => write!(f, "erlang, {stages} stages")?,
            Distribution::Weibull { shape, .. } => write!(f, "weibull, shape {}", digits(*shape))?,
            Distribution::Pareto { minimum, shape } => {
                write!(f, "pareto, minimum {}, shape {}", length(*minimum), digits(*shape))?;
            }
            Distribution::Hyperexponential { branches } => {
                f.write_str("hyperexponential, ")?;
                for (i, branch) in branches.iter().enumerate() {
                    let separator = if i == 0 { "" } else { " or " };
                    write!(f, "{separator}{} % with mean {}", digits(100.0 * branch.probability), length(branch.mean))?;
                }
            }
            Distribution::PhaseType { initial, .. } => write!(f, "phase-type, {}", counted(initial.len(), "phase"))?,
            Distribution::Empirical { values, smooth } => {
                let how = if *smooth { ", smoothed" } else { "" };
                write!(f, "empirical, {}{how}", counted(values.len(), "value"))?;
            }
            Distribution::Discrete { values } => write!(f, "discrete, {}", counted(values.len(), "value"))?,
            Distribution::Mixture { parts } => write!(f, "mixture, {}", counted(parts.len(), "part"))?,
            Distribution::Shifted { by, of } => write!(f, "{} + {}", length(*by), family(of))?,
            Distribution::Truncated { max, of } => write!(f, "{} cut at {}", family(of), length(*max))?,
        }
        write!(f, ", mean {}, cv {}", length(self.mean()), digits(sqrt(self.scv())))?;
        write!(f, " (p50 {}, p99 {})", length(self.quantile(0.5)), length(self.quantile(0.99)))
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// The name of a distribution without its parameters.
fn family(of: &Distribution) -> String {
    let line = of.to_string();
    line.split(',').next().unwrap_or_default().to_owned()
}
