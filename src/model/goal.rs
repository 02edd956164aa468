//! Service levels.

/// A statement about one metric that should hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// The user's name for it.
    pub name: String,
    /// As the user wrote it.
    pub expression: String,
    /// The full name of the metric, such as `consumers.workers.wait.p99`.
    pub metric: String,
    /// How it compares with `value`.
    pub comparison: Comparison,
    /// In SI units: seconds, per second, fractions, plain numbers.
    pub value: f64,
}

/// How a metric should compare with a goal's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
}

impl Comparison {
    /// Whether `left` stands to `right` as this says.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::Equal => left == right,
        }
    }
}
