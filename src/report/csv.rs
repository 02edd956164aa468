//! The result as comma-separated values (RFC 4180, but lines end as on Unix): tidy, SI units, nine digits, an empty field where
//! there is no number.

use super::result::RunResult;
use ::csv::Writer;

/// Every metric with its interval; this is `summary.csv`.
///
/// Columns: `metric`, `estimate`, `low`, `high`, `unit`, `reason` (why a number is absent), `method` (how the interval was made).
pub fn csv(result: &RunResult) -> String {
    let rows = result.summary.metrics.iter().map(|(metric, reading)| {
        let value = &reading.value;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let [estimate, low, high] = [value.estimate, value.low, value.high].map(number);
        [metric.clone(), estimate, low, high, reading.unit.clone(), text(&value.reason), text(&value.method)]
    });
    written(["metric", "estimate", "low", "high", "unit", "reason", "method"], rows)
}

/// The quantiles of every latency over all replications; this is `percentiles.csv`.
///
/// Columns: `metric`, `quantile` (its order, between 0 and 1), `value_s` (seconds).
pub fn percentiles_csv(result: &RunResult) -> String {
    let latencies = result.summary.distributions.iter().filter(|(_, shape)| shape.unit == "s");
    let rows = latencies.flat_map(|(metric, shape)| {
        shape.quantiles.iter().map(move |[order, value]| [metric.clone(), number(Some(*order)), number(Some(*value))])
    });
    written(["metric", "quantile", "value_s"], rows)
}

/// What happened over time; this is `series.csv`.
///
/// Columns: `time_s` (where the bin begins, seconds from the start of the run), `metric`, `mean` over replications, `low` and
/// `high` (the interval of this mean, for this bin by itself), `min` and `max` (over replications), `unit`. Where the metric is a
/// quantile (`producers.web.response.p99`), `mean` is that of all observations of the bin, and there are no extremes.
pub fn series_csv(result: &RunResult) -> String {
    let series = &result.summary.series;
    // The clock ticks in nanoseconds; more digits would be those of the multiplication.
    let time = |at: usize, bin: f64| exactly((at as f64 * bin * 1e9).round() / 1e9);
    let rows = series.columns.iter().flat_map(|(metric, column)| {
        let bin = series.bin(column);
        (0..column.mean.len()).map(move |at| {
            let of = |values: &[f64]| number(values.get(at).copied());
            let end = |ends: &[Option<f64>]| number(ends.get(at).copied().flatten());
            let (low, high) = (end(&column.low), end(&column.high));
            [time(at, bin), metric.clone(), of(&column.mean), low, high, of(&column.min), of(&column.max), column.unit.clone()]
        })
    });
    let quantiles = series.latencies.iter().flat_map(|(metric, latency)| {
        let bin = latency.bin.unwrap_or(series.bin);
        latency.quantiles.iter().flat_map(move |(name, column)| {
            (0..column.value.len()).map(move |at| {
                let of = |values: &[Option<f64>]| number(values.get(at).copied().flatten());
                let numbers = [of(&column.value), of(&column.low), of(&column.high)];
                let [value, low, high] = numbers;
                let (none, unit) = (String::new(), latency.unit.clone());
                [time(at, bin), format!("{metric}.{name}"), value, low, high, none.clone(), none, unit]
            })
        })
    });
    written(["time_s", "metric", "mean", "low", "high", "min", "max", "unit"], rows.chain(quantiles))
}

pub(super) fn written<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    let write = || -> Result<(), ::csv::Error> {
        writer.write_record(head)?;
        rows.into_iter().try_for_each(|row| writer.write_record(&row))
    };
    write().expect("a vector takes every record, and all have the same length");
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("text in, text out")
}

/// Digits of a number that is no whole one. What lies behind them is the rounding of binary fractions, and `result.json` has it.
const DIGITS: usize = 9;

/// A number with nine digits, whole ones with all of theirs; empty for no number.
pub(super) fn number(value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return String::new();
    };
    if value.fract() == 0.0 {
        // Adding zero turns -0 into 0.
        return exactly(value + 0.0);
    }
    let rounded = format!("{value:.*e}", DIGITS - 1).parse();
    exactly(rounded.unwrap_or(value))
}

/// The shortest text that reads back as the same number.
fn exactly(value: f64) -> String {
    let plain = format!("{value}");
    if plain.len() > 24 { format!("{value:e}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_digits_are_enough() {
        for (value, text) in [
            (239.679_999_999_999_98, "239.68"),
            (0.1 + 0.2, "0.3"),
            (1.0 / 3.0, "0.333333333"),
            (1_234_567_890_123.0, "1234567890123"),
            (0.999_99, "0.99999"),
            (-0.0, "0"),
            (1e-30, "1e-30"),
            (f64::MAX, "1.7976931348623157e308"),
        ] {
            assert_eq!(number(Some(value)), text);
        }
        assert_eq!(number(Some(f64::NAN)), "");
    }
}
