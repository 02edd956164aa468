//! Steps, from the document to the model; on the way everything that a handler is connected to is noted with its place.

use super::broker_form::ConfirmForm;
use super::brokers::bound_queues;
use super::decode::Field;
use super::diagnostic::{At, Place, Problem};
use super::distribution_form::Distribution as Form;
use super::document::Scenario;
use super::headed::Ordered;
use super::lookup::Kind;
use super::resolve::{Resolver, list};
use super::step_form::{
    CacheStep, CallStep, ChooseStep, Join, LockStep, MOST_ROUNDS, ParallelStep, PublishStep, RepeatStep, Rounds,
    Step as StepForm, TwoPhaseCommitStep,
};
use super::weights;
use crate::model::{
    CacheId, Call, DEEPEST_LOOPS, Handler, Layer, LockId, Outlet, Publication, ServiceId, Step, TwoPhaseCommit, Until, Way, Work,
};
use crate::random::{Counts, Distribution};

/// A connection of a handler to a queue, a service or a lock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// The position of the queue, the service or the lock.
    pub to: usize,
    /// Where the document says so.
    pub place: Place,
    /// Whether it is used for every message.
    pub always: bool,
    /// Whether it comes before the answer of a service.
    pub before_reply: bool,
    /// Of a call: whether there is a limit of time around it.
    pub limit: Limit,
}

/// A limit of the time that a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    None,
    /// The caller's own.
    Own,
    /// One that the service and those it calls know of.
    Told,
}

/// Everything that a handler is connected to, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    pub publishes: Vec<Edge>,
    pub calls: Vec<Edge>,
    pub locks: Vec<Edge>,
    pub caches: Vec<usize>,
    /// Calls that are made while a lock is held: which lock, and the call.
    pub calls_under: Vec<(usize, Edge)>,
    /// Where it needs the work that a message carries.
    pub carried: Vec<Place>,
    pub host: Option<usize>,
}

/// In what a message differs from the one that causes it.
#[derive(Debug, Clone, Default)]
pub(super) struct Like {
    pub key: Option<String>,
    pub priority: Option<u8>,
    pub size: Option<u32>,
}

/// Whose steps they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Producer,
    Consumer,
    Service,
}

/// The steps of one handler while they are resolved.
pub(super) struct Walk<'a> {
    pub scenario: &'a Scenario,
    /// Names the handler in notes.
    pub path: String,
    pub links: Links,
    /// Nested so deep in what need not happen.
    uncertain: usize,
    /// Whether something before may have failed.
    may_fail: bool,
    /// Whether the caller may have its answer.
    replied: bool,
    loops: usize,
    /// The locks that are held here.
    held: Vec<usize>,
}

impl<'a> Walk<'a> {
    pub fn new(scenario: &'a Scenario, path: String) -> Walk<'a> {
        Walk {
            scenario,
            path,
            links: Links::default(),
            uncertain: 0,
            may_fail: false,
            replied: false,
            loops: 0,
            held: Vec::new(),
        }
    }

    fn edge(&self, to: usize, place: Place, limit: Limit) -> Edge {
        Edge { to, place, always: self.uncertain == 0 && !self.may_fail, before_reply: !self.replied, limit }
    }
}

impl Resolver<'_> {
    /// A handler in its long form.
    pub(super) fn handler(&mut self, steps: &[At<StepForm>], owner: Owner, walk: &mut Walk<'_>) -> Handler {
        self.replies(steps, owner, None);
        Handler(self.steps(steps, walk, "steps"))
    }

    fn steps(&mut self, steps: &[At<StepForm>], walk: &mut Walk<'_>, key: &str) -> Vec<Step> {
        let outer = walk.path.len();
        let mut resolved = Vec::with_capacity(steps.len());
        for (number, At { value, place }) in steps.iter().enumerate() {
            walk.path.push_str(&format!(".{key}[{number}]"));
            resolved.extend(self.step(value, *place, walk));
            walk.path.truncate(outer);
        }
        resolved
    }

    fn step(&mut self, form: &StepForm, place: Place, walk: &mut Walk<'_>) -> Option<Step> {
        match form {
            StepForm::Work(step) => self.work(boxed(&step.work)?, "work", walk).map(Step::Work),
            StepForm::Wait(step) => self.time(boxed(&step.wait)?, "wait", walk).map(Step::Wait),
            StepForm::Call(call) => self.call(call, walk).map(|call| Step::Call(Box::new(call))),
            StepForm::Publish(step) => self.publish_step(step, walk),
            StepForm::Parallel(step) => self.parallel(step, walk),
            StepForm::Choose(step) => self.choose(step, walk),
            StepForm::Repeat(step) => self.repeat(step, place, walk),
            StepForm::Fail(step) => {
                let probability = step.fail.value()?.0;
                if probability >= 1.0 && walk.uncertain == 0 && !walk.may_fail {
                    let problem = Problem::warning(place, "everyone who comes here fails");
                    self.log.push(problem.help("write a share below 100%, or let this be one way of a `choose`"));
                }
                walk.may_fail |= probability > 0.0;
                Some(Step::Fail { probability })
            }
            StepForm::Reply(step) => {
                let at = step.reply.given()?;
                if !at.value {
                    let problem = Problem::error(at.place, "a step that does not reply is no step");
                    self.log.push(problem.help("write `reply = true`, or remove the step"));
                }
                walk.replied = true;
                Some(Step::Reply)
            }
            StepForm::Cache(step) => self.cache(step, walk),
            StepForm::Lock(step) => self.lock(step, walk),
            StepForm::TwoPhaseCommit(step) => {
                self.two_phase_commit(step, walk).map(|commit| Step::TwoPhaseCommit(Box::new(commit)))
            }
        }
    }

    /// Work at this key of the handler.
    pub(super) fn work(&mut self, form: At<&Form>, key: &str, walk: &mut Walk<'_>) -> Option<Work> {
        match carried(form.value) {
            Some(plus) => {
                walk.links.carried.push(form.place);
                Some(Work::Carried { plus })
            }
            None => self.time(form, key, walk).map(Work::Drawn),
        }
    }

    fn time(&mut self, form: At<&Form>, key: &str, walk: &Walk<'_>) -> Option<Distribution> {
        let at = At { value: form.value.clone(), place: form.place };
        let drawn = self.distribution(&at, &format!("{}.{key}", walk.path))?;
        self.warn_without_mean(&drawn, at.place);
        Some(drawn)
    }

    /// A distribution that may be left out; `None` as well where it is broken.
    fn maybe_time(&mut self, field: &Field<Box<Form>>, key: &str, walk: &Walk<'_>) -> Option<Distribution> {
        self.time(boxed(field)?, key, walk)
    }

    /// A publication to a queue or an exchange, with a key and what it waits for.
    pub(super) fn publish(&mut self, name: &At<String>, like: Like, until: Until, walk: &mut Walk<'_>) -> Option<Step> {
        let to = self.outlet(At { value: &name.value, place: name.place }, walk.scenario)?;
        match to {
            Outlet::Queue(queue) => walk.links.publishes.push(walk.edge(queue.0 as usize, name.place, Limit::None)),
            Outlet::Exchange(_) => {
                // Where a message goes depends on its key: no way is sure.
                for queue in bound_queues(walk.scenario, &name.value) {
                    let edge = Edge { always: false, ..walk.edge(queue, name.place, Limit::None) };
                    walk.links.publishes.push(edge);
                }
            }
        }
        let Like { key, priority, size } = like;
        let publication = Publication { to, key, priority, size, until };
        match to {
            Outlet::Queue(queue) if publication.inherits() && until == Until::Sent => Some(Step::Publish(queue)),
            _ => Some(Step::Send(Box::new(publication))),
        }
    }

    fn publish_step(&mut self, step: &PublishStep, walk: &mut Walk<'_>) -> Option<Step> {
        let until = match (step.reply.value(), step.confirm.value()) {
            (Some(true), _) => Until::Replied,
            (_, Some(ConfirmForm::Sync)) => Until::Confirmed,
            _ => Until::Sent,
        };
        if let (Some(at), Some(ConfirmForm::Async)) = (step.confirm.given(), step.confirm.value()) {
            let problem = Problem::error(at.place, "a step waits for its confirm, or does not");
            self.log.push(problem.help("write confirm = \"sync\", or give the producer confirm = \"async\""));
        }
        if let (Some(at), Until::Replied) = (step.confirm.given(), until) {
            let problem = Problem::warning(at.place, "whoever waits for the answer needs no confirm");
            self.log.push(problem.help("remove `confirm`"));
        }
        let size = step.size.given().map(|at| {
            self.message_size(at);
            at.value.0 as u32
        });
        let priority = step.priority.value().map(|whole| whole.0 as u8);
        self.publish(step.publish.given()?, Like { key: step.key.value().cloned(), priority, size }, until, walk)
    }

    /// The service that is called.
    pub(super) fn callee(&mut self, name: &At<String>, limit: Limit, walk: &mut Walk<'_>) -> Option<ServiceId> {
        let service = self.find(Kind::Service, At { value: &name.value, place: name.place }, walk.scenario)?;
        let edge = walk.edge(service, name.place, limit);
        walk.links.calls.push(edge);
        walk.links.calls_under.extend(walk.held.iter().map(|lock| (*lock, edge)));
        Some(ServiceId(service as u32))
    }

    fn call(&mut self, form: &Ordered<CallStep>, walk: &mut Walk<'_>) -> Option<Call> {
        let call = &form.of;
        let layers = self.layers(form);
        let limits = layers.iter().filter_map(|layer| match layer {
            Layer::Timeout(timeout) => Some(if timeout.propagate { Limit::Told } else { Limit::Own }),
            _ => None,
        });
        let limit = limits.reduce(|one, other| if one == Limit::Told { one } else { other }).unwrap_or(Limit::None);
        let service = call.call.given().and_then(|name| self.callee(name, limit, walk));
        let network = self.maybe_time(&call.network, "network", walk);
        let connect = self.maybe_time(&call.connect, "connect", walk);
        let fallback = call.fallback.value().map(|steps| self.uncertain(&steps.0, walk, "fallback"));
        Some(Call { service: service?, network, connect, layers, fallback })
    }

    /// Steps that need not be done.
    fn uncertain(&mut self, steps: &[At<StepForm>], walk: &mut Walk<'_>, key: &str) -> Vec<Step> {
        walk.uncertain += 1;
        let resolved = self.steps(steps, walk, key);
        walk.uncertain -= 1;
        resolved
    }

    fn parallel(&mut self, step: &ParallelStep, walk: &mut Walk<'_>) -> Option<Step> {
        let forms = step.parallel.given()?;
        let mut branches = Vec::with_capacity(forms.value.len());
        for (number, branch) in forms.value.iter().enumerate() {
            branches.push(self.steps(&branch.value, walk, &format!("parallel[{number}]")));
        }
        let count = branches.len() as u64;
        let join = match step.join.value() {
            None | Some(Join::All) => count,
            Some(Join::Any) => 1,
            Some(Join::Number(number)) => *number,
        };
        if let Some(at) = step.join.given().filter(|_| !(1..=count).contains(&join)) {
            let problem = if join == 0 {
                Problem::error(at.place, "a join of no branch waits for nothing")
                    .help("write 1 to go on with the first; what nobody waits for is published to a queue instead")
            } else {
                Problem::error(at.place, format!("a join of {join} can never be met by {count} branches"))
                    .related(forms.place, format!("{count} branches"))
                    .help(format!("write a number from 1 to {count}, \"all\" or \"any\""))
            };
            self.log.push(problem);
            return None;
        }
        Some(Step::Parallel { branches, join: join as u32 })
    }

    fn choose(&mut self, step: &ChooseStep, walk: &mut Walk<'_>) -> Option<Step> {
        let forms = step.choose.given()?;
        let given: Vec<f64> = forms.value.iter().map(|at| at.value.weight.value().map_or(1.0, |weight| weight.0)).collect();
        // A choice of one is none.
        let open = usize::from(given.iter().filter(|weight| **weight > 0.0).count() > 1);
        let mut ways = Vec::with_capacity(given.len());
        walk.uncertain += open;
        for (number, (form, &weight)) in forms.value.iter().zip(&given).enumerate() {
            let never = usize::from(weight == 0.0);
            walk.uncertain += never;
            let steps = form.value.steps.value().map_or(&[][..], |steps| &steps.0);
            ways.push(Way { weight, steps: self.steps(steps, walk, &format!("choose[{number}]")) });
            walk.uncertain -= never;
        }
        walk.uncertain -= open;
        weights::shares(&given, forms.place, &mut self.log)?;
        Some(Step::Choose(ways))
    }

    fn repeat(&mut self, step: &RepeatStep, place: Place, walk: &mut Walk<'_>) -> Option<Step> {
        let count = step.repeat.given().and_then(|at| self.rounds(at));
        walk.loops += 1;
        if walk.loops == DEEPEST_LOOPS + 1 {
            let message = format!("loops are nested deeper than the {DEEPEST_LOOPS} that are possible");
            self.log.push(Problem::error(place, message).help("let a service do a part of it, and call that"));
        }
        let never = usize::from(count.as_ref().is_some_and(|count| least(count) == 0));
        walk.uncertain += never;
        let steps = step.steps.value().map_or(Vec::new(), |steps| self.steps(steps, walk, "steps"));
        walk.uncertain -= never;
        walk.loops -= 1;
        Some(Step::Repeat { count: count?, steps })
    }

    fn rounds(&mut self, at: &At<Rounds>) -> Option<Counts> {
        match &at.value {
            Rounds::Constant(number) => Some(Counts::Constant(number.0 as u32)),
            Rounds::Uniform(uniform) => self.uniform_counts(uniform, 0, MOST_ROUNDS as u32),
            Rounds::Geometric(geometric) => self.geometric(geometric),
            Rounds::Discrete(values) => self.discrete_counts(values, at.place, 0, MOST_ROUNDS as u32),
        }
    }

    fn cache(&mut self, step: &CacheStep, walk: &mut Walk<'_>) -> Option<Step> {
        let name = step.cache.given();
        let cache = name.and_then(|at| self.find(Kind::Cache, At { value: &at.value, place: at.place }, walk.scenario));
        walk.links.caches.extend(cache);
        let miss = step.miss.value().map_or(Vec::new(), |steps| self.uncertain(steps, walk, "miss"));
        Some(Step::Cache { cache: CacheId(cache? as u32), miss })
    }

    /// The lock with this name, taken while those in `walk.held` are held.
    fn take(&mut self, name: &At<String>, walk: &mut Walk<'_>) -> Option<usize> {
        let lock = self.find(Kind::Lock, At { value: &name.value, place: name.place }, walk.scenario)?;
        walk.links.locks.push(walk.edge(lock, name.place, Limit::None));
        let form = list(&walk.scenario.locks)[lock].entity.as_ref();
        let permits = form.and_then(|at| at.value.permits.value()).map_or(1, |whole| whole.0);
        let already = walk.held.iter().filter(|held| **held == lock).count() as u64;
        if already >= permits && form.is_some_and(|at| at.value.lease.is_missing()) {
            let message = format!("`{}` can never be taken here: this handler holds it already", name.value);
            let problem = Problem::error(name.place, message);
            self.log.push(problem.help("take it once, or give it more `permits`"));
        }
        walk.held.push(lock);
        Some(lock)
    }

    fn lock(&mut self, step: &LockStep, walk: &mut Walk<'_>) -> Option<Step> {
        let outer = walk.held.len();
        let lock = step.lock.given().and_then(|name| self.take(name, walk));
        let steps = step.steps.value().map_or(Vec::new(), |steps| self.steps(steps, walk, "steps"));
        walk.held.truncate(outer);
        Some(Step::Lock { lock: LockId(lock? as u32), steps })
    }

    fn two_phase_commit(&mut self, step: &TwoPhaseCommitStep, walk: &mut Walk<'_>) -> Option<TwoPhaseCommit> {
        let names = step.participants.given()?;
        for (at, name) in names.value.iter().enumerate() {
            if let Some(first) = names.value[..at].iter().find(|first| first.value == name.value) {
                let problem = Problem::error(name.place, format!("`{}` takes part twice in one commit", name.value));
                self.log.push(problem.related(first.place, "here it does already").help("name each participant once"));
                return None;
            }
        }
        let participants: Vec<Option<ServiceId>> = names.value.iter().map(|name| self.callee(name, Limit::None, walk)).collect();
        let decide = self.maybe_time(&step.decide, "decide", walk).unwrap_or(Distribution::Constant { value: 0.0 });
        let commit = boxed(&step.commit).and_then(|form| self.work(form, "commit", walk));
        let outer = walk.held.len();
        let given = step.locks.value().map_or(&[][..], Vec::as_slice);
        let locks: Vec<Option<usize>> = given.iter().map(|name| self.take(name, walk)).collect();
        walk.held.truncate(outer);
        if let Some(at) = step.locks.given().filter(|at| at.value.len() != names.value.len()) {
            let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
            let message = format!("{} for {}", many(at.value.len(), "lock"), many(names.value.len(), "participant"));
            let problem = Problem::error(at.place, message).related(names.place, "each of these needs one");
            self.log.push(problem.help("name a lock for each participant, in the same order, or none at all"));
            return None;
        }
        Some(TwoPhaseCommit {
            participants: participants.into_iter().collect::<Option<_>>()?,
            decide,
            commit: commit.unwrap_or(Work::Drawn(Distribution::Constant { value: 0.0 })),
            locks: locks.into_iter().map(|lock| Some(LockId(lock? as u32))).collect::<Option<_>>()?,
        })
    }

    /// Looks for replies that reach nobody. `before` is a reply that may have been given already; so is the result.
    fn replies(&mut self, steps: &[At<StepForm>], owner: Owner, before: Option<Place>) -> Option<Place> {
        let mut given = before;
        for At { value, place } in steps {
            given = match value {
                StepForm::Reply(_) => {
                    self.reply(*place, owner, given);
                    Some(*place)
                }
                // All branches are gone.
                StepForm::Parallel(step) => {
                    let branches = step.parallel.value().map_or(&[][..], Vec::as_slice);
                    branches.iter().fold(given, |given, branch| self.replies(&branch.value, owner, given))
                }
                // One of the ways is gone.
                StepForm::Choose(step) => {
                    let ways = step.choose.value().map_or(&[][..], Vec::as_slice);
                    let steps = ways.iter().filter_map(|way| way.value.steps.value());
                    let after: Vec<Option<Place>> = steps.map(|steps| self.replies(&steps.0, owner, given)).collect();
                    after.into_iter().flatten().find(|place| Some(*place) != given).or(given)
                }
                StepForm::Repeat(step) => {
                    let after = step.steps.value().and_then(|steps| self.replies(steps, owner, given));
                    let once = matches!(step.repeat.value(), Some(Rounds::Constant(number)) if number.0 == 1);
                    if let (Some(reply), true) = (after, after != given && !once && owner == Owner::Service) {
                        let problem = Problem::error(reply, "in a loop a caller would be answered more than once");
                        self.log.push(problem.related(*place, "the loop").help("move the reply behind the loop"));
                    }
                    after.or(given)
                }
                StepForm::Lock(step) => step.steps.value().map_or(given, |steps| self.replies(steps, owner, given)),
                StepForm::Cache(step) => step.miss.value().map_or(given, |steps| self.replies(steps, owner, given)),
                StepForm::Call(call) => call.of.fallback.value().map_or(given, |steps| self.replies(&steps.0, owner, given)),
                StepForm::Work(_)
                | StepForm::Wait(_)
                | StepForm::Publish(_)
                | StepForm::Fail(_)
                | StepForm::TwoPhaseCommit(_) => given,
            };
        }
        given
    }

    fn reply(&mut self, place: Place, owner: Owner, before: Option<Place>) {
        if owner != Owner::Service {
            let who = if owner == Owner::Producer { "a producer" } else { "a consumer" };
            let problem = Problem::error(place, format!("{who} has no caller whom it could answer"));
            self.log.push(problem.help("only a service replies; remove the step"));
        } else if let Some(before) = before {
            let problem = Problem::error(place, "the caller has been answered already");
            self.log.push(problem.related(before, "answered here").help("keep one reply on each way"));
        }
    }
}

/// A distribution in its box, without it.
fn boxed(field: &Field<Box<Form>>) -> Option<At<&Form>> {
    field.given().map(|at| At { value: at.value.as_ref(), place: at.place })
}

/// The smallest number that is drawn.
fn least(counts: &Counts) -> u32 {
    match counts {
        Counts::Constant(number) => *number,
        Counts::Uniform { min, .. } => *min,
        Counts::Geometric { .. } => 1,
        Counts::Discrete { values } => values.iter().map(|part| part.of).min().unwrap_or(0),
    }
}

/// The constant on top of carried work, when this is carried work.
fn carried(form: &Form) -> Option<u64> {
    match form {
        Form::Carried(_) => Some(0),
        Form::Shifted(shifted) => {
            let plus = carried(shifted.of.value()?)?;
            Some(plus.saturating_add(shifted.by.value().map_or(0, |by| by.0)))
        }
        _ => None,
    }
}
