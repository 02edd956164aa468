//! Services, hosts, locks and caches, from the document to the model.

use super::decode::Named;
use super::diagnostic::{At, Problem};
use super::document::Scenario;
use super::resolve::{Resolver, list};
use super::service_form::{
    BalanceForm, BalanceWord, Cache as CacheForm, CoDelForm, Host as HostForm, Lock as LockForm, SchedulingForm,
    Service as ServiceForm, ServiceDiscipline, ServiceDisciplineWord, ShedForm, ShedWord,
};
use super::steps::{Links, Owner, Walk};
use crate::model::{Balance, Cache, Contents, Discipline, Handler, Host, Lock, Scheduling, Service, Shed, Step};
use crate::units::Span;

/// Places of an instance on a ring: a spread of the load of a tenth.
const POINTS: u32 = 100;

/// RFC 8289, section 4.4: a target of 5 ms, an interval of 100 ms.
const TARGET: Span = Span(5_000_000);
const INTERVAL: Span = Span(100_000_000);

impl Resolver<'_> {
    /// The services of the model, and how each is connected.
    pub(super) fn services(&mut self, scenario: &Scenario) -> (Vec<Service>, Vec<Links>) {
        let mut services = Vec::new();
        let mut links = Vec::new();
        for named in list(&scenario.services) {
            let mut walk = Walk::new(scenario, format!("services.{}", named.name.value));
            services.push(match &named.entity {
                Some(at) => self.service(named.name.value.clone(), at, &mut walk),
                None => stand_in(named.name.value.clone()),
            });
            links.push(walk.links);
        }
        (services, links)
    }

    fn service(&mut self, name: String, at: &At<ServiceForm>, walk: &mut Walk<'_>) -> Service {
        let form = &at.value;
        let handler = match form.steps.given() {
            Some(steps) => {
                self.no_short_form(steps.place, form.service.given().map(|at| at.place));
                self.handler(&steps.value, Owner::Service, walk)
            }
            None => {
                if form.service.is_missing() && form.steps.is_missing() {
                    let problem = Problem::error(at.place, "`service` is missing in this service");
                    let help =
                        "write the time that a request needs of a worker: service = { exponential = \"10ms\" }; or `steps`";
                    self.log.push(problem.help(help));
                }
                let work = form.service.given().map(|at| At { value: &at.value, place: at.place });
                Handler(work.and_then(|at| self.work(at, "service", walk)).map(Step::Work).into_iter().collect())
            }
        };
        let (count, concurrency) = self.workers(&form.count, &form.concurrency, "instances", "requests");
        let balance = self.balance(form, count);
        let at_one_queue = u64::from(concurrency) * if balance.is_some() { 1 } else { u64::from(count) };
        Service {
            name,
            count,
            concurrency,
            balance,
            queue_limit: form.queue_limit.value().map(|whole| whole.0),
            discipline: self.service_discipline(form, at_one_queue),
            shed: self.shed(form),
            handler,
            host: self.host(&form.host, walk),
            network: form.network.given().and_then(|at| self.distribution(at, &format!("{}.network", walk.path))),
        }
    }

    fn balance(&mut self, form: &ServiceForm, count: u32) -> Option<Balance> {
        let at = form.balance.given()?;
        let balance = match &at.value {
            BalanceForm::Word(BalanceWord::RoundRobin) => Balance::RoundRobin,
            BalanceForm::Word(BalanceWord::Random) => Balance::Random,
            BalanceForm::Word(BalanceWord::LeastConnections) => Balance::LeastConnections,
            BalanceForm::Word(BalanceWord::TwoRandomChoices) => Balance::Choices(2),
            BalanceForm::Word(BalanceWord::ConsistentHash) => Balance::ConsistentHash { points: POINTS, bound: None },
            BalanceForm::Choices(choices) => Balance::Choices(choices.0 as u32),
            BalanceForm::ConsistentHash(ring) => {
                if let Some(bound) = ring.bound.given().filter(|bound| bound.value.0 <= 1.0) {
                    let message = format!("no instance can take all that comes at {} times the mean load", bound.value.0);
                    self.log.push(Problem::error(bound.place, message).help("a bound is above 1: 1.25 is usual"));
                }
                Balance::ConsistentHash {
                    points: ring.points.value().map_or(POINTS, |whole| whole.0 as u32),
                    bound: ring.bound.value().map(|bound| bound.0),
                }
            }
        };
        if count == 1 && form.count.value().is_none_or(|count| count.0 == 1) {
            let problem = Problem::warning(at.place, "there is one instance, and nothing to balance");
            self.log.push(problem.help("give the service a `count` of instances, or remove `balance`"));
        } else if let Balance::Choices(choices) = balance
            && choices > count
        {
            let problem = Problem::warning(at.place, format!("of {count} instances no {choices} can be picked"));
            self.log.push(problem.help(format!("write {{ choices = {count} }} or less, or \"least-connections\"")));
        }
        Some(balance)
    }

    fn service_discipline(&mut self, form: &ServiceForm, at_one_queue: u64) -> Discipline {
        let priority = matches!(form.discipline.value(), Some(ServiceDiscipline::Word(ServiceDisciplineWord::Priority)));
        let max_priority = self.max_priority(&form.max_priority, priority);
        match form.discipline.value() {
            None | Some(ServiceDiscipline::Word(ServiceDisciplineWord::Fifo)) => Discipline::Fifo,
            Some(ServiceDiscipline::Word(ServiceDisciplineWord::Lifo)) => Discipline::Lifo,
            Some(ServiceDiscipline::Word(ServiceDisciplineWord::Random)) => Discipline::Random,
            Some(ServiceDiscipline::Word(ServiceDisciplineWord::Priority)) => Discipline::Priority { max_priority },
            Some(ServiceDiscipline::Word(ServiceDisciplineWord::AdaptiveLifo)) => {
                Discipline::AdaptiveLifo { above: at_one_queue }
            }
            Some(ServiceDiscipline::AdaptiveLifo(above)) => {
                Discipline::AdaptiveLifo { above: above.above.value().map_or(0, |whole| whole.0) }
            }
        }
    }

    fn shed(&mut self, form: &ServiceForm) -> Option<Shed> {
        match form.shed.value()? {
            ShedForm::Word(ShedWord::Deadline) => Some(Shed::Deadline),
            ShedForm::Word(ShedWord::CoDel) => Some(Shed::CoDel { target: TARGET, interval: INTERVAL }),
            ShedForm::CoDel(CoDelForm { target, interval }) => {
                for (field, what) in [(target, "the target of codel"), (interval, "the interval of codel")] {
                    if let Some(at) = field.given() {
                        self.above_zero(at, what);
                    }
                }
                Some(Shed::CoDel {
                    target: target.value().copied().unwrap_or(TARGET),
                    interval: interval.value().copied().unwrap_or(INTERVAL),
                })
            }
        }
    }

    /// The hosts of the model.
    pub(super) fn hosts(&mut self, hosts: &[Named<HostForm>]) -> Vec<Host> {
        let host = |named: &Named<HostForm>| {
            let form = named.entity.as_ref().map(|at| &at.value);
            Host {
                name: named.name.value.clone(),
                cores: form.and_then(|form| form.cores.value()).map_or(1, |whole| whole.0 as u32),
                scheduling: match form.and_then(|form| form.scheduling.value()) {
                    None | Some(SchedulingForm::ProcessorSharing) => Scheduling::ProcessorSharing,
                    Some(SchedulingForm::Fifo) => Scheduling::Fifo,
                },
                speed: form.and_then(|form| form.speed.value()).map_or(1.0, |positive| positive.0),
            }
        };
        hosts.iter().map(host).collect()
    }

    /// The locks of the model.
    pub(super) fn locks(&mut self, locks: &[Named<LockForm>]) -> Vec<Lock> {
        let mut resolved = Vec::with_capacity(locks.len());
        for named in locks {
            let mut lock = Lock { name: named.name.value.clone(), permits: 1, lease: None, fencing: false };
            if let Some(At { value: form, .. }) = &named.entity {
                lock.permits = form.permits.value().map_or(1, |whole| whole.0 as u32);
                lock.lease = form.lease.value().copied();
                lock.fencing = form.fencing.value().copied().unwrap_or(false);
                if let Some(at) = form.lease.given() {
                    self.above_zero(at, "the lease of a lock");
                }
                if let (Some(at), true) = (form.fencing.given(), form.lease.is_missing()) {
                    let problem = Problem::error(at.place, "`fencing` has no effect without a lease: nobody loses this lock");
                    self.log.push(problem.help("add `lease = \"30s\"`, or remove `fencing`"));
                }
            }
            resolved.push(lock);
        }
        resolved
    }

    /// The caches of the model.
    pub(super) fn caches(&mut self, caches: &[Named<CacheForm>]) -> Vec<Cache> {
        let mut resolved = Vec::with_capacity(caches.len());
        for named in caches {
            let name = named.name.value.clone();
            let path = format!("caches.{name}.lookup");
            let mut cache = Cache { name, contents: Contents::HitRatio(0.0), lookup: None, single_flight: false };
            if let Some(at) = &named.entity {
                cache.contents = self.contents(at).unwrap_or(cache.contents);
                cache.lookup = at.value.lookup.given().and_then(|lookup| self.distribution(lookup, &path));
                cache.single_flight = at.value.single_flight.value().copied().unwrap_or(false);
            }
            resolved.push(cache);
        }
        resolved
    }

    fn contents(&mut self, at: &At<CacheForm>) -> Option<Contents> {
        let form = &at.value;
        if form.hit_ratio.is_missing() && form.capacity.is_missing() {
            let problem = Problem::error(at.place, "this cache does not say when it hits");
            self.log.push(problem.help("write hit_ratio = \"90%\", or `capacity` for one that keeps what was used last"));
            return None;
        }
        if let (Some(ratio), Some(capacity)) = (form.hit_ratio.given(), form.capacity.given()) {
            let problem = Problem::error(capacity.place, "what a cache of this capacity hits comes from the keys");
            self.log.push(problem.related(ratio.place, "and is given here too").help("keep one of the two"));
            return None;
        }
        if let (Some(ttl), Some(ratio)) = (form.ttl.given(), form.hit_ratio.given()) {
            let problem = Problem::error(ttl.place, "`ttl` has no effect where the hit ratio is given");
            self.log.push(problem.related(ratio.place, "given here").help("give `capacity` instead, or remove `ttl`"));
        }
        if let Some(ttl) = form.ttl.given() {
            self.above_zero(ttl, "the time to live of a cache");
        }
        if let Some(ratio) = form.hit_ratio.value() {
            return Some(Contents::HitRatio(ratio.0));
        }
        let capacity = form.capacity.value()?.0 as u32;
        Some(Contents::Lru { capacity, ttl: form.ttl.value().copied() })
    }
}

/// Takes the place of what could not be read; it never leaves this room.
fn stand_in(name: String) -> Service {
    Service {
        name,
        count: 1,
        concurrency: 1,
        balance: None,
        queue_limit: None,
        discipline: Discipline::Fifo,
        shed: None,
        handler: Handler::default(),
        host: None,
        network: None,
    }
}
