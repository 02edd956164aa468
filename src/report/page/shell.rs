//! What stands around the parts of a page: head, style, script, navigation.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A part of a page with a heading.
pub(in crate::report) struct Section {
    anchor: &'static str,
    title: &'static str,
    body: Markup,
}

/// A section; `None` where there is nothing in it.
pub(in crate::report) fn section(anchor: &'static str, title: &'static str, body: Markup) -> Option<Section> {
    (!body.0.is_empty()).then_some(Section { anchor, title, body })
}

/// The whole page.
pub(in crate::report) fn page(title: &str, head: Markup, sections: Vec<Section>) -> String {
    // Nothing is loaded from anywhere, and no script runs but this one, whatever a scenario has for names.
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; img-src data:",
        base64(&Sha256::digest(SCRIPT.as_bytes()))
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("queuelab ", env!("CARGO_PKG_VERSION")));
                title { (title) " – queuelab" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header { (head) }
                    nav aria-label="Sections" {
                        @for section in &sections { a href={ "#" (section.anchor) } { (section.title) } " " }
                    }
                    @for section in &sections {
                        section id=(section.anchor) aria-labelledby={ (section.anchor) "-title" } {
                            h2 id={ (section.anchor) "-title" } { (section.title) }
                            (section.body)
                        }
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string() + "\n"
}

/// A sentence in which names stand between backticks.
pub(in crate::report) fn words(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Base 64 of RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let at = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= three.len() { char::from(sign) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648, section 10.
    #[test]
    fn base64_is_that_of_the_standard() {
        for (text, coded) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), ("", "")] {
            assert_eq!(base64(text.as_bytes()), coded);
        }
    }

    #[test]
    fn names_between_backticks_are_code() {
        assert_eq!(words("`a<b` grew").into_string(), "<code>a&lt;b</code> grew");
        // maud has nothing for an empty text between two tags.
        assert_eq!(words("no names").into_string(), "no names");
    }
}
