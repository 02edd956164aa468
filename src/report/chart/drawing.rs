//! A picture as a list of shapes, and the two ways out: SVG and PNG, both painted by plotters from the same list.
//!
//! plotters places everything on whole pixels. Both pictures are therefore painted three times as large: the SVG says so in
//! its `viewBox`, and the PNG takes the mean of every three by three pixels, which also makes its edges smooth.

use super::png;
use super::style::{self, HEIGHT, Ink, WIDTH};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle, WHITE};
use std::error::Error;

/// How much larger than it is shown a picture is painted.
const ZOOM: u32 = 3;

/// A place in pixels, from the left and from the top.
pub(super) type Point = (f64, f64);

/// A finished chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    title: String,
    height: f64,
    shapes: Vec<Shape>,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Line { points: Vec<Point>, ink: Ink, width: f64 },
    Area { points: Vec<Point>, ink: Ink, opacity: f64 },
    Box { from: Point, to: Point, ink: Ink, opacity: f64 },
    Text { at: Point, text: String, font: Font, across: Across },
}

/// Size, weight and colour of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Font {
    pub size: f64,
    pub bold: bool,
    pub ink: Ink,
}

/// Which point of a text is at its place, from left to right; from top to bottom it is always the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Across {
    Left,
    Middle,
    Right,
}

/// Whether a line has gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dash {
    Solid,
    Dashed,
}

impl Drawing {
    /// An empty sheet. The title is for programs that read pictures aloud.
    pub(super) fn new(title: String) -> Drawing {
        Drawing { title, height: HEIGHT, shapes: Vec::new() }
    }

    /// Cuts the sheet off below so many pixels.
    pub(super) fn cut(&mut self, height: f64) {
        self.height = height.round().clamp(1.0, HEIGHT);
    }

    pub(super) fn line(&mut self, points: Vec<Point>, ink: Ink, width: f64, dash: Dash) {
        match dash {
            Dash::Solid => self.shapes.push(Shape::Line { points, ink, width }),
            Dash::Dashed => {
                let pieces = dashes(&points, 3.5 * width, 2.5 * width);
                self.shapes.extend(pieces.into_iter().map(|points| Shape::Line { points, ink, width }));
            }
        }
    }

    pub(super) fn area(&mut self, points: Vec<Point>, ink: Ink, opacity: f64) {
        self.shapes.push(Shape::Area { points, ink, opacity });
    }

    pub(super) fn rectangle(&mut self, from: Point, to: Point, ink: Ink, opacity: f64) {
        self.shapes.push(Shape::Box { from, to, ink, opacity });
    }

    pub(super) fn text(&mut self, at: Point, text: impl Into<String>, font: Font, across: Across) {
        // What XML 1.0 does not allow, and line breaks, have no place in a label.
        let text = printable(&text.into());
        self.shapes.push(Shape::Text { at, text, font, across });
    }

    /// The picture as SVG; the same drawing gives the same bytes.
    pub fn svg(&self) -> String {
        let mut out = String::new();
        let mut backend = SVGBackend::with_string(&mut out, (WIDTH as u32 * ZOOM, self.height as u32 * ZOOM));
        self.paint(&mut backend, Ends::Native);
        drop(backend);
        let (head, body) = out.split_once("xmlns=").unwrap_or(("", &out));
        let view = head.split_once("viewBox").map_or("", |(_, view)| view);
        format!(
            "<svg width=\"{WIDTH}\" height=\"{}\" role=\"img\" stroke-linejoin=\"round\" viewBox{view}xmlns={}",
            self.height,
            body.replacen(">\n", &format!(">\n<title>{}</title>\n", escaped(&self.title)), 1)
        )
    }

    /// The picture as PNG.
    pub fn png(&self) -> Vec<u8> {
        let (width, height) = (WIDTH as u32 * ZOOM, self.height as u32 * ZOOM);
        let mut pixels = vec![255u8; (width * height * 3) as usize];
        let mut backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        self.paint(&mut backend, Ends::Discs);
        drop(backend);
        let small = png::shrunk(&pixels, width as usize, ZOOM as usize);
        png::encoded(&small, WIDTH as u32, self.height as u32)
    }

    fn paint<B: DrawingBackend<ErrorType: 'static>>(&self, backend: &mut B, ends: Ends) {
        let sheet = (WIDTH as i32 * ZOOM as i32, self.height as i32 * ZOOM as i32);
        let mut paint = || -> Painted {
            backend.draw_rect((0, 0), sheet, &filled(&WHITE.to_rgba()), true)?;
            for shape in &self.shapes {
                shape.paint(backend, ends)?;
            }
            backend.present()?;
            Ok(())
        };
        // Both backends write to memory, and the font is embedded.
        paint().expect("painting into memory cannot fail");
    }
}

/// What painting into memory gives: in theory it can fail.
type Painted = Result<(), Box<dyn Error>>;

/// How thick lines are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// As the picture's reader does it.
    Native,
    /// A disc at every point: plotters' own joins grow into long spikes where a line turns sharply.
    Discs,
}

impl Shape {
    fn paint<B: DrawingBackend<ErrorType: 'static>>(&self, backend: &mut B, ends: Ends) -> Painted {
        match self {
            Shape::Line { points, ink, width } => {
                let points: Vec<(i32, i32)> = points.iter().map(|&point| place(point)).collect();
                let stroke = (width * f64::from(ZOOM)).round().max(1.0);
                let style = ShapeStyle { color: ink.color().to_rgba(), filled: false, stroke_width: stroke as u32 };
                match ends {
                    Ends::Native => backend.draw_path(points, &style)?,
                    Ends::Discs => thick_line(backend, &points, stroke, &filled(&ink.color().to_rgba()))?,
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
                let style = style::font(font.size * f64::from(ZOOM), font.bold, font.ink).pos(Pos::new(across, VPos::Center));
                // plotters centres a line by its letters without ascenders; digits and capitals then sit too high.
                backend.draw_text(text, &style, place((at.0, at.1 + 0.1 * font.size)))?;
            }
        }
        Ok(())
    }
}

/// A line as a box for every stretch and a disc for every point.
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
fn place((x, y): Point) -> (i32, i32) {
    // Far enough outside to be invisible, near enough to calculate with.
    let whole = |value: f64| (value * f64::from(ZOOM)).round().clamp(-20_000.0, 20_000.0) as i32;
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

/// A space for every sign that XML 1.0 does not allow or a label cannot show.
fn printable(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() || matches!(sign, '\u{FFFE}' | '\u{FFFF}') { ' ' } else { sign }).collect()
}

/// Text between two tags of XML.
fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
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
