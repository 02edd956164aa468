//! Fork and join with queues: every request is split among services with one exponential worker each, and waits for all parts.
//!
//! Each service by itself is M/M/1. Of two equal ones the mean response is (12 - ρ) / 8 of that of M/M/1 (L. Flatto, S. Hahn 1984, "Two
//! parallel queues created by arrivals with two demands I", SIAM J. Appl. Math. 44(5)); of more there is the approximation of R. Nelson
//! and A. N. Tantawi 1988, "Approximate analysis of fork/join synchronization in parallel queues", IEEE Trans. Computers 37(6), good to
//! 5 % up to 32.

use super::answer::{Answer, Law, about_time};
use super::center::Center;
use super::exponential;
use crate::model::{Arrivals, Model, Producer, ServiceId, Step};

const TWO: &str = "L. Flatto, S. Hahn, SIAM J. Appl. Math. 44 (1984); R. Nelson, A. N. Tantawi, IEEE Trans. Computers 37 (1988)";
/// Of more branches the approximation is not known to hold.
const MOST: usize = 32;

/// Answers about a model of one such producer.
pub fn answers(model: &Model) -> Vec<Answer> {
    match model.producers.as_slice() {
        [producer] if model.faults.is_empty() => about(model, producer).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn about(model: &Model, producer: &Producer) -> Option<Vec<Answer>> {
    let Arrivals::Poisson { rate } = producer.arrivals else { return None };
    let [Step::Parallel { branches, join }] = producer.handler.0.as_slice() else { return None };
    let services = branches.iter().map(|branch| called(branch)).collect::<Option<Vec<ServiceId>>>()?;
    let once = (1..services.len()).all(|at| !services[..at].contains(&services[at]));
    if *join as usize != branches.len() || !once || producer.callers.is_some() || producer.messages.is_some() {
        return None;
    }
    let mut answers = Vec::new();
    let mut means = Vec::new();
    for id in &services {
        let service = model.service(*id);
        let center = Center::of_service(model, service)?;
        let alone = center.workers == 1 && center.instances == 1 && center.host.is_none() && center.fails == 0.0;
        if !alone
            || !center.is_exponential()
            || !center.in_order
            || service.network.is_some()
            || rate.0 * center.mean() >= 1.0 - 1e-9
        {
            return None;
        }
        means.push(center.mean());
        let solution = exponential::mmc(rate.0, 1.0 / center.mean(), 1);
        let (law, prefix) = (&solution.law, format!("services.{}", service.name));
        let own = |metric: &str, value: f64| law.says(format!("{prefix}.{metric}"), value);
        let load = rate.0 * center.mean();
        answers.extend([
            own("offered.rate", rate.0),
            own("utilization", load),
            own("busy.mean", load),
            own("throughput", rate.0),
        ]);
        answers.push(own("waiting.mean", solution.ready?));
        answers.extend(about_time(law, &format!("{prefix}.wait"), &solution.wait));
        answers.push(own("waited.ratio", solution.waited?));
        answers.extend(about_time(law, &format!("{prefix}.sojourn"), &solution.sojourn));
    }
    let mean = means[0];
    let n = services.len();
    if !(2..=MOST).contains(&n) || means.iter().any(|other| (other / mean - 1.0).abs() > 1e-12) {
        return Some(answers);
    }
    let load = rate.0 * mean;
    let two = (12.0 - load) / 8.0 * mean / (1.0 - load);
    let harmonic = |n: usize| (1..=n).map(|k| 1.0 / k as f64).sum::<f64>();
    let ratio = harmonic(n) / harmonic(2);
    let response = two * (ratio + 4.0 / 11.0 * (1.0 - ratio) * load);
    let law = if n == 2 {
        Law::exact("fork and join of two M/M/1 (Flatto, Hahn)", TWO)
    } else {
        Law::approximate(format!("fork and join of {n} M/M/1 (Nelson, Tantawi)"), TWO)
    };
    let own = |metric: &str, value: f64| law.says(format!("producers.{}.{metric}", producer.name), value);
    answers.extend([own("response.mean", response), own("completion.mean", response)]);
    Some(answers)
}

/// The service that a branch calls, if that is all it does.
fn called(branch: &[Step]) -> Option<ServiceId> {
    let [Step::Call(call)] = branch else { return None };
    (call.layers.is_empty() && call.network.is_none() && call.connect.is_none() && call.fallback.is_none())
        .then_some(call.service)
}
