//! Reading decimal numbers with a unit behind them, exactly: no binary fraction is involved until the end.

use thiserror::Error;

/// Why a quantity could not be read: the cause, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{cause}")]
pub struct UnitError {
    /// What is wrong, as a sentence fragment.
    pub cause: String,
    /// What to write instead, where that is known.
    pub cure: Option<String>,
}

impl UnitError {
    pub(super) fn new(cause: impl Into<String>, cure: impl Into<String>) -> Self {
        UnitError { cause: cause.into(), cure: Some(cure.into()) }
    }
}

/// A non-negative decimal number: `digits / 10^places`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    pub digits: u128,
    pub places: u32,
}

/// At most this many digits are read; more than any quantity here can hold.
const MAX_DIGITS: usize = 27;

impl Decimal {
    /// Splits a decimal number off the front of `text`; gives it and the rest.
    ///
    /// Accepts `12`, `1_000`, `0.25` and `.5`. Refuses signs, exponents, `nan` and `inf`, naming them.
    pub(super) fn split(text: &str, example: &str) -> Result<(Decimal, String), UnitError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(UnitError::new("an empty text is no quantity", format!("write something like \"{example}\"")));
        }
        if text.starts_with('-') {
            return Err(UnitError::new(format!("`{text}` cannot be negative"), format!("write something like \"{example}\"")));
        }
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        let cleaned: String = number.chars().filter(|&c| c != '_').collect();
        let (whole, fraction) = cleaned.split_once('.').unwrap_or((&cleaned, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return Err(UnitError::new(
                format!("`{text}` does not start with a number"),
                format!("write something like \"{example}\""),
            ));
        }
        let fraction = fraction.trim_end_matches('0');
        let whole = whole.trim_start_matches('0');
        if whole.len() + fraction.len() > MAX_DIGITS {
            return Err(UnitError::new(
                format!("`{number}` has more digits than can be kept"),
                format!("write something like \"{example}\""),
            ));
        }
        let digits = format!("{whole}{fraction}");
        let digits = if digits.is_empty() { 0 } else { digits.parse().expect("at most 27 decimal digits fit u128") };
        Ok((Decimal { digits, places: fraction.len() as u32 }, rest.to_owned()))
    }

    /// The number times `scale`, rounded to the nearest whole (half goes up); `None` when it overflows.
    pub(super) fn scaled(self, scale: u64) -> Option<u128> {
        let divisor = 10u128.pow(self.places);
        let product = self.digits.checked_mul(u128::from(scale))?;
        Some(product.checked_add(divisor / 2)? / divisor)
    }

    /// The nearest floating-point number.
    pub(super) fn to_f64(self) -> f64 {
        // Both parts are exact as text, so that the standard parser rounds once.
        format!("{}e-{}", self.digits, self.places).parse().expect("digits and a small exponent are a number")
    }

    pub(super) fn is_zero(self) -> bool {
        self.digits == 0
    }
}
