//! When random numbers are believed: plain functions of numbers, which `tests/wrong_on_purpose.rs` feeds with biased ones.

/// The largest distance between the distribution function of sorted values and the stated one, on both sides of every jump.
fn distance(cdf: impl Fn(f64) -> f64, values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mut worst = 0.0f64;
    let mut from = 0;
    while from < values.len() {
        let x = values[from];
        let to = from + values[from..].partition_point(|value| *value <= x);
        worst = worst.max((to as f64 / n - cdf(x)).abs());
        worst = worst.max((from as f64 / n - cdf(x.next_down())).abs());
        from = to;
    }
    worst
}

/// Whether sorted values follow a distribution function: Kolmogorov and Smirnov's test at a level of 0.1 %.
pub fn follows(cdf: impl Fn(f64) -> f64, values: &[f64]) -> Result<(), String> {
    let (found, allowed) = (distance(cdf, values), 1.95 / (values.len() as f64).sqrt());
    if found < allowed { Ok(()) } else { Err(format!("Kolmogorov-Smirnov distance {found}, allowed is {allowed}")) }
}

/// Whether pairs of numbers between 0 and 1 fill the square evenly: chi-square on a 16 x 16 grid.
pub fn fill_the_square(pair: &dyn Fn(u64) -> (f64, f64)) -> Result<(), String> {
    let n = 256_000u64;
    let mut cells = [0f64; 256];
    for k in 0..n {
        let (x, y) = pair(k);
        cells[(x * 16.0) as usize * 16 + (y * 16.0) as usize] += 1.0;
    }
    let expected = n as f64 / 256.0;
    let x = cells.iter().map(|c| (c - expected).powi(2) / expected).sum::<f64>();
    // 255 degrees of freedom: mean 255, standard deviation 22.6; five sigma on both sides.
    if (142.0..368.0).contains(&x) { Ok(()) } else { Err(format!("chi-square {x}")) }
}
