//! Exchanges, refusals, confirms, transactions and batches.

use super::checks::{exactly, number, run};
use super::near;

const TOPICS: &str = r#"
[run]
stop = "drained"
replications = 1
[exchanges.all]
topic = [{ key = "orders.*.eu", to = "a" }, { key = "orders.#", to = "b" }]
[producers.web]
arrivals = { constant = "1000/s" }
messages = 10000
publish = "all"
key = { choose = [{ value = "orders.new.eu", weight = 3 }, { value = "orders.new", weight = 5 }, { value = "mail", weight = 2 }] }
[queues.a]
[queues.b]
[consumers.a]
queue = "a"
service = "1us"
[consumers.b]
queue = "b"
service = "1us"
"#;

/// 30 % of the keys fit both patterns, 50 % one, 20 % none.
#[test]
fn exchanges_give_each_queue_its_share() {
    let topics = run(TOPICS, &[]);
    near(&topics, "queues.a.published.count", 3_000.0, 0.05);
    near(&topics, "queues.b.published.count", 8_000.0, 0.02);
    near(&topics, "producers.web.unroutable.count", 2_000.0, 0.06);
    exactly(&topics, "producers.web.returned.count", 0.0);
    // What nobody gets comes back, and has failed, where it is mandatory.
    let mandatory = run(TOPICS, &["producers.web.mandatory=true"]);
    exactly(&mandatory, "producers.web.failed.count", number(&topics, "producers.web.unroutable.count"));
    exactly(&mandatory, "producers.web.returned.count", number(&topics, "producers.web.unroutable.count"));
    // Or goes to the alternate exchange.
    let alternate = run(TOPICS, &["exchanges.all.alternate=a"]);
    exactly(&alternate, "producers.web.unroutable.count", 0.0);
    let both = number(&topics, "queues.a.published.count") + number(&topics, "producers.web.unroutable.count");
    exactly(&alternate, "queues.a.published.count", both);
    let direct = r#"exchanges.all={ direct = [{ key = "mail", to = "a" }, { key = "orders.new", to = "b" }] }"#;
    let direct = run(TOPICS, &[direct]);
    near(&direct, "queues.a.published.count", 2_000.0, 0.06);
    near(&direct, "queues.b.published.count", 5_000.0, 0.03);
}

/// All keys of a consistent hash come to one queue each; by weight where there are many.
#[test]
fn a_consistent_hash_shares_keys_by_weight() {
    let hashed = r#"exchanges.all={ consistent_hash = [{ to = "a", weight = 3 }, { to = "b", weight = 1 }] }"#;
    let many = run(TOPICS, &[hashed, "producers.web.key={ uniform = { keys = 1000000 } }"]);
    near(&many, "queues.a.published.count", 7_500.0, 0.05);
    let one = run(TOPICS, &[hashed, "producers.web.key=always"]);
    let counts = ["a", "b"].map(|queue| number(&one, &format!("queues.{queue}.published.count")));
    assert!(counts == [10_000.0, 0.0] || counts == [0.0, 10_000.0], "{counts:?}");
    let turns = run(TOPICS, &[r#"exchanges.all={ round_robin = ["a", "b"] }"#]);
    exactly(&turns, "queues.a.published.count", 5_000.0);
    let headers = r#"exchanges.all={ headers = [{ match = { kind = "x", size = "s" }, to = "a" }, { match = { kind = "x", size = "s" }, any = true, to = "b" }] }"#;
    let found = run(TOPICS, &[headers, "producers.web.headers={ kind = \"x\" }"]);
    exactly(&found, "queues.a.published.count", 0.0);
    exactly(&found, "queues.b.published.count", 10_000.0);
}

/// A recorded key goes where the same text goes that a document says. Key number k was recorded 2^k times, so that the digits of a count in
/// base 2 are the keys that came there.
#[test]
fn a_consistent_hash_looks_at_recorded_keys() {
    let keys = ["orders.eu", "orders.us", "mail", "eu", "42", "", "a,b", "grün"];
    let hashed = r#"exchanges.all={ consistent_hash = [{ to = "a" }, { to = "b" }] }"#;
    let mut rows = String::from("at,customer\n");
    for (number, key) in keys.iter().enumerate() {
        (0..1 << number).for_each(|_| rows += &format!("1,\"{key}\"\n"));
    }
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("hashed-keys.csv");
    std::fs::write(&path, rows).expect("write a recording");
    let arrivals = format!(
        "producers.web.arrivals={{ trace = {{ path = '{}', column = \"at\", carry = {{ key = \"customer\" }} }} }}",
        path.display()
    );
    let limit = ["producers.web.messages=255", hashed, &arrivals, r#"producers.web.key={ carried = "key" }"#];
    let recorded = number(&run(TOPICS, &limit), "queues.a.published.count");
    let alone = |key: &&str| {
        let key = format!("producers.web.key=\"{key}\"");
        number(&run(TOPICS, &[hashed, "producers.web.messages=1", &key]), "queues.a.published.count")
    };
    let expected: f64 = keys.iter().enumerate().map(|(number, key)| alone(key) * f64::from(1 << number)).sum();
    assert_eq!(recorded, expected);
    assert!(expected > 0.0 && expected < 255.0, "all keys in one queue tell nothing");
}

const CONFIRMED: &str = r#"
[run]
stop = "drained"
replications = 1
[brokers.rabbit]
network = "1ms"
disk = { fsync = "5ms" }
[exchanges.both]
broker = "rabbit"
fanout = ["memory", "disk"]
[producers.web]
arrivals = { constant = "10/s" }
messages = 100
confirm = "async"
publish = "both"
[queues.memory]
broker = "rabbit"
[queues.disk]
broker = "rabbit"
storage = "disk"
[consumers.memory]
queue = "memory"
service = "1s"
count = 20
[consumers.disk]
queue = "disk"
service = "1s"
count = 20
"#;

/// The confirm of a message to two queues waits for the slower; one that refuses makes it a nack.
#[test]
fn a_confirm_waits_for_all_queues_and_one_refusal_spoils_it() {
    let found = run(CONFIRMED, &[]);
    exactly(&found, "producers.web.confirm.mean", 0.007);
    exactly(&found, "producers.web.nacked.count", 0.0);
    let alone = run(CONFIRMED, &["exchanges.both.fanout=[\"memory\"]", "producers.web.messages=10"]);
    exactly(&alone, "producers.web.confirm.mean", 0.002);
    // Twenty at work and none ready: from the first that is refused on, one for each that is done.
    let full =
        ["queues.memory={ broker = \"rabbit\", max_length = 0, overflow = \"reject-publish\" }", "consumers.memory.count=1"];
    let refused = run(CONFIRMED, &full);
    let rejected = number(&refused, "queues.memory.rejected.count");
    assert!(rejected > 80.0, "{rejected}");
    exactly(&refused, "producers.web.nacked.count", rejected);
    exactly(&refused, "queues.disk.rejected.count", 0.0);
}

const LIMITED: &str = r#"
[run]
stop = "drained"
replications = 1
[producers.batch]
arrivals = { batch = { arrivals = { constant = "1/s" }, size = 10 } }
messages = 10
size = "1KiB"
publish = "jobs"
[queues.jobs]
dead_letter = "dead"
[queues.dead]
[consumers.worker]
queue = "jobs"
service = "1s"
"#;

/// Bytes of ready messages are limited as their number is, and what is too many is a dead letter where the rule says so.
#[test]
fn what_is_too_many_is_dead_lettered_where_the_overflow_says() {
    for (limit, overflow, dead, rejected) in [
        ("max_bytes=\"3KiB\"", "drop-head", 6.0, 0.0),
        ("max_length=3", "drop-head", 6.0, 0.0),
        ("max_length=3", "reject-publish", 0.0, 6.0),
        ("max_length=3", "reject-publish-dlx", 6.0, 6.0),
    ] {
        let found = run(LIMITED, &[&format!("queues.jobs.{limit}"), &format!("queues.jobs.overflow={overflow}")]);
        exactly(&found, "queues.jobs.dead_lettered.count", dead);
        exactly(&found, "queues.jobs.rejected.count", rejected);
        exactly(&found, "queues.dead.published.count", dead);
        // What drops the head takes the new message in first.
        let most = if overflow == "drop-head" { 4.0 } else { 3.0 };
        exactly(&found, "queues.jobs.ready.max", most);
    }
}

/// What goes round in a circle without anybody rejecting it is dropped; it does not run for ever.
#[test]
fn a_circle_of_dead_letters_ends() {
    let circle = ["queues.jobs.ttl=500ms", "queues.dead={ ttl = \"500ms\", dead_letter = \"jobs\" }"];
    let found = run(LIMITED, &[circle[0], circle[1], "producers.batch.messages=3"]);
    // One is taken at once; two expire here, and there.
    exactly(&found, "queues.dead.published.count", 2.0);
    let expired = number(&found, "queues.jobs.expired.count") + number(&found, "queues.dead.expired.count");
    assert!((2.0..=6.0).contains(&expired), "{expired}");
    exactly(&found, "producers.batch.offered.count", 3.0);
}

const CHOSEN: &str = r#"
[run]
start = "empty"
duration = "100s"
replications = 1
[producers.web]
arrivals = { constant = "10/s" }
publish = "jobs"
[queues.jobs]
[consumers.first]
queue = "jobs"
priority = 1
service = "50ms"
[consumers.second]
queue = "jobs"
service = "50ms"
"#;

/// A consumer of higher priority gets everything as long as it has credit; a single active one whatever it has.
#[test]
fn the_first_in_rank_gets_all_that_it_can_hold() {
    let ranked = run(CHOSEN, &[]);
    near(&ranked, "consumers.first.throughput", 10.0, 0.01);
    exactly(&ranked, "consumers.second.throughput", 0.0);
    // With work of 150 ms it has credit for two thirds of what comes.
    let spilled = run(CHOSEN, &["consumers.first.service=150ms", "consumers.second.service=150ms"]);
    assert!(number(&spilled, "consumers.second.throughput") > 3.0);
    let single = ["queues.jobs.single_active_consumer=true", "consumers.first.service=150ms"];
    let active = run(CHOSEN, &single);
    exactly(&active, "consumers.second.throughput", 0.0);
    near(&active, "consumers.first.throughput", 1.0 / 0.150, 0.01);
}

const TOGETHER: &str = r#"
[run]
stop = "drained"
replications = 1
[brokers.rabbit]
network = "10ms"
[producers.web]
arrivals = { constant = "100/s" }
messages = 100
publish = "jobs"
[queues.jobs]
broker = "rabbit"
[consumers.worker]
queue = "jobs"
prefetch = 0
service = "1us"
"#;

/// One partition with 1,000/s and a linger of 5 ms, whose batch never fills: a batch is the first and what comes within the linger, 6 messages,
/// of which the first lingers for all of it and the others on average for half.
#[test]
fn a_linger_makes_messages_wait_for_those_behind_them() {
    let text = "[run]\nduration = \"400s\"\nreplications = 5\n[producers.web]\narrivals = { poisson = \"1000/s\" }\npublish = \"jobs\"\n\
                batch = { messages = 1000, linger = \"5ms\" }\n[queues.jobs]\n[consumers.workers]\nqueue = \"jobs\"\nprefetch = 0\n\
                ack = \"auto\"\nconcurrency = 1000\nservice = \"1ns\"\n";
    let found = run(text, &[]);
    near(&found, "producers.web.completion.mean", 0.005 * (1.0 + 2.5) / 6.0, 0.01);
    // Sixteen at even distances: beyond 3,000/s the last is there before the linger ends.
    let even = |rate: u32| {
        let sixteen = ["producers.web.batch={ messages = 16, linger = \"5ms\" }"];
        let text = text.replace("poisson = \"1000/s\"", &format!("constant = \"{rate}/s\"")).replace("400s", "10s");
        number(&run(&text, &sixteen), "producers.web.completion.max")
    };
    assert!(even(3_100) < 0.0049, "{}", even(3_100));
    assert!((even(2_900) - 0.005).abs() < 1e-6, "{}", even(2_900));
}

/// Five messages at 100/s are sent when the fifth is there, or when the first has lingered long enough.
#[test]
fn batches_wait_for_their_last_message_or_for_the_linger() {
    let full = run(TOGETHER, &["producers.web.batch={ messages = 5, linger = \"1s\" }"]);
    // 40, 30, 20, 10 and 0 ms for the batch, and two ways over the network.
    near(&full, "producers.web.completion.mean", 0.020 + 0.020 + 0.000_001 * 3.0, 1e-6);
    let lingering = run(TOGETHER, &["producers.web.batch={ messages = 100, linger = \"25ms\" }"]);
    // The first lingers for 25 ms, the second for 15, the third for 5.
    near(&lingering, "producers.web.completion.mean", 0.015 + 0.020, 0.01);
}

/// A transaction is committed before the next begins: n messages in a round trip.
#[test]
fn a_transaction_of_n_messages_costs_a_round_trip() {
    let text = TOGETHER.replace("100/s", "10000/s").replace("messages = 100", "messages = 1000");
    let seconds = |transaction: u32| {
        let found = run(&text, &[&format!("producers.web.transaction={transaction}")]);
        number(&found, "producers.web.completion.max")
    };
    let (one, ten) = (seconds(1), seconds(10));
    near_to(one, 1_000.0 * 0.020, 0.02);
    near_to(ten, 100.0 * 0.020, 0.1);
}

fn near_to(found: f64, exact: f64, share: f64) {
    assert!((found / exact - 1.0).abs() <= share, "{found}, should be {exact}");
}

/// One acknowledgement for five messages: four stay unacknowledged until the fifth is done.
#[test]
fn an_acknowledgement_of_several_holds_their_credit() {
    let each = run(TOGETHER, &["consumers.worker.prefetch=5"]);
    let five = run(TOGETHER, &["consumers.worker.prefetch=5", "consumers.worker.ack={ every = 5, within = \"1s\" }"]);
    assert!(number(&five, "queues.jobs.unacked.mean") > 1.3 * number(&each, "queues.jobs.unacked.mean"));
    exactly(&five, "queues.jobs.redelivered.count", 0.0);
    exactly(&five, "producers.web.failed.count", 0.0);
}

/// A caller that waits for a reply over queues: two ways there, the work, and two ways back.
#[test]
fn a_reply_takes_both_ways() {
    let text = TOGETHER.replace("publish = \"jobs\"", "steps = [{ publish = \"jobs\", reply = true }]").replace("100/s", "10/s");
    let found = run(&text, &["consumers.worker.service=5ms"]);
    exactly(&found, "producers.web.response.mean", 0.045);
}
