//! How a document writes distributions, of a length of time and of a whole number.

use super::arrivals_form::TimeUnit;
use super::decode::{Decode, Field, Keys, ListOr, one_key, shapes, table, word, words};
use super::diagnostic::{At, Problem};
use super::quantity::{Positive, Share, SignedRate, Weight, Whole};
use super::schema::{self, Definitions};
use super::tree::{Node, Value};
use crate::units::Span;

shapes! {
    /// A length of time: always the same ("8ms"), or drawn from a distribution.
    Distribution "a distribution" bare Constant(Span) {
        /// Exponential with this mean.
        "exponential" => Exponential(Span),
        /// Every length between two, each as likely.
        "uniform" => Uniform(Uniform),
        /// Rising from min to mode, falling to max.
        "triangular" => Triangular(Triangular),
        /// Normal, cut at 0.
        "normal" => Normal(Normal),
        /// Lognormal: many short, few long.
        "lognormal" => Lognormal(Lognormal),
        /// Gamma.
        "gamma" => Gamma(Gamma),
        /// The sum of several equal exponential stages.
        "erlang" => Erlang(Erlang),
        /// Weibull.
        "weibull" => Weibull(Weibull),
        /// Pareto: a power law above a minimum.
        "pareto" => Pareto(Pareto),
        /// One of several exponentials.
        "hyperexponential" => Hyperexponential(ListOr<Branch, Spread>),
        /// Exponential stages, each followed by the next with some probability.
        "coxian" => Coxian(Vec<At<CoxianStage>>),
        /// The time until a Markov chain is absorbed.
        "phase_type" => PhaseType(PhaseType),
        /// Drawn from recorded lengths.
        "empirical" => Empirical(Empirical),
        /// One of several lengths.
        "discrete" => Discrete(Vec<At<WeightedSpan>>),
        /// One of several distributions.
        "mixture" => Mixture(Vec<At<MixturePart>>),
        /// Another distribution and a constant on top.
        "shifted" => Shifted(Box<Shifted>),
        /// Another distribution, on the condition that it does not exceed a maximum.
        "truncated" => Truncated(Box<Truncated>),
        /// What the message's trace says; only for `service` and `work`, by itself or in shifted.
        "carried" => Carried(CarriedWork),
    }
}

words! {
    /// What a service can be carried as.
    CarriedWork "what a service can be drawn from" {
        /// the column that the trace names under carry.work.
        "work" => Work,
    }
}

table! {
    /// Every length between two, each as likely.
    Uniform "uniform" {
        /// The shortest.
        "min" required min: Span,
        /// The longest.
        "max" required max: Span,
    }
}

table! {
    /// Rising from min to mode, falling to max.
    Triangular "triangular" {
        /// The shortest.
        "min" required min: Span,
        /// The most likely.
        "mode" required mode: Span,
        /// The longest.
        "max" required max: Span,
    }
}

table! {
    /// Normal, cut at 0, which moves its mean: the mean after the cut is reported.
    Normal "normal" {
        /// The mean before the cut.
        "mean" required mean: Span,
        /// The standard deviation before the cut.
        "sd" required sd: Span,
    }
}

table! {
    /// Lognormal.
    Lognormal "lognormal" {
        /// The mean.
        "mean" optional mean: Span,
        /// The coefficient of variation: standard deviation / mean.
        "cv" optional cv: Positive,
        /// The median.
        "p50" optional p50: Span,
        /// The 99th percentile.
        "p99" optional p99: Span,
        /// The median.
        "median" optional median: Span,
        /// The standard deviation of the logarithm.
        "sigma" optional sigma: Positive,
    }
    forms [["mean", "cv"], ["p50", "p99"], ["median", "sigma"]]
}

table! {
    /// Gamma.
    Gamma "gamma" {
        /// The mean.
        "mean" optional mean: Span,
        /// The coefficient of variation: standard deviation / mean.
        "cv" optional cv: Positive,
        /// The median.
        "p50" optional p50: Span,
        /// The 99th percentile.
        "p99" optional p99: Span,
        /// The shape; the mean is shape times scale.
        "shape" optional shape: Positive,
        /// The scale.
        "scale" optional scale: Span,
    }
    forms [["mean", "cv"], ["p50", "p99"], ["shape", "scale"]]
}

table! {
    /// Weibull: longer than x with probability exp(-(x / scale)^shape).
    Weibull "weibull" {
        /// The mean.
        "mean" optional mean: Span,
        /// The coefficient of variation: standard deviation / mean.
        "cv" optional cv: Positive,
        /// The median.
        "p50" optional p50: Span,
        /// The 99th percentile.
        "p99" optional p99: Span,
        /// The shape: below 1 a heavy tail, 1 exponential, above 1 regular.
        "shape" optional shape: Positive,
        /// The scale.
        "scale" optional scale: Span,
    }
    forms [["mean", "cv"], ["p50", "p99"], ["shape", "scale"]]
}

table! {
    /// Pareto: longer than x with probability (minimum / x)^shape.
    Pareto "pareto" {
        /// The mean.
        "mean" optional mean: Span,
        /// The coefficient of variation: standard deviation / mean.
        "cv" optional cv: Positive,
        /// The median.
        "p50" optional p50: Span,
        /// The 99th percentile.
        "p99" optional p99: Span,
        /// The shortest.
        "minimum" optional minimum: Span,
        /// The shape: the mean is infinite up to 1, the variance up to 2.
        "shape" optional shape: Positive,
    }
    forms [["mean", "cv"], ["p50", "p99"], ["minimum", "shape"]]
}

table! {
    /// A distribution by what people know of it.
    Spread "hyperexponential" {
        /// The mean.
        "mean" optional mean: Span,
        /// The coefficient of variation: standard deviation / mean; above 1.
        "cv" optional cv: Positive,
        /// The median.
        "p50" optional p50: Span,
        /// The 99th percentile.
        "p99" optional p99: Span,
    }
    forms [["mean", "cv"], ["p50", "p99"]]
}

table! {
    /// The sum of several equal exponential stages.
    Erlang "erlang" {
        /// How many stages.
        "stages" required stages: Whole<1, 1_000_000>,
        /// The mean of the whole.
        "mean" required mean: Span,
    }
}

table! {
    /// One exponential of several.
    Branch "branch" {
        /// How often this branch is taken; all together must be 1.
        "probability" required probability: Share,
        /// The mean of this branch.
        "mean" required mean: Span,
    }
}

table! {
    /// One exponential stage.
    CoxianStage "stage" {
        /// The mean of this stage.
        "mean" required mean: Span,
        /// How often the next stage follows; nothing follows the last.
        "continue" optional continues: Share,
    }
}

table! {
    /// The time until a Markov chain is absorbed.
    PhaseType "phase_type" {
        /// The probability to start in each phase.
        "initial" required initial: Vec<At<Share>>,
        /// The generator among the phases: row i leads from phase i to each phase; on the diagonal stands minus the whole rate
        /// of leaving it, and what the rest of the row leaves over is absorbed.
        "rates" required rates: Vec<At<Vec<At<SignedRate>>>>,
    }
}

table! {
    /// Recorded lengths, drawn at random.
    Empirical "empirical" {
        /// A .csv or .csv.gz file with a header; relative to the scenario file.
        "path" required path: String,
        /// The column with the lengths.
        "column" required column: String,
        /// The unit of the lengths; "s" unless told otherwise.
        "unit" optional unit: TimeUnit,
        /// Draw between neighbouring records too, instead of the records alone.
        "smooth" optional smooth: bool,
    }
}

table! {
    /// One length of several.
    WeightedSpan "value" {
        /// The length.
        "value" required value: Span,
        /// How often it is taken, in relation to the others.
        "weight" required weight: Weight,
    }
}

table! {
    /// One distribution of several.
    MixturePart "part" {
        /// How often it is taken, in relation to the others.
        "weight" required weight: Weight,
        /// The distribution.
        "of" required of: Box<Distribution>,
    }
}

table! {
    /// A distribution and a constant on top.
    Shifted "shifted" {
        /// What is added.
        "by" required by: Span,
        /// The distribution.
        "of" required of: Distribution,
    }
}

table! {
    /// A distribution on the condition that it does not exceed a maximum.
    Truncated "truncated" {
        /// The maximum.
        "max" required max: Span,
        /// The distribution.
        "of" required of: Distribution,
    }
}

/// The largest number that is counted here.
const MOST: u64 = 1_000_000;

shapes! {
    /// A whole number: always the same, or drawn from a distribution.
    Counts "a distribution of whole numbers" bare Constant(Whole<1, MOST>) {
        /// Every number from min to max, each as likely.
        "uniform" => Uniform(UniformCounts),
        /// 1, 2, 3 ... with a mean: each next one less likely by the same factor.
        "geometric" => Geometric(GeometricCounts),
        /// One of several numbers.
        "discrete" => Discrete(Vec<At<WeightedCount>>),
    }
}

table! {
    /// Every number from min to max, each as likely.
    UniformCounts "uniform" {
        /// The smallest.
        "min" required min: Whole<0, MOST>,
        /// The largest.
        "max" required max: Whole<0, MOST>,
    }
}

table! {
    /// 1, 2, 3 ... with a mean.
    GeometricCounts "geometric" {
        /// The mean; at least 1.
        "mean" required mean: Positive,
    }
}

table! {
    /// One number of several.
    WeightedCount "value" {
        /// The number.
        "value" required value: Whole<0, MOST>,
        /// How often it is taken, in relation to the others.
        "weight" required weight: Weight,
    }
}
