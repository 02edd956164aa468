//! When the intervals of a coverage study are believed.

use super::study::Row;

/// A true 95 % interval has fewer hits than this in a hundred once in a thousand studies (binomial).
const LEAST: f64 = 0.87;

/// What is wrong with a row of a hundred experiments, if anything.
pub fn accept(row: &Row) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("{what}: {row}"));
    if row.given == 0 {
        return Ok(());
    }
    if row.coverage() < LEAST {
        return refuse("too few intervals hold the truth");
    }
    if row.given * 10 < row.experiments * 9 {
        return refuse("too often refused");
    }
    if row.bias().abs() >= 0.01 && row.exact != 0.0 {
        return refuse("biased");
    }
    Ok(())
}
