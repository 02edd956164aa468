//! Recorded data: columns of `.csv` and `.csv.gz` files, read exactly.
//!
//! Times are decimals that are scaled to whole nanoseconds as integers: a Unix time with nine decimals has more digits
//! than a binary fraction keeps.

use super::arrivals_form::TimeUnit;
use super::diagnostic::{At, Place, Problem};
use super::names;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// So many rows are read at most: some 3 GB in memory with all columns.
const MOST_ROWS: usize = 50_000_000;

/// A column to read.
pub(super) struct Column<'a> {
    pub name: &'a At<String>,
    pub kind: Kind,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Length(TimeUnit),
    Priority,
    Whole,
    Text,
}

/// The cells of a column.
#[derive(Debug)]
pub(super) enum Cells {
    /// In nanoseconds.
    Lengths(Vec<u64>),
    Priorities(Vec<u8>),
    Wholes(Vec<u64>),
    Texts(Vec<String>),
}

impl TimeUnit {
    /// Nanoseconds in one.
    pub fn nanos(self) -> u64 {
        match self {
            TimeUnit::Nanoseconds => 1,
            TimeUnit::Microseconds => 1_000,
            TimeUnit::Milliseconds => 1_000_000,
            TimeUnit::Seconds => 1_000_000_000,
            TimeUnit::Minutes => 60_000_000_000,
            TimeUnit::Hours => 3_600_000_000_000,
            TimeUnit::Days => 86_400_000_000_000,
        }
    }
}

/// Reads columns of a file, each as long as the other and with at least one row; `None`: a problem has been reported.
pub(super) fn read(folder: &Path, path: &At<String>, columns: &[Column<'_>], log: &mut Vec<Problem>) -> Option<Vec<Cells>> {
    let file = folder.join(&path.value);
    let shown = &path.value;
    let refused = |log: &mut Vec<Problem>, what: String| {
        log.push(Problem::error(path.place, what).help(format!("the file is {}", file.display())));
        None
    };
    let packed = shown.ends_with(".csv.gz");
    if !packed && !shown.ends_with(".csv") {
        let problem = Problem::error(path.place, format!("`{shown}` is neither a .csv nor a .csv.gz file"));
        log.push(problem.help("recorded data is read from comma-separated values with a header line"));
        return None;
    }
    let opened = match File::open(&file).and_then(|opened| opened.metadata().map(|metadata| (opened, metadata.is_dir()))) {
        Ok((_, true)) => return refused(log, format!("`{shown}` is a folder")),
        Ok((opened, false)) => BufReader::new(opened),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            log.push(
                Problem::error(path.place, format!("there is no file `{shown}`"))
                    .help(format!("paths are relative to the scenario file; this file was looked for: {}", file.display())),
            );
            return None;
        }
        Err(error) => return refused(log, format!("cannot read `{shown}`: {error}")),
    };
    let source: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(opened)) } else { Box::new(opened) };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
    let header = match reader.byte_headers() {
        Ok(header) => header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>(),
        Err(error) => return refused(log, format!("cannot read `{shown}`: {}", reason(&error))),
    };
    let at = positions(&header, columns, shown, path.place, log)?;
    let mut cells: Vec<Cells> = columns.iter().map(|column| Cells::new(column.kind)).collect();
    let mut record = csv::ByteRecord::new();
    for row in 1.. {
        match reader.read_byte_record(&mut record) {
            Ok(true) if row > MOST_ROWS => return refused(log, format!("`{shown}` has more than 50,000,000 rows")),
            Ok(true) => {}
            Ok(false) if row == 1 => {
                let problem = Problem::error(path.place, format!("`{shown}` has a header and no rows"));
                log.push(problem.help("a recording needs at least one row"));
                return None;
            }
            Ok(false) => return Some(cells),
            Err(error) => return refused(log, format!("row {row} of `{shown}` cannot be read: {}", reason(&error))),
        }
        for ((column, cells), &at) in columns.iter().zip(&mut cells).zip(&at) {
            let cell = std::str::from_utf8(record.get(at).unwrap_or_default()).map_err(|_| "is not UTF-8 text".to_owned());
            if let Err(fault) = cell.and_then(|cell| cells.push(cell, column.kind)) {
                let cell = String::from_utf8_lossy(record.get(at).unwrap_or_default()).into_owned();
                let message = format!("row {row} of `{shown}`: `{}` in column `{}` {fault}", cut(&cell), column.name.value);
                log.push(Problem::error(column.name.place, message).help("rows are counted from 1, below the header"));
                return None;
            }
        }
    }
    None
}

/// Where the columns stand in the header.
fn positions(header: &[String], columns: &[Column<'_>], shown: &str, place: Place, log: &mut Vec<Problem>) -> Option<Vec<usize>> {
    if header.is_empty() {
        log.push(Problem::error(place, format!("`{shown}` is empty")).help("it needs a header line and at least one row"));
        return None;
    }
    let mut found = Vec::with_capacity(columns.len());
    for column in columns {
        let name = &column.name.value;
        let mut matching = header.iter().enumerate().filter(|(_, title)| *title == name);
        match (matching.next(), matching.next()) {
            (Some((at, _)), None) => found.push(Some(at)),
            (Some(_), Some(_)) => {
                let problem = Problem::error(column.name.place, format!("`{shown}` has several columns `{name}`"));
                log.push(problem.help("give each column of the file a name of its own"));
                found.push(None);
            }
            (None, _) => {
                let close = names::closest(name, header.iter().map(String::as_str));
                let all: Vec<String> = header.iter().map(|title| format!("`{}`", cut(title))).take(20).collect();
                let problem = Problem::error(column.name.place, format!("`{shown}` has no column `{name}`"));
                let problem = problem.maybe_help(close.map(|close| format!("did you mean `{close}`?")));
                log.push(problem.help(format!("its columns are {}", all.join(", "))));
                found.push(None);
            }
        }
    }
    found.into_iter().collect()
}

/// What the reader of the file says, without its own idea of positions.
fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let cells = if *len == 1 { "cell" } else { "cells" };
            format!("it has {len} {cells}, the header has {expected_len}")
        }
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

/// A cell as it is quoted: the start of it.
fn cut(cell: &str) -> String {
    if cell.chars().count() > 40 { cell.chars().take(40).chain("...".chars()).collect() } else { cell.to_owned() }
}

impl Cells {
    fn new(kind: Kind) -> Cells {
        match kind {
            Kind::Length(_) => Cells::Lengths(Vec::new()),
            Kind::Priority => Cells::Priorities(Vec::new()),
            Kind::Whole => Cells::Wholes(Vec::new()),
            Kind::Text => Cells::Texts(Vec::new()),
        }
    }

    fn push(&mut self, cell: &str, kind: Kind) -> Result<(), String> {
        match (self, kind) {
            (Cells::Lengths(cells), Kind::Length(unit)) => cells.push(nanos(cell, unit.nanos())?),
            (Cells::Priorities(cells), _) => match cell.parse() {
                Ok(priority) => cells.push(priority),
                Err(_) => return Err("is not a priority from 0 to 255".to_owned()),
            },
            (Cells::Wholes(cells), _) => match cell.parse() {
                Ok(whole) => cells.push(whole),
                Err(_) => return Err("is not a whole number of at least 0".to_owned()),
            },
            (Cells::Texts(cells), _) => cells.push(cell.to_owned()),
            (Cells::Lengths(_), _) => return Err("is not a number".to_owned()),
        }
        Ok(())
    }
}

/// More digits than this in a number, or a larger exponent, is no measurement.
const MOST_DIGITS: usize = 30;

/// A decimal number of units (`12.5`, `1.7e9`) in nanoseconds, rounded to the nearest; half goes up.
fn nanos(cell: &str, unit: u64) -> Result<u64, String> {
    let not_a_number = || "is not a number".to_owned();
    let (mantissa, exponent) = match cell.find(['e', 'E']) {
        Some(at) => (&cell[..at], cell[at + 1..].parse::<i32>().map_err(|_| not_a_number())?),
        None => (cell, 0),
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(not_a_number());
    }
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    if sign < 0 {
        return Err("is negative".to_owned());
    }
    // A power of ten that stands behind the digits; trailing zeros count into it so that they cost no precision.
    let trimmed = significant.trim_end_matches('0');
    let zeros = (significant.len() - trimmed.len()) as i64;
    let power = i64::from(exponent) - fraction.len() as i64 + zeros;
    if trimmed.len() > MOST_DIGITS {
        return Err("has more digits than can be kept".to_owned());
    }
    let too_large = || "is beyond the range of simulated time".to_owned();
    let scaled = trimmed.parse::<u128>().ok().and_then(|digits| digits.checked_mul(u128::from(unit)));
    // 30 digits of days overflow the product although a negative power would bring it back: no measurement is so precise.
    let scaled = scaled.ok_or_else(too_large)?;
    let rounded = if power >= 0 {
        let factor = u32::try_from(power).ok().and_then(|power| 10u128.checked_pow(power)).ok_or_else(too_large)?;
        scaled.checked_mul(factor).ok_or_else(too_large)?
    } else {
        match u32::try_from(-power).ok().and_then(|power| 10u128.checked_pow(power)) {
            Some(divisor) => scaled / divisor + u128::from(scaled % divisor >= divisor / 2),
            None => 0,
        }
    };
    u64::try_from(rounded).map_err(|_| too_large())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_exact_nanoseconds() {
        for (cell, unit, expected) in [
            ("1700000000.123456789", 1_000_000_000, 1_700_000_000_123_456_789),
            ("0.0000000006", 1_000_000_000, 1),
            ("1.2e-05", 1_000_000_000, 12_000),
            ("1.7E9", 1_000_000_000, 1_700_000_000_000_000_000),
            ("-0.0", 1_000, 0),
            ("+5", 1_000_000, 5_000_000),
            (".5", 1_000, 500),
            ("000012.50", 1_000, 12_500),
            ("1e-400", 1_000_000_000, 0),
        ] {
            assert_eq!(nanos(cell, unit), Ok(expected), "{cell}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for cell in ["", "-", ".", "abc", "nan", "inf", "1_000", "1.2.3", "0x10", "-1", "1e40", "1e", "1e999999999999", "١"] {
            assert!(nanos(cell, 1_000_000_000).is_err(), "{cell}");
        }
    }
}
