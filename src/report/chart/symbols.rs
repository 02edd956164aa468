//! Shapes that the drawing of a system is made of.

use super::drawing::{Dash, Drawing, Point};
use super::style::{Ink, MIDDLE, PALETTE};
use crate::report::system::NodeKind;
use std::f64::consts::PI;

/// A closed rectangle with round corners.
pub(super) fn rounded((left, top): Point, (right, bottom): Point, radius: f64) -> Vec<Point> {
    const STEPS: usize = 5;
    let corners = [
        ((right - radius, top + radius), -0.5),
        ((right - radius, bottom - radius), 0.0),
        ((left + radius, bottom - radius), 0.5),
        ((left + radius, top + radius), 1.0),
    ];
    let mut points: Vec<Point> = corners
        .into_iter()
        .flat_map(|((x, y), quarter)| {
            (0..=STEPS).map(move |step| {
                let angle = PI * (quarter + 0.5 * step as f64 / STEPS as f64);
                (x + radius * angle.cos(), y + radius * angle.sin())
            })
        })
        .collect();
    points.extend(points.first().copied());
    points
}

/// The symbol of a kind of node around a point.
pub(super) fn symbol(drawing: &mut Drawing, kind: NodeKind, (x, y): Point) {
    match kind {
        NodeKind::Producer => {
            drawing.area(vec![(x - 6.0, y - 6.0), (x + 7.0, y), (x - 6.0, y + 6.0)], PALETTE[2], 1.0);
        }
        NodeKind::Queue => {
            // Messages that stand in a line.
            for at in 0..3 {
                let left = x - 8.0 + 5.5 * f64::from(at);
                drawing.rectangle((left, y - 6.0), (left + 4.0, y + 6.0), PALETTE[0], 1.0);
            }
        }
        NodeKind::Consumers => {
            drawing.area(circle((x, y), 6.5), PALETTE[1], 1.0);
            drawing.area(circle((x, y), 2.5), Ink::Sheet, 1.0);
        }
        NodeKind::Exchange => {
            drawing.area(vec![(x, y - 7.5), (x + 7.5, y), (x, y + 7.5), (x - 7.5, y)], PALETTE[4], 1.0);
        }
        NodeKind::Service => {
            let corners = (0..6).map(|at| {
                let angle = PI / 3.0 * f64::from(at);
                (x + 7.0 * angle.cos(), y + 7.0 * angle.sin())
            });
            drawing.area(corners.collect(), PALETTE[3], 1.0);
        }
    }
}

fn circle((x, y): Point, radius: f64) -> Vec<Point> {
    let at = |step: u32| PI * 2.0 * f64::from(step) / 20.0;
    (0..20).map(|step| (x + radius * at(step).cos(), y + radius * at(step).sin())).collect()
}

/// A smooth line through some stops: between each two it leaves and arrives along the direction of the drawing.
pub(super) fn curve(stops: &[Point], upright: bool) -> Vec<Point> {
    const STEPS: usize = 14;
    let mut points = Vec::from_iter(stops.first().copied());
    for pair in stops.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let half = match upright {
            true => (0.0, (to.1 - from.1) / 2.0),
            false => ((to.0 - from.0) / 2.0, 0.0),
        };
        let (first, second) = ((from.0 + half.0, from.1 + half.1), (to.0 - half.0, to.1 - half.1));
        for step in 1..=STEPS {
            let t = step as f64 / STEPS as f64;
            let [a, b, c, d] = [(1.0 - t).powi(3), 3.0 * t * (1.0 - t).powi(2), 3.0 * t * t * (1.0 - t), t.powi(3)];
            points.push((a * from.0 + b * first.0 + c * second.0 + d * to.0, a * from.1 + b * first.1 + c * second.1 + d * to.1));
        }
    }
    points
}

/// A line through some stops, without curves, in points that are close to each other.
pub(super) fn straight(stops: &[Point]) -> Vec<Point> {
    const STEP: f64 = 12.0;
    let mut points = Vec::from_iter(stops.first().copied());
    for pair in stops.windows(2) {
        let (x, y) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let steps = (x.hypot(y) / STEP).ceil().max(1.0);
        points.extend((1..=steps as usize).map(|step| {
            let share = step as f64 / steps;
            (pair[0].0 + share * x, pair[0].1 + share * y)
        }));
    }
    points
}

/// A line with a head at its end.
pub(super) fn arrow(drawing: &mut Drawing, line: &[Point], dash: Dash) {
    let [.., before, end] = line else { return };
    let length = (end.0 - before.0).hypot(end.1 - before.1).max(1e-9);
    let (x, y) = ((end.0 - before.0) / length, (end.1 - before.1) / length);
    let foot = (end.0 - 8.0 * x, end.1 - 8.0 * y);
    // The line ends inside the head, so that its point is sharp.
    let mut shaft: Vec<Point> = line[..line.len() - 1].to_vec();
    shaft.push((end.0 - 5.0 * x, end.1 - 5.0 * y));
    drawing.line(shaft, MIDDLE, 1.4, dash);
    drawing.area(vec![*end, (foot.0 - 4.0 * y, foot.1 + 4.0 * x), (foot.0 + 4.0 * y, foot.1 - 4.0 * x)], MIDDLE, 1.0);
}
