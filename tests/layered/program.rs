//! Handlers as flat programs of a Markov chain: written anew, from the meaning of the steps, so that nothing of the engine is
//! judged by itself. All times must be exponential.

use queuelab::model::{Contents, Handler, Model, Step, Work};
use queuelab::random::{Counts, Distribution};

/// One instruction; jumps are positions in the program.
#[derive(Debug, Clone)]
pub enum Instruction {
    /// Hold out for an exponential time with this rate; `true`: with the processors of the host.
    Hold(f64, bool),
    /// Call a place and wait for the answer.
    Call(usize),
    /// Publish to a place.
    Publish(usize),
    /// Answer the caller.
    Reply,
    /// Run branches, and go on behind them when so many have succeeded.
    Fork(Vec<usize>, u8),
    /// Go on elsewhere.
    Jump(usize),
    /// Go on at one of several places, each with its probability.
    Choose(Vec<(f64, usize)>),
    /// Wait for the lock.
    Acquire(usize),
    /// Give the lock back.
    Release(usize),
    /// Fail.
    Fail,
    /// Done.
    End,
}

/// Where requests or messages wait for workers: a service, or a consumer with its queue.
#[derive(Debug, Clone)]
pub struct Place {
    pub name: String,
    pub workers: usize,
    /// The most that wait.
    pub limit: usize,
    pub entry: usize,
    pub host: Option<usize>,
    /// The metric that says which share of what came was refused.
    pub refusals: String,
}

/// A producer.
#[derive(Debug, Clone)]
pub struct Class {
    pub name: String,
    /// Clients that think, each at the rate; `None`: open arrivals at the rate.
    pub clients: Option<usize>,
    pub rate: f64,
    pub entry: usize,
}

/// All programs of a model.
#[derive(Debug)]
pub struct Programs {
    pub code: Vec<Instruction>,
    pub places: Vec<Place>,
    pub classes: Vec<Class>,
    /// Cores of each host, and the speed of one.
    pub hosts: Vec<(f64, f64)>,
    pub permits: Vec<usize>,
}

/// The rate per second of an exponential time.
pub fn rate(distribution: &Distribution) -> f64 {
    match distribution {
        Distribution::Exponential { mean } => 1e9 / mean,
        other => panic!("a Markov chain knows no {other:?}"),
    }
}

impl Programs {
    /// The programs of a model: services first, then consumers, in the order of the model.
    pub fn of(model: &Model) -> Programs {
        let mut programs =
            Programs { code: Vec::new(), places: Vec::new(), classes: Vec::new(), hosts: Vec::new(), permits: Vec::new() };
        for service in &model.services {
            let entry = programs.handler(model, &service.handler);
            let limit = service.queue_limit.map_or(usize::MAX, |limit| limit as usize);
            let host = service.host.map(|host| host.0 as usize);
            programs.places.push(Place {
                name: format!("services.{}", service.name),
                workers: service.workers() as usize,
                limit,
                entry,
                host,
                refusals: format!("services.{}.rejected.ratio", service.name),
            });
        }
        for pool in &model.pools {
            let entry = programs.handler(model, &pool.handler);
            let limit = model.queue(pool.queue).max_length.map_or(usize::MAX, |limit| limit as usize);
            let host = pool.host.map(|host| host.0 as usize);
            let name = format!("consumers.{}", pool.name);
            let refusals = format!("queues.{}.rejected.ratio", model.queue(pool.queue).name);
            programs.places.push(Place { name, workers: pool.workers() as usize, limit, entry, host, refusals });
        }
        for producer in &model.producers {
            use queuelab::model::Arrivals::{Closed, Poisson};
            let (clients, rate) = match &producer.arrivals {
                Closed { clients, think } => (Some(*clients as usize), rate(think)),
                Poisson { rate } => (None, rate.0),
                other => panic!("a Markov chain knows no {other:?}"),
            };
            let entry = programs.handler(model, &producer.handler);
            programs.classes.push(Class { name: format!("producers.{}", producer.name), clients, rate, entry });
        }
        programs.hosts = model.hosts.iter().map(|host| (f64::from(host.cores), host.speed)).collect();
        programs.permits = model.locks.iter().map(|lock| lock.permits as usize).collect();
        programs
    }

    fn handler(&mut self, model: &Model, handler: &Handler) -> usize {
        let entry = self.code.len();
        self.steps(model, &handler.0);
        self.code.push(Instruction::End);
        entry
    }

    fn steps(&mut self, model: &Model, steps: &[Step]) {
        steps.iter().for_each(|step| self.step(model, step));
    }

    fn step(&mut self, model: &Model, step: &Step) {
        match step {
            Step::Work(Work::Drawn(distribution)) => self.code.push(Instruction::Hold(rate(distribution), true)),
            Step::Wait(distribution) => self.code.push(Instruction::Hold(rate(distribution), false)),
            Step::Call(call) => {
                assert!(call.layers.is_empty() && call.network.is_none() && call.fallback.is_none());
                self.code.push(Instruction::Call(call.service.0 as usize));
            }
            Step::Publish(queue) => {
                let (pool, _) = model.pools_on(*queue).next().expect("every queue has its consumer");
                self.code.push(Instruction::Publish(model.services.len() + pool.0 as usize));
            }
            Step::Parallel { branches, join } => {
                let fork = self.reserve(2);
                let entries = branches.iter().map(|branch| self.ended(model, branch)).collect();
                self.code[fork] = Instruction::Fork(entries, *join as u8);
                self.code[fork + 1] = Instruction::Jump(self.code.len());
            }
            Step::Choose(ways) => {
                let total: f64 = ways.iter().map(|way| way.weight).sum();
                let shares: Vec<f64> = ways.iter().map(|way| way.weight / total).collect();
                let ways: Vec<&[Step]> = ways.iter().map(|way| way.steps.as_slice()).collect();
                self.choose(model, &shares, &ways);
            }
            Step::Repeat { count: Counts::Constant(count), steps } => {
                (0..*count).for_each(|_| self.steps(model, steps));
            }
            Step::Fail { probability } => {
                let at = self.reserve(2);
                self.code[at] = Instruction::Choose(vec![(*probability, at + 1), (1.0 - probability, at + 2)]);
                self.code[at + 1] = Instruction::Fail;
            }
            Step::Cache { cache, miss } => {
                let Contents::HitRatio(hit) = model.caches[cache.0 as usize].contents else { panic!("a cache without keys") };
                self.choose(model, &[hit, 1.0 - hit], &[&[], miss]);
            }
            Step::Reply => self.code.push(Instruction::Reply),
            Step::Lock { lock, steps } => {
                self.code.push(Instruction::Acquire(lock.0 as usize));
                self.steps(model, steps);
                self.code.push(Instruction::Release(lock.0 as usize));
            }
            other => panic!("a Markov chain knows no {other:?}"),
        }
    }

    fn reserve(&mut self, places: usize) -> usize {
        let at = self.code.len();
        self.code.resize(at + places, Instruction::End);
        at
    }

    fn ended(&mut self, model: &Model, steps: &[Step]) -> usize {
        let entry = self.code.len();
        self.steps(model, steps);
        self.code.push(Instruction::End);
        entry
    }

    fn choose(&mut self, model: &Model, shares: &[f64], ways: &[&[Step]]) {
        let at = self.reserve(1);
        let (mut entries, mut jumps) = (Vec::new(), Vec::new());
        for (&share, steps) in shares.iter().zip(ways) {
            entries.push((share, self.code.len()));
            self.steps(model, steps);
            jumps.push(self.reserve(1));
        }
        let end = self.code.len();
        jumps.into_iter().for_each(|jump| self.code[jump] = Instruction::Jump(end));
        self.code[at] = Instruction::Choose(entries);
    }
}
