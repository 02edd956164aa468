//! A picture as a list of shapes, which goes out as PNG ([`Drawing::png`]), as an SVG file ([`Drawing::svg`]) and as SVG in a page
//! ([`Drawing::inline`]): one picture, whatever it is seen on. Beside the shapes stand the numbers that they were made of, for
//! those who point at them.

use super::data::Plotted;
use super::style::{Canvas, Ink};

/// A place in pixels, from the left and from the top.
pub(super) type Point = (f64, f64);

/// A finished chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    pub(super) canvas: Canvas,
    /// What it shows, for programs that read pictures aloud.
    pub(super) title: String,
    /// What it shows, in a few words.
    pub what: String,
    /// What it leaves out, or how it is to be read.
    pub note: Option<String>,
    pub(super) height: f64,
    pub(super) shapes: Vec<(Part, Shape)>,
    part: Part,
    /// Whether there was nothing to draw.
    pub bare: bool,
    /// The numbers behind it.
    pub(super) plots: Vec<Plotted>,
    /// What is said of something that is pointed at; see [`Part::About`].
    pub(super) remarks: Vec<String>,
}

/// What a shape belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The sheet.
    Sheet,
    /// The data of a plot, which move when it is zoomed; with the number of its key where it has one.
    Data { plot: usize, key: Option<usize> },
    /// The ticks of the horizontal axis of a plot.
    Ticks(usize),
    /// The key of something that can be hidden.
    Key(usize),
    /// Something with a remark.
    About(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Line { points: Vec<Point>, ink: Ink, width: f64, dash: Dash },
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

impl Dash {
    /// Lengths of a piece and of the gap behind it, in widths of the line.
    pub const PIECES: [f64; 2] = [3.5, 2.5];
}

impl Drawing {
    /// An empty sheet. The title is for programs that read pictures aloud.
    pub(super) fn new(canvas: Canvas, title: String, what: String, note: Option<String>) -> Drawing {
        let (shapes, plots, remarks) = (Vec::new(), Vec::new(), Vec::new());
        Drawing { canvas, title, what, note, height: canvas.height, shapes, part: Part::Sheet, bare: false, plots, remarks }
    }

    /// Gives the sheet this height in pixels.
    pub(super) fn cut(&mut self, height: f64) {
        self.height = height.round().clamp(1.0, 20_000.0);
    }

    /// What is drawn inside belongs to this part.
    pub(super) fn part(&mut self, part: Part, draw: impl FnOnce(&mut Drawing)) {
        let before = std::mem::replace(&mut self.part, part);
        draw(self);
        self.part = before;
    }

    /// What is drawn inside has something to say when it is pointed at.
    pub(super) fn about(&mut self, remark: String, draw: impl FnOnce(&mut Drawing)) {
        self.remarks.push(printable(&remark));
        self.part(Part::About(self.remarks.len() - 1), draw);
    }

    fn add(&mut self, shape: Shape) {
        self.shapes.push((self.part, shape));
    }

    pub(super) fn line(&mut self, points: Vec<Point>, ink: Ink, width: f64, dash: Dash) {
        self.add(Shape::Line { points, ink, width, dash });
    }

    pub(super) fn area(&mut self, points: Vec<Point>, ink: Ink, opacity: f64) {
        self.add(Shape::Area { points, ink, opacity });
    }

    pub(super) fn rectangle(&mut self, from: Point, to: Point, ink: Ink, opacity: f64) {
        self.add(Shape::Box { from, to, ink, opacity });
    }

    pub(super) fn text(&mut self, at: Point, text: impl Into<String>, font: Font, across: Across) {
        // What XML 1.0 does not allow, and line breaks, have no place in a label.
        let text = printable(&text.into());
        self.add(Shape::Text { at, text, font, across });
    }
}

/// A space for every sign that XML 1.0 does not allow or a label cannot show.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() || matches!(sign, '\u{FFFE}' | '\u{FFFF}') { ' ' } else { sign }).collect()
}
