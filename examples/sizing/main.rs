//! Sizes pools whose right size is known, and counts how often the answer is right and how long it takes:
//!
//! ```sh
//! cargo run --release --example sizing              # 30 instances
//! cargo run --release --example sizing -- 300 7     # so many, from another seed
//! ```
//!
//! It prints what `docs/sizing.md` records.

mod instances;
mod known;

use clap::Parser;
use instances::{Instance, instances};
use known::{Asked, Work};
use queuelab::cli::{Arguments, Command, sized};
use std::time::Instant;

fn main() {
    let given: Vec<u64> = std::env::args().skip(1).map(|text| text.parse().expect("a number")).collect();
    let count = given.first().map_or(30, |count| *count as usize);
    let folder = std::env::temp_dir().join(format!("queuelab-sizing-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for scenarios");
    let (mut wrong, mut unsure, mut times) = (0, 0, Vec::new());
    println!("| model | load at the answer | goal | right | answer | tried | million events | seconds |");
    println!("| --- | --: | --- | --: | --: | --: | --: | --: |");
    for (at, instance) in instances(count, given.get(1).copied().unwrap_or(1), 0.02).iter().enumerate() {
        let path = folder.join("pool.toml");
        std::fs::write(&path, instance.scenario()).expect("write a scenario");
        let seed = (at + 1).to_string();
        let typed = [
            "queuelab",
            "size",
            path.to_str().expect("a plain path"),
            "consumers.workers.count",
            "--seed",
            &seed,
            "--format",
            "quiet",
        ];
        let Command::Size(arguments) = Arguments::parse_from(typed).command else { unreachable!("it was typed so") };
        let begun = Instant::now();
        let sizing = sized(&arguments).unwrap_or_else(|failure| panic!("{failure}"));
        let seconds = begun.elapsed().as_secs_f64();
        let answer = sizing.value.as_ref().and_then(|value| value.as_u64()).unwrap_or(0) as usize;
        wrong += usize::from(answer != instance.right);
        unsure += usize::from(!sizing.sure);
        times.push(seconds);
        let load = instance.rate * instance.work.mean() / instance.right as f64;
        println!(
            "| {} | {load:.2} | {} | {} | {answer}{} | {} | {:.1} | {seconds:.2} |",
            model(instance),
            goal(instance),
            instance.right,
            if answer == instance.right { "" } else { " **wrong**" },
            sizing.tried.len(),
            sizing.provenance.events as f64 / 1e6
        );
    }
    times.sort_by(f64::total_cmp);
    println!(
        "\n{} of {count} right; {unsure} called unsure; median {:.2} s, longest {:.2} s.",
        count - wrong,
        times[times.len() / 2],
        times[times.len() - 1]
    );
    std::fs::remove_dir_all(&folder).expect("remove the scenarios");
}

fn model(instance: &Instance) -> String {
    let workers = instance.right;
    match instance.work {
        Work::Exponential(_) => format!("M/M/{workers}"),
        Work::Constant(_) => format!("M/D/{workers}"),
        Work::Hyperexponential(_, scv) => format!("M/H2/{workers}, scv {scv:.1}"),
    }
}

fn goal(instance: &Instance) -> String {
    let what = match instance.asked {
        Asked::Mean => "mean".to_owned(),
        Asked::Quantile(q) => format!("p{:.0}", q * 100.0),
    };
    format!("{what} < {:.3} ms", instance.goal * 1e3)
}
