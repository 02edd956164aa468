//! The steady state allocates nothing: memory is flat in the number of messages.

use queuelab::engine::World;
use queuelab::measure::Recorder;
use queuelab::model::Discipline;
use queuelab::units::Time;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[path = "random_models/simple.rs"]
mod simple;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A warm M/M/3 at a load of 0.8, watched by a recorder, for 100,000 further messages, under every discipline and with and
/// without buffers. A new record of the backlog may still make a line grow: a handful of allocations, whatever the number of
/// messages.
#[test]
fn a_message_allocates_nothing() {
    let disciplines = [Discipline::Fifo, Discipline::Lifo, Discipline::Random, Discipline::Priority { max_priority: 3 }];
    for discipline in disciplines {
        for prefetch in [1, 10] {
            let model = simple::mm3(discipline, prefetch);
            let mut world = World::new(&model, 1, 0, Time::LATEST);
            let mut recorder = Recorder::new(&model);
            let second = 1_000_000_000;
            world.advance(Time(2000 * second), u64::MAX, &mut recorder).unwrap();
            let (before, created) = (Region::new(COUNTED), world.tally().created);
            world.advance(Time(2420 * second), u64::MAX, &mut recorder).unwrap();
            let change = before.change();
            let messages = world.tally().created - created;
            assert!(messages > 95_000, "only {messages} messages");
            let allocations = change.allocations + change.reallocations;
            assert!(allocations <= 20, "{discipline:?}, prefetch {prefetch}: {change:?} for {messages} messages");
            assert!(change.bytes_allocated < 1 << 20, "{discipline:?}: {change:?}");
        }
    }
}
