//! Random models that are valid, small, and mean.

use super::simple::mm3;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use queuelab::model::{
    Ack, Arrivals, Carried, ConsumerPool, Discipline, Handler, MmppPhase, Model, Overflow, Prefetch, Priority, Producer, Queue,
    QueueId, Segment, Trace, Work,
};
use queuelab::random::{Branch, Counts, Distribution, Part};
use queuelab::units::{Rate, Span, Time};

const MILLI: f64 = 1e6;

/// One producer, one queue, one worker that is a little too slow.
pub fn simple() -> Model {
    let mut model = mm3(Discipline::Fifo, 1);
    model.producers[0].arrivals = Arrivals::Poisson { rate: Rate(100.0) };
    model.pools[0].count = 1;
    model.pools[0].handler = Handler::working(Work::Drawn(Distribution::Exponential { mean: 11.0 * MILLI }), None);
    model
}

/// Recorded arrivals with recorded work.
pub fn trace(times: Vec<Time>, work: Option<Vec<Span>>) -> Arrivals {
    let carried = Carried { work: work.map(Into::into), ..Carried::default() };
    Arrivals::Trace(Trace { path: "made up".to_owned(), times: times.into(), carried })
}

/// Any valid model of up to four producers, queues and pools.
pub fn model() -> impl Strategy<Value = Model> {
    let sizes = (1..=4usize, 1..=4usize, 1..=4usize);
    sizes.prop_flat_map(|(producers, queues, pools)| {
        let parts = (vec(producer(queues), producers), vec(queue(), queues), vec(pool(queues), pools));
        parts.prop_map(|(producers, queues, pools)| {
            let mut model = Model { producers, queues, pools, ..simple() };
            model.producers.iter_mut().enumerate().for_each(|(at, producer)| producer.name = format!("p{at}"));
            model.queues.iter_mut().enumerate().for_each(|(at, queue)| queue.name = format!("q{at}"));
            model.pools.iter_mut().enumerate().for_each(|(at, pool)| pool.name = format!("c{at}"));
            model
        })
    })
}

fn producer(queues: usize) -> impl Strategy<Value = Producer> {
    let messages = option::weighted(0.3, 0..200u64);
    (arrivals(), 0..queues as u32, priority(), messages).prop_map(|(arrivals, queue, priority, messages)| {
        let carries = arrivals.trace().is_some_and(|trace| trace.carried.priority.is_some());
        let priority = if carries { Priority::Carried } else { priority };
        Producer {
            name: String::new(),
            arrivals,
            callers: None,
            handler: Handler::publishing(QueueId(queue)),
            priority,
            keys: None,
            messages,
            sending: queuelab::model::Sending::default(),
        }
    })
}

fn priority() -> impl Strategy<Value = Priority> {
    prop_oneof![
        4 => prop_oneof![0..4u8, any::<u8>()].prop_map(Priority::Constant),
        1 => counts().prop_map(Priority::Drawn),
    ]
}

fn counts() -> impl Strategy<Value = Counts> {
    prop_oneof![
        (1..6u32).prop_map(Counts::Constant),
        (1..4u32, 0..9u32).prop_map(|(min, more)| Counts::Uniform { min, max: min + more }),
        (1.0..5.0f64).prop_map(|mean| Counts::Geometric { mean }),
        (1..4u32, 1..40u32, 0.1..0.9f64).prop_map(|(a, b, weight)| Counts::Discrete {
            values: vec![Part { weight, of: a }, Part { weight: 1.0 - weight, of: b }]
        }),
    ]
}

fn arrivals() -> impl Strategy<Value = Arrivals> {
    let open = prop_oneof![
        (1.0..2000.0f64).prop_map(|rate| Arrivals::Poisson { rate: Rate(rate) }),
        prop_oneof![Just(100.0), Just(250.0), 1.0..2000.0f64].prop_map(|rate| Arrivals::Constant { rate: Rate(rate) }),
        length(1.0..20.0).prop_map(|gap| Arrivals::Renewal { gap }),
        modulated(),
        profile(),
    ];
    let batch = (open.clone(), counts()).prop_map(|(arrivals, size)| Arrivals::Batch { arrivals: Box::new(arrivals), size });
    prop_oneof![4 => open, 1 => batch, 1 => recorded()]
}

fn modulated() -> impl Strategy<Value = Arrivals> {
    let phase = |n: usize| (0.0..1500.0f64, 1_000_000..400_000_000u64, vec(0.05..1.0f64, n));
    (1..4usize).prop_flat_map(move |n| vec(phase(n), n)).prop_map(|phases| {
        let phases = phases.into_iter().map(|(rate, stay, weights)| {
            let sum: f64 = weights.iter().sum();
            MmppPhase { rate: Rate(rate), stay: Span(stay), next: weights.iter().map(|weight| weight / sum).collect() }
        });
        Arrivals::Mmpp { phases: phases.collect() }
    })
}

fn profile() -> impl Strategy<Value = Arrivals> {
    let rate = || prop_oneof![1 => Just(0.0), 3 => 0.0..1500.0f64];
    let segment = (1_000_000..900_000_000u64, rate(), rate());
    (vec(segment, 1..5), any::<bool>()).prop_map(|(segments, repeat)| {
        let segment = |(length, from, to)| Segment { length: Span(length), from: Rate(from), to: Rate(to) };
        Arrivals::Profile { segments: segments.into_iter().map(segment).collect(), repeat }
    })
}

fn recorded() -> impl Strategy<Value = Arrivals> {
    // Coarse instants, so that many are equal.
    let row = (0..500u64, 0..20_000_000u64, any::<u8>());
    (vec(row, 1..300), any::<bool>(), any::<bool>()).prop_map(|(mut rows, with_work, with_priority)| {
        rows.sort_unstable();
        let times: Vec<Time> = rows.iter().map(|row| Time(row.0 * 8_000_000)).collect();
        let work: Vec<Span> = rows.iter().map(|row| Span(row.1)).collect();
        let priority: Vec<u8> = rows.iter().map(|row| row.2).collect();
        let carried = Carried {
            work: with_work.then(|| work.into()),
            priority: with_priority.then(|| priority.into()),
            ..Carried::default()
        };
        Arrivals::Trace(Trace { path: "made up".to_owned(), times: times.into(), carried })
    })
}

/// A distribution of lengths around so many milliseconds.
fn length(millis: std::ops::Range<f64>) -> impl Strategy<Value = Distribution> {
    let mean = move || millis.clone().prop_map(|millis| millis * MILLI);
    prop_oneof![
        mean().prop_map(|value| Distribution::Constant { value }),
        // Whole milliseconds, which tie with constant gaps.
        (1..20u32).prop_map(|millis| Distribution::Constant { value: f64::from(millis) * MILLI }),
        mean().prop_map(|mean| Distribution::Exponential { mean }),
        mean().prop_map(|max| Distribution::Uniform { min: 0.0, max }),
        (mean(), 0.1..4.0f64).prop_map(|(mean, shape)| Distribution::Gamma { shape, scale: mean / shape }),
        (mean(), 1..30u32).prop_map(|(mean, stages)| Distribution::Erlang { stages, mean }),
        (mean(), 0.3..3.0f64).prop_map(|(scale, shape)| Distribution::Weibull { shape, scale }),
        (mean(), 0.5..3.0f64).prop_map(|(minimum, shape)| Distribution::Pareto { minimum, shape }),
        (mean(), 0.1..1.5f64).prop_map(|(median, sigma)| Distribution::Lognormal { mu: libm::log(median), sigma }),
        (mean(), 0.0..2.0f64).prop_map(|(mean, cv)| Distribution::Normal { mean, sd: cv * mean }),
        (mean(), mean(), 0.1..0.9f64).prop_map(|(a, b, probability)| Distribution::Hyperexponential {
            branches: vec![Branch { probability, mean: a }, Branch { probability: 1.0 - probability, mean: b }]
        }),
        (mean(), 0.1..0.9f64).prop_map(|(long, weight)| Distribution::Discrete {
            values: vec![Part { weight, of: 0.0 }, Part { weight: 1.0 - weight, of: long }]
        }),
        (mean(), mean()).prop_map(|(by, mean)| Distribution::Shifted { by, of: Box::new(Distribution::Exponential { mean }) }),
        (mean(), mean())
            .prop_map(|(max, mean)| Distribution::Truncated { max, of: Box::new(Distribution::Exponential { mean }) }),
    ]
}

fn queue() -> impl Strategy<Value = Queue> {
    let discipline = prop_oneof![
        Just(Discipline::Fifo),
        Just(Discipline::Lifo),
        (0..4u64).prop_map(|above| Discipline::AdaptiveLifo { above }),
        Just(Discipline::Random),
        prop_oneof![0..6u8, any::<u8>()].prop_map(|max_priority| Discipline::Priority { max_priority }),
    ];
    let overflow = prop_oneof![Just(Overflow::DropHead), Just(Overflow::RejectPublish)];
    let ttl = prop_oneof![3 => Just(None), 1 => Just(Some(Span::ZERO)), 3 => (1..80_000_000u64).prop_map(|n| Some(Span(n)))];
    (discipline, option::of(0..20u64), overflow, ttl).prop_map(|(discipline, max_length, overflow, ttl)| Queue {
        name: String::new(),
        discipline,
        max_length,
        overflow,
        ttl,
        semantics: queuelab::model::Semantics::default(),
    })
}

fn pool(queues: usize) -> impl Strategy<Value = ConsumerPool> {
    let service = prop_oneof![
        6 => length(0.0..40.0).prop_map(Work::Drawn),
        1 => Just(Work::Drawn(Distribution::Constant { value: 0.0 })),
        1 => (0..3_000_000u64).prop_map(|plus| Work::Carried { plus }),
    ];
    let prefetch = (0..=20u32).prop_map(|limit| if limit == 0 { Prefetch::Unlimited } else { Prefetch::Limit(limit) });
    // Onward only to queues with greater numbers, so that there is no cycle.
    let onward = (0..queues as u32, 0..2 * queues as u32);
    (onward, 1..=5u32, 1..=4u32, prefetch, service).prop_map(move |((queue, next), count, concurrency, prefetch, service)| {
        ConsumerPool {
            name: String::new(),
            queue: QueueId(queue),
            count,
            concurrency,
            prefetch,
            ack: Ack::Manual,
            handler: Handler::working(service, (next > queue && next < queues as u32).then_some(QueueId(next))),
            host: None,
            session: queuelab::model::Session::default(),
        }
    })
}
