//! Charts: pure functions from a result to a [`Drawing`], which goes out as SVG, as PNG and in a page.

mod axis;
mod backlog;
mod busy;
mod curves;
mod data;
mod designs;
mod differences;
mod drawing;
mod frame;
mod heat;
mod histogram;
mod layout;
mod percentiles;
mod png;
mod raster;
mod response;
mod series;
mod services;
mod stages;
mod style;
mod svg;
mod symbols;
mod system;
mod throughput;
mod timeline;
mod utilization;

pub use backlog::backlog;
pub use busy::utilization_over_time;
pub use curves::{Curves, Dot, Horizontal, Line};
pub use designs::designs;
pub use differences::differences;
pub use drawing::Drawing;
pub use heat::{Cell, Heat};
pub use histogram::latency_histogram;
pub use percentiles::latency_percentiles;
pub use response::latency_over_time;
pub use services::services;
pub use stages::stages;
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
    /// Whether it is left out of results without the data for it.
    pub optional: bool,
}

const fn always(name: &'static str, draw: fn(&RunResult, Canvas) -> Drawing) -> Chart {
    Chart { name, draw, optional: false }
}

const fn optional(name: &'static str, draw: fn(&RunResult, Canvas) -> Drawing) -> Chart {
    Chart { name, draw, optional: true }
}

/// All charts of a run: the system, what a reader asks for first, and why that is so.
pub const CHARTS: [Chart; 10] = [
    optional("system", system),
    always("latency-percentiles", latency_percentiles),
    always("latency-histogram", latency_histogram),
    optional("latency-over-time", latency_over_time),
    optional("stages", stages),
    always("backlog", backlog),
    always("throughput", throughput),
    optional("services", services),
    always("utilization", utilization),
    optional("utilization-over-time", utilization_over_time),
];
