//! What of a model is known before anything is measured: which numbers are equal by construction, and need not be recorded twice.

use crate::model::{Model, PoolId, Prefetch, Producer, QueueId, Step};

/// The pools on the queue of a producer, if nothing but this producer's messages reaches them and they are where all of these
/// end; else none.
pub(super) fn sole_pools(model: &Model, producer: usize) -> Vec<PoolId> {
    let Some(queue) = model.producers[producer].handler.publishes() else { return Vec::new() };
    let alone = model.producers.iter().filter(|other| model.outlets(&other.handler).contains(&queue)).count() == 1
        && model.pools.iter().all(|pool| !model.outlets(&pool.handler).contains(&queue))
        // What a crash gives back begins its sojourn anew, but not its life.
        && !model.has_brokers()
        && model.pools_on(queue).all(|(_, pool)| pool.plain().is_some_and(|plain| plain.publish.is_none()) && !model.may_crash(pool));
    if alone { model.pools_on(queue).map(|(id, _)| id).collect() } else { Vec::new() }
}

/// Whether the messages of a producer end well when their callers are answered, and nothing goes on then: all that happens is work,
/// waiting, and calls that nothing limits, refuses or gives up.
pub(super) fn ends_answered(model: &Model, producer: &Producer) -> bool {
    if !producer.calls() || !model.faults.is_empty() || model.has_brokers() {
        return false;
    }
    let (mut handlers, mut asked) = (vec![&producer.handler], Vec::new());
    while let Some(handler) = handlers.pop() {
        let mut calm = true;
        handler.visit(&mut |step| {
            calm &= match step {
                Step::Work(_) | Step::Wait(_) | Step::Repeat { .. } | Step::Choose(_) => true,
                Step::Call(call) => call.layers.is_empty() && call.fallback.is_none(),
                Step::Parallel { branches, join } => branches.len() as u32 == *join,
                _ => false,
            };
        });
        for id in handler.services() {
            let service = model.service(id);
            calm &= service.queue_limit.is_none() && service.shed.is_none();
            if !asked.contains(&id) {
                asked.push(id);
                handlers.push(&service.handler);
            }
        }
        if !calm {
            return false;
        }
    }
    true
}

/// The most that all consumers of a queue may hold; `None` without a limit.
pub(super) fn credit(model: &Model, queue: QueueId) -> Option<u64> {
    let limits = model.pools_on(queue).map(|(_, pool)| match pool.prefetch {
        Prefetch::Limit(limit) => Some(u64::from(pool.count) * u64::from(limit)),
        Prefetch::Unlimited => None,
    });
    limits.sum()
}
