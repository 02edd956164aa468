//! Sizes of messages and of storage.

use super::quantity::{Decimal, UnitError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Bytes(pub u64);

/// The units that can be written: powers of ten, and powers of two as the IEC names them.
const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

impl FromStr for Bytes {
    type Err = UnitError;

    /// Reads `"16B"`, `"4KiB"`, `"1.5MB"`.
    fn from_str(text: &str) -> Result<Bytes, UnitError> {
        let (number, rest) = Decimal::split(text, "4KiB")?;
        let unit = rest.trim();
        let Some(&(_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(UnitError::new(
                format!("`{text}` has no unit of size"),
                "the units are B, kB, MB, GB, KiB, MiB and GiB: \"4KiB\"",
            ));
        };
        let bytes = number.scaled(scale).and_then(|bytes| u64::try_from(bytes).ok());
        bytes.map(Bytes).ok_or_else(|| UnitError::new(format!("`{text}` is too large"), "write a smaller size"))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, scale) =
            UNITS[5..].iter().rev().find(|(_, scale)| self.0 >= *scale && self.0.is_multiple_of(*scale)).unwrap_or(&UNITS[0]);
        write!(f, "{}{name}", self.0 / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_both_systems() {
        for (text, bytes) in [("16B", 16), ("4KiB", 4096), ("1.5MB", 1_500_000), ("1 GiB", 1 << 30)] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        assert!("12".parse::<Bytes>().is_err());
        assert_eq!(Bytes(4096).to_string(), "4KiB");
    }
}
