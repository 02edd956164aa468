//! What the program says of a recording: its scenario, run once, looked at message by message.

use super::recordings::Recording;
use queuelab::engine::{Observer, Outcome, Subject, Transition, World};
use queuelab::model::Model;
use queuelab::scenario::{read, resolve};
use queuelab::units::Time;
use std::collections::HashMap;
use std::path::Path;

/// What is predicted, as it is measured.
#[derive(Debug, Clone, Default)]
pub struct Prediction {
    /// The number of a message and its wait in nanoseconds, of those that were served in the end; of a fan-out, all copies.
    pub waits: Vec<(usize, u64)>,
    pub confirms: Vec<u64>,
    pub rounds: Vec<u64>,
    /// Which pool began with each message first.
    pub consumers: Vec<u32>,
    pub lost: f64,
    pub throughput: f64,
}

impl Prediction {
    /// Of the messages that were served.
    pub fn waits(&self) -> Vec<u64> {
        self.waits.iter().map(|&(_, wait)| wait).collect()
    }
}

/// How slow the machine was in this recording, as the timers of its consumers tell: 1 where the delays of the scenario hold.
pub fn slowness(recording: &Recording) -> Option<f64> {
    recording.facts.overshoot.map(|overshoot| overshoot / recording.parameters.protocol.path().overshoot)
}

/// The model of a scenario, with the delays times `slowness`.
pub fn model(scenario: &Path, slowness: f64) -> Result<Model, String> {
    let document = read(scenario).map_err(|error| error.to_string())?;
    let resolved = |overrides: &[String]| {
        resolve(&document, overrides).map(|resolved| resolved.model).map_err(|problems| problems.render(false))
    };
    let plain = resolved(&[])?;
    if slowness == 1.0 {
        return Ok(plain);
    }
    let times = |mean: f64| format!("{:.0}ns", mean * slowness);
    let mut overrides = Vec::new();
    for broker in &plain.brokers {
        let ways = [
            ("publish", &broker.network.publish),
            ("confirm", &broker.network.confirm),
            ("deliver", &broker.network.deliver),
            ("ack", &broker.network.ack),
        ];
        overrides.extend(ways.map(|(way, delay)| format!("brokers.{}.network.{way}={}", broker.name, times(delay.mean()))));
    }
    for pool in &plain.pools {
        let overhead =
            pool.session.overhead.as_ref().map(|overhead| format!("consumers.{}.overhead={}", pool.name, times(overhead.mean())));
        overrides.extend(overhead);
    }
    resolved(&overrides)
}

/// One replication of a model, as the recording was made.
pub fn replay(model: &Model) -> Prediction {
    let mut watch = Watch::default();
    World::new(model, model.plan.seed, 0, Time::LATEST).advance(end(model), u64::MAX, &mut watch).unwrap();
    let served = watch.served.max(1);
    let Watch { mut waits, confirms, rounds, consumers, given_up, lost, first, last, .. } = watch;
    waits.retain(|&(which, _)| !given_up[which]);
    let seconds = last.0.saturating_sub(first.map_or(0, |first| first.0)) as f64 / 1e9;
    let throughput = waits.len() as f64 / seconds;
    let lost = lost as f64 / (lost + served) as f64;
    Prediction { waits, confirms, rounds, consumers, lost, throughput }
}

/// Recordings end by themselves; callers do not.
fn end(model: &Model) -> Time {
    model.plan.duration.map_or(Time::LATEST, |duration| Time::ZERO + duration)
}

/// Remembers what a recording remembers.
#[derive(Default)]
struct Watch {
    /// When each message was made, and whether somebody has begun with it.
    made: Vec<Time>,
    begun: Vec<bool>,
    given_up: Vec<bool>,
    waits: Vec<(usize, u64)>,
    consumers: Vec<u32>,
    slots: HashMap<u32, usize>,
    families: HashMap<u32, usize>,
    confirms: Vec<u64>,
    rounds: Vec<u64>,
    served: usize,
    lost: usize,
    first: Option<Time>,
    last: Time,
}

impl Observer for Watch {
    fn record(&mut self, now: Time, transition: Transition<'_>) {
        match transition {
            Transition::Created { slot, .. } => {
                self.slots.insert(slot.0, self.made.len());
                self.made.push(now);
                self.begun.push(false);
                self.given_up.push(false);
                self.consumers.push(u32::MAX);
                self.first.get_or_insert(now);
            }
            Transition::Founded { slot, family } => {
                let which = self.slots[&slot.0];
                self.families.insert(family, which);
            }
            Transition::Started { subject: Subject::Message(slot), pool, .. } => {
                // What is published again has another slot, and is not begun with for the first time.
                if let Some(&which) = self.slots.get(&slot.0).filter(|&&which| !self.begun[which]) {
                    self.begun[which] = true;
                    self.waits.push((which, (now - self.made[which]).0));
                    self.consumers[which] = pool;
                }
            }
            Transition::Started { subject: Subject::Family(family), .. } => {
                let which = self.families[&family];
                self.waits.push((which, (now - self.made[which]).0));
            }
            Transition::Finished { .. } => self.last = now,
            Transition::Ended { outcome: Outcome::Completed, .. } => self.served += 1,
            Transition::Ended { message, .. } => {
                self.lost += 1;
                self.given_up[message.index as usize] = true;
            }
            Transition::Confirmed { after, .. } => self.confirms.push(after.0),
            Transition::Responded { observed, .. } => self.rounds.push(observed.0),
            _ => {}
        }
    }
}
