//! A drawing as SVG: by itself in a file, where every colour and the font is said, or in a page, whose style sheet says them.

use super::drawing::{Across, Dash, Drawing, Part, Point, Shape, printable};
use super::style::{FAMILY, Ink};
use std::fmt::Write;

/// Where an SVG stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    File,
    /// In a page, in which every identifier begins with this.
    Page(&'a str),
}

impl Drawing {
    /// The picture as an SVG file; the same drawing gives the same bytes.
    pub fn svg(&self) -> String {
        let (width, height) = (self.canvas.width, self.height);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             font-family=\"{FAMILY}\" stroke-linejoin=\"round\">\n<title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" \
             fill=\"{}\"/>\n",
            escaped(&self.title),
            Ink::Sheet.literal(),
        );
        self.shapes(&mut out, Place::File);
        out.push_str("</svg>\n");
        out
    }

    /// The picture as SVG in a page, of a class, with an identifier that the page has only once.
    pub fn inline(&self, class: &str, identifier: &str) -> String {
        let (width, height) = (self.canvas.width, self.height);
        let mut out = format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{identifier}-title\" \
             stroke-linejoin=\"round\"><title id=\"{identifier}-title\">{}</title>\n",
            escaped(&self.title)
        );
        let clips = self.plots.iter().enumerate().filter(|(_, plot)| plot.has_data());
        for (at, plot) in clips {
            let [left, top, right, bottom] = plot.area();
            let (width, height) = (right - left, bottom - top);
            // A line along the edge of the plot is as thick as any other.
            let _ = writeln!(
                out,
                "<clipPath id=\"{identifier}-{at}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>",
                number(left),
                number(top - 3.0),
                number(width),
                number(height + 4.0)
            );
        }
        self.shapes(&mut out, Place::Page(identifier));
        out.push_str("</svg>");
        out
    }

    fn shapes(&self, out: &mut String, place: Place<'_>) {
        let mut rest = self.shapes.as_slice();
        while let Some(&(part, _)) = rest.first() {
            let alike = rest.iter().take_while(|(other, _)| *other == part).count();
            let (own, behind) = rest.split_at(alike);
            let closing = self.open(out, place, part);
            own.iter().for_each(|(_, shape)| draw(out, shape, place));
            out.push_str(closing);
            rest = behind;
        }
    }

    /// The beginning of a group, and what closes it.
    fn open(&self, out: &mut String, place: Place<'_>, part: Part) -> &'static str {
        if let Part::About(at) = part {
            let _ = writeln!(out, "<g><title>{}</title>", self.remarks.get(at).map(|remark| escaped(remark)).unwrap_or_default());
            return "</g>\n";
        }
        let Place::Page(identifier) = place else { return "" };
        match part {
            Part::Data { plot, key } => {
                let key = key.map_or(String::new(), |key| format!(" data-key=\"{key}\""));
                let _ = writeln!(out, "<g clip-path=\"url(#{identifier}-{plot})\"><g data-plot=\"{plot}\"{key}>");
                "</g></g>\n"
            }
            Part::Ticks(plot) => {
                let _ = writeln!(out, "<g data-ticks=\"{plot}\">");
                "</g>\n"
            }
            Part::Key(key) => {
                let _ = writeln!(out, "<g class=\"key\" data-of=\"{key}\">");
                "</g>\n"
            }
            Part::Sheet | Part::About(_) => "",
        }
    }
}

fn draw(out: &mut String, shape: &Shape, place: Place<'_>) {
    let color = |ink: Ink| if place == Place::File { ink.literal() } else { ink.variable() };
    // Writing into memory cannot fail.
    let _ = match shape {
        Shape::Line { points, .. } if points.is_empty() => Ok(()),
        Shape::Line { points, ink, width, dash } => {
            let [on, off] = Dash::PIECES.map(|length| number(length * width));
            let dash = if *dash == Dash::Dashed { format!(" stroke-dasharray=\"{on} {off}\"") } else { String::new() };
            let (path, color, width) = (path(points), color(*ink), number(*width));
            writeln!(out, "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{dash}/>")
        }
        Shape::Area { points, .. } if points.is_empty() => Ok(()),
        Shape::Area { points, ink, opacity } => {
            writeln!(out, "<path d=\"{}Z\" fill=\"{}\"{}/>", path(points), color(*ink), solid(*opacity))
        }
        Shape::Box { from, to, ink, opacity } => {
            let (left, top) = (from.0.min(to.0), from.1.min(to.1));
            let [x, y, width, height] = [left, top, (to.0 - from.0).abs(), (to.1 - from.1).abs()].map(number);
            let fill = color(*ink);
            writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"{}/>", solid(*opacity))
        }
        Shape::Text { at, text, font, across } => {
            let anchor = match across {
                Across::Left => "",
                Across::Middle => " text-anchor=\"middle\"",
                Across::Right => " text-anchor=\"end\"",
            };
            let bold = if font.bold { " font-weight=\"bold\"" } else { "" };
            // The middle of digits and capitals lies at 0.36 of the size above their foot; not every reader knows baselines.
            let [x, y, size] = [at.0, at.1 + 0.36 * font.size, font.size].map(number);
            let (fill, text) = (color(font.ink), escaped(text));
            writeln!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{anchor}{bold}>{text}</text>")
        }
    };
}

fn solid(opacity: f64) -> String {
    if opacity >= 1.0 { String::new() } else { format!(" fill-opacity=\"{}\"", number(opacity)) }
}

/// A way through all points; each after the first is told by its distance from the one before, which takes fewer digits.
fn path(points: &[Point]) -> String {
    let tenths = |value: f64| (value.clamp(-20_000.0, 20_000.0) * 10.0).round() as i64;
    let mut out = String::new();
    let mut last = (0, 0);
    for (at, &(x, y)) in points.iter().enumerate() {
        let here = (tenths(x), tenths(y));
        let (x, y) = (here.0 - last.0, here.1 - last.1);
        if at > 0 && (x, y) == (0, 0) {
            continue;
        }
        out.push_str(if at == 0 { "M" } else { "l" });
        out.push_str(&tenth(x));
        // A minus sign parts two numbers as well as a space does.
        if y >= 0 {
            out.push(' ');
        }
        out.push_str(&tenth(y));
        last = here;
    }
    out
}

/// So many tenths, without a needless zero.
fn tenth(tenths: i64) -> String {
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, (tenths / 10).abs(), rest.abs()),
    }
}

/// A number with at most two places.
fn number(value: f64) -> String {
    let rounded = (value.clamp(-20_000.0, 20_000.0) * 100.0).round() / 100.0;
    format!("{}", rounded + 0.0)
}

/// Text between two tags of XML or within an attribute.
fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_short_and_lose_nothing() {
        assert_eq!(path(&[(1.0, 2.0), (3.5, 1.8), (3.5, 1.8), (3.4, 101.8)]), "M1 2l2.5-0.2l-0.1 100");
        assert_eq!(path(&[(f64::INFINITY, -0.04)]), "M20000 0");
        assert_eq!((tenth(-5), tenth(-15), tenth(30)), ("-0.5".to_owned(), "-1.5".to_owned(), "3".to_owned()));
    }

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(escaped("<script>\"'&\u{0}"), "&lt;script&gt;&quot;'&amp; ");
    }
}
