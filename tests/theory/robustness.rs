//! Nothing breaks theory: random models, extreme pools and loads give finite answers or none.

use crate::{model, value};
use proptest::prelude::*;
use queuelab::model::metrics;
use queuelab::theory::answers;
use std::collections::BTreeSet;

fn distribution() -> impl Strategy<Value = String> {
    let length = (1u32..2000).prop_map(|tenths| format!("\"{}us\"", tenths * 10));
    (0usize..14, length, 1u32..60).prop_map(|(kind, mean, tenths)| {
        let cv = f64::from(tenths) / 10.0;
        let wide = cv.max(1.1);
        match kind {
            0 => mean,
            1 | 2 => format!("{{ exponential = {mean} }}"),
            3 => format!("{{ erlang = {{ stages = {}, mean = {mean} }} }}", tenths),
            4 => format!("{{ gamma = {{ mean = {mean}, cv = {cv} }} }}"),
            5 => format!("{{ lognormal = {{ mean = {mean}, cv = {cv} }} }}"),
            6 => format!("{{ weibull = {{ mean = {mean}, cv = {cv} }} }}"),
            7 => format!("{{ hyperexponential = {{ mean = {mean}, cv = {wide:.1} }} }}"),
            8 => format!("{{ pareto = {{ minimum = {mean}, shape = {:.1} }} }}", 1.1 + cv),
            9 => format!("{{ uniform = {{ min = \"1us\", max = {mean} }} }}"),
            10 => format!("{{ normal = {{ mean = {mean}, sd = \"{}us\" }} }}", tenths * 100),
            11 => format!("{{ discrete = [{{ value = {mean}, weight = 2 }}, {{ value = \"0s\", weight = 1 }}] }}"),
            12 => format!("{{ shifted = {{ by = {mean}, of = {{ exponential = \"1ms\" }} }} }}"),
            _ => format!("{{ truncated = {{ max = {mean}, of = {{ exponential = \"3ms\" }} }} }}"),
        }
    })
}

fn arrivals_form() -> impl Strategy<Value = String> {
    (0usize..8, 1u32..3000, distribution(), 1u32..40).prop_map(|(kind, rate, gap, size)| match kind {
        0..=2 => format!("{{ poisson = \"{rate}/s\" }}"),
        3 => format!("{{ constant = \"{rate}/s\" }}"),
        4 => format!("{{ renewal = {gap} }}"),
        5 => format!(
            "{{ batch = {{ arrivals = {{ poisson = \"{rate}/s\" }}, size = {{ uniform = {{ min = 1, max = {size} }} }} }} }}"
        ),
        6 => format!("{{ batch = {{ arrivals = {{ poisson = \"{rate}/s\" }}, size = {{ geometric = {{ mean = {size} }} }} }} }}"),
        _ => format!(
            "{{ profile = [{{ for = \"5s\", rate = \"{rate}/s\" }}, {{ for = \"7s\", from = \"{rate}/s\", to = \"1/s\" }}] }}"
        ),
    })
}

fn queue_form() -> impl Strategy<Value = String> {
    (0usize..4, prop::option::of(0u32..300), any::<bool>(), prop::option::of(0u32..90)).prop_map(|(order, limit, drop, ttl)| {
        let mut text =
            ["", "discipline = \"lifo\"\n", "discipline = \"random\"\n", "discipline = \"priority\"\nmax_priority = 3\n"][order]
                .to_owned();
        if let Some(limit) = limit.filter(|limit| limit % 3 != 0) {
            let overflow = if drop { "drop-head" } else { "reject-publish" };
            text.push_str(&format!("max_length = {}\noverflow = \"{overflow}\"\n", limit - 1));
        }
        if let Some(ttl) = ttl.filter(|ttl| ttl % 3 != 0) {
            text.push_str(&format!("ttl = \"{}ms\"\n", ttl - 1));
        }
        text
    })
}

fn pool_form() -> impl Strategy<Value = String> {
    (distribution(), 1u32..40, 1u32..4, 0u32..5).prop_map(|(service, count, concurrency, prefetch)| {
        let prefetch = if prefetch < 3 { String::new() } else { format!("prefetch = {}\n", prefetch - 3) };
        format!("count = {count}\nconcurrency = {concurrency}\n{prefetch}service = {service}\n")
    })
}

prop_compose! {
    fn document()(
        stages in prop::collection::vec((queue_form(), pool_form(), any::<bool>()), 1..4),
        producers in prop::collection::vec((arrivals_form(), 0usize..3, 0u32..4, any::<bool>()), 1..4),
        empty in any::<bool>(),
    ) -> String {
        let start = if empty { "start = \"empty\"\n" } else { "" };
        let mut text = format!("[run]\nduration = \"20s\"\n{start}");
        for (at, (arrivals, to, priority, ends)) in producers.iter().enumerate() {
            let to = to % stages.len();
            let ends = if *ends && at % 2 == 1 { "messages = 1000\n" } else { "" };
            text.push_str(&format!("[producers.p{at}]\narrivals = {arrivals}\npublish = \"q{to}\"\npriority = {priority}\n{ends}"));
        }
        for (at, (queue, pool, onward)) in stages.iter().enumerate() {
            text.push_str(&format!("[queues.q{at}]\n{queue}[consumers.c{at}]\nqueue = \"q{at}\"\n{pool}"));
            if *onward && at + 1 < stages.len() {
                text.push_str(&format!("publish = \"q{}\"\n", at + 1));
            }
        }
        text
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_models_get_sane_answers_or_none(text in document()) {
        let model = model(&text);
        let names: BTreeSet<String> = metrics(&model).iter().flat_map(|metric| metric.full_names()).collect();
        let found = answers(&model);
        for answer in &found {
            prop_assert!(names.contains(&answer.metric), "{} is no metric", answer.metric);
            prop_assert!(answer.value.is_finite() && answer.value >= 0.0, "{answer:?}\n{text}");
            if answer.metric.ends_with("ratio") || answer.metric.ends_with("utilization") {
                prop_assert!(answer.value <= 1.0 + 1e-12, "{answer:?}\n{text}");
            }
        }
        // Percentiles rise, and Little's law holds between what waits and how long.
        for at in 0..model.pools.len() {
            let percentiles: Vec<f64> = ["p50", "p75", "p90", "p95", "p99", "p999", "p9999"]
                .iter()
                .filter_map(|p| value(&found, &format!("consumers.c{at}.wait.{p}")))
                .collect();
            prop_assert!(percentiles.windows(2).all(|pair| pair[0] <= pair[1]), "{percentiles:?}\n{text}");
            let get = |metric: String| value(&found, &metric);
            let lost = ["rejected", "dropped", "expired"].iter().any(|cause| get(format!("queues.q{at}.{cause}.ratio")).is_some());
            let known = (get(format!("queues.q{at}.ready.mean")), get(format!("consumers.c{at}.wait.mean")), get(format!("consumers.c{at}.throughput")));
            if let ((Some(ready), Some(wait), Some(rate)), false) = (known, lost) {
                prop_assert!((ready - rate * wait).abs() <= 1e-9 * ready, "{ready} {rate} {wait}\n{text}");
            }
        }
    }
}

/// Ten thousand workers, loads up to 0.999, and every order.
#[test]
fn extremes_are_borne() {
    for count in [1, 2, 100, 10_000] {
        for load in [0.001, 0.5, 0.9, 0.99, 0.999] {
            let rate = load * f64::from(count) * 1000.0;
            for service in ["{ exponential = \"1ms\" }", "\"1ms\"", "{ gamma = { mean = \"1ms\", cv = 3.0 } }"] {
                for arrivals in ["poisson", "constant"] {
                    for queue in
                        ["", "discipline = \"random\"\n", "discipline = \"lifo\"\n", "ttl = \"5ms\"\n", "max_length = 50\n"]
                    {
                        let text = format!(
                            "[run]\nduration = \"1min\"\n[producers.web]\narrivals = {{ {arrivals} = \"{rate:.3}/s\" }}\npublish = \"jobs\"\n\
                             [queues.jobs]\n{queue}[consumers.workers]\nqueue = \"jobs\"\ncount = {count}\nservice = {service}\n"
                        );
                        for answer in answers(&model(&text)) {
                            assert!(answer.value.is_finite() && answer.value >= 0.0, "{answer:?}\n{text}");
                        }
                    }
                }
            }
        }
    }
}
