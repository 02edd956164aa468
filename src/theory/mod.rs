//! The analytic twin: what is known of a model without simulating it.
//!
//! Closed forms and exact algorithms for single stations and trees of them, fluid answers for planned overloads, and approximations
//! that are called so. They stand beside simulated numbers and never replace one. Where a model is outside the conditions of every
//! law, there is no answer; `docs/theory.md` lists the laws and their conditions.

mod answer;
mod approximate;
mod batch;
mod bounded;
mod broker;
mod called;
mod center;
mod closed;
mod complex;
mod constant;
mod exponential;
mod finite;
mod fluid;
mod fork;
mod general;
mod integral;
mod inversion;
mod latency;
mod modulated;
mod network;
mod open;
mod order;
mod patience;
mod places;
mod renewal;
mod root;
mod route;
mod station;
mod transform;

pub use answer::Answer;

use crate::model::{Model, Stop};

/// Everything that theory says about this model, in the order of the flow. Steady-state answers are given for runs that measure a steady
/// state, fluid answers for those that show their start.
pub fn answers(model: &Model) -> Vec<Answer> {
    let mut answers = Vec::new();
    // Links, credit and limits of brokers are outside the conditions of every law but those of a queue.
    if model.has_brokers() {
        let mut known = broker::textbook(model).map_or_else(Vec::new, |same| self::answers(&same));
        known.extend(broker::ceilings(model));
        return known;
    }
    if !model.plan.terminating && model.plan.stop == Stop::Duration {
        answers.extend(steady_state(model));
    }
    answers.extend(fluid::answers(model));
    answers.retain(|answer| answer.value.is_finite());
    answers
}

/// The plain network of queues, or what is known of anything that is more than that. Of several laws for one number the first counts.
fn steady_state(model: &Model) -> Vec<Answer> {
    if model.is_plain() {
        return network::answers(model);
    }
    let mut answers: Vec<Answer> = Vec::new();
    for law in [latency::answers, called::answers, fork::answers, open::answers, closed::answers] {
        for answer in law(model) {
            if answers.iter().all(|known| known.metric != answer.metric) {
                answers.push(answer);
            }
        }
    }
    answers
}
