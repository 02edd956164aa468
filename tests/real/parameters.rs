//! What the `meta.json` of a recording says of it.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

/// What a publisher and a consumer speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    #[default]
    Amqp,
    Mqtt,
    Stomp,
}

/// What is done with a message that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailMode {
    /// Returned to its place in the queue.
    #[default]
    Requeue,
    /// Rejected at once.
    Reject,
    /// Published again by the application until it has been delivered so often, then rejected.
    Republish { attempts: u32 },
}

/// A consumer that dies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crash {
    /// Its socket stays open, so that only missing heartbeats tell.
    pub silent: bool,
}

/// The arguments of a queue of RabbitMQ.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueueArguments {
    pub quorum: bool,
    pub max_priority: Option<u32>,
    pub max_length: Option<u64>,
    pub max_bytes: Option<u64>,
    pub overflow: Option<String>,
    /// Milliseconds.
    pub ttl: Option<f64>,
    pub dead_letters: bool,
    pub delivery_limit: Option<u32>,
    pub single_active: bool,
}

/// The parameters of a run, as far as they tell a replay anything; what is recorded (arrivals and work) is not among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    pub broker: String,
    pub words: String,
    pub protocol: Protocol,
    pub messages: Option<usize>,
    pub consumers: usize,
    /// 0: as many as there are.
    pub prefetch: u32,
    /// A delivery is its own acknowledgement.
    pub auto: bool,
    pub ack_every: u32,
    pub confirm: bool,
    pub body: Option<u64>,
    pub durable: bool,
    pub persistent: bool,
    pub queue: QueueArguments,
    /// What the work of each consumer is multiplied with.
    pub speed: Vec<f64>,
    pub priorities: bool,
    /// Milliseconds of each class.
    pub ttls: Vec<f64>,
    /// Some deliveries fail.
    pub fails: bool,
    pub fail_mode: FailMode,
    pub crash: Option<Crash>,
    /// Seconds.
    pub heartbeat: Option<f64>,
    /// Callers that wait for answers, and for how many seconds they think on average; without thinking they serve open arrivals.
    pub callers: Option<usize>,
    pub think: Option<f64>,
    pub qos: u8,
    pub consumer_qos: u8,
    /// A shared subscription, dealt out in turn when published; otherwise each MQTT consumer gets a copy.
    pub shared: bool,
}

/// What is told beside them: a run may hold more than a replay knows of.
pub type Notes = Vec<String>;

/// Keys that describe what is recorded anyway, or nothing that shows.
const TOLD_ELSEWHERE: [&str; 17] = [
    "id",
    "seed",
    "arrivals",
    "service",
    "p_high",
    "nack_p",
    "poison_p",
    "max_s",
    "quiet_s",
    "queue",
    "topic",
    "dest",
    "notes",
    "left_in_queue",
    "fanout",
    "filter",
    "mosquitto_conf",
];

/// The keys of an object, each taken once, so that what is left is what nobody knows.
struct Keys {
    place: String,
    left: Map<String, Value>,
}

impl Keys {
    fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, String> {
        let Some(value) = self.left.remove(key).filter(|value| !value.is_null()) else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(|error| format!("{}.{key}: {error}", self.place))
    }

    fn or<T: DeserializeOwned + Default>(&mut self, key: &str) -> Result<T, String> {
        Ok(self.take(key)?.unwrap_or_default())
    }

    /// One of some words.
    fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, String> {
        let Some(found) = self.take::<String>(key)? else { return Ok(None) };
        let known = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let word = words.iter().find(|(word, _)| *word == found);
        word.map(|(_, value)| Some(*value))
            .ok_or_else(|| format!("{}.{key}: {found:?} is not known; it may be {}", self.place, known()))
    }

    fn unknown(self, known: &[&str], notes: &mut Notes) {
        let left = self.left.into_iter().filter(|(key, _)| !known.contains(&key.as_str()));
        notes.extend(
            left.map(|(key, value)| format!("{}.{key} = {value} is not known, and what it does is not predicted", self.place)),
        );
    }
}

/// Reads the parameters of a recording; `None`: it has none, and is no run of messages.
pub fn parameters(path: &Path, notes: &mut Notes) -> Result<Option<Parameters>, String> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    let meta: Map<String, Value> = serde_json::from_str(&text).map_err(|error| format!("{shown}: {error}"))?;
    let Some(Value::Object(left)) = meta.get("params").cloned() else { return Ok(None) };
    let said = |key: &str| meta.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut keys = Keys { place: format!("{shown}: params"), left };
    let found = Parameters { broker: said("broker"), words: said("notes"), ..of_run(&mut keys, notes)? };
    keys.unknown(&TOLD_ELSEWHERE, notes);
    Ok(Some(found))
}

fn of_run(keys: &mut Keys, notes: &mut Notes) -> Result<Parameters, String> {
    let words = [("amqp", Protocol::Amqp), ("amqp-0-9-1", Protocol::Amqp), ("mqtt", Protocol::Mqtt), ("stomp", Protocol::Stomp)];
    let protocol = keys.word("proto", &words)?.unwrap_or_default();
    let consumers: usize = keys.take("consumers")?.ok_or_else(|| format!("{}: `consumers` is missing: how many?", keys.place))?;
    let says_auto: bool = keys.or("auto")?;
    let ack = keys.word("ack", &[("auto", true), ("client", false), ("client-individual", false), ("manual", false)])?;
    let auto = ack.unwrap_or(says_auto);
    let receive_maximum: Option<u32> = keys.take("recv_max")?;
    let prefetch = keys.take("prefetch")?.or(receive_maximum).unwrap_or(0);
    let queue = arguments(keys, notes)?;
    let dlq: Option<String> = keys.take("dlq")?;
    let speed: Vec<f64> = keys.or("speed")?;
    if !speed.is_empty() && speed.len() != consumers {
        return Err(format!("{}.speed: has {} numbers for {consumers} consumers; write one for each", keys.place, speed.len()));
    }
    let classes: Vec<(f64, f64)> = keys.or("per_message_ttl")?;
    let fails = ["nack_p", "poison_p"].iter().any(|key| keys.left.contains_key(*key));
    let attempts = keys.take("max_attempts")?.unwrap_or(1);
    let modes = [
        ("requeue", FailMode::Requeue),
        ("nack", FailMode::Requeue),
        ("nack_requeue", FailMode::Requeue),
        ("reject_requeue", FailMode::Requeue),
        ("delivery_limit", FailMode::Requeue),
        ("reject", FailMode::Reject),
        ("reject_to_dlq", FailMode::Reject),
        ("app_retry", FailMode::Republish { attempts }),
        ("republish", FailMode::Republish { attempts }),
    ];
    let fail_mode = keys.word("fail_mode", &modes)?.unwrap_or_default();
    let crash = match keys.take::<Map<String, Value>>("crash")? {
        None => None,
        Some(left) => {
            let mut crash = Keys { place: format!("{}.crash", keys.place), left };
            let words = [
                ("exit", false),
                ("kill", false),
                ("close", false),
                ("hang", true),
                ("silent", true),
                ("freeze", true),
                ("stop", true),
            ];
            let silent = crash.word("mode", &words)?.unwrap_or(false);
            crash.unknown(&["consumer", "at_msg", "restart_s"], notes);
            Some(Crash { silent })
        }
    };
    let calls = keys.word("rpc", &[("closed", true), ("pool", false)])?;
    let (callers, think) = (keys.take("callers")?, keys.take("think")?);
    if let (Some(closed), true) = (calls, callers.is_none()) {
        return Err(format!("{}: `callers` is missing beside rpc = {:?}", keys.place, if closed { "closed" } else { "pool" }));
    }
    let think: Option<f64> = calls.filter(|&closed| closed).map(|_| think.unwrap_or(0.0));
    let filter = keys.left.get("filter").and_then(Value::as_str).unwrap_or_default().to_owned();
    let shared = filter.starts_with("$share/");
    let (qos, own_qos): (u8, Option<u8>) = (keys.or("qos")?, keys.take("sub_qos")?);
    let consumer_qos = own_qos.unwrap_or(qos).min(qos);
    if let Some(wrong) = [qos, consumer_qos].into_iter().find(|&qos| qos > 2) {
        return Err(format!("{}.qos: {wrong} is no quality of service; there are 0, 1 and 2", keys.place));
    }
    let configuration = keys.left.get("mosquitto_conf").and_then(Value::as_str).unwrap_or_default();
    if protocol == Protocol::Mqtt && qos > 0 && !configuration.contains("set_tcp_nodelay true") {
        notes.push(format!(
            "{}.mosquitto_conf: without `set_tcp_nodelay true` acknowledgements wait for Nagle's algorithm (3.5 to 23.5 ms), which the delays do not hold",
            keys.place
        ));
    }
    let fanout = keys.left.get("fanout").and_then(Value::as_bool).unwrap_or(false);
    if fanout && protocol != Protocol::Mqtt {
        return Err(format!(
            "{}.fanout: only subscriptions of MQTT are replayed as copies; remove it, or say proto = \"mqtt\"",
            keys.place
        ));
    }
    Ok(Parameters {
        broker: String::new(),
        words: String::new(),
        protocol,
        messages: keys.take("n")?,
        consumers,
        prefetch,
        auto: auto || protocol == Protocol::Mqtt && consumer_qos == 0,
        ack_every: keys.take("ack_every")?.unwrap_or(1).max(1),
        confirm: keys.or("confirm")?,
        body: keys.take("body")?,
        durable: keys.or("durable")?,
        persistent: keys.or("persistent")?,
        queue: QueueArguments { dead_letters: queue.dead_letters || dlq.is_some(), ..queue },
        speed,
        priorities: keys.or("use_priority")?,
        ttls: classes.into_iter().map(|(_, ttl)| ttl).collect(),
        fails,
        fail_mode,
        crash,
        heartbeat: keys.take("heartbeat")?,
        callers: calls.and(callers),
        think,
        qos,
        consumer_qos,
        shared,
    })
}

fn arguments(keys: &mut Keys, notes: &mut Notes) -> Result<QueueArguments, String> {
    let mut keys = Keys { place: format!("{}.queue_args", keys.place), left: keys.or("queue_args")? };
    let dead_letters = keys.take::<String>("x-dead-letter-exchange")?.is_some();
    let kind = keys.word("x-queue-type", &[("classic", false), ("quorum", true)])?;
    let found = QueueArguments {
        quorum: kind.unwrap_or(false),
        max_priority: keys.take("x-max-priority")?,
        max_length: keys.take("x-max-length")?,
        max_bytes: keys.take("x-max-length-bytes")?,
        overflow: keys
            .word("x-overflow", &["drop-head", "reject-publish", "reject-publish-dlx"].map(|word| (word, word)))?
            .map(str::to_owned),
        ttl: keys.take("x-message-ttl")?,
        dead_letters,
        delivery_limit: keys.take("x-delivery-limit")?,
        single_active: keys.or("x-single-active-consumer")?,
    };
    keys.unknown(&["x-dead-letter-routing-key", "x-queue-mode", "x-queue-version"], notes);
    Ok(found)
}

impl Parameters {
    /// Each consumer gets a copy of each message.
    pub fn copies(&self) -> bool {
        self.protocol == Protocol::Mqtt && !self.shared && self.consumers > 1
    }

    /// The broker deals messages out in turn, as long as no consumer is full.
    pub fn in_turn(&self) -> bool {
        let unlimited = self.prefetch == 0 || self.prefetch >= 100 || self.auto;
        self.consumers > 1 && !self.copies() && !self.queue.single_active && (self.shared || unlimited)
    }
}
