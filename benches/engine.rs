//! What a message costs: `cargo bench`. Throughput is messages created per second on one core, with everything that a run
//! records (histograms, levels, counters) on, or with nothing recorded.
//!
//! Machines are noisy: quote ratios measured in the same minute. `benches/against_c.sh` compares with a hard-wired loop in C.

use divan::Bencher;
use divan::counter::ItemsCount;
use queuelab::engine::{Observer, Silent, World};
use queuelab::measure::Recorder;
use queuelab::model::Model;
use queuelab::scenario::{Document, resolve};
use queuelab::units::Time;

/// Messages of one sample.
const MESSAGES: f64 = 200_000.0;

fn main() {
    divan::main();
}

fn model(text: &str, overrides: &[&str]) -> Model {
    let document = Document { name: "bench".to_owned(), path: None, text: text.to_owned() };
    let overrides: Vec<String> = overrides.iter().map(|&set| set.to_owned()).collect();
    resolve(&document, &overrides).expect("the scenarios of the benchmarks are valid").model
}

fn scenario(case: &str) -> Model {
    match case {
        "mm1" => model(include_str!("scenarios/mm1.toml"), &[]),
        "mm3" => model(include_str!("scenarios/mm3.toml"), &[]),
        "tandem" => model(include_str!("scenarios/tandem.toml"), &[]),
        "prio" => model(include_str!("scenarios/prio.toml"), &[]),
        // The same load on more workers: what the agenda costs.
        "64 workers" => {
            model(include_str!("scenarios/mm3.toml"), &["producers.source.arrivals.poisson=51.2/s", "consumers.workers.count=64"])
        }
        "1000 workers" => model(
            include_str!("scenarios/mm3.toml"),
            &["producers.source.arrivals.poisson=800/s", "consumers.workers.count=1000"],
        ),
        // Consumers with a buffer take another path.
        "prefetch 10" => model(include_str!("scenarios/mm3.toml"), &["consumers.workers.prefetch=10"]),
        // Behind a broker: links, confirms, acknowledgements.
        "broker" => model(include_str!("scenarios/rabbit.toml"), &[]),
        other => unreachable!("no benchmark is called {other}"),
    }
}

fn run<O: Observer>(bencher: Bencher, case: &str, observer: impl Fn(&Model) -> O + Sync) {
    let model = scenario(case);
    let rate: f64 = model.producers.iter().map(|producer| producer.arrivals.mean_rate()).sum();
    let until = Time((MESSAGES / rate * 1e9) as u64);
    bencher.counter(ItemsCount::new(MESSAGES as usize)).bench_local(|| {
        let mut world = World::new(&model, 1, 0, Time::LATEST);
        let mut observer = observer(&model);
        world.advance(until, u64::MAX, &mut observer).expect("the load is below 1");
        world.tally()
    });
}

const CASES: [&str; 8] = ["mm1", "mm3", "tandem", "prio", "64 workers", "1000 workers", "prefetch 10", "broker"];

#[divan::bench(args = CASES)]
fn recorded(bencher: Bencher, case: &str) {
    run(bencher, case, Recorder::new);
}

#[divan::bench(args = CASES)]
fn silent(bencher: Bencher, case: &str) {
    run(bencher, case, |_| Silent);
}
