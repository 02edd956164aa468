//! Waits of M/M/c, M/D/c and M/H2/c, exactly, by formulas that share no line with the program.

/// What the work of a message is distributed as; times in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Work {
    /// Exponential with this mean.
    Exponential(f64),
    /// Always this.
    Constant(f64),
    /// One of two exponentials with balanced means: mean and squared coefficient of variation above 1.
    Hyperexponential(f64, f64),
}

impl Work {
    pub fn mean(self) -> f64 {
        let (Work::Exponential(mean) | Work::Constant(mean) | Work::Hyperexponential(mean, _)) = self;
        mean
    }
}

/// A number of the wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Asked {
    Mean,
    /// The quantile of this order.
    Quantile(f64),
}

/// The wait in a queue with so many arrivals a second and workers; infinite where it is unstable.
pub fn wait(rate: f64, work: Work, workers: usize, asked: Asked) -> f64 {
    if rate * work.mean() >= workers as f64 {
        return f64::INFINITY;
    }
    match work {
        Work::Exponential(mean) => exponential(rate, mean, workers, asked),
        Work::Constant(time) => constant(rate, time, workers, asked),
        Work::Hyperexponential(mean, scv) => hyperexponential(rate, mean, scv, workers, asked),
    }
}

/// Erlang C: the wait is 0, or exponential with rate c mu - lambda.
fn exponential(rate: f64, mean: f64, workers: usize, asked: Asked) -> f64 {
    let load = rate * mean;
    let blocked = (1..=workers).fold(1.0, |b, n| load * b / (n as f64 + load * b));
    let rho = load / workers as f64;
    let waits = blocked / (1.0 - rho + rho * blocked);
    let drain = workers as f64 / mean - rate;
    match asked {
        Asked::Mean => waits / drain,
        Asked::Quantile(q) => ((waits / (1.0 - q)).ln() / drain).max(0.0),
    }
}

fn poisson(mean: f64, most: usize) -> Vec<f64> {
    let mut all = vec![(-mean).exp()];
    (1..=most).for_each(|k| all.push(all[k - 1] * mean / k as f64));
    all
}

/// C. D. Crommelin 1932 (numbers in the system from one service time to the next), G. J. Franx 2001 (the law of the wait).
fn constant(rate: f64, time: f64, workers: usize, asked: Asked) -> f64 {
    let load = rate * time;
    let most = workers + (60.0 / (1.0 - load / workers as f64)) as usize + 60;
    let arrivals = poisson(load, (load + 12.0 * load.sqrt() + 30.0) as usize);
    let mut now = poisson(load, most);
    loop {
        let mut next = vec![0.0; most + 1];
        for (i, share) in now.iter().enumerate() {
            let left = i.saturating_sub(workers);
            arrivals.iter().enumerate().filter(|(k, _)| left + k <= most).for_each(|(k, p)| next[left + k] += share * p);
        }
        let sum: f64 = next.iter().sum();
        next.iter_mut().for_each(|p| *p /= sum);
        let change: f64 = next.iter().zip(&now).map(|(a, b)| (a - b).abs()).sum();
        now = next;
        if change < 1e-13 {
            break;
        }
    }
    match asked {
        Asked::Mean => now.iter().enumerate().map(|(i, p)| i.saturating_sub(workers) as f64 * p).sum::<f64>() / rate,
        Asked::Quantile(q) => {
            let mut below = Vec::new();
            now.iter().fold(0.0, |sum, p| {
                below.push(sum + p);
                sum + p
            });
            // The share of times at which at most j wait.
            let waiting = |j: usize| below[(j + workers).min(most)];
            let law = |x: f64| {
                let k = (x / time) as usize + 1;
                let left = rate * (k as f64 * time - x);
                let weights = poisson(left, k * workers - 1);
                (0..k * workers).map(|j| waiting(k * workers - 1 - j) * weights[j]).sum::<f64>()
            };
            bisected(|x| 1.0 - law(x), q, time)
        }
    }
}

/// Where a survivor falls to 1 - q.
fn bisected(survivor: impl Fn(f64) -> f64, q: f64, scale: f64) -> f64 {
    if survivor(0.0) <= 1.0 - q {
        return 0.0;
    }
    let mut high = scale;
    while survivor(high) > 1.0 - q {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if survivor(middle) > 1.0 - q { low = middle } else { high = middle }
    }
    high
}

type Matrix = Vec<Vec<f64>>;

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter().map(|row| (0..b[0].len()).map(|j| row.iter().zip(b).map(|(x, other)| x * other[j]).sum()).collect()).collect()
}

fn times(row: &[f64], of: &Matrix) -> Vec<f64> {
    (0..of[0].len()).map(|j| row.iter().zip(of).map(|(x, other)| x * other[j]).sum()).collect()
}

/// Gauss-Jordan with pivots.
fn inverse(of: &Matrix) -> Matrix {
    let n = of.len();
    let mut a: Matrix = of
        .iter()
        .enumerate()
        .map(|(i, row)| row.iter().copied().chain((0..n).map(|j| f64::from(u8::from(i == j)))).collect())
        .collect();
    for column in 0..n {
        let pivot = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs())).unwrap();
        a.swap(column, pivot);
        let by = a[column][column];
        a[column].iter_mut().for_each(|x| *x /= by);
        let row = a[column].clone();
        for (_, other) in a.iter_mut().enumerate().filter(|(i, _)| *i != column) {
            let factor = other[column];
            other.iter_mut().zip(&row).for_each(|(x, y)| *x -= factor * y);
        }
    }
    a.into_iter().map(|row| row[n..].to_vec()).collect()
}

/// The chain of (number in the system, workers in the first phase), by matrices of rates from one number to the next (M. F. Neuts 1981); the wait
/// of a message by uniformization of the departures before it.
fn hyperexponential(rate: f64, mean: f64, scv: f64, workers: usize, asked: Asked) -> f64 {
    let p = (1.0 + ((scv - 1.0) / (scv + 1.0)).sqrt()) / 2.0;
    let (one, two) = (2.0 * p / mean, 2.0 * (1.0 - p) / mean);
    let c = workers;
    let busy = |n: usize| n.min(c);
    let up = |n: usize| -> Matrix {
        let mut m = vec![vec![0.0; busy(n + 1) + 1]; busy(n) + 1];
        for (i, row) in m.iter_mut().enumerate() {
            if n < c {
                row[i + 1] += rate * p;
                row[i] += rate * (1.0 - p);
            } else {
                row[i] += rate;
            }
        }
        m
    };
    let down = |n: usize| -> Matrix {
        let mut m = vec![vec![0.0; busy(n - 1) + 1]; busy(n) + 1];
        for (i, row) in m.iter_mut().enumerate() {
            let (first, second) = (i as f64 * one, (busy(n) - i) as f64 * two);
            if n <= c {
                if i > 0 {
                    row[i - 1] += first;
                }
                if i < n {
                    row[i] += second;
                }
            } else {
                // The next in the queue takes the place.
                row[i] += first * p + second * (1.0 - p);
                if i > 0 {
                    row[i - 1] += first * (1.0 - p);
                }
                if i < c {
                    row[i + 1] += second * p;
                }
            }
        }
        m
    };
    let out = |n: usize, i: usize| rate + i as f64 * one + (busy(n) - i) as f64 * two;
    let step = |n: usize, above: &Matrix| -> Matrix {
        // The level n + 1 in terms of the level n, with what comes back from above.
        let back = product(above, &down(n + 2));
        let inner: Matrix = (0..=busy(n + 1))
            .map(|i| (0..=busy(n + 1)).map(|j| f64::from(u8::from(i == j)) * out(n + 1, i) - back[i][j]).collect())
            .collect();
        product(&up(n), &inverse(&inner))
    };
    let mut r = vec![vec![0.0; c + 1]; c + 1];
    loop {
        let next = step(c + 1, &r);
        let change: f64 = next.iter().flatten().zip(r.iter().flatten()).map(|(a, b)| (a - b).abs()).sum();
        r = next;
        if change < 1e-14 {
            break;
        }
    }
    let mut ratios = vec![r.clone()];
    for n in (0..c).rev() {
        let next = step(n, ratios.last().unwrap());
        ratios.push(next);
    }
    let mut levels = vec![vec![1.0]];
    for n in 0..c {
        let next = times(&levels[n], &ratios[c - n]);
        levels.push(next);
    }
    let mass = |level: &Vec<f64>| level.iter().sum::<f64>();
    let mut total: f64 = levels.iter().map(mass).sum();
    loop {
        let next = times(levels.last().unwrap(), &r);
        let more = mass(&next);
        levels.push(next);
        total += more;
        if more < 1e-14 * total {
            break;
        }
    }
    let waiting: Vec<Vec<f64>> = levels[c..].iter().map(|level| level.iter().map(|x| x / total).collect()).collect();
    if asked == Asked::Mean {
        return waiting.iter().enumerate().map(|(above, level)| above as f64 * mass(level)).sum::<f64>() / rate;
    }
    let Asked::Quantile(q) = asked else { unreachable!() };
    // x[m]: m departures are still before it after k steps of a Poisson process of rate `fast`.
    let fast = c as f64 * one.max(two);
    let passing: Matrix = down(c + 1).into_iter().map(|row| row.into_iter().map(|x| x / fast).collect()).collect();
    let stay: Vec<f64> = (0..=c).map(|i| 1.0 - (out(c, i) - rate) / fast).collect();
    let mut x = waiting;
    let mut left = vec![x.iter().map(mass).sum::<f64>()];
    while left.last().unwrap() * 1e3 > 1.0 - q {
        let next: Vec<Vec<f64>> = (0..x.len())
            .map(|m| {
                let come = x.get(m + 1).map_or(vec![0.0; c + 1], |above| times(above, &passing));
                x[m].iter().zip(&stay).zip(come).map(|((x, stay), come)| x * stay + come).collect()
            })
            .collect();
        x = next;
        left.push(x.iter().map(mass).sum());
    }
    let survivor = |t: f64| {
        let steps = fast * t;
        let mut ln = -steps;
        let mut sum = 0.0;
        for (k, share) in left.iter().enumerate() {
            if k > 0 {
                ln += (steps / k as f64).ln();
            }
            sum += ln.exp() * share;
        }
        sum
    };
    bisected(survivor, q, mean)
}
