//! Shares of a whole.

use super::quantity::{Decimal, UnitError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A share of a whole as a fraction: `0.02` is two per cent. Finite and not negative; it may exceed 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
pub struct Ratio(pub f64);

impl FromStr for Ratio {
    type Err = UnitError;

    /// Reads `"2%"` and `"99.9%"`.
    fn from_str(text: &str) -> Result<Ratio, UnitError> {
        let (number, rest) = Decimal::split(text, "2%")?;
        if rest.trim() != "%" {
            return Err(UnitError::new(format!("`{text}` is no share of a whole"), "write per cent: \"2%\""));
        }
        Ok(Ratio(Decimal { places: number.places + 2, ..number }.to_f64()))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", (self.0 * 1e6).round() / 1e4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_read_as_per_cent() {
        assert_eq!("2%".parse(), Ok(Ratio(0.02)));
        assert_eq!("99.9 %".parse(), Ok(Ratio(0.999)));
        assert!("0.02".parse::<Ratio>().is_err());
        assert_eq!(Ratio(0.125).to_string(), "12.5%");
    }
}
