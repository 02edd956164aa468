//! The charts of a sweep: for each shown metric lines over the first path, and for two paths a heat map as well.

use super::plan::Varied;
use super::seen::{DEFINITION, Knee, Seen, Sweep};
use super::text::unit;
use crate::report::chart::{Canvas, Cell, Curves, Dot, Drawing, Heat, Horizontal, Line};
use crate::report::quantity::{Kind, plainly};

/// Lines that are told apart.
const MOST_LINES: usize = 6;
/// Metrics that are drawn.
const MOST_METRICS: usize = 12;
const DOUBTFUL: &str = "not stable: no steady value";

/// A chart and its name, without extension.
pub(super) struct Picture {
    pub name: String,
    chart: Chart,
}

enum Chart {
    Lines(Curves),
    Map(Heat),
}

impl Picture {
    /// Draws it.
    pub fn draw(&self, canvas: Canvas) -> Drawing {
        match &self.chart {
            Chart::Lines(curves) => curves.draw(canvas),
            Chart::Map(heat) => heat.draw(canvas),
        }
    }
}

/// All charts.
pub(super) fn pictures(sweep: &Sweep) -> Vec<Picture> {
    let mut all = Vec::new();
    for (at, metric) in sweep.metrics.iter().enumerate().take(MOST_METRICS) {
        all.push(Picture { name: metric.clone(), chart: Chart::Lines(lines(sweep, at)) });
        if sweep.plan.grid.len() >= 2 {
            all.push(Picture { name: format!("{metric}-heat"), chart: Chart::Map(heat(sweep, at)) });
        }
    }
    all
}

fn title(sweep: &Sweep) -> String {
    sweep.plan.title.clone().filter(|title| !title.trim().is_empty()).unwrap_or_else(|| sweep.plan.name.clone())
}

fn below(sweep: &Sweep, metric: &str, over: &str) -> String {
    let plan = &sweep.plan;
    let how = match plan.precision {
        Some(precision) => format!("precision {}", plainly(precision, Kind::Share)),
        None => format!("{} replications", plan.replications),
    };
    format!("{metric} over {over}; {} points, {how}, seed {}", sweep.points.len(), plan.seed)
}

/// The axis from left to right: the load where there is one, else the first that is a number.
fn main_axis(sweep: &Sweep) -> usize {
    let grid = &sweep.plan.grid;
    let found = grid.iter().position(Varied::is_load);
    found.or_else(|| grid.iter().position(|varied| !varied.numbers.is_empty())).unwrap_or(0)
}

fn place(varied: &Varied, position: usize) -> f64 {
    varied.numbers.get(position).copied().unwrap_or(position as f64)
}

fn kind(varied: &Varied) -> Kind {
    match varied.unit.as_deref() {
        Some("s") => Kind::Time,
        Some("1/s") => Kind::Rate,
        Some("1") => Kind::Share,
        _ => Kind::Plain,
    }
}

fn lines(sweep: &Sweep, metric: usize) -> Curves {
    let axis = main_axis(sweep);
    let varied = &sweep.plan.grid[axis];
    let name = &sweep.metrics[metric];
    let all = sweep.lines(axis);
    let dot = |seen: &Seen| {
        let value = &seen.readings[metric].as_ref()?.value;
        let interval = value.low.zip(value.high).filter(|(low, high)| low < high);
        Some(Dot { x: place(varied, seen.positions[axis]), value: value.estimate?, interval, doubtful: seen.state.is_some() })
    };
    // Of many lines some, evenly, with the first and the last.
    let shown: Vec<usize> = match all.len() > MOST_LINES {
        true => (0..MOST_LINES).map(|at| at * (all.len() - 1) / (MOST_LINES - 1)).collect(),
        false => (0..all.len()).collect(),
    };
    let line = |&at: &usize| {
        let (positions, seen) = &all[at];
        let others = sweep.others(axis, positions).join(", ");
        let mut points: Vec<Dot> = seen.iter().filter_map(|seen| dot(seen)).collect();
        points.sort_by(|one, other| one.x.total_cmp(&other.x));
        Line { label: if others.is_empty() { name.clone() } else { others }, points, predicted: false }
    };
    let knee = sweep.knees.iter().find(|knee| knee.metric == *name && knee.beyond.is_none() && all.len() == 1);
    let mark = |knee: &Knee| {
        let position = varied.values.iter().position(|value| *value == knee.value)?;
        Some((place(varied, position), format!("knee at {}", knee.value)))
    };
    let few = (shown.len() < all.len()).then(|| format!("{} of {} lines are shown; sweep.csv has all", shown.len(), all.len()));
    let mark = knee.and_then(mark);
    let note = few.or_else(|| mark.is_some().then(|| format!("the knee is {DEFINITION}")));
    let goal = sweep.plan.goals.iter().find(|goal| goal.metric == *name);
    Curves {
        title: title(sweep),
        below: below(sweep, name, &varied.path),
        note,
        across: if varied.numbers.is_empty() {
            Horizontal::Words(varied.values.clone())
        } else {
            Horizontal::Numbers(kind(varied))
        },
        x_title: varied.path.clone(),
        y_title: name.clone(),
        kind: unit(sweep, metric).0,
        lines: shown.iter().map(line).collect(),
        band: format!("{} interval", plainly(sweep.plan.confidence, Kind::Share)),
        doubtful: DOUBTFUL.to_owned(),
        limit: goal.map(|goal| (goal.value, format!("goal {}", goal.name))),
        mark,
    }
}

fn heat(sweep: &Sweep, metric: usize) -> Heat {
    let grid = &sweep.plan.grid;
    let (across, up) = (&grid[0], &grid[1]);
    let mut cells = vec![vec![None; across.values.len()]; up.values.len()];
    // Of further paths the first value.
    for seen in sweep.points.iter().filter(|seen| seen.positions[2..].iter().all(|&at| at == 0)) {
        let value = seen.readings[metric].as_ref().and_then(|reading| reading.value.estimate);
        cells[seen.positions[1]][seen.positions[0]] = value.map(|value| Cell { value, doubtful: seen.state.is_some() });
    }
    let rest: Vec<String> = grid[2..].iter().map(|varied| format!("{}={}", varied.path, varied.values[0])).collect();
    Heat {
        title: title(sweep),
        below: below(sweep, &sweep.metrics[metric], &format!("{} and {}", across.path, up.path)),
        note: (!rest.is_empty()).then(|| format!("only points with {}; sweep.csv has all", rest.join(", "))),
        columns: (across.path.clone(), across.values.clone()),
        rows: (up.path.clone(), up.values.clone()),
        kind: unit(sweep, metric).0,
        cells,
        doubtful: DOUBTFUL.to_owned(),
    }
}
