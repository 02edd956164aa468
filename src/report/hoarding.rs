//! Pools that may take more messages from a shared queue than they can work on.
//!
//! Consumers of one queue compete for its messages. What a consumer holds beyond what it works on waits for it alone, however
//! idle the others are. Source: RabbitMQ documentation, "Consumer Prefetch".

use crate::model::{ConsumerPool, Model, Prefetch, QueueId, Work};

/// A sentence for every queue that is shared by such a pool, naming the slowest.
pub(super) fn notes(model: &Model) -> Vec<String> {
    (0..model.queues.len()).filter_map(|at| note(model, QueueId(at as u32))).collect()
}

fn note(model: &Model, queue: QueueId) -> Option<String> {
    let pools: Vec<&ConsumerPool> = model.pools_on(queue).map(|(_, pool)| pool).collect();
    let hoards = pools.iter().filter(|pool| pools.len() > 1 && credit(pool) > u64::from(pool.concurrency));
    let slowest = hoards.max_by(|a, b| mean(a).total_cmp(&mean(b)))?;
    let others: Vec<String> =
        pools.iter().filter(|pool| pool.name != slowest.name).map(|pool| format!("`{}`", pool.name)).collect();
    let others = match others.as_slice() {
        [head @ .., last] if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        one => one.concat(),
    };
    let prefetch = match slowest.prefetch {
        Prefetch::Limit(limit) => format!("prefetch {limit}"),
        Prefetch::Unlimited => "an unlimited prefetch".to_owned(),
    };
    Some(format!(
        "{prefetch} lets `{}` hold messages that {others} could take: what each gets is not in proportion to its capacity",
        slowest.name
    ))
}

/// Messages that one consumer may hold.
fn credit(pool: &ConsumerPool) -> u64 {
    match pool.prefetch {
        Prefetch::Limit(limit) => u64::from(limit),
        Prefetch::Unlimited => u64::MAX,
    }
}

/// Mean work of a message in nanoseconds, as far as the pool alone says it.
fn mean(pool: &ConsumerPool) -> f64 {
    match pool.work() {
        Some(Work::Drawn(distribution)) => distribution.mean(),
        Some(Work::Carried { plus }) => *plus as f64,
        None => 0.0,
    }
}
