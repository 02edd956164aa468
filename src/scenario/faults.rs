//! Faults, from the document to the model: when, what, and whom.

use super::decode::Field;
use super::diagnostic::{At, Place, Problem};
use super::distribution_form::Distribution as Form;
use super::document::{Scenario, StopForm, WarmupForm};
use super::lookup::Kind;
use super::names;
use super::quantity::Whole;
use super::resolve::{Resolver, list};
use super::service_form::{CrashForm, DiskStallForm, FaultForm, When};
use crate::model::{BrokerId, Fault, FaultKind, FaultTimes, HostId, Model, PoolId, ProducerId, QueueId, ServiceId, Target};
use crate::units::{Span, Time};

/// Who can stand still.
const WORKING: &[Kind] = &[Kind::Consumer, Kind::Service, Kind::Host];
/// Who can crash.
const MORTAL: &[Kind] = &[Kind::Consumer, Kind::Service, Kind::Host, Kind::Broker];
/// To whom something is sent.
const REACHED: &[Kind] = &[Kind::Service, Kind::Queue, Kind::Host];
/// Who has disks.
const WRITING: &[Kind] = &[Kind::Broker];
/// Who stands on one side of a partition.
const LINKED: &[Kind] = &[Kind::Producer, Kind::Consumer, Kind::Service, Kind::Queue, Kind::Host];

impl Resolver<'_> {
    /// The faults of the model.
    pub(super) fn faults(&mut self, scenario: &Scenario, model: &Model) -> Vec<Fault> {
        let forms = scenario.faults.value().map_or(&[][..], Vec::as_slice);
        forms.iter().filter_map(|at| self.fault(at, scenario, model)).collect()
    }

    fn fault(&mut self, at: &At<FaultForm>, scenario: &Scenario, model: &Model) -> Option<Fault> {
        let (times, kind) = match &at.value {
            FaultForm::Crash(form) => (self.fault_times(form.when(), at.place, scenario), self.crash(form, scenario, model)),
            FaultForm::Pause(form) => {
                let target = self.target(&form.target, WORKING, "stand still", scenario);
                (self.fault_times(form.when(), at.place, scenario), target.map(|target| FaultKind::Pause { target }))
            }
            FaultForm::Slow(form) => {
                let target = self.target(&form.target, WORKING, "work slowly", scenario);
                let kind = target.zip(form.factor.value()).map(|(target, factor)| FaultKind::Slow { target, factor: factor.0 });
                (self.fault_times(form.when(), at.place, scenario), kind)
            }
            FaultForm::Loss(form) => {
                let target = self.target(&form.target, REACHED, "lose what is sent to it", scenario);
                let kind = target.zip(form.share.value());
                let kind = kind.map(|(target, share)| FaultKind::Loss { target, probability: share.0 });
                (self.fault_times(form.when(), at.place, scenario), kind)
            }
            FaultForm::DiskStall(form) => {
                (self.fault_times(form.when(), at.place, scenario), self.disk_stall(form, scenario, model))
            }
            FaultForm::Partition(form) => (
                self.fault_times(form.when(), at.place, scenario),
                form.sides.given().and_then(|sides| self.partition(sides, scenario)),
            ),
        };
        Some(Fault { times: times?, kind: kind? })
    }

    fn fault_times(&mut self, when: When<'_>, place: Place, scenario: &Scenario) -> Option<FaultTimes> {
        match (when.at, when.every) {
            (Field::Given(at), Field::Given(every)) => {
                let problem = Problem::error(every.place, "a fault comes at a time or again and again, and here are both");
                self.log.push(problem.related(at.place, "at this time").help("keep one of the two"));
                None
            }
            (Field::Given(at), _) => {
                if at.value.0 > Time::LATEST.0 {
                    self.log.push(Problem::error(at.place, "this is beyond the 73 years that can be simulated"));
                    return None;
                }
                let length = match when.length.given() {
                    None => None,
                    Some(length) => Some(self.fault_length(length)?),
                };
                self.warn_of_lateness(at, scenario);
                Some(FaultTimes::At { at: Time(at.value.0), length })
            }
            (Field::Missing, Field::Given(every)) => {
                let between = self.distribution(every, "faults.every");
                let Some(length) = when.length.given() else {
                    if when.length.is_missing() {
                        let problem = Problem::error(every.place, "`for` is missing: how long does it last each time?");
                        self.log.push(problem.help("add for = \"30s\", or a distribution such as { exponential = \"30s\" }"));
                    }
                    return None;
                };
                let repair = self.distribution(length, "faults.for");
                let (between, length) = (between?, repair?);
                if between.mean() + length.mean() <= 0.0 {
                    let problem = Problem::error(every.place, "faults that follow each other in no time let no time pass");
                    self.log.push(problem.help("write a longer time"));
                    return None;
                }
                Some(FaultTimes::Every { between, length })
            }
            (Field::Missing, Field::Missing) => {
                let problem = Problem::error(place, "this fault does not say when it happens");
                self.log
                    .push(problem.help("add at = \"5min\" for once, or every = { exponential = \"1h\" } for again and again"));
                None
            }
            _ => None,
        }
    }

    /// A fault that happens when the run is over.
    fn warn_of_lateness(&mut self, at: &At<Span>, scenario: &Scenario) {
        let Some(run) = scenario.run.value() else { return };
        let drained = matches!(run.stop.value(), Some(StopForm::Drained));
        let (Some(duration), false) = (run.duration.value(), drained) else { return };
        let warmup = match run.warmup.value() {
            Some(WarmupForm::Fixed(span)) => *span,
            _ => Span::ZERO,
        };
        if at.value.0 >= (*duration + warmup).0 {
            let problem =
                Problem::warning(at.place, format!("this fault never comes: the run is over at {}", *duration + warmup));
            self.log.push(problem.help("write an earlier time, or a longer `run.duration`"));
        }
    }

    /// The length of a fault that happens once.
    fn fault_length(&mut self, length: &At<Form>) -> Option<Span> {
        let Form::Constant(span) = length.value else {
            let problem = Problem::error(length.place, "a fault at a given time lasts for a given time");
            self.log.push(problem.help("write for = \"30s\"; what is drawn at random goes with `every`"));
            return None;
        };
        self.above_zero(&At { value: span, place: length.place }, "the length of a fault")?;
        Some(span)
    }

    fn crash(&mut self, form: &CrashForm, scenario: &Scenario, model: &Model) -> Option<FaultKind> {
        let target = self.target(&form.target, MORTAL, "crash", scenario)?;
        if let Some(at) = form.count.given() {
            let there = match target {
                Target::Pool(pool) => model.pools[pool.0 as usize].count,
                Target::Service(service) => model.service(service).count,
                Target::Broker(broker) => model.brokers[broker.0 as usize].nodes,
                _ => {
                    let problem = Problem::error(at.place, "a host crashes as a whole");
                    self.log.push(problem.help("remove `count`, or name a consumer or a service"));
                    return None;
                }
            };
            self.at_most(at, there, "crash")?;
        }
        let silent = form.silent.value().copied().unwrap_or(false);
        if let (Some(at), false) = (form.silent.given(), matches!(target, Target::Pool(_))) {
            let problem = Problem::error(at.place, "only the death of a consumer can go unnoticed");
            self.log.push(problem.help("remove `silent`, or name a consumer"));
        }
        Some(FaultKind::Crash { target, count: form.count.value().map(|whole| whole.0 as u32), silent })
    }

    /// A `count` of those to whom something can happen.
    fn at_most<const LEAST: u64, const MOST: u64>(&mut self, at: &At<Whole<LEAST, MOST>>, there: u32, what: &str) -> Option<()> {
        if at.value.0 <= u64::from(there) {
            return Some(());
        }
        let message = format!("of {there} no {} can {what}", at.value.0);
        self.log.push(Problem::error(at.place, message).help("write less, or leave `count` out for all"));
        None
    }

    fn disk_stall(&mut self, form: &DiskStallForm, scenario: &Scenario, model: &Model) -> Option<FaultKind> {
        let at = form.target.given()?;
        let target = self.target_named(at, WRITING, "have a disk that stands still", scenario)?;
        let Target::Broker(broker) = target else { return None };
        let known = &model.brokers[broker.0 as usize];
        if known.disk.is_none() {
            let problem = Problem::error(at.place, format!("`{}` has no disk that could stand still", at.value));
            let help = format!("add a `disk` to `[{}]`, such as disk = {{ fsync = \"1ms\" }}, or remove this fault", at.value);
            self.log.push(problem.help(help));
            return None;
        }
        if let Some(at) = form.count.given() {
            self.at_most(at, known.nodes, "stand still")?;
        }
        Some(FaultKind::DiskStall { target, count: form.count.value().map(|whole| whole.0 as u32) })
    }

    fn partition(&mut self, sides: &At<Vec<At<String>>>, scenario: &Scenario) -> Option<FaultKind> {
        let [from, to] = sides.value.as_slice() else {
            let message = format!("a partition lies between two, here are {}", sides.value.len());
            let help = "write partition = [\"consumers.workers\", \"services.db\"]";
            self.log.push(Problem::error(sides.place, message).help(help));
            return None;
        };
        let from_target = self.target_named(from, LINKED, "be cut off", scenario);
        let to_target = self.target_named(to, LINKED, "be cut off", scenario);
        let (from_target, to_target) = (from_target?, to_target?);
        if from_target == to_target {
            let problem = Problem::error(to.place, "nothing is cut off from itself");
            self.log.push(problem.related(from.place, "the same").help("name two different ones"));
            return None;
        }
        if let (Target::Queue(queue), Target::Pool(pool)) | (Target::Pool(pool), Target::Queue(queue)) = (from_target, to_target)
        {
            let takes = list(&scenario.consumers)[pool.0 as usize].entity.as_ref().and_then(|pool| pool.value.queue.value());
            let name = &list(&scenario.queues)[queue.0 as usize].name.value;
            if takes == Some(name) {
                let problem = Problem::error(to.place, "a queue is not cut off from those who take from it");
                self.log.push(problem.related(from.place, "the other side").help("let them `pause` or `crash`"));
                return None;
            }
        }
        Some(FaultKind::Partition { from: from_target, to: to_target })
    }

    fn target(&mut self, field: &Field<String>, kinds: &[Kind], what: &str, scenario: &Scenario) -> Option<Target> {
        self.target_named(field.given()?, kinds, what, scenario)
    }

    /// Whom a path such as `services.db` names, if it is one to whom this can happen.
    fn target_named(&mut self, at: &At<String>, kinds: &[Kind], what: &str, scenario: &Scenario) -> Option<Target> {
        let tables = kinds.iter().map(|kind| kind.table());
        let Some((table, name)) = at.value.split_once('.') else {
            let found = kinds.iter().find(|kind| kind.names(scenario).any(|known| known == at.value));
            let help = match found {
                Some(kind) => format!("write \"{}.{}\"", kind.table(), at.value),
                None => format!("write \"{}.NAME\"", tables.collect::<Vec<_>>().join(".NAME\", \"")),
            };
            self.log.push(Problem::error(at.place, format!("`{}` does not say of which table it is", at.value)).help(help));
            return None;
        };
        let Some(kind) = kinds.iter().copied().find(|kind| kind.table() == table) else {
            let known = Kind::ALL.iter().any(|kind| kind.table() == table);
            let message = if known { format!("`{}` cannot {what}", at.value) } else { format!("there is no table `{table}`") };
            self.log.push(Problem::error(at.place, message).help(names::advice(table, tables, "")));
            return None;
        };
        let place = self.name_place(at, table.len() + 1);
        let found = self.find(kind, At { value: &name.to_owned(), place }, scenario)? as u32;
        match kind {
            Kind::Producer => Some(Target::Producer(ProducerId(found))),
            Kind::Queue => Some(Target::Queue(QueueId(found))),
            Kind::Consumer => Some(Target::Pool(PoolId(found))),
            Kind::Service => Some(Target::Service(ServiceId(found))),
            Kind::Host => Some(Target::Host(HostId(found))),
            Kind::Broker => Some(Target::Broker(BrokerId(found))),
            Kind::Lock | Kind::Cache | Kind::Exchange => None,
        }
    }

    /// Where the name stands in a path in quotes, where the text stands as it is read.
    fn name_place(&self, at: &At<String>, offset: usize) -> Place {
        let (start, end) = (at.place.start, at.place.end);
        if end - start == at.value.len() + 2 { at.place.part(offset + 1..end - start - 1) } else { at.place }
    }
}
