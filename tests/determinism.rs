//! The same bytes for any number of threads, and numbers that hang on names alone.

use queuelab::experiment::{self, Column, Summary};
use queuelab::scenario::{Document, read, resolve};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Two stages, a bounded queue with a time to live, priorities, batches and buffers: much of what can happen.
const BUSY: &str = r#"
[run]
duration = "20s"
replications = 5
seed = 42

[producers.web]
arrivals = { poisson = "200/s" }
publish = "jobs"
priority = { uniform = { min = 0, max = 3 } }

[producers.nightly]
arrivals = { batch = { arrivals = { renewal = { gamma = { mean = "500ms", cv = 0.5 } } }, size = { geometric = { mean = 5.0 } } } }
publish = "jobs"

[queues.jobs]
discipline = "priority"
max_priority = 3
max_length = 60
ttl = "400ms"

[queues.mails]
discipline = "random"

[consumers.workers]
queue = "jobs"
count = 2
concurrency = 2
prefetch = 5
service = { lognormal = { mean = "15ms", cv = 1.5 } }
publish = "mails"

[consumers.mailers]
queue = "mails"
count = 3
service = { exponential = "10ms" }
"#;

/// What must not touch the rest.
const UNRELATED: &str = r#"
[producers.stranger]
arrivals = { mmpp = { rates = ["10/s", "300/s"], stay = ["1s", "200ms"] } }
publish = "elsewhere"

[queues.elsewhere]
discipline = "lifo"
max_length = 5

[consumers.hermit]
queue = "elsewhere"
service = { gamma = { mean = "20ms", cv = 2.0 } }
"#;

fn run(text: &str, overrides: &[&str]) -> Summary {
    let document = Document { name: "test".to_owned(), path: None, text: text.to_owned() };
    summarise(&document, overrides)
}

fn summarise(document: &Document, overrides: &[&str]) -> Summary {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let model = resolve(document, &overrides).unwrap_or_else(|problems| panic!("{problems}")).model;
    experiment::run(&model, &|_, _| true).unwrap().summary
}

/// All metrics, distributions and series of the first, where the second has them too; the rest of the second may be more.
fn assert_within(part: &Summary, whole: &Summary) {
    for (name, reading) in &part.metrics {
        assert_eq!(Some(reading), whole.metrics.get(name), "{name}");
    }
    for (name, shape) in &part.distributions {
        assert_eq!(Some(shape), whole.distributions.get(name), "{name}");
    }
    for (name, column) in &part.series.columns {
        let other = &whole.series.columns[name];
        let (own, its) = (part.series.bin(column), whole.series.bin(other));
        assert_eq!((own, part.warmup(name)), (its, whole.warmup(name)), "{name} over time");
        assert_eq!(column, &Column { bin: column.bin, ..other.clone() }, "{name} over time");
    }
}

#[test]
fn threads_change_nothing() {
    let parts = format!("{BUSY}{SLOW}{UNRELATED}").replace("replications = 5", "precision = \"20%\"");
    for (text, others) in [(BUSY, &[1, 2, 8][..]), (&parts, &[3])] {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            serde_json::to_string(&pool.install(|| run(text, &[]))).unwrap()
        };
        let alone = on(1);
        assert!(alone.contains("consumers.mailers.wait.p99"));
        for &threads in others {
            assert!(alone == on(threads), "{threads} threads give other bytes");
        }
    }
}

/// The whole way: files that the program writes.
#[test]
fn result_json_is_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("busy.toml");
    std::fs::write(&scenario, BUSY).unwrap();
    let files: Vec<Vec<u8>> = ["1", "2", "8", "8"]
        .iter()
        .enumerate()
        .map(|(at, threads)| {
            let out = folder.path().join(at.to_string());
            let arguments = ["--format", "quiet", "--threads", threads, "--out"];
            let status =
                Command::new(env!("CARGO_BIN_EXE_queuelab")).arg("run").arg(&scenario).args(arguments).arg(&out).status();
            assert!(status.unwrap().success());
            std::fs::read(out.join("result.json")).unwrap()
        })
        .collect();
    assert!(files.iter().all(|file| *file == files[0]));
}

/// With a warm-up that is found (the floor of a tenth), and with one that is given.
#[test]
fn what_is_unrelated_changes_no_number() {
    for overrides in [&[][..], &["run.warmup=1s"], &["run.start=empty"]] {
        let (alone, together) = (run(BUSY, overrides), run(&format!("{BUSY}{UNRELATED}"), overrides));
        assert_within(&alone, &together);
        assert!(together.metrics["queues.elsewhere.dropped.ratio"].value.estimate > Some(0.0));
        // Before all the others, so that every number of an entity moves.
        let front = BUSY.replace("\n[producers.web]", &format!("{UNRELATED}\n[producers.web]"));
        assert_within(&alone, &run(&front, overrides));
    }
}

/// A crowd that needs minutes until it is complete: a transient much longer than a tenth of ten minutes.
const SLOW: &str = r#"
[producers.crowd]
arrivals = { poisson = "10/s" }
publish = "hall"

[queues.hall]

[consumers.guides]
queue = "hall"
count = 900
service = { exponential = "40s" }
"#;

/// The warm-up is found, and each part of the model has its own.
#[test]
fn an_unrelated_transient_changes_no_number() {
    let mm3 = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/mm3.toml")).unwrap();
    // A precision decides itself how many there are; ten is the default as well.
    let mm3 = mm3.replace("replications = 10", "");
    let both = format!("{mm3}{SLOW}");
    let front = mm3.replace("[producers.web]", &format!("{SLOW}\n[producers.web]"));
    for overrides in [&[][..], &["run.precision=5%"], &["run.replications=1"], &["run.stop=drained"]] {
        let (alone, together) = (run(&mm3, overrides), run(&both, overrides));
        assert_within(&alone, &together);
        assert_within(&alone, &run(&front, overrides));
        let (own, other) = (together.warmup("queues.jobs.backlog"), together.warmup("queues.hall.backlog"));
        if overrides.is_empty() {
            assert!(own < 70.0 && other > 100.0, "{own} s and {other} s were cut");
        }
        // The facts are those of both together.
        assert_eq!(together.replicates.len(), alone.replicates.len());
        let hall = together.replications("queues.hall.backlog");
        for (at, (both, one)) in together.replicates.iter().zip(&alone.replicates).enumerate() {
            assert_eq!((both.created > one.created, both.fingerprint != one.fingerprint), (at < hall, at < hall), "{at}");
        }
    }
    // Without goals every pool is to be known, each part at the whole confidence.
    let bare = &mm3[..mm3.find("[goals]").unwrap()];
    let (alone, together) = (run(bare, &["run.precision=3%"]), run(&format!("{bare}{SLOW}"), &["run.precision=3%"]));
    assert_within(&alone, &together);
    assert_ne!(together.parts[0].duration, together.parts[1].duration);
    // What is never cut stays so beside what is, and the other way round.
    let burst = SLOW.replace(r#"{ poisson = "10/s" }"#, r#"{ profile = [{ for = "5min", rate = "10/s" }] }"#);
    let together = run(&format!("{mm3}{burst}"), &[]);
    assert_within(&run(&mm3, &[]), &together);
    assert_eq!((together.warmup("queues.hall.backlog"), together.warmup("queues.jobs.backlog")), (0.0, 67.0));
}

/// The order of the tables in the document is the order of the report and nothing else, where no two events tie.
#[test]
fn the_order_of_the_document_changes_no_number() {
    let (run_table, entities) = BUSY.split_once("[producers.web]").unwrap();
    let entities = format!("[producers.web]{entities}");
    let mut tables: Vec<&str> = entities.split("\n\n").collect();
    tables.reverse();
    let reversed = format!("{run_table}\n{}", tables.join("\n\n"));
    assert_ne!(reversed, BUSY);
    let (one, other) = (run(BUSY, &[]), run(&reversed, &[]));
    assert_within(&one, &other);
    assert_within(&other, &one);
}

#[test]
fn another_seed_gives_other_numbers() {
    let (one, other) = (run(BUSY, &[]), run(BUSY, &["run.seed=43"]));
    let differ = one.metrics.iter().filter(|(name, reading)| other.metrics[*name].value.estimate != reading.value.estimate);
    assert!(differ.count() > 60);
    let fingerprints: Vec<&str> =
        one.replicates.iter().chain(&other.replicates).map(|replicate| replicate.fingerprint.as_str()).collect();
    for (at, fingerprint) in fingerprints.iter().enumerate() {
        assert!(!fingerprints[..at].contains(fingerprint), "two replications are the same");
    }
}

/// Golden values: the hash over all events of the first replication. Whoever changes one changes every number that users have
/// seen for this seed: that is a decision, and it belongs into the change log together with a new version.
#[test]
fn the_past_stays_as_it_was() {
    let scenario = |name: &str| -> Document {
        let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
        read(&path).unwrap()
    };
    let busy = Document { name: "busy".to_owned(), path: None, text: BUSY.to_owned() };
    let short = ["run.duration=60s", "run.replications=1", "run.warmup=0s"];
    let cases = [
        (scenario("mm3.toml"), &short[..], "14cb871cc2f248d6", 28526u64),
        (scenario("priority.toml"), &short[..], "dd36bdd795f61222", 28961),
        (scenario("prefetch-trap.toml"), &[][..], "781ad79441905f08", 101),
        (scenario("replay.toml"), &[][..], "33d2d09b80063e31", 60000),
        (busy, &[][..], "4861cec07ed58b43", 13627),
    ];
    let found: Vec<(String, String, u64)> = cases
        .iter()
        .map(|(document, overrides, ..)| {
            let first = summarise(document, overrides).replicates[0].clone();
            (document.name.clone(), first.fingerprint, first.events)
        })
        .collect();
    let pinned: Vec<(String, String, u64)> =
        cases.iter().map(|(document, _, hash, events)| (document.name.clone(), (*hash).to_owned(), *events)).collect();
    assert_eq!(found, pinned, "other events than ever before: is that meant? Then say so in the change log");
}
