//! How text for a terminal looks: colours, width, and which characters it may use.

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are understood and wanted.
    pub color: bool,
    /// Characters in a line.
    pub width: usize,
    /// Whether characters beyond ASCII can be shown.
    pub unicode: bool,
}

/// The roles that text can play; each has one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Heading,
    Faint,
    Good,
    Bad,
    Caution,
}

impl Style {
    /// The style for files and pipes: no colour, 100 characters, all of Unicode.
    pub const PLAIN: Style = Style { color: false, width: 100, unicode: true };

    /// The text in the look of its role (ANSI SGR codes of ECMA-48: 1 bold, 2 faint, 31 to 33 red, green, yellow).
    pub(super) fn paint(self, role: Role, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let code = match role {
            Role::Heading => "1",
            Role::Faint => "2",
            Role::Good => "32",
            Role::Bad => "31",
            Role::Caution => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// The text in characters that the terminal can show and that do not steer it: a name must not be able to.
    pub(super) fn signs(self, text: &str) -> String {
        let text: String = text.chars().map(|sign| if sign.is_control() { '?' } else { sign }).collect();
        if self.unicode {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        for sign in text.chars() {
            match sign {
                '±' => out.push_str("+/-"),
                'µ' => out.push('u'),
                '×' => out.push('x'),
                '–' | '—' | '─' => out.push('-'),
                '…' => out.push('~'),
                '≈' => out.push('~'),
                '≤' => out.push_str("<="),
                '∞' => out.push_str("inf"),
                '├' | '└' => out.push('+'),
                '│' => out.push('|'),
                '▶' => out.push('>'),
                '◀' => out.push('<'),
                '✓' => out.push('+'),
                '✗' => out.push('!'),
                '★' => out.push('*'),
                '☆' => out.push('-'),
                other => out.push(other),
            }
        }
        out
    }
}

/// Characters that a text takes in a terminal, each counted as one wide.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text, or its two ends with an ellipsis between them where it is longer than `limit` characters.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    let length = width(text);
    if length <= limit {
        return text.to_owned();
    }
    let kept = limit.saturating_sub(1);
    let head: String = text.chars().take(kept.div_ceil(2)).collect();
    let tail: String = text.chars().skip(length - kept / 2).collect();
    format!("{head}…{tail}")
}

/// Breaks a text at spaces into lines of at most `limit` characters; a longer word stands alone.
pub(super) fn wrapped(text: &str, limit: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= limit {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shortened("workers", 7), "workers");
        assert_eq!(shortened("a-very-long-name-of-workers", 11), "a-ver…rkers");
        assert_eq!(shortened("naïve-ünïcödé-name", 5), "na…me");
    }

    #[test]
    fn text_breaks_at_spaces() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("incomprehensibilities are long", 5), ["incomprehensibilities", "are", "long"]);
    }

    #[test]
    fn signs_have_plain_stand_ins() {
        let plain = Style { unicode: false, ..Style::PLAIN };
        assert_eq!(plain.signs("10.78 ± 0.07 µs"), "10.78 +/- 0.07 us");
        assert_eq!(Style::PLAIN.signs("a\x1b[2Jb\nc"), "a?[2Jb?c");
        assert_eq!(plain.paint(Role::Bad, "x"), "x");
        assert_eq!(Style { color: true, ..plain }.paint(Role::Bad, "x"), "\x1b[31mx\x1b[0m");
    }
}
