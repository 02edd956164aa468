//! The drawing of the system: producers, queues, consumers and services, and what goes between them, as the program lays it out.
//!
//! On an arrow stands what was measured where a metric tells it, and else what the rates of the scenario promise (with ≈). A node has
//! the number that one asks it for: what it sends, what waits in it, how busy it is.

use super::drawing::{Across, Dash, Drawing, Font, Point};
use super::frame::{LABEL, nothing, sheet};
use super::layout::{Layout, Sizes, columns, depth, rows};
use super::style::{ALARM, Canvas, DARK, Ink, MIDDLE, PALE, PALETTE, SMALL, fitted, text_width};
use super::symbols::{arrow, curve, rounded, straight, symbol};
use crate::experiment::stability::Verdict;
use crate::report::quantity::{Kind, plainly, sentence};
use crate::report::result::RunResult;
use crate::report::system::{Edge, Node, NodeKind};

/// More columns than these have no room beside each other.
const MOST_COLUMNS: usize = 6;
/// What goes on below has at least so many beside each other.
const LEAST_COLUMNS: usize = 3;
/// Between two columns: where there is room for it, and where names need it.
const GAP: f64 = 58.0;
const TIGHT: f64 = 54.0;
/// Between two nodes beside each other on a narrow sheet.
const BESIDE: f64 = 8.0;
/// The widest node, unless a name needs more, and how much a name may ask for.
const WIDEST: f64 = 190.0;
const MOST_NEEDED: f64 = 240.0;
/// The sizes of names: the first in which a name fits.
const NAMES: [f64; 3] = [SMALL, 12.0, 11.0];
/// Of a node, what a name has no use of.
const SYMBOL: f64 = 34.0;
/// The size of small text.
const TINY: f64 = 11.5;
/// Above this, waits grow fast with every further message.
const WATCH: f64 = 0.8;

/// Draws it.
pub fn system(result: &RunResult, canvas: Canvas) -> Drawing {
    let system = &result.system;
    let (mut drawing, area) = sheet(result, canvas, "The system and its loads", None, &[]);
    if system.nodes.is_empty() {
        nothing(&mut drawing, area, "The result does not say how the system is made.");
        return drawing;
    }
    let ways: Vec<(usize, usize)> = system.edges.iter().map(|edge| (edge.from, edge.to)).collect();
    let depth = depth(system.nodes.len(), &ways);
    let crowded = system.nodes.len() > 40;
    let upright = canvas.is_narrow();
    let widest = system.nodes.iter().map(|node| text_width(&node.name, NAMES[1], true)).fold(0.0, f64::max);
    let sizes = sizes(canvas, area.width(), depth, (SYMBOL + widest + 1.0).min(MOST_NEEDED), crowded);
    let layout = if upright { rows(system.nodes.len(), &ways, sizes) } else { columns(system.nodes.len(), &ways, sizes) };
    let keys = legend(&mut drawing, result, (area.left, area.top - 4.0), area.width());
    let picture = Picture { result, layout: &layout, sizes, upright, origin: (area.left, keys + 26.0) };
    drawing.cut(keys + 26.0 + layout.height + 14.0 + canvas.edge());
    picture.edges(&mut drawing);
    for (at, node) in system.nodes.iter().enumerate() {
        picture.node(&mut drawing, at, node);
    }
    drawing
}

/// The sizes that suit a graph so many columns deep, in which a node needs so much width for the longest name. What is deeper than
/// there is room for goes on below, in as few columns as names need.
fn sizes(canvas: Canvas, width: f64, depth: usize, needed: f64, crowded: bool) -> Sizes {
    let columns = MOST_COLUMNS;
    if canvas.is_narrow() {
        let beside = |many: f64| (width - (many - 1.0) * BESIDE) / many;
        let node = if beside(3.0) >= needed { beside(3.0) } else { beside(2.0) };
        return Sizes { node: (node, 46.0), gap: 38.0, apart: BESIDE, width, columns };
    }
    let folded = depth > columns;
    // What goes on below needs room at both ends.
    let width = if folded { width - 76.0 } else { width };
    let of = |columns: usize, gap: f64| (width - (columns as f64 - 1.0) * gap) / columns as f64;
    let columns = if folded {
        (LEAST_COLUMNS..=columns).rev().find(|&most| of(most, GAP) >= needed).unwrap_or(LEAST_COLUMNS)
    } else {
        columns
    };
    // With one line of text instead of two a node is lower, and must be wider.
    let low = crowded && depth < 5;
    let (height, apart) = if low { (32.0, 7.0) } else { (46.0, if crowded { 10.0 } else { 18.0 }) };
    let shown = depth.min(columns);
    let mut gap = (0.4 * width / shown.max(2) as f64).clamp(GAP, if low { 80.0 } else { 100.0 });
    if of(shown, gap) < needed {
        gap = (width - shown as f64 * needed) / (shown.max(2) as f64 - 1.0);
        gap = gap.clamp(TIGHT, 100.0);
    }
    Sizes { node: (of(shown, gap).clamp(92.0, if low { 250.0 } else { WIDEST.max(needed) }), height), gap, apart, width, columns }
}

/// What a name leaves of a node with one line of text.
fn room_beside(name: &str, width: f64) -> f64 {
    (width - 44.0 - text_width(name, 12.0, true)).max(0.35 * width)
}

/// What the symbols mean, as far as they are used; gives the height of the last row.
fn legend(drawing: &mut Drawing, result: &RunResult, (left, top): Point, room: f64) -> f64 {
    let kinds = [
        (NodeKind::Producer, "producer"),
        (NodeKind::Exchange, "exchange"),
        (NodeKind::Queue, "queue"),
        (NodeKind::Consumers, "consumers"),
        (NodeKind::Service, "service"),
    ];
    let used = |kind: NodeKind| result.system.nodes.iter().any(|node| node.kind == kind);
    let (mut x, mut y) = (left, top.max(10.0));
    let mut entry = |drawing: &mut Drawing, label: &str, draw: &dyn Fn(&mut Drawing, Point)| {
        let width = 22.0 + text_width(label, SMALL, false);
        if x > left && x + width > left + room {
            (x, y) = (left, y + 22.0);
        }
        draw(drawing, (x + 8.0, y));
        drawing.text((x + 22.0, y), label, Font { ink: DARK, ..LABEL }, Across::Left);
        x += width + 20.0;
    };
    for (kind, label) in kinds.into_iter().filter(|(kind, _)| used(*kind)) {
        entry(drawing, label, &|drawing, at| symbol(drawing, kind, at));
    }
    if result.system.edges.iter().any(|edge| edge.call) {
        entry(drawing, "call", &|drawing, (x, y)| {
            drawing.line(vec![(x - 8.0, y), (x + 8.0, y)], MIDDLE, 1.5, Dash::Dashed);
        });
    }
    if used(NodeKind::Consumers) || used(NodeKind::Service) {
        entry(drawing, "busy share of the workers", &|drawing, (x, y)| {
            drawing.rectangle((x - 8.0, y - 2.0), (x + 8.0, y + 2.0), PALETTE[0], 1.0);
        });
    }
    if result.system.edges.iter().any(|edge| rate(result, edge).is_some_and(|(_, measured)| !measured)) {
        entry(drawing, "≈ by plan", &|_, _| ());
    }
    y
}

/// What goes along an edge a second, and whether that was measured.
fn rate(result: &RunResult, edge: &Edge) -> Option<(f64, bool)> {
    let measured = edge.metric.as_ref().and_then(|metric| result.summary.metrics.get(metric)?.value.estimate);
    measured.map(|rate| (rate, true)).or(edge.planned.map(|rate| (rate, false)))
}

struct Picture<'a> {
    result: &'a RunResult,
    layout: &'a Layout,
    sizes: Sizes,
    upright: bool,
    origin: Point,
}

/// A rectangle that nothing else may be written on: left, top, right, bottom.
type Taken = (f64, f64, f64, f64);

impl Picture<'_> {
    fn estimate(&self, node: &Node, metric: &str) -> Option<f64> {
        self.result.summary.metrics.get(&format!("{}.{}.{metric}", node.kind.table(), node.name))?.value.estimate
    }

    fn corner(&self, node: usize) -> Point {
        let (x, y) = self.layout.nodes[node];
        (self.origin.0 + x, self.origin.1 + y)
    }

    /// A box with symbol, name and number.
    fn node(&self, drawing: &mut Drawing, at: usize, node: &Node) {
        let ((left, top), (width, height)) = (self.corner(at), self.sizes.node);
        let (right, bottom) = (left + width, top + height);
        let low = height < 40.0;
        let stability = self.result.summary.stability.iter();
        let failing = node.kind == NodeKind::Consumers
            && stability
                .filter(|seen| seen.pool == node.name)
                .any(|seen| matches!(seen.verdict, Verdict::Overloaded | Verdict::Saturated));
        let mut facts = self.facts(node);
        // The first is the one that counts.
        let room = if low { room_beside(&node.name, width) } else { width - 14.0 };
        while facts.len() > 1 && text_width(&facts.join(" · "), TINY, false) > room {
            facts.pop();
        }
        drawing.about(self.remark(node), |drawing| {
            let outline = rounded((left, top), (right, bottom), 7.0);
            drawing.area(outline.clone(), Ink::Sheet, 1.0);
            drawing.line(outline, if failing { ALARM } else { PALE }, if failing { 2.0 } else { 1.2 }, Dash::Solid);
            symbol(drawing, node.kind, (left + 15.0, top + if low { height / 2.0 - 2.0 } else { 17.0 }));
            let room = width - SYMBOL;
            let sizes = if width < 125.0 || low { &NAMES[1..] } else { &NAMES[..] };
            let fits = |size: &&f64| text_width(&node.name, **size, true) <= room;
            let size = *sizes.iter().find(fits).unwrap_or(&NAMES[2]);
            let name = Font { size, bold: true, ink: DARK };
            let small = Font { size: TINY, bold: false, ink: MIDDLE };
            if low {
                let facts = fitted(&facts.join(" · "), TINY, false, 0.6 * width);
                let room = room - text_width(&facts, TINY, false) - 8.0;
                let middle = top + height / 2.0 - 2.0;
                drawing.text((left + 28.0, middle), fitted(&node.name, size, true, room), name, Across::Left);
                drawing.text((right - 6.0, middle), facts, small, Across::Right);
            } else {
                drawing.text((left + 28.0, top + 17.0), fitted(&node.name, size, true, room), name, Across::Left);
                drawing.text(
                    (left + 9.0, top + 33.0),
                    fitted(&facts.join(" · "), TINY, false, width - 14.0),
                    small,
                    Across::Left,
                );
            }
            if let Some(busy) = self.estimate(node, "utilization") {
                let ink = if busy > WATCH { PALETTE[4] } else { PALETTE[0] };
                let (from, to) = (left + 5.0, right - 5.0);
                drawing.rectangle((from, bottom - 5.0), (to, bottom - 2.0), Ink::Light, 1.0);
                drawing.rectangle((from, bottom - 5.0), (from + busy.clamp(0.0, 1.0) * (to - from), bottom - 2.0), ink, 1.0);
            }
        });
    }

    /// The number that one asks a node for.
    fn facts(&self, node: &Node) -> Vec<String> {
        let estimate = |metric: &str, kind: Kind| self.estimate(node, metric).map(|value| plainly(value, kind));
        let lost = || {
            let shares =
                ["dropped.ratio", "rejected.ratio", "expired.ratio"].into_iter().filter_map(|name| self.estimate(node, name));
            let sum: f64 = shares.sum();
            (sum > 0.0).then(|| format!("loses {}", plainly(sum, Kind::Share)))
        };
        match node.kind {
            NodeKind::Producer => estimate("offered.rate", Kind::Rate).into_iter().collect(),
            NodeKind::Exchange => Vec::new(),
            NodeKind::Queue => {
                let backlog = estimate("backlog.mean", Kind::Plain).map(|backlog| format!("backlog {backlog}"));
                lost().into_iter().chain(backlog).collect()
            }
            NodeKind::Consumers | NodeKind::Service => {
                let workers = node.workers.map(|many| if many == 1 { "1 worker".to_owned() } else { format!("{many} workers") });
                estimate("utilization", Kind::Share).map(|busy| format!("{busy} busy")).into_iter().chain(workers).collect()
            }
        }
    }

    /// What is said of a node that is pointed at.
    fn remark(&self, node: &Node) -> String {
        let metrics = &self.result.summary.metrics;
        let shown = [
            "offered.rate",
            "published.rate",
            "throughput",
            "utilization",
            "backlog.mean",
            "wait.mean",
            "response.p99",
            "sojourn.p99",
        ];
        let lines = shown.into_iter().filter_map(|own| {
            let full = format!("{}.{}.{own}", node.kind.table(), node.name);
            let reading = metrics.get(&full).filter(|reading| reading.value.estimate.is_some_and(|value| value != 0.0))?;
            Some(format!("{own} {}", sentence(&reading.value, Kind::of_metric(&full, &reading.unit))))
        });
        let about = format!("{}: {}", node.name, node.about);
        std::iter::once(about).chain(lines).collect::<Vec<String>>().join("; ")
    }

    /// All arrows, below the nodes, and then their rates, each where there is room for it.
    fn edges(&self, drawing: &mut Drawing) {
        let (width, height) = self.sizes.node;
        let mut taken: Vec<Taken> = (0..self.layout.nodes.len())
            .map(|node| {
                let (x, y) = self.corner(node);
                (x, y, x + width, y + height)
            })
            .collect();
        let edges = &self.result.system.edges;
        let lines: Vec<Vec<Point>> = (0..edges.len()).map(|at| self.way(at)).collect();
        for (edge, line) in edges.iter().zip(&lines) {
            arrow(drawing, line, if edge.call { Dash::Dashed } else { Dash::Solid });
        }
        for (edge, line) in edges.iter().zip(&lines) {
            let Some((rate, measured)) = rate(self.result, edge) else { continue };
            let text = format!("{}{}", if measured { "" } else { "≈ " }, plainly(rate, Kind::Rate));
            let (half, tall) = (text_width(&text, TINY, false) / 2.0 + 3.0, 8.0);
            // Where many leave one node, they are further apart near their ends.
            let fan = edges.iter().filter(|other| other.from == edge.from).count() > 3;
            let first = if fan { 0.7 } else { 0.5 };
            let spots = [first, 0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82];
            let free = spots.into_iter().find_map(|share| {
                let (x, y) = line[((line.len() - 1) as f64 * share).round() as usize];
                let own = (x - half, y - tall, x + half, y + tall);
                let meets = |other: &Taken| own.0 < other.2 && other.0 < own.2 && own.1 < other.3 && other.1 < own.3;
                (!taken.iter().any(meets)).then_some(((x, y), own))
            });
            if let Some(((x, y), own)) = free {
                taken.push(own);
                drawing.rectangle((own.0, own.1), (own.2, own.3), Ink::Sheet, 1.0);
                drawing.text((x, y), text, Font { size: TINY, bold: false, ink: DARK }, Across::Middle);
            }
        }
    }

    /// The way of an edge as points close to each other.
    fn way(&self, at: usize) -> Vec<Point> {
        let edge = &self.result.system.edges[at];
        let turns = &self.layout.turns[at];
        if let [_, .., last] = turns.as_slice() {
            let (from, to) = (self.corner(edge.from), self.corner(edge.to));
            let ends = [(from.0 + self.sizes.node.0, turns[0].1 + self.origin.1), (to.0, last.1 + self.origin.1)];
            let turns = turns.iter().map(|&(x, y)| (x + self.origin.0, y + self.origin.1));
            let stops: Vec<Point> = std::iter::once(ends[0]).chain(turns).chain([ends[1]]).collect();
            return straight(&stops);
        }
        let ((width, height), (from, to)) = (self.sizes.node, (self.corner(edge.from), self.corner(edge.to)));
        let along = if self.upright { (from.1, to.1) } else { (from.0, to.0) };
        let (out, into) = (self.port(at, edge.from, true), self.port(at, edge.to, false));
        if along.1 > along.0 {
            let (begin, end) = match self.upright {
                true => ((from.0 + width * out, from.1 + height), (to.0 + width * into, to.1)),
                false => ((from.0 + width, from.1 + height * out), (to.0, to.1 + height * into)),
            };
            let via = self.layout.via[at].iter().map(|&(x, y)| (self.origin.0 + x, self.origin.1 + y));
            // Between columns an edge goes straight past the nodes that it has a place beside.
            let past = via.flat_map(|(x, y)| [(x - width / 2.0, y), (x + width / 2.0, y)]);
            let stops: Vec<Point> = std::iter::once(begin).chain(past).chain([end]).collect();
            return curve(&stops, self.upright);
        }
        // Back, or beside: around the outer side.
        let (begin, end) = ((from.0 + width * 0.7, from.1 + height), (to.0 + width * 0.3, to.1 + height));
        let below = begin.1.max(end.1) + 0.4 * self.sizes.apart.max(20.0) + if edge.from == edge.to { 6.0 } else { 14.0 };
        let middle = ((begin.0 + end.0) / 2.0, below);
        curve(&[begin, middle, end], true)
    }

    /// Where an edge leaves or enters the side of a node, as a share of it: those that go further down stand further down.
    fn port(&self, at: usize, node: usize, out: bool) -> f64 {
        let edges = &self.result.system.edges;
        let across = |edge: usize| {
            let via = &self.layout.via[edge];
            let next = if out { via.first() } else { via.last() };
            let other = if out { edges[edge].to } else { edges[edge].from };
            let (x, y) = next.copied().unwrap_or(self.layout.nodes[other]);
            if self.upright { x } else { y }
        };
        let mut beside: Vec<usize> =
            (0..edges.len()).filter(|&edge| node == if out { edges[edge].from } else { edges[edge].to }).collect();
        beside.sort_by(|&a, &b| across(a).total_cmp(&across(b)));
        let place = beside.iter().position(|&edge| edge == at).unwrap_or(0) as f64;
        // Close together, so that arrows still point at the middle.
        let step = (0.6 / beside.len() as f64).min(0.18);
        0.5 + (place - (beside.len() as f64 - 1.0) / 2.0) * step
    }
}
