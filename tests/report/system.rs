//! Models to describe and to advise on.

use queuelab::model::*;
use queuelab::random::Distribution;
use queuelab::units::{Rate, Span, Time};
use std::sync::Arc;

pub fn ms(length: u64) -> Span {
    Span(length * 1_000_000)
}

pub fn producer(name: &str, arrivals: Arrivals, publish: u32) -> Producer {
    Producer {
        name: name.into(),
        arrivals,
        callers: None,
        handler: Handler::publishing(QueueId(publish)),
        priority: Priority::Constant(0),
        keys: None,
        messages: None,
        sending: Sending::default(),
    }
}

pub fn poisson(rate: f64) -> Arrivals {
    Arrivals::Poisson { rate: Rate(rate) }
}

pub fn queue(name: &str) -> Queue {
    Queue {
        name: name.into(),
        discipline: Discipline::Fifo,
        max_length: None,
        overflow: Overflow::DropHead,
        ttl: None,
        semantics: Semantics::default(),
    }
}

pub fn pool(name: &str, queue: u32, count: u32, mean_ms: f64, publish: Option<u32>) -> ConsumerPool {
    ConsumerPool {
        name: name.into(),
        queue: QueueId(queue),
        count,
        concurrency: 1,
        prefetch: Prefetch::Limit(1),
        ack: Ack::Manual,
        handler: Handler::working(Work::Drawn(Distribution::Exponential { mean: mean_ms * 1e6 }), publish.map(QueueId)),
        host: None,
        session: Session::default(),
    }
}

pub fn model(producers: Vec<Producer>, queues: Vec<Queue>, pools: Vec<ConsumerPool>) -> Model {
    Model {
        title: Some("Orders".into()),
        plan: RunPlan {
            duration: Some(Span(600_000_000_000)),
            warmup: Warmup::Auto,
            replications: 10,
            seed: 1,
            stop: Stop::Duration,
            max_events: None,
            confidence: 0.95,
            bin: None,
            terminating: false,
            precision: queuelab::model::Precision::default(),
            antithetic: false,
            controls: true,
        },
        producers,
        brokers: Vec::new(),
        exchanges: Vec::new(),
        queues,
        pools,
        services: Vec::new(),
        hosts: Vec::new(),
        locks: Vec::new(),
        caches: Vec::new(),
        faults: Vec::new(),
        goals: Vec::new(),
        alerts: Vec::new(),
    }
}

/// Three stages, one too slow, and a queue that nobody reads.
pub fn stages() -> Model {
    let profile = Arrivals::Profile {
        segments: vec![
            Segment { length: Span(600_000_000_000), from: Rate(40.0), to: Rate(40.0) },
            Segment { length: Span(60_000_000_000), from: Rate(400.0), to: Rate(400.0) },
        ],
        repeat: true,
    };
    let trace = Arrivals::Trace(Trace {
        path: "data/recorded.csv".into(),
        times: Arc::from([Time(1_000_000_000), Time(2_000_000_000)]),
        carried: Carried::default(),
    });
    let mut audit = queue("audit-trail");
    audit.ttl = Some(ms(5000));
    let mut images = queue("images");
    images.max_length = Some(1000);
    images.overflow = Overflow::RejectPublish;
    images.discipline = Discipline::Priority { max_priority: 9 };
    let mut mail = pool("mail", 2, 2, 10.0, None);
    mail.concurrency = 4;
    mail.prefetch = Prefetch::Unlimited;
    mail.handler = Handler::working(Work::Drawn(Distribution::Constant { value: 2.5e7 }), None);
    model(
        vec![producer("web", poisson(200.0), 0), producer("campaign", profile, 0), producer("recorded", trace, 3)],
        vec![queue("jobs"), images, queue("mails"), audit],
        vec![pool("workers", 0, 3, 10.0, Some(1)), pool("resize", 1, 2, 10.0, Some(2)), mail],
    )
}

/// One pool that is asked for 1.2 times what it can do.
pub fn overloaded() -> Model {
    model(vec![producer("web", poisson(240.0), 0)], vec![queue("jobs")], vec![pool("workers", 0, 2, 10.0, None)])
}
