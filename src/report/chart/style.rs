//! How charts look: size, colours, font. Everything here is shared by all charts.
//!
//! Colours are those of Okabe and Ito, "Color Universal Design" (2008), which people with any colour vision can tell apart,
//! without the yellow, which is too light for a line on white. The font is DejaVu Sans, embedded, so that a picture never
//! depends on what a machine has installed.

use plotters::style::{FontDesc, FontFamily, FontStyle, RGBColor, TextStyle, register_font};
use std::sync::Once;

/// Width of a chart in pixels.
pub(super) const WIDTH: f64 = 1000.0;
/// Height of a chart in pixels, where it is not less.
pub(super) const HEIGHT: f64 = 600.0;
/// Space between the edge and anything.
pub(super) const EDGE: f64 = 28.0;

/// Lines and bars of different entities, in this order.
pub(super) const PALETTE: [Ink; 6] = [
    Ink(0x00, 0x72, 0xB2),
    Ink(0xD5, 0x5E, 0x00),
    Ink(0x00, 0x9E, 0x73),
    Ink(0xCC, 0x79, 0xA7),
    Ink(0xE6, 0x9F, 0x00),
    Ink(0x56, 0xB4, 0xE9),
];
/// Titles, and what stands for the whole system.
pub(super) const DARK: Ink = Ink(0x22, 0x22, 0x22);
/// Labels and axes.
pub(super) const MIDDLE: Ink = Ink(0x5F, 0x5F, 0x5F);
/// Lines of the grid.
pub(super) const LIGHT: Ink = Ink(0xE4, 0xE4, 0xE4);
/// Lines that lie below others.
pub(super) const PALE: Ink = Ink(0xB4, 0xB4, 0xB4);
/// What is wrong: losses, overload.
pub(super) const ALARM: Ink = PALETTE[1];

/// Sizes of text in pixels.
pub(super) const TITLE: f64 = 20.0;
pub(super) const NORMAL: f64 = 14.0;
pub(super) const SMALL: f64 = 13.0;

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink(pub u8, pub u8, pub u8);

impl Ink {
    pub fn color(self) -> RGBColor {
        RGBColor(self.0, self.1, self.2)
    }
}

/// The fonts as an SVG names them; the first is the one that a PNG is drawn with and every text is measured with.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

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
