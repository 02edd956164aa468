//! Charts: pure functions from a result to a [`Drawing`], which goes out as SVG and PNG.

mod axis;
mod backlog;
mod designs;
mod differences;
mod drawing;
mod frame;
mod histogram;
mod percentiles;
mod png;
mod series;
mod style;
mod throughput;
mod utilization;

pub use backlog::backlog;
pub use designs::designs;
pub use differences::differences;
pub use drawing::Drawing;
pub use histogram::latency_histogram;
pub use percentiles::latency_percentiles;
pub use throughput::throughput;
pub use utilization::utilization;

use super::result::RunResult;

/// A kind of chart.
#[derive(Debug, Clone, Copy)]
pub struct Chart {
    /// The name of its files, without extension.
    pub name: &'static str,
    /// Draws it. A result without the data for it gives a chart that says so.
    pub draw: fn(&RunResult) -> Drawing,
}

/// All charts of a run.
pub const CHARTS: [Chart; 5] = [
    Chart { name: "latency-percentiles", draw: latency_percentiles },
    Chart { name: "latency-histogram", draw: latency_histogram },
    Chart { name: "backlog", draw: backlog },
    Chart { name: "throughput", draw: throughput },
    Chart { name: "utilization", draw: utilization },
];
