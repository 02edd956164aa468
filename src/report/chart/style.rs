//! How charts look: sizes, colours, font. Everything here is shared by all charts, whether they go out as SVG, PNG or in a page.
//!
//! Colours are those of Okabe and Ito, "Color Universal Design" (2008), which people with any colour vision can tell apart,
//! without the yellow, which is too light for a line on white. The font is DejaVu Sans, embedded, so that a picture never
//! depends on what a machine has installed.

use plotters::style::{FontDesc, FontFamily, FontStyle, RGBColor, TextStyle, register_font};
use std::sync::Once;

/// The sheet that a chart is drawn on: a chart fills what it gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Canvas {
    /// In pixels.
    pub width: f64,
    /// In pixels, where a chart needs no less or more.
    pub height: f64,
    /// Whether title and plan stand on the sheet itself.
    pub titled: bool,
}

impl Canvas {
    /// A picture in a file.
    pub const FILE: Canvas = Canvas { width: 1000.0, height: 600.0, titled: true };
    /// A chart in a page on a screen or on paper; its title stands in the page.
    pub const WIDE: Canvas = Canvas { width: 960.0, height: 400.0, titled: false };
    /// The same on a phone.
    pub const NARROW: Canvas = Canvas { width: 360.0, height: 320.0, titled: false };

    /// Whether there is no room for anything beside the data.
    pub(super) fn is_narrow(self) -> bool {
        self.width < 600.0
    }

    /// Space between the edge and anything.
    pub(super) fn edge(self) -> f64 {
        if self.titled { 28.0 } else { 4.0 }
    }
}

/// Lines and bars of different entities, in this order.
pub(super) const PALETTE: [Ink; 6] =
    [Ink::Series(0), Ink::Series(1), Ink::Series(2), Ink::Series(3), Ink::Series(4), Ink::Series(5)];
/// Titles, and what stands for the whole system.
pub(super) const DARK: Ink = Ink::Dark;
/// Labels and axes.
pub(super) const MIDDLE: Ink = Ink::Middle;
/// Lines of the grid.
pub(super) const LIGHT: Ink = Ink::Light;
/// Lines that lie below others.
pub(super) const PALE: Ink = Ink::Pale;
/// What is wrong: losses, overload.
pub(super) const ALARM: Ink = PALETTE[1];

/// Sizes of text in pixels.
pub(super) const TITLE: f64 = 20.0;
pub(super) const NORMAL: f64 = 14.0;
pub(super) const SMALL: f64 = 13.0;

/// A colour by its role: a file has one colour for each, a page two, for light and dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Series(u8),
    Dark,
    Middle,
    Light,
    Pale,
    Sheet,
    /// Of a scale of colours, the same on any sheet.
    Exact([u8; 3]),
}

impl Ink {
    /// Red, green, blue, on a white sheet.
    fn rgb(self) -> [u8; 3] {
        match self {
            Ink::Series(0) => [0x00, 0x72, 0xB2],
            Ink::Series(1) => [0xD5, 0x5E, 0x00],
            Ink::Series(2) => [0x00, 0x9E, 0x73],
            Ink::Series(3) => [0xCC, 0x79, 0xA7],
            Ink::Series(4) => [0xE6, 0x9F, 0x00],
            Ink::Series(_) => [0x56, 0xB4, 0xE9],
            Ink::Dark => [0x22, 0x22, 0x22],
            Ink::Middle => [0x5F, 0x5F, 0x5F],
            Ink::Light => [0xE4, 0xE4, 0xE4],
            Ink::Pale => [0xB4, 0xB4, 0xB4],
            Ink::Sheet => [0xFF, 0xFF, 0xFF],
            Ink::Exact(rgb) => rgb,
        }
    }

    pub fn color(self) -> RGBColor {
        let [red, green, blue] = self.rgb();
        RGBColor(red, green, blue)
    }

    /// As a file says it.
    pub fn literal(self) -> String {
        let [red, green, blue] = self.rgb();
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// As a page says it, whose style sheet has a colour under each name.
    pub fn variable(self) -> String {
        match self {
            Ink::Series(number) => format!("var(--s{number})"),
            Ink::Dark => "var(--dark)".to_owned(),
            Ink::Middle => "var(--middle)".to_owned(),
            Ink::Light => "var(--light)".to_owned(),
            Ink::Pale => "var(--pale)".to_owned(),
            Ink::Sheet => "var(--sheet)".to_owned(),
            Ink::Exact(_) => self.literal(),
        }
    }
}

/// The fonts as an SVG names them; the first is the one that a PNG is drawn with and every text is measured with.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// plotters divides every font size by this before it is used.
const EM: f64 = 1.24;

/// The font in so many pixels.
pub(super) fn font(size: f64, bold: bool, ink: Ink) -> TextStyle<'static> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())] {
            // The bytes are part of this program: if one is no font, every picture fails, and the first test says so.
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the embedded font is broken");
        }
    });
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = FontDesc::new(FontFamily::Name(FAMILY), size * EM, style);
    font.color(&ink.color())
}

/// Width of a text in pixels.
pub(super) fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    // Measured large, because plotters rounds to whole pixels.
    const ZOOM: f64 = 10.0;
    let measured = font(size * ZOOM, bold, DARK).font.layout_box(text);
    measured.map_or(0.0, |((left, _), (right, _))| f64::from(right - left) / ZOOM)
}

/// The text, or as much of its two ends as fits into so many pixels.
pub(super) fn fitted(text: &str, size: f64, bold: bool, room: f64) -> String {
    let mut limit = text.chars().count();
    let mut out = text.to_owned();
    while limit > 3 && text_width(&out, size, bold) > room {
        limit -= 1 + limit / 16;
        out = crate::report::style::shortened(text, limit);
    }
    out
}
