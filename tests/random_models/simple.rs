//! The smallest models of interest.

use queuelab::model::{
    Ack, Arrivals, ConsumerPool, Discipline, Handler, Model, Overflow, Prefetch, Priority, Producer, Queue, QueueId, RunPlan,
    Stop, Warmup, Work,
};
use queuelab::random::Distribution;
use queuelab::units::{Rate, Span};

/// Three workers of 100/s each at 240/s.
pub fn mm3(discipline: Discipline, prefetch: u32) -> Model {
    Model {
        title: None,
        plan: RunPlan {
            duration: Some(Span(4_000_000_000)),
            warmup: Warmup::None,
            replications: 1,
            seed: 7,
            stop: Stop::Duration,
            max_events: None,
            confidence: 0.95,
            bin: None,
            terminating: true,
            precision: queuelab::model::Precision::default(),
            antithetic: false,
            controls: true,
        },
        producers: vec![Producer {
            name: "p0".to_owned(),
            arrivals: Arrivals::Poisson { rate: Rate(240.0) },
            callers: None,
            handler: Handler::publishing(QueueId(0)),
            keys: None,
            priority: Priority::Constant(0),
            messages: None,
            sending: queuelab::model::Sending::default(),
        }],
        brokers: Vec::new(),
        exchanges: Vec::new(),
        queues: vec![Queue {
            name: "q0".to_owned(),
            discipline,
            max_length: None,
            overflow: Overflow::DropHead,
            ttl: None,
            semantics: queuelab::model::Semantics::default(),
        }],
        pools: vec![ConsumerPool {
            name: "c0".to_owned(),
            queue: QueueId(0),
            count: 3,
            concurrency: 1,
            prefetch: Prefetch::Limit(prefetch),
            ack: Ack::Manual,
            handler: Handler::working(Work::Drawn(Distribution::Exponential { mean: 1e7 }), None),
            host: None,
            session: queuelab::model::Session::default(),
        }],
        services: Vec::new(),
        hosts: Vec::new(),
        locks: Vec::new(),
        caches: Vec::new(),
        faults: Vec::new(),
        goals: Vec::new(),
        alerts: Vec::new(),
    }
}
