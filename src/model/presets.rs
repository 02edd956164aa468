//! Presets: brokers whose parameters somebody measured or documented, one row each, as data.
//!
//! A row says its numbers as a document would, each with where it comes from. What was measured on one machine is no truth about
//! another: whoever shows a number that rests on a row says hardware and stars beside it. Numbers from a saturated run are read as
//! the time between two messages, latencies of a run with little load as the way; percentiles of a saturated run are never taken
//! for a distribution of work.

/// A broker with parameters from somewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preset {
    /// By which a document calls it.
    pub name: &'static str,
    /// What it is, as a sentence.
    pub about: &'static str,
    /// What it gives beside what was measured there, and where it stops to be true.
    pub check: &'static str,
    /// Its parameters.
    pub facts: &'static [Fact],
}

/// A parameter of a preset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fact {
    /// Under `[brokers.NAME]`, as a dotted key; or, behind `queues.`, under the queues that are on this broker.
    pub key: &'static str,
    /// As TOML.
    pub value: &'static str,
    /// Where it comes from.
    pub ground: &'static Ground,
    /// How it follows from that; empty where it stands there.
    pub how: &'static str,
}

/// Where numbers come from.
#[derive(Debug, PartialEq)]
pub struct Ground {
    /// Who says so.
    pub source: &'static str,
    /// What it ran on; empty where it is a rule and no measurement.
    pub hardware: &'static str,
    /// How far to believe it.
    pub trust: Trust,
}

/// How far a number is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A rule or a default that the documentation states.
    Documented,
    /// Measured: 3 with all settings and in agreement with Little's law, 2 by a vendor or fitted, 1 old or vague.
    Measured(u8),
    /// Nobody measured it.
    Assumed,
}

impl Trust {
    /// Stars out of three; `None` for what is documented, which is no matter of belief.
    pub fn stars(self) -> Option<u8> {
        match self {
            Trust::Documented => None,
            Trust::Measured(stars) => Some(stars),
            Trust::Assumed => Some(0),
        }
    }
}

impl Preset {
    /// The preset with this name.
    pub fn named(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// Stars out of three: those of its least trusted number.
    pub fn stars(&self) -> u8 {
        self.facts.iter().filter_map(|fact| fact.ground.trust.stars()).min().unwrap_or(0)
    }

    /// What its numbers were measured on, each once.
    pub fn hardware(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        for hardware in self.facts.iter().map(|fact| fact.ground.hardware) {
            if !hardware.is_empty() && !found.contains(&hardware) {
                found.push(hardware);
            }
        }
        found
    }

    /// The keys of the numbers that nobody measured.
    pub fn assumed(&self) -> Vec<&'static str> {
        self.facts.iter().filter(|fact| fact.ground.trust == Trust::Assumed).map(|fact| fact.key).collect()
    }
}

const fn fact(key: &'static str, value: &'static str, ground: &'static Ground, how: &'static str) -> Fact {
    Fact { key, value, ground, how }
}

static NUC: Ground = Ground {
    source: "RabbitMQ blog 2024-08-21, \"AMQP 1.0 benchmarks\"",
    hardware: "NUC 11, 8 cores, 3 schedulers, one node, client on the same box, 12 bytes",
    trust: Trust::Measured(3),
};
static NUC_SPLIT: Ground = Ground { trust: Trust::Measured(2), ..NUC };
static CLUSTER: Ground = Ground {
    source: "RabbitMQ blog 2020-04-21, \"Quorum queues and why disks matter\"",
    hardware: "3 nodes c4.4xlarge, 1 kB",
    trust: Trust::Measured(2),
};
static MQTT: Ground = Ground {
    source: "RabbitMQ blog 2023-03-21, \"Serving millions of clients with native MQTT\"",
    hardware: "8 CPUs, 32 GB, RabbitMQ 3.12, one node, 100 publishers and 100 subscribers, 100 bytes",
    trust: Trust::Measured(3),
};
static MQTT_SPLIT: Ground = Ground { trust: Trust::Measured(2), ..MQTT };
static SMALL: Ground = Ground {
    source: "own measurement: confirms against the window, 1 KiB",
    hardware: "2 virtual CPUs, RabbitMQ 3.10.8, one scheduler, client and broker on one core, loopback",
    trust: Trust::Measured(3),
};
static SMALL_SPLIT: Ground = Ground { trust: Trust::Measured(2), ..SMALL };
static REPLAYS: Ground = Ground {
    source: "own measurement: 24 recorded runs at a few hundred messages/s, replayed",
    hardware: "2 virtual CPUs, RabbitMQ 3.10.8, one scheduler, loopback, 1 KiB and less",
    trust: Trust::Measured(3),
};
static STOMP: Ground = Ground {
    source: "own measurement: processor time a message of a saturated broker",
    hardware: "2 virtual CPUs, RabbitMQ 3.10.8 with its STOMP plugin, one scheduler, loopback",
    trust: Trust::Measured(2),
};
static MOSQUITTO: Ground = Ground {
    source: "own measurement: processor time a message of a saturated broker, and its latency at 200 messages/s",
    hardware: "2 virtual CPUs, Mosquitto 2.0.11, loopback, Nagle's algorithm off",
    trust: Trust::Measured(2),
};
static DOCS: Ground = Ground {
    source: "RabbitMQ documentation, \"Quorum Queues\", \"Publisher Confirms\" and \"Streams\"",
    hardware: "",
    trust: Trust::Documented,
};
static BEATS: Ground = Ground {
    source: "RabbitMQ's source, rabbit_heartbeat.erl, and own measurement: a silent consumer's messages come back after 2 to 3 heartbeats",
    hardware: "",
    trust: Trust::Documented,
};
static CREDIT: Ground = Ground { source: "RabbitMQ documentation, \"Flow Control\"", hardware: "", trust: Trust::Documented };
static ASSUMED: Ground = Ground { source: "an assumption", hardware: "", trust: Trust::Assumed };

const FLOOR: &str = "half of the shortest confirm, 0.19 ms; the same for deliveries";
const NUC_COSTS: &str = "1 s / 88.5 k messages is 11.3 us in and out, dealt out as in the own measurement";
const SPREAD: &str = "the mean is fitted; a spread, because batches of a disk that always takes as long run in step with it";
const FLOW: &str = "the credit from connection to queue";
const LOOKS: &str = "one look a heartbeat; the second that finds nothing closes";
const LEFT_OUT: &str = "where a message stands that comes back";

/// All presets.
pub static PRESETS: &[Preset] = &[
    Preset {
        name: "rabbitmq-classic",
        about: "a durable classic queue: written, and confirmed without an fsync",
        check: "88,500/s with 192 unconfirmed, as measured; the confirm then takes 2.2 ms (Little), measured p50 1.69 with 150 unconfirmed",
        facts: &[
            fact("network.publish", "\"95us\"", &NUC, FLOOR),
            fact("network.confirm", "\"95us\"", &NUC, FLOOR),
            fact("network.deliver", "\"95us\"", &NUC_SPLIT, FLOOR),
            fact("network.ack", "\"95us\"", &NUC_SPLIT, FLOOR),
            fact("cpu.publish", "\"4.1us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.confirm", "\"1.1us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.deliver", "\"3.9us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.ack", "\"2.2us\"", &NUC_SPLIT, NUC_COSTS),
            fact("disk.mode", "\"interval\"", &DOCS, "a confirm says that it is written, not that it is forced to disk"),
            fact("disk.every", "\"200ms\"", &DOCS, "the longest time until a write"),
            fact("flow", "{ limit = 400, refill = 200 }", &CREDIT, FLOW),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.storage", "\"disk\"", &DOCS, ""),
            fact("queues.returns", "\"position\"", &DOCS, LEFT_OUT),
        ],
    },
    Preset {
        name: "rabbitmq-quorum",
        about: "a quorum queue of three members on disks with power-loss protection",
        check: "nothing: a prediction, made of measured costs of the processor and an assumed disk and network",
        facts: &[
            fact("nodes", "3", &DOCS, ""),
            fact("network.publish", "\"95us\"", &NUC, FLOOR),
            fact("network.confirm", "\"95us\"", &NUC, FLOOR),
            fact("network.deliver", "\"95us\"", &NUC_SPLIT, FLOOR),
            fact("network.ack", "\"95us\"", &NUC_SPLIT, FLOOR),
            fact("between", "\"0.25ms\"", &ASSUMED, "nodes in one zone of a data centre"),
            fact("cpu.publish", "\"4.1us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.confirm", "\"1.1us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.deliver", "\"3.9us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.ack", "\"2.2us\"", &NUC_SPLIT, NUC_COSTS),
            fact("disk.fsync", "\"0.6ms\"", &ASSUMED, "0.55 ms of processor as on the slow disk, and 0.06 ms of fsync at most"),
            fact("disk.cap", "64", &NUC_SPLIT, "64.5 messages an fsync: twice the soft limit of 32 commands"),
            fact("flow", "{ limit = 400, refill = 200 }", &CREDIT, FLOW),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.storage", "\"quorum\"", &DOCS, ""),
            fact("queues.members", "3", &DOCS, ""),
            fact("queues.delivery_limit", "20", &DOCS, ""),
            fact("queues.returns", "\"first\"", &DOCS, LEFT_OUT),
        ],
    },
    Preset {
        name: "rabbitmq-quorum-slow-ssd",
        about: "a quorum queue of one member on a slow SSD, as it is installed",
        check: "9,915/s and 19.4 ms with 192 unconfirmed; measured 9,930/s and p50 16.6 ms with 165 unconfirmed on average",
        facts: &[
            fact("network.publish", "\"95us\"", &NUC, FLOOR),
            fact("network.confirm", "\"95us\"", &NUC, FLOOR),
            fact("network.deliver", "\"95us\"", &NUC_SPLIT, FLOOR),
            fact("network.ack", "\"95us\"", &NUC_SPLIT, FLOOR),
            fact("cpu.publish", "\"4.1us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.confirm", "\"1.1us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.deliver", "\"3.9us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.ack", "\"2.2us\"", &NUC_SPLIT, NUC_COSTS),
            fact(
                "disk.fsync",
                "\"6.455ms\"",
                &NUC,
                "fsync of 5.9 ms and 0.55 ms until the next, from run time and number of fsyncs",
            ),
            fact("disk.cap", "64", &NUC, "64.5 messages an fsync"),
            fact("flow", "{ limit = 400, refill = 200 }", &CREDIT, FLOW),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.storage", "\"quorum\"", &DOCS, ""),
            fact("queues.members", "1", &NUC, ""),
            fact("queues.delivery_limit", "20", &DOCS, ""),
            fact("queues.returns", "\"first\"", &DOCS, LEFT_OUT),
        ],
    },
    Preset {
        name: "rabbitmq-quorum-slow-ssd-tuned",
        about: "the same with more credit, so that an fsync takes more messages",
        check: "83,750/s and 35.8 ms with 3000 unconfirmed; measured 83,500/s and p50 35 ms (AMQP 1.0)",
        facts: &[
            fact("network.publish", "\"95us\"", &NUC, FLOOR),
            fact("network.confirm", "\"95us\"", &NUC, FLOOR),
            fact("network.deliver", "\"95us\"", &NUC_SPLIT, FLOOR),
            fact("network.ack", "\"95us\"", &NUC_SPLIT, FLOOR),
            fact("cpu.publish", "\"4.1us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.confirm", "\"1.1us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.deliver", "\"3.9us\"", &NUC_SPLIT, NUC_COSTS),
            fact("cpu.ack", "\"2.2us\"", &NUC_SPLIT, NUC_COSTS),
            fact("disk.fsync", "\"9.6ms\"", &NUC, "from run time and number of fsyncs"),
            fact("disk.cap", "804", &NUC, "804 messages an fsync"),
            fact("flow", "{ limit = 5000, refill = 2500 }", &NUC, "set so for this run"),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.storage", "\"quorum\"", &DOCS, ""),
            fact("queues.members", "1", &NUC, ""),
            fact("queues.delivery_limit", "20", &DOCS, ""),
            fact("queues.returns", "\"first\"", &DOCS, LEFT_OUT),
        ],
    },
    Preset {
        name: "rabbitmq-quorum-3-node-ssd",
        about: "a quorum queue of three members on provisioned SSDs (io1)",
        check: "19,000/s for one queue, as measured, and p75 of about 4 ms with 40 queues of 50/s; the measured tail (p99.9 20 ms) is longer",
        facts: &[
            fact("nodes", "3", &CLUSTER, ""),
            fact("between", "\"0.25ms\"", &ASSUMED, "nodes in one zone of a data centre"),
            fact("network", "\"0.25ms\"", &ASSUMED, "clients in the same zone"),
            fact(
                "cpu.publish",
                "\"18.9us\"",
                &CLUSTER,
                "1 s / 19 k messages is 52.6 us in and out, dealt out as in the own measurement",
            ),
            fact("cpu.confirm", "\"5.1us\"", &CLUSTER, "as well"),
            fact("cpu.deliver", "\"18.5us\"", &CLUSTER, "as well"),
            fact("cpu.ack", "\"10.1us\"", &CLUSTER, "as well"),
            fact("disk.fsync", "\"2ms\"", &CLUSTER, "fitted to p75 of about 4 ms: a write under way, and its own"),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.storage", "\"quorum\"", &DOCS, ""),
            fact("queues.members", "3", &CLUSTER, ""),
            fact("queues.delivery_limit", "20", &DOCS, ""),
            fact("queues.returns", "\"first\"", &DOCS, LEFT_OUT),
        ],
    },
    Preset {
        name: "rabbitmq-quorum-3-node-hdd",
        about: "the same on magnetic disks (st1)",
        check: "13,000/s for one queue, as measured, and p75 of about 15 ms with 40 queues of 50/s; the measured tail (p99.9 110 ms) is longer",
        facts: &[
            fact("nodes", "3", &CLUSTER, ""),
            fact("between", "\"0.25ms\"", &ASSUMED, "nodes in one zone of a data centre"),
            fact("network", "\"0.25ms\"", &ASSUMED, "clients in the same zone"),
            fact(
                "cpu.publish",
                "\"27.6us\"",
                &CLUSTER,
                "1 s / 13 k messages is 76.9 us in and out, dealt out as in the own measurement",
            ),
            fact("cpu.confirm", "\"7.4us\"", &CLUSTER, "as well"),
            fact("cpu.deliver", "\"27.1us\"", &CLUSTER, "as well"),
            fact("cpu.ack", "\"14.8us\"", &CLUSTER, "as well"),
            fact("disk.fsync", "\"8.6ms\"", &CLUSTER, "fitted to p75 of about 15 ms: a write under way, and its own"),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.storage", "\"quorum\"", &DOCS, ""),
            fact("queues.members", "3", &CLUSTER, ""),
            fact("queues.delivery_limit", "20", &DOCS, ""),
            fact("queues.returns", "\"first\"", &DOCS, LEFT_OUT),
        ],
    },
    Preset {
        name: "rabbitmq-stream",
        about: "a stream of one member over AMQP 0-9-1: replicated, without an fsync",
        check: "88,900/s, as measured, with a confirm of about 2 ms for 176 unconfirmed (p50 1.98 measured)",
        facts: &[
            fact("network.publish", "\"0.4ms\"", &NUC_SPLIT, "half of the shortest confirm, 0.8 ms"),
            fact("network.confirm", "\"0.4ms\"", &NUC_SPLIT, "half of the shortest confirm, 0.8 ms"),
            fact("network.deliver", "\"95us\"", &NUC_SPLIT, "as for a classic queue"),
            fact("network.ack", "\"95us\"", &NUC_SPLIT, "as for a classic queue"),
            fact(
                "cpu.publish",
                "\"4us\"",
                &NUC_SPLIT,
                "1 s / 88.9 k messages is 11.2 us in and out, dealt out as in the own measurement",
            ),
            fact("cpu.confirm", "\"1.1us\"", &NUC_SPLIT, "as well"),
            fact("cpu.deliver", "\"3.9us\"", &NUC_SPLIT, "as well"),
            fact("cpu.ack", "\"2.2us\"", &NUC_SPLIT, "as well"),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.storage", "\"replicated\"", &DOCS, "in the page cache of a majority"),
            fact("queues.members", "1", &NUC, ""),
        ],
    },
    Preset {
        name: "mqtt-qos1",
        about: "MQTT with QoS 1 through RabbitMQ 3.12",
        check: "17,996/s and a PUBACK after 5.55 ms with 100 publishers of one message at a time, as measured (Little: 99.9 in flight)",
        facts: &[
            fact("network", "\"87us\"", &MQTT_SPLIT, "half of the shortest PUBACK, 0.175 ms"),
            fact(
                "cpu.publish",
                "\"13.9us\"",
                &MQTT_SPLIT,
                "1 s / 17,996 messages is 55.6 us in and out for the whole node, a quarter each",
            ),
            fact("cpu.confirm", "\"13.9us\"", &MQTT_SPLIT, "as well"),
            fact("cpu.deliver", "\"13.9us\"", &MQTT_SPLIT, "as well"),
            fact("cpu.ack", "\"13.9us\"", &MQTT_SPLIT, "as well"),
            fact("cpu.cores", "1", &MQTT, "the cost is that of the whole node"),
        ],
    },
    Preset {
        name: "mosquitto-qos1",
        about: "MQTT with QoS 1 through Mosquitto",
        check: "60,000/s in and out at most; 0.14 ms from publishing to the start of work at 200/s, as measured",
        facts: &[
            fact("network", "\"60us\"", &MOSQUITTO, "half of 0.13 ms from publishing to the start of work, less the costs"),
            fact("cpu.publish", "\"4.2us\"", &MOSQUITTO, "16.7 us in and out, a quarter each"),
            fact("cpu.confirm", "\"4.2us\"", &MOSQUITTO, "as well"),
            fact("cpu.deliver", "\"4.2us\"", &MOSQUITTO, "as well"),
            fact("cpu.ack", "\"4.2us\"", &MOSQUITTO, "as well"),
        ],
    },
    Preset {
        name: "rabbitmq-classic-2vcpu",
        about: "a durable classic queue on a small machine that has much to do",
        check: "confirms of 1 to 1000 unconfirmed messages: all throughputs within 15 % (3.2 k/s to 27.8 k/s measured)",
        facts: &[
            fact("network.confirm", "\"25us\"", &SMALL, "the client's wake-up, on the same core"),
            fact("cpu.wakeup", "\"38us\"", &SMALL, "fitted"),
            fact("cpu.publish", "\"11.95us\"", &SMALL, "fitted; 0.75 us of it is the client's work, on the same core"),
            fact("cpu.confirm", "\"3us\"", &SMALL, "fitted"),
            fact(
                "cpu.deliver",
                "\"11us\"",
                &SMALL_SPLIT,
                "with a prefetch of 1 a wake-up, a delivery and an acknowledgement take 55.4 us",
            ),
            fact("cpu.ack", "\"6us\"", &SMALL_SPLIT, "as well"),
            fact("cpu.store", "\"19us\"", &SMALL, "fitted"),
            fact("cpu.per_kib", "\"0.5us\"", &SMALL, "fitted"),
            fact("disk.fsync", "{ lognormal = { mean = \"0.21ms\", cv = 0.3 } }", &SMALL_SPLIT, SPREAD),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.storage", "\"disk\"", &DOCS, ""),
            fact("queues.returns", "\"position\"", &DOCS, LEFT_OUT),
        ],
    },
    Preset {
        name: "rabbitmq-quorum-2vcpu",
        about: "a quorum queue of one member on a small machine that has much to do",
        check: "confirms of 1 to 1000 unconfirmed messages: all throughputs within 15 % (3.1 k/s to 44.9 k/s measured)",
        facts: &[
            fact("network.confirm", "\"25us\"", &SMALL, "the client's wake-up, on the same core"),
            fact("cpu.wakeup", "\"38us\"", &SMALL, "fitted"),
            fact("cpu.publish", "\"11.95us\"", &SMALL, "fitted; 0.75 us of it is the client's work, on the same core"),
            fact("cpu.confirm", "\"3us\"", &SMALL, "fitted"),
            fact(
                "cpu.deliver",
                "\"11us\"",
                &SMALL_SPLIT,
                "with a prefetch of 1 a wake-up, a delivery and an acknowledgement take 55.4 us",
            ),
            fact("cpu.ack", "\"6us\"", &SMALL_SPLIT, "as well"),
            fact("cpu.store", "\"8.8us\"", &SMALL, "fitted"),
            fact("cpu.per_kib", "\"0.5us\"", &SMALL, "fitted"),
            fact("disk.fsync", "\"0.215ms\"", &SMALL_SPLIT, "fitted"),
            fact("disk.cap", "64", &SMALL, "batches of 64 and 36 are seen with 100 unconfirmed"),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.storage", "\"quorum\"", &DOCS, ""),
            fact("queues.members", "1", &SMALL, ""),
            fact("queues.delivery_limit", "20", &DOCS, ""),
            fact("queues.returns", "\"first\"", &DOCS, LEFT_OUT),
        ],
    },
    Preset {
        name: "rabbitmq-classic-2vcpu-idle",
        about: "a classic queue on a small machine that mostly sleeps",
        check: "recorded runs: the mean wait within 2.3 % (median) and 6.2 % (each); not for thousands of messages a second",
        facts: &[
            fact("network.publish", "\"0.345ms\"", &REPLAYS, "0.595 ms from publishing to an idle consumer, less the delivery"),
            fact("network.deliver", "\"0.25ms\"", &REPLAYS, "a gauge: only sums of ways can be measured"),
            fact("network.ack", "\"0.184ms\"", &REPLAYS, "0.434 ms from the end of work to the next delivery, less the delivery"),
            fact("network.confirm", "\"0.165ms\"", &REPLAYS, "0.51 ms from publishing to the confirm, less the way there"),
            fact("expiry_lag", "\"1.5ms\"", &REPLAYS, "timers are rounded up to the next millisecond, and fire up to one later"),
            fact("close_lag", "\"11.4ms\"", &REPLAYS, "from a consumer's exit to the redelivery"),
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("queues.returns", "\"position\"", &DOCS, LEFT_OUT),
        ],
    },
    Preset {
        name: "rabbitmq-stomp-2vcpu",
        about: "STOMP through RabbitMQ on a small machine",
        check: "56,800/s published without receipts or 35,200/s delivered and acknowledged one by one, as measured",
        facts: &[
            fact("heartbeat_checks", "2", &BEATS, LOOKS),
            fact("cpu.wakeup", "\"38us\"", &SMALL, "fitted for AMQP"),
            fact("cpu.publish", "\"17.6us\"", &STOMP, ""),
            fact("cpu.confirm", "\"3us\"", &SMALL, "fitted for AMQP"),
            fact("cpu.deliver", "\"13.5us\"", &STOMP, "drained with ack = \"auto\""),
            fact("cpu.ack", "\"14.9us\"", &STOMP, "28.4 us with \"client-individual\", less the delivery"),
            fact("network.confirm", "\"25us\"", &SMALL, "the client's wake-up, on the same core"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_says_where_it_comes_from() {
        for preset in PRESETS {
            assert_eq!(Preset::named(preset.name), Some(preset), "two presets of one name");
            assert!(!preset.hardware().is_empty(), "{} was measured nowhere", preset.name);
            for (at, fact) in preset.facts.iter().enumerate() {
                assert!(preset.facts[..at].iter().all(|other| other.key != fact.key), "{}: {} twice", preset.name, fact.key);
                let measured = matches!(fact.ground.trust, Trust::Measured(_));
                assert_eq!(measured, !fact.ground.hardware.is_empty(), "{}: {}", preset.name, fact.key);
                assert!(!measured || (1..=3).contains(&fact.ground.trust.stars().unwrap_or(0)));
            }
        }
    }

    #[test]
    fn a_preset_is_as_good_as_its_worst_number() {
        assert_eq!(Preset::named("rabbitmq-classic-2vcpu-idle").map(Preset::stars), Some(3));
        assert_eq!(Preset::named("rabbitmq-classic").map(Preset::stars), Some(2));
        let quorum = Preset::named("rabbitmq-quorum").expect("a preset");
        assert_eq!((quorum.stars(), quorum.assumed()), (0, vec!["between", "disk.fsync"]));
    }
}
