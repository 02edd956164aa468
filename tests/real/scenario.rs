//! The scenario that replays a recording: written from its parameters, and from one set of delays and costs for all recordings of a protocol.

use super::parameters::{FailMode, Parameters, Protocol};
use super::raw::Facts;
use std::fmt::Write;

/// What a machine takes for the paths of a protocol: one way each, and what a consumer needs from one message to the next. How the sums
/// publish + deliver, ack + deliver and publish + confirm are split is free: nothing shows the broker's clock.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    /// Microseconds.
    pub publish: f64,
    pub deliver: f64,
    pub ack: f64,
    pub confirm: f64,
    pub overhead: f64,
    /// By how many milliseconds a timer overshot on the machine for which these hold: the median over the recordings.
    pub overshoot: f64,
}

const AMQP: Path = Path { publish: 345.0, deliver: 250.0, ack: 184.0, confirm: 165.0, overhead: 80.0, overshoot: 0.075 };
const STOMP: Path = Path { publish: 225.0, deliver: 150.0, ack: 153.0, confirm: 150.0, overhead: 10.0, overshoot: 0.062 };
const MQTT: Path = Path { publish: 115.0, deliver: 70.0, ack: 72.0, confirm: 70.0, overhead: 23.0, overshoot: 0.065 };
/// The disk, as measured.
const FSYNC: &str = "0.215ms";
/// A time to live is looked at 1 to 2 ms late.
const EXPIRY_LAG: &str = "1.5ms";
/// What a consumer held whose socket was closed is delivered again after 5 to 12 ms, and after two to three heartbeats where nobody closed it.
const CLOSE_LAG: f64 = 0.012;
const HEARTBEATS: f64 = 2.5;
/// What RabbitMQ proposes.
const HEARTBEAT: f64 = 60.0;

impl Protocol {
    /// The delays of its recordings.
    pub fn path(self) -> Path {
        match self {
            Protocol::Amqp => AMQP,
            Protocol::Stomp => STOMP,
            Protocol::Mqtt => MQTT,
        }
    }
}

/// The scenario of the recording with this name, whose compact table is at `trace`.
pub fn scenario(name: &str, parameters: &Parameters, facts: &Facts, trace: &str) -> String {
    let mut text = format!("# {}.", parameters.broker);
    if !parameters.words.is_empty() {
        let _ = write!(text, " {}.", parameters.words);
    }
    let _ = write!(
        text,
        "\n# Written from the parameters of the recording by examples/real.rs.\ntitle = \"Recorded: {name}\"\n\n[run]\n"
    );
    text += &run(parameters, facts);
    text += &broker(parameters);
    text += &producer(parameters, trace);
    text += &queues(parameters);
    text += &consumers(parameters, facts, trace);
    if let Some([dies, back]) = facts.crash {
        // Its successor has its first message after one way of the network.
        let away = back - parameters.protocol.path().deliver / 1e6 - dies;
        let _ =
            write!(text, "\n[[faults]]\nat = \"{dies:.6}s\"\nfor = \"{away:.6}s\"\ncrash = \"consumers.workers\"\ncount = 1\n");
    }
    text
}

fn run(parameters: &Parameters, facts: &Facts) -> String {
    if parameters.think.is_some() {
        // Nothing to replay: who waits for answers sends by them.
        return "duration = \"1000s\"\nreplications = 5\n".to_owned();
    }
    if parameters.consumers == 0 {
        return format!("duration = \"{:.0}s\"\nstart = \"empty\"\nreplications = 1\n", facts.last_publish.ceil() + 1.0);
    }
    "stop = \"drained\"\nreplications = 1\n".to_owned()
}

/// The name of the broker's table.
fn broker_name(parameters: &Parameters) -> &'static str {
    if parameters.protocol == Protocol::Mqtt { "mosquitto" } else { "rabbit" }
}

fn millis(micros: f64) -> String {
    format!("{}ms", micros / 1e3)
}

/// Messages go to disk.
fn stored(parameters: &Parameters) -> bool {
    parameters.queue.quorum || parameters.durable && parameters.persistent
}

fn broker(parameters: &Parameters) -> String {
    let Path { publish, deliver, ack, confirm, .. } = parameters.protocol.path();
    let [publish, deliver, ack, confirm] = [publish, deliver, ack, confirm].map(millis);
    let mut text = format!(
        "\n[brokers.{}]\nnetwork = {{ publish = \"{publish}\", deliver = \"{deliver}\", ack = \"{ack}\", confirm = \"{confirm}\" }}\n",
        broker_name(parameters)
    );
    if stored(parameters) {
        let _ = writeln!(text, "disk = {{ fsync = \"{FSYNC}\", mode = \"batch\" }}");
    }
    if parameters.queue.ttl.is_some() || !parameters.ttls.is_empty() {
        let _ = writeln!(text, "expiry_lag = \"{EXPIRY_LAG}\"");
    }
    if let Some(crash) = parameters.crash {
        let silence = HEARTBEATS * parameters.heartbeat.unwrap_or(HEARTBEAT);
        let _ = writeln!(text, "close_lag = \"{}ms\"", if crash.silent { silence * 1e3 } else { CLOSE_LAG * 1e3 });
    }
    text
}

fn producer(parameters: &Parameters, trace: &str) -> String {
    let mut text = "\n[producers.web]\n".to_owned();
    let mut carry = Vec::new();
    if parameters.consumers > 0 {
        carry.push("work = \"service_s\"");
    }
    carry.extend(parameters.priorities.then_some("priority = \"priority\""));
    carry.extend((!parameters.ttls.is_empty()).then_some("ttl = \"ttl_s\""));
    carry.extend(parameters.fails.then_some("failures = \"failures\""));
    let carry = if carry.is_empty() { String::new() } else { format!(", carry = {{ {} }}", carry.join(", ")) };
    let replayed = |column: &str| format!("arrivals = {{ trace = {{ path = \"{trace}\", column = \"{column}\"{carry} }} }}\n");
    let requests = "steps = [{ publish = \"jobs\", reply = true }]\n";
    match (parameters.callers, parameters.think) {
        (Some(callers), Some(think)) => {
            let think = format!("think = {{ exponential = \"{}ms\" }}\n", think * 1e3);
            text += &format!("clients = {callers}\n{think}{requests}");
        }
        (Some(callers), None) => text += &format!("{}{requests}callers = {callers}\n", replayed("arrival_s")),
        _ => text += &format!("{}publish = \"jobs\"\n", replayed("publish_s")),
    }
    if parameters.protocol == Protocol::Mqtt {
        let _ = writeln!(text, "protocol = \"mqtt\"\nqos = {}", parameters.qos);
    }
    if parameters.confirm {
        text += "confirm = \"async\"\n";
    }
    if let Some(body) = parameters.body {
        let _ = writeln!(text, "size = \"{body}B\"");
    }
    if parameters.persistent {
        text += "persistent = true\n";
    }
    if parameters.priorities {
        text += "priority = { carried = \"priority\" }\n";
    }
    if !parameters.ttls.is_empty() {
        text += "ttl = { carried = \"ttl\" }\n";
    }
    text
}

/// The names of the queues: one for each subscriber of Mosquitto.
fn queue_names(parameters: &Parameters) -> Vec<String> {
    if parameters.copies() || parameters.shared {
        (0..parameters.consumers).map(|at| format!("s{at}")).collect()
    } else {
        vec!["jobs".to_owned()]
    }
}

fn queues(parameters: &Parameters) -> String {
    let names = queue_names(parameters);
    let broker = broker_name(parameters);
    let mut text = String::new();
    if names != ["jobs"] {
        // A shared subscription is dealt out in turn when a message is published, whatever the backlogs.
        let rule = if parameters.shared { "round_robin" } else { "fanout" };
        let _ = write!(text, "\n[exchanges.jobs]\nbroker = \"{broker}\"\n{rule} = {names:?}\n");
    }
    let queue = &parameters.queue;
    for name in &names {
        let _ = write!(text, "\n[queues.{name}]\nbroker = \"{broker}\"\n");
        if queue.quorum {
            text += "storage = \"quorum\"\nmembers = 1\nreturns = \"first\"\n";
        } else if stored(parameters) {
            text += "storage = \"disk\"\n";
        }
        if let Some(most) = queue.max_priority.filter(|_| parameters.priorities) {
            let _ = write!(text, "discipline = \"priority\"\nmax_priority = {most}\n");
        }
        for (key, limit) in [
            ("max_length", queue.max_length.map(|limit| limit.to_string())),
            ("max_bytes", queue.max_bytes.map(|limit| format!("\"{limit}B\""))),
        ] {
            if let Some(limit) = limit {
                let _ = writeln!(text, "{key} = {limit}");
            }
        }
        if let Some(overflow) = &queue.overflow {
            let _ = writeln!(text, "overflow = \"{overflow}\"");
        }
        if let Some(ttl) = queue.ttl {
            let _ = writeln!(text, "ttl = \"{ttl}ms\"");
        }
        if let Some(limit) = queue.delivery_limit {
            let _ = writeln!(text, "delivery_limit = {limit}");
        }
        if queue.single_active {
            text += "single_active_consumer = true\n";
        }
        if queue.dead_letters {
            text += "dead_letter = \"dead\"\n";
        }
    }
    if queue.dead_letters {
        let _ = write!(text, "\n[queues.dead]\nbroker = \"{broker}\"\n");
    }
    text
}

fn consumers(parameters: &Parameters, facts: &Facts, trace: &str) -> String {
    let mut text = String::new();
    let queues = queue_names(parameters);
    // Each by its own name, where it is known who gets what.
    let named = parameters.in_turn() && parameters.crash.is_none();
    let pools: Vec<(String, &str, usize)> = match queues.len() {
        _ if parameters.consumers == 0 => Vec::new(),
        1 if named => (0..parameters.consumers).map(|at| (format!("c{at}"), "jobs", 1)).collect(),
        1 => vec![("workers".to_owned(), "jobs", parameters.consumers)],
        _ => queues.iter().map(|queue| (queue.clone(), queue.as_str(), 1)).collect(),
    };
    // In the order in which they came to the broker.
    let speed: Vec<f64> = facts.order.iter().filter_map(|&who| parameters.speed.get(who)).copied().collect();
    for (at, (name, queue, count)) in pools.iter().enumerate() {
        let _ = write!(text, "\n[consumers.{name}]\nqueue = \"{queue}\"\n");
        if *count > 1 {
            let _ = writeln!(text, "count = {count}");
        }
        // What is acknowledged by being sent costs no credit.
        let prefetch = match (parameters.auto, parameters.prefetch) {
            (true, _) => 0,
            // The most that MQTT can say.
            (false, 0) if parameters.consumer_qos == 2 => 65_535,
            (false, prefetch) => prefetch,
        };
        let _ = writeln!(text, "prefetch = {prefetch}");
        if parameters.auto {
            text += "ack = \"auto\"\n";
        } else if parameters.ack_every > 1 {
            let _ = writeln!(text, "ack = {{ every = {} }}", parameters.ack_every);
        }
        if parameters.consumer_qos == 2 {
            text += "protocol = \"mqtt\"\nqos = 2\n";
        }
        if !speed.is_empty() {
            let own = if *count > 1 { speed.clone() } else { speed[at..=at].to_vec() };
            let _ = writeln!(text, "slowness = {own:?}");
        }
        if parameters.fails {
            text += "failure = { carried = \"failures\" }\n";
            text += &match parameters.fail_mode {
                FailMode::Requeue => "on_failure = \"requeue\"\n".to_owned(),
                FailMode::Reject => "on_failure = \"reject\"\n".to_owned(),
                FailMode::Republish { attempts } => format!("retry = {{ max_attempts = {attempts} }}\n"),
            };
        }
        let _ = writeln!(text, "overhead = \"{}us\"", parameters.protocol.path().overhead);
        text += &match parameters.think {
            Some(_) => format!("service = {{ empirical = {{ path = \"{trace}\", column = \"service_s\" }} }}\n"),
            None => "service = { carried = \"work\" }\n".to_owned(),
        };
    }
    text
}
