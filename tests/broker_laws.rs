//! Laws that no broker may break, whatever its settings: random scenarios with everything that brokers can do. The engine's own
//! checks (conservation, Little's law) run on every one of them; here it is looked at from outside.

use proptest::prelude::*;
use queuelab::engine::{Observer, Outcome, Transition, World};
use queuelab::model::Model;
use queuelab::scenario::{Document, resolve};
use queuelab::units::Time;

/// What somebody saw who only counts.
#[derive(Default, Debug)]
struct Seen {
    created: u64,
    ended: [u64; Outcome::COUNT],
    published: u64,
    dispatched: u64,
    redelivered: u64,
    dead: u64,
    confirmed: u64,
    refused: u64,
    lost_in_crash: u64,
    duplicated: u64,
    unacked: i64,
    most_unacked: i64,
    unconfirmed: i64,
    most_unconfirmed: i64,
}

impl Observer for Seen {
    fn record(&mut self, _: Time, transition: Transition<'_>) {
        match transition {
            Transition::Created { .. } => self.created += 1,
            Transition::Ended { outcome, .. } => self.ended[outcome as usize] += 1,
            Transition::Published { .. } => self.published += 1,
            Transition::Dispatched { .. } => {
                self.dispatched += 1;
                self.unacked += 1;
                self.most_unacked = self.most_unacked.max(self.unacked);
            }
            Transition::Settled { .. } => self.unacked -= 1,
            Transition::Redelivered { .. } => self.redelivered += 1,
            Transition::DeadLettered { .. } => self.dead += 1,
            Transition::LostInCrash { .. } => self.lost_in_crash += 1,
            Transition::Duplicated { .. } => self.duplicated += 1,
            Transition::Confirmed { refused, .. } => {
                self.confirmed += 1;
                self.refused += u64::from(refused);
            }
            Transition::Unconfirmed { more, .. } => {
                self.unconfirmed += if more { 1 } else { -1 };
                self.most_unconfirmed = self.most_unconfirmed.max(self.unconfirmed);
            }
            _ => {}
        }
    }
}

fn model(text: &str) -> Model {
    let document = Document { name: "laws".to_owned(), path: None, text: text.to_owned() };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}\n{text}")).model
}

/// Everything until nothing happens any more, looked at every tenth of a second.
fn seen(model: &Model) -> (Seen, World) {
    let mut world = World::new(model, model.plan.seed, 0, Time::LATEST);
    let mut seen = Seen::default();
    for tenth in 1..100_000u64 {
        world.advance(Time(tenth * 100_000_000), 5_000_000, &mut seen).unwrap();
        world.audit().unwrap_or_else(|wrong| panic!("{wrong} after {tenth} tenths of a second"));
        if world.is_over() {
            break;
        }
    }
    (seen, world)
}

/// A broker, one queue with all its rules, consumers, and what goes wrong, as a document.
#[derive(Debug, Clone)]
struct Setting {
    broker: String,
    producer: String,
    queue: String,
    consumer: String,
    faults: String,
    prefetch: u64,
    count: u64,
    window: Option<u64>,
    limit: Option<u64>,
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(words).prop_map(str::to_owned)
}

fn setting() -> impl Strategy<Value = Setting> {
    let network = one_of(&[
        "",
        "network = \"0.4ms\"\n",
        "network = { exponential = \"0.4ms\" }\n",
        "network = { publish = \"1ms\", ack = \"2ms\" }\n",
    ]);
    let cpu =
        one_of(&["", "cpu = { wakeup = \"50us\", publish = \"10us\", deliver = \"10us\", ack = \"5us\", confirm = \"2us\" }\n"]);
    let disk = one_of(&[
        "",
        "disk = { fsync = { exponential = \"1ms\" }, cap = 8 }\n",
        "disk = { fsync = \"0.3ms\", mode = \"always\" }\n",
    ]);
    let flow = one_of(&["", "flow = { limit = 20, refill = 10 }\n", "memory_limit = \"20KiB\"\nalarm_check = \"50ms\"\n"]);
    let broker = (network, cpu, disk, flow)
        .prop_map(|(network, cpu, disk, flow)| format!("nodes = 3\nbetween = \"0.2ms\"\n{network}{cpu}{disk}{flow}"));
    let storage =
        one_of(&["storage = \"memory\"\n", "storage = \"disk\"\n", "storage = \"quorum\"\n", "storage = \"replicated\"\n"]);
    let rules = (
        one_of(&["", "ttl = \"40ms\"\n"]),
        one_of(&[
            "",
            "max_length = 8\n",
            "max_length = 8\noverflow = \"reject-publish\"\n",
            "max_length = 5\noverflow = \"reject-publish-dlx\"\n",
            "max_bytes = \"4KiB\"\n",
        ]),
        one_of(&["", "returns = \"first\"\n", "returns = \"last\"\n"]),
        one_of(&["", "discipline = \"priority\"\n", "discipline = \"lifo\"\n", "discipline = \"random\"\n"]),
        one_of(&["", "single_active_consumer = true\n"]),
    );
    let sending = (
        one_of(&["", "ttl = { exponential = \"50ms\" }\n"]),
        one_of(&["", "batch = { messages = 5, linger = \"20ms\" }\n", "buffer = 10\non_full = \"drop\"\n"]),
        one_of(&["", "persistent = false\n"]),
        one_of(&["", "protocol = \"mqtt\"\nqos = 2\n", "protocol = \"amqp-1-0\"\n"]),
        one_of(&["", "priority = { uniform = { min = 0, max = 5 } }\n"]),
    );
    let failing = one_of(&[
        "",
        "failure = \"20%\"\n",
        "failure = \"20%\"\non_failure = \"requeue\"\n",
        "failure = { messages = \"10%\" }\nretry = { max_attempts = 3, delay = \"10ms\" }\n",
        "failure = \"30%\"\nretry = { max_attempts = 2 }\n",
    ]);
    let working = (
        one_of(&["", "overhead = \"0.3ms\"\n"]),
        one_of(&["", "ack = { every = 3, within = \"30ms\" }\n", "ack = \"auto\"\n"]),
        failing,
        1..=2u64,
    );
    let faults = one_of(&[
        "",
        "[[faults]]\ncrash = \"consumers.workers\"\nat = \"0.7s\"\nfor = \"0.3s\"\n",
        "[[faults]]\ncrash = \"consumers.workers\"\nat = \"0.7s\"\nfor = \"0.5s\"\nsilent = true\ncount = 1\n",
        "[[faults]]\ncrash = \"brokers.rabbit\"\nat = \"0.8s\"\nfor = \"0.2s\"\n",
        "[[faults]]\ncrash = \"brokers.rabbit\"\nat = \"0.8s\"\nfor = \"0.2s\"\ncount = 1\n",
    ]);
    let numbers = (1..12u64, 1..5u64, proptest::option::of(1..30u64), proptest::option::of(0..4u64));
    (broker, storage, rules, sending, working, faults, numbers).prop_map(
        |(broker, storage, rules, sending, working, faults, (prefetch, count, window, limit))| {
            let (overhead, ack, failing, concurrency) = working;
            // What is acknowledged by being sent does not come back.
            let failing = if ack.contains("auto") && failing.contains("requeue") { String::new() } else { failing };
            let qos = sending.3.contains("mqtt");
            let confirm = match window {
                Some(window) if !qos => format!("confirm = \"async\"\nwindow = {window}\n"),
                _ => String::new(),
            };
            let queue = format!("{storage}{}{}{}{}{}", rules.0, rules.1, rules.2, rules.3, rules.4);
            let queue = match limit {
                Some(limit) => format!("{queue}delivery_limit = {limit}\n"),
                None => queue,
            };
            let producer = format!("{confirm}{}{}{}{}{}", sending.0, sending.1, sending.2, sending.3, sending.4);
            let prefetch = prefetch.max(3);
            let consumer =
                format!("count = {count}\nconcurrency = {concurrency}\nprefetch = {prefetch}\n{overhead}{ack}{failing}");
            Setting { broker, producer, queue, consumer, faults, prefetch, count, window: window.filter(|_| !qos), limit }
        },
    )
}

impl Setting {
    fn document(&self, seed: u64) -> String {
        let Setting { broker, producer, queue, consumer, faults, .. } = self;
        format!(
            "[run]\nseed = {seed}\nstop = \"drained\"\nreplications = 1\n[brokers.rabbit]\n{broker}\n[producers.web]\n\
             arrivals = {{ poisson = \"200/s\" }}\nmessages = 300\npublish = \"jobs\"\nsize = \"1KiB\"\n{producer}\n[queues.jobs]\n\
             broker = \"rabbit\"\ndead_letter = \"dead\"\n{queue}\n[queues.dead]\n[consumers.workers]\nqueue = \"jobs\"\n\
             service = {{ exponential = \"12ms\" }}\nheartbeat = \"0.6s\"\n{consumer}\n{faults}"
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn brokers_keep_their_books(setting in setting(), seed in 0..1000u64) {
        let model = model(&setting.document(seed));
        let (seen, world) = seen(&model);
        let ended: u64 = seen.ended.iter().sum();
        prop_assert_eq!(seen.created, 300);
        // Every message has come to an end, whatever happened.
        prop_assert_eq!(ended + world.in_system(), 300, "{:?}", seen);
        prop_assert!(world.is_over() && world.in_system() == 0, "{:?}", seen);
        // Unacknowledged messages never exceed what all consumers may hold.
        prop_assert!(seen.most_unacked <= (setting.prefetch * setting.count) as i64, "{:?}", seen);
        prop_assert_eq!(seen.unacked, 0);
        if let Some(window) = setting.window {
            prop_assert!(seen.most_unconfirmed <= window as i64, "{:?}", seen);
            prop_assert_eq!(seen.unconfirmed, 0, "{:?}", seen);
        }
        // What is acknowledged by being sent is never sent twice.
        if setting.consumer.contains("auto") && !setting.consumer.contains("retry") {
            prop_assert_eq!(seen.redelivered, 0, "{:?}", seen);
        }
        let delivered_once_more = setting.limit.map(|limit| limit + 1);
        if let (Some(most), false) = (delivered_once_more, setting.consumer.contains("retry") || setting.consumer.contains("auto")) {
            prop_assert!(seen.dispatched <= most * 300 + seen.duplicated, "{} deliveries, {:?}", seen.dispatched, seen);
        }
        // Manual acknowledgements, durable storage, confirms: nothing is lost that a rule does not take.
        // What was rejected, was over or was too many is a dead letter, and each is one once.
        let dead = seen.ended[Outcome::DeadLettered as usize];
        prop_assert!(seen.dead >= dead, "{:?}", seen);
        prop_assert_eq!(seen.ended[Outcome::Expired as usize], 0, "{:?}", seen);
        if !setting.producer.contains("on_full") {
            prop_assert_eq!(seen.ended[Outcome::Dropped as usize], 0, "{:?}", seen);
        }
        if setting.faults.is_empty() {
            prop_assert_eq!(seen.dead, dead, "{:?}", seen);
        }
        let safe = !setting.consumer.contains("auto")
            && (setting.queue.contains("quorum") || setting.queue.contains("disk") || setting.queue.contains("replicated"))
            && !setting.producer.contains("persistent = false")
            && (setting.window.is_some() || setting.producer.contains("qos = 2"));
        if safe {
            // Who publishes again does so without confirms.
            let certain = !setting.consumer.contains("retry");
            if certain && !setting.producer.contains("on_full") && !setting.queue.contains("max_") {
                let kept = seen.ended[Outcome::Completed as usize] + seen.ended[Outcome::DeadLettered as usize];
                prop_assert_eq!(kept, 300, "{:?}", seen);
            }
        }
    }
}

const PACKETS: &str = r#"
[run]
stop = "drained"
replications = 1
[brokers.mqtt]
network = { exponential = "2ms" }
nodes = 3
disk = { fsync = "1ms" }
[producers.sensor]
arrivals = { poisson = "200/s" }
messages = 300
publish = "jobs"
protocol = "mqtt"
[queues.jobs]
broker = "mqtt"
[consumers.workers]
queue = "jobs"
count = 3
prefetch = 5
protocol = "mqtt"
heartbeat = "0.6s"
service = { exponential = "8ms" }
"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Over MQTT, while consumers and brokers go and come back and disks stand still: at most once, at least once, exactly once.
    #[test]
    fn a_quality_of_service_is_kept_through_reconnects(
        qos in 0..=2u32,
        storage in one_of(&["disk", "quorum", "replicated"]),
        faults in proptest::collection::vec((one_of(&["consumers.workers", "brokers.mqtt"]), 1..15u32, 1..5u32), 0..4),
        stalls in proptest::collection::vec((0..250u32, 1..300u32, 1..=3u32), 0..3),
        silent in proptest::bool::ANY,
        seed in 0..1000u64,
    ) {
        let quality = format!("protocol = \"mqtt\"\nqos = {qos}");
        let mut text = PACKETS.replace("protocol = \"mqtt\"", &quality).replace("broker = \"mqtt\"", &format!("broker = \"mqtt\"\nstorage = \"{storage}\""));
        text = text.replace("[run]\n", &format!("[run]\nseed = {seed}\n"));
        let mut at = 0;
        for (what, after, length) in &faults {
            at += after;
            let silent = if silent && what.contains("consumers") { "silent = true\n" } else { "" };
            text += &format!("[[faults]]\ncrash = \"{what}\"\nat = \"{at}00ms\"\nfor = \"{length}0ms\"\n{silent}");
            at += 1;
        }
        // They overlap each other, and crashes.
        for (at, length, count) in &stalls {
            text += &format!("[[faults]]\ndisk_stall = \"brokers.mqtt\"\nat = \"{at}0ms\"\nfor = \"{length}ms\"\ncount = {count}\n");
        }
        let (seen, world) = seen(&model(&text));
        prop_assert!(world.is_over() && world.in_system() == 0, "{:?}", seen);
        let done = seen.ended[Outcome::Completed as usize];
        if qos == 0 {
            prop_assert_eq!((seen.redelivered, seen.duplicated), (0, 0), "{:?}", seen);
        } else {
            prop_assert_eq!(done, 300, "{:?}", seen);
        }
        if qos == 2 {
            prop_assert_eq!(seen.duplicated, 0, "{:?}", seen);
        }
        // A disk that stands still makes nobody send again: there are no timers but those of heartbeats.
        if faults.is_empty() {
            prop_assert_eq!((done, seen.duplicated), (300, 0), "{:?}", seen);
        }
    }
}

/// A client that cannot send heartbeats while it works loses its connection in the middle of work that takes too long. It
/// notices when it is done, and connects again: the message comes to it once more, until its queue gives it up.
#[test]
fn a_consumer_that_worked_in_vain_connects_again() {
    let model = model(
        r#"
[run]
duration = "10min"
start = "empty"

[brokers.rabbit]
network = "1ms"

[producers.web]
arrivals = { constant = "1/s" }
publish = "jobs"
messages = 3

[queues.jobs]
broker = "rabbit"
delivery_limit = 2

[consumers.workers]
queue = "jobs"
prefetch = 1
heartbeat = "2s"
blocking = true
service = "3s"
"#,
    );
    let (seen, world) = seen(&model);
    assert!(world.is_over(), "{seen:?}");
    // Each of the three is delivered three times, and nobody is ever done with one of them in time.
    assert_eq!((seen.dispatched, seen.redelivered, seen.ended[Outcome::Failed as usize]), (9, 6, 3), "{seen:?}");
}
