//! A drawing as pixels, painted by plotters. It places everything on whole pixels, so that a picture is painted three times as
//! large, and every pixel of the file is the mean of three by three, which also makes edges smooth.

use super::drawing::{Across, Dash, Drawing, Point, Shape};
use super::png;
use super::style::{self, Ink};
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle};
use std::error::Error;

/// How much larger than it is shown a picture of this height is painted: less for one that is very high, which would take too
/// much memory.
fn zoom(height: f64) -> u32 {
    match height {
        height if height <= 1200.0 => 3,
        height if height <= 3000.0 => 2,
        _ => 1,
    }
}

impl Drawing {
    /// The picture as PNG.
    pub fn png(&self) -> Vec<u8> {
        let (width, height, zoom) = (self.canvas.width as u32, self.height as u32, zoom(self.height));
        let large = (width * zoom, height * zoom);
        let mut pixels = vec![255u8; (large.0 * large.1 * 3) as usize];
        let mut backend = BitMapBackend::with_buffer(&mut pixels, large);
        let mut paint = || -> Painted {
            let sheet = (large.0 as i32, large.1 as i32);
            backend.draw_rect((0, 0), sheet, &filled(&Ink::Sheet.color()), true)?;
            for (_, shape) in &self.shapes {
                painted(shape, &mut backend, zoom)?;
            }
            backend.present()?;
            Ok(())
        };
        // The backend writes to memory, and the font is embedded.
        paint().expect("painting into memory cannot fail");
        drop(backend);
        let small = png::shrunk(&pixels, large.0 as usize, zoom as usize);
        png::encoded(&small, width, height)
    }
}

/// What painting into memory gives: in theory it can fail.
type Painted = Result<(), Box<dyn Error>>;

fn painted<B: DrawingBackend<ErrorType: 'static>>(shape: &Shape, backend: &mut B, zoom: u32) -> Painted {
    let place = |point: Point| place(point, zoom);
    match shape {
        Shape::Line { points, ink, width, dash } => {
            let stroke = (width * f64::from(zoom)).round().max(1.0);
            let style = filled(&ink.color());
            let pieces = match dash {
                Dash::Solid => vec![points.clone()],
                Dash::Dashed => {
                    let [on, off] = Dash::PIECES;
                    dashes(points, on * width, off * width)
                }
            };
            for piece in pieces {
                let points: Vec<(i32, i32)> = piece.iter().map(|&point| place(point)).collect();
                thick_line(backend, &points, stroke, &style)?;
            }
        }
        Shape::Area { points, ink, opacity } => {
            backend.fill_polygon(points.iter().map(|&point| place(point)), &filled(&ink.color().mix(*opacity)))?;
        }
        Shape::Box { from, to, ink, opacity } => {
            backend.draw_rect(place(*from), place(*to), &filled(&ink.color().mix(*opacity)), true)?;
        }
        Shape::Text { at, text, font, across } => {
            let across = match across {
                Across::Left => HPos::Left,
                Across::Middle => HPos::Center,
                Across::Right => HPos::Right,
            };
            let style = style::font(font.size * f64::from(zoom), font.bold, font.ink).pos(Pos::new(across, VPos::Center));
            // plotters centres a line by its letters without ascenders; digits and capitals then sit too high.
            backend.draw_text(text, &style, place((at.0, at.1 + 0.1 * font.size)))?;
        }
    }
    Ok(())
}

/// A line as a box for every stretch and a disc for every point: plotters' own joins grow into long spikes where a line turns
/// sharply.
fn thick_line<B: DrawingBackend<ErrorType: 'static>>(
    backend: &mut B,
    points: &[(i32, i32)],
    stroke: f64,
    style: &ShapeStyle,
) -> Painted {
    for pair in points.windows(2) {
        let (from, to) = ((f64::from(pair[0].0), f64::from(pair[0].1)), (f64::from(pair[1].0), f64::from(pair[1].1)));
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        if length > 0.0 {
            let across = ((to.1 - from.1) / length * stroke / 2.0, (from.0 - to.0) / length * stroke / 2.0);
            let corner =
                |at: Point, side: f64| ((at.0 + side * across.0).round() as i32, (at.1 + side * across.1).round() as i32);
            backend.fill_polygon([corner(from, 1.0), corner(to, 1.0), corner(to, -1.0), corner(from, -1.0)], style)?;
        }
    }
    if points.len() > 2 {
        for &point in &points[1..points.len() - 1] {
            backend.draw_circle(point, (stroke / 2.0).floor() as u32, style, true)?;
        }
    }
    Ok(())
}

/// A place on the enlarged sheet.
fn place((x, y): Point, zoom: u32) -> (i32, i32) {
    // Far enough outside to be invisible, near enough to calculate with.
    let whole = |value: f64| (value * f64::from(zoom)).round().clamp(-60_000.0, 60_000.0) as i32;
    (whole(x), whole(y))
}

fn filled(color: &impl Color) -> ShapeStyle {
    ShapeStyle { color: color.to_rgba(), filled: true, stroke_width: 1 }
}

/// Cuts a line into pieces of length `on` with gaps of length `off`.
fn dashes(points: &[Point], on: f64, off: f64) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::from_iter(points.first().copied());
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length <= left || !length.is_finite() {
                left -= length;
                if drawing {
                    piece.push(to);
                }
                break;
            }
            from = (from.0 + (to.0 - from.0) / length * left, from.1 + (to.1 - from.1) / length * left);
            if drawing {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_their_share_of_a_line() {
        let pieces = dashes(&[(0.0, 0.0), (50.0, 0.0), (100.0, 0.0)], 7.0, 3.0);
        assert_eq!(pieces.len(), 10);
        let total: f64 = pieces.iter().map(|piece| piece.last().unwrap().0 - piece[0].0).sum();
        assert!((total - 70.0).abs() < 1e-9);
        assert!(dashes(&[], 7.0, 3.0).is_empty());
    }
}
