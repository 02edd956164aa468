//! Charts: pure functions from a result to a [`Drawing`], which goes out as SVG, as PNG and in a page.

mod axis;
mod backlog;
mod data;
mod drawing;
mod frame;
mod histogram;
mod layout;
mod percentiles;
mod png;
mod raster;
mod series;
mod style;
mod svg;
mod symbols;
mod system;
mod throughput;
mod timeline;
mod utilization;

pub use backlog::backlog;
pub use drawing::Drawing;
pub use histogram::latency_histogram;
pub use percentiles::latency_percentiles;
pub use style::Canvas;
pub use system::system;
pub use throughput::throughput;
pub use utilization::utilization;

use super::result::RunResult;

/// A kind of chart.
#[derive(Debug, Clone, Copy)]
pub struct Chart {
    /// The name of its files, without extension.
    pub name: &'static str,
    /// Draws it. A result without the data for it gives a chart that says so.
    pub draw: fn(&RunResult, Canvas) -> Drawing,
}

/// All charts of a run.
pub const CHARTS: [Chart; 6] = [
    Chart { name: "system", draw: system },
    Chart { name: "latency-percentiles", draw: latency_percentiles },
    Chart { name: "latency-histogram", draw: latency_histogram },
    Chart { name: "backlog", draw: backlog },
    Chart { name: "throughput", draw: throughput },
    Chart { name: "utilization", draw: utilization },
];
