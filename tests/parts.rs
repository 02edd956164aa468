//! The connected parts of a model, and that each is studied as if it were alone.

use queuelab::model::Model;
use queuelab::scenario::{Document, resolve};

fn model(text: &str) -> Model {
    let document = Document { name: "test".to_owned(), path: None, text: text.to_owned() };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}")).model
}

/// A chain, a queue that two producers and two pools share, and a queue that nobody knows; tables in no order.
const THREE: &str = r#"
[run]
duration = "10s"
precision = "5%"
precision_on = ["consumers.mailers.wait.mean", "queues.shared.backlog.mean"]

[consumers.mailers]
queue = "mails"
service = "1ms"

[producers.left]
arrivals = { poisson = "10/s" }
publish = "shared"

[producers.web]
arrivals = { poisson = "20/s" }
publish = "jobs"

[producers.right]
arrivals = { poisson = "30/s" }
publish = "shared"

[queues.lonely]
[queues.mails]
[queues.shared]
[queues.jobs]

[consumers.fast]
queue = "shared"
service = "1ms"

[consumers.slow]
queue = "shared"
service = "9ms"

[consumers.workers]
queue = "jobs"
service = "2ms"
publish = "mails"

[goals]
far = "consumers.mailers.sojourn.p99 < 1s"
near = "consumers.slow.wait.mean < 1s"
"#;

#[test]
fn parts_are_what_hangs_together_in_the_order_of_the_whole() {
    let parts = model(THREE).parts();
    let entities: Vec<Vec<String>> = parts.iter().map(Model::entities).collect();
    assert_eq!(
        entities,
        [
            &["producers.left", "producers.right", "queues.shared", "consumers.fast", "consumers.slow"][..],
            &["producers.web", "queues.mails", "queues.jobs", "consumers.mailers", "consumers.workers"],
            &["queues.lonely"],
        ]
    );
    let [shared, chain, lonely] = &parts[..] else { panic!("{entities:?}") };
    assert_eq!(chain.queue(chain.producers[0].handler.queues()[0]).name, "jobs");
    assert_eq!(chain.queue(chain.pools[1].handler.queues()[0]).name, "mails");
    assert_eq!(chain.pools_on(chain.pools[0].queue).map(|(_, pool)| pool.name.as_str()).collect::<Vec<_>>(), ["mailers"]);
    let goals = |part: &Model| part.goals.iter().map(|goal| goal.name.clone()).collect::<Vec<_>>();
    assert_eq!([goals(shared), goals(chain), goals(lonely)].concat(), ["near", "far"]);
    assert_eq!(shared.plan.precision.metrics, ["queues.shared.backlog.mean"]);
    assert_eq!(chain.plan.precision.metrics, ["consumers.mailers.wait.mean"]);
    assert!(lonely.goals.is_empty() && lonely.plan.precision.metrics.is_empty());
    // Nothing but the parts' own lists differs, and a part has no parts but itself.
    assert_eq!(chain.plan.precision.relative, Some(0.05));
    parts.iter().for_each(|part| assert_eq!(part.parts(), std::slice::from_ref(part)));
}
