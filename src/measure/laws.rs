//! What no run may break, whatever its model: conservation, Little's law, and the utilisation law, on the measured window.
//!
//! All times are whole nanoseconds, so that the laws hold exactly and not about. Little (1961): the integral of a level over a
//! window is the sum, over the messages, of their time within the window. A level is integrated from its rises and falls; the
//! time of a message is the difference of two stamps that it carries. Of a message that stands across an edge of the window
//! a part lies outside: a wait is recorded whole when it ends, so that the time before the window must be taken off, and the
//! time of those that are not done must be added. Both are read off the messages in the system at the two edges.
//!
//! | law | one side | other side |
//! | --- | --- | --- |
//! | conservation at a queue | published and lost (told by the queue), acknowledged (told by the workers) | the messages that the world holds at the edges |
//! | Little, ready | level of ready messages | entering to dispatch or loss |
//! | Little, backlog | levels of ready and unacknowledged messages | entering to the end of work, or loss |
//! | Little, buffers | level of unacknowledged messages less the busy workers | time in the consumers' buffers |
//! | Little, in work | busy workers | sojourn less wait of the pool |
//! | utilisation | busy workers | service times |
//! | Little, system | levels of ready and unacknowledged messages of all queues | birth to the end of everything, or loss |
//!
//! The last one is for networks of queues alone: where handlers call and fork, a message is in several places, or in none. Services
//! keep the laws of a queue and of a pool like others. What a crash breaks off counts until then; it begins anew where it goes back.
//!
//! Some quantities are recorded once and read under two names ([`super::recorder`]); where unacknowledged messages *are* the
//! busy workers, the law of the buffers says nothing and is left out. The others compare a level with stamps wherever they are
//! read, and the two share no line of code but the clock.

use super::recorder::Recorder;
use super::records::PoolRecord;
use crate::engine::{AtPool, AtQueue, Crowd, Presence};
use crate::model::{Model, PoolId, QueueId};
use std::fmt;

/// A law that the books of a run break: a bug of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its name.
    pub law: &'static str,
    /// Where it is broken: `queues.jobs`.
    pub entity: String,
    /// What is counted, and how.
    pub what: [&'static str; 2],
    /// The two numbers, which should be the same: messages, or message-nanoseconds.
    pub numbers: [i128; 2],
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([one, other], [this, that]) = (self.what, self.numbers);
        write!(f, "{} does not hold at {}: {this} {one}, but {that} {other}", self.law, self.entity)
    }
}

const CONSERVATION: &str = "the conservation of messages";
const LITTLE: &str = "Little's law";
const UTILISATION: &str = "the utilisation law";

const BY_LEVEL: &str = "message-nanoseconds by the level over time";
const BY_WORKERS: &str = "nanoseconds of busy workers";

fn signed(number: u128) -> i128 {
    // Nothing comes near: 2^27 messages of 2^61 ns are 2^88.
    i128::try_from(number).unwrap_or(i128::MAX)
}

/// The message-nanoseconds of this window that are not recorded with it, less those of others that are.
fn edges(begin: Crowd, end: Crowd) -> i128 {
    signed(end.age) - signed(begin.age)
}

fn equal(law: &'static str, entity: &str, one: (i128, &'static str), other: (i128, &'static str)) -> Result<(), Violation> {
    if one.0 == other.0 {
        return Ok(());
    }
    Err(Violation { law, entity: entity.to_owned(), what: [one.1, other.1], numbers: [one.0, other.0] })
}

/// Holds all laws against what was recorded between two instants, at which the messages were where `begin` and `end` say; all
/// levels must be booked up to the second.
///
/// # Errors
/// The first law that is broken.
pub fn laws(model: &Model, recorder: &Recorder, begin: &Presence, end: &Presence) -> Result<(), Violation> {
    let mut whole = 0;
    for at in 0..recorder.queues.len() {
        let nobody = AtQueue::default();
        let (before, after) = (begin.queues.get(at).unwrap_or(&nobody), end.queues.get(at).unwrap_or(&nobody));
        whole += at_queue(recorder, &place(model, at), at, before, after)?;
    }
    for at in 0..recorder.pools.len() {
        let nobody = AtPool::default();
        let (before, after) = (begin.pools.get(at).unwrap_or(&nobody), end.pools.get(at).unwrap_or(&nobody));
        at_pool(model, recorder, at, before, after)?;
    }
    // What is in several places at once, or in none, is not counted by the levels of queues.
    if !model.is_plain() {
        return Ok(());
    }
    let producers = recorder.producers.iter().enumerate();
    let ended: u128 = producers.map(|(at, record)| recorder.completion(at).0 + record.lost_after).sum();
    let by_stamps = signed(ended) + edges(begin.born, end.born);
    equal(LITTLE, "the whole system", (whole, BY_LEVEL), (by_stamps, "from birth to the end"))
}

/// A queue of the observer: a broker's, or that of a service.
struct Place {
    entity: String,
    pools: Vec<PoolId>,
}

fn place(model: &Model, at: usize) -> Place {
    match at.checked_sub(model.queues.len()) {
        None => Place {
            entity: format!("queues.{}", model.queues[at].name),
            pools: model.pools_on(QueueId(at as u32)).map(|(id, _)| id).collect(),
        },
        Some(service) => Place {
            entity: format!("services.{}", model.services[service].name),
            pools: vec![PoolId((model.pools.len() + service) as u32)],
        },
    }
}

/// The laws of a queue; gives the integral of its backlog.
fn at_queue(recorder: &Recorder, place: &Place, at: usize, begin: &AtQueue, end: &AtQueue) -> Result<i128, Violation> {
    let pools = || place.pools.iter().copied();
    let of_pools = |sum: &dyn Fn(&PoolRecord) -> u128| signed(pools().map(|id| sum(&recorder.pools[id.0 as usize])).sum());
    let record = recorder.queue(at, pools());
    let entity = &place.entity;

    if record.brokered {
        return at_broker_queue(recorder, place, at, begin, end);
    }
    let there = |place: &AtQueue| i128::from(place.ready.messages) + i128::from(place.held.messages);
    let broken = of_pools(&|pool| u128::from(pool.broken)) + i128::from(record.withdrawn) - i128::from(record.returned);
    let gone = i128::from(record.acked) + i128::from(record.lost.iter().sum::<u64>()) + broken;
    let came = i128::from(record.published) + there(begin);
    equal(
        CONSERVATION,
        entity,
        (came, "messages were there or were published"),
        (gone + there(end), "were acknowledged or lost or are still there"),
    )?;
    for (level, crowd, what) in [
        (&record.ready, end.ready, "messages are ready by the level at the end"),
        (&record.unacked, end.held, "messages are unacknowledged by the level at the end"),
    ] {
        let (by_level, found) = (i128::from(level.value()), i128::from(crowd.messages));
        equal(CONSERVATION, entity, (by_level, what), (found, "are found there"))?;
    }

    let (ready, lost) = (signed(record.ready.integral()), signed(record.lost_wait));
    let waited = signed(recorder.queue_wait(at, pools()).0) + lost + edges(begin.ready, end.ready);
    equal(LITTLE, entity, (ready, BY_LEVEL), (waited, "waited by the ready messages"))?;

    let unacked = signed(record.unacked.integral());
    let stayed = of_pools(&|pool| pool.sojourn.totals().0 + pool.broken_sojourn)
        + signed(record.withdrawn_sojourn)
        + lost
        + edges(begin.ready, end.ready)
        + edges(begin.held, end.held);
    equal(LITTLE, entity, (ready + unacked, BY_LEVEL), (stayed, "from entering to the acknowledgement"))?;

    if !record.is_lean() {
        let idle = unacked - of_pools(&|pool| pool.busy.integral());
        let waited: u128 = pools().map(|id| recorder.buffer_wait(id).0).sum();
        let buffered = signed(waited + record.withdrawn_buffered) + edges(begin.buffered, end.buffered);
        let entity = format!("the buffers of {entity}");
        equal(LITTLE, &entity, (idle, BY_LEVEL), (buffered, "waited in buffers"))?;
    }
    Ok(ready + unacked)
}

/// The laws of a broker's queue, which hears of each message what became of it.
fn at_broker_queue(recorder: &Recorder, place: &Place, at: usize, begin: &AtQueue, end: &AtQueue) -> Result<i128, Violation> {
    let record = &recorder.queues[at];
    let entity = &place.entity;
    let there = |place: &AtQueue| i128::from(place.ready.messages) + i128::from(place.held.messages);
    let gone = i128::from(record.acked + record.given_back) - i128::from(record.returned);
    let gone = gone + i128::from(record.lost.iter().sum::<u64>());
    let came = i128::from(record.published) + there(begin);
    equal(
        CONSERVATION,
        entity,
        (came, "messages were there or were published"),
        (gone + there(end), "were settled or lost or are still there"),
    )?;
    for (level, crowd, what) in [
        (&record.ready, end.ready, "messages are ready by the level at the end"),
        (&record.unacked, end.held, "messages are unacknowledged by the level at the end"),
    ] {
        let (by_level, found) = (i128::from(level.value()), i128::from(crowd.messages));
        equal(CONSERVATION, entity, (by_level, what), (found, "are found there"))?;
    }
    let ready = signed(record.ready.integral());
    let waited = signed(record.wait.totals().0 + record.lost_wait) + edges(begin.ready, end.ready);
    equal(LITTLE, entity, (ready, BY_LEVEL), (waited, "waited by the ready messages"))?;
    let unacked = signed(record.unacked.integral());
    let held = signed(record.held) + edges(begin.held, end.held);
    equal(LITTLE, entity, (unacked, BY_LEVEL), (held, "from dispatch to what became of them"))?;
    Ok(ready + unacked)
}

/// The laws of a pool.
fn at_pool(model: &Model, recorder: &Recorder, at: usize, begin: &AtPool, end: &AtPool) -> Result<(), Violation> {
    let record = &recorder.pools[at];
    let entity = match at.checked_sub(model.pools.len()) {
        None => format!("consumers.{}", model.pools[at].name),
        Some(service) => format!("services.{}", model.services[service].name),
    };
    let [wait, service, sojourn] = [&record.wait, &record.service, &record.sojourn].map(|histogram| signed(histogram.totals().0));
    let (by_level, found) = (i128::from(record.busy.value()), i128::from(end.started.messages));
    equal(CONSERVATION, &entity, (by_level, "messages are in work by the level at the end"), (found, "are found there"))?;

    let busy = signed(record.busy.integral());
    let worked = service + signed(record.broken_service) + edges(begin.started, end.started);
    equal(UTILISATION, &entity, (busy, BY_WORKERS), (worked, "of service times"))?;
    let in_work = sojourn + signed(record.broken_sojourn) - wait + edges(begin.entered, end.entered);
    equal(LITTLE, &entity, (busy, BY_WORKERS), (in_work, "of sojourns less the waits"))
}
