//! Random small systems of services, as documents: whatever can be said of calls, and nothing that cannot end.

use std::fmt::Write;

/// Random choices (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, faces: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % faces
    }

    fn one_in(&mut self, faces: u64) -> bool {
        self.below(faces) == 0
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    fn time(&mut self) -> String {
        let mean = self.pick(&["1ms", "5ms", "20ms"]);
        if self.one_in(2) { format!("\"{mean}\"") } else { format!("{{ exponential = \"{mean}\" }}") }
    }
}

/// What there is in a system.
#[derive(Clone, Copy)]
struct Parts {
    services: u64,
    locks: bool,
    caches: bool,
    /// Something may be lost on the way, so that every call must end by itself.
    lossy: bool,
}

/// Whose steps they are: services from this number on may be called, and queues from this number on be published to.
#[derive(Clone, Copy)]
struct Scope {
    services: u64,
    queues: u64,
}

/// Queues: what stands in the first may call services, what stands in the last may not, and services publish to that alone.
const QUEUES: u64 = 2;

impl Parts {
    fn steps(self, dice: &mut Dice, scope: Scope, depth: u32, service: bool) -> String {
        let mut steps: Vec<String> = (0..=dice.below(3)).map(|_| self.step(dice, scope, depth)).collect();
        if service && dice.one_in(3) {
            let at = dice.below(steps.len() as u64 + 1) as usize;
            let reply = if dice.one_in(3) {
                format!("{{ parallel = [[{{ reply = true }}], [{{ work = {} }}]] }}", dice.time())
            } else {
                "{ reply = true }".to_owned()
            };
            steps.insert(at, reply);
        }
        format!("[{}]", steps.join(", "))
    }

    fn step(self, dice: &mut Dice, scope: Scope, depth: u32) -> String {
        let inner = |dice: &mut Dice| self.steps(dice, scope, depth + 1, false);
        match dice.below(if depth < 2 { 13 } else { 7 }) {
            0 => format!("{{ work = {} }}", dice.time()),
            1 => format!("{{ wait = {} }}", dice.time()),
            2..=4 if scope.services < self.services => self.call(dice, scope, depth),
            5 if scope.queues < QUEUES => {
                format!("{{ publish = \"q{}\" }}", scope.queues + dice.below(QUEUES - scope.queues))
            }
            6 => format!("{{ fail = \"{}%\" }}", dice.pick(&["1", "20"])),
            7 => {
                let branches: Vec<String> = (0..1 + dice.below(3)).map(|_| inner(dice)).collect();
                let join = dice.pick(&["", ", join = \"any\"", ", join = 1"]);
                format!("{{ parallel = [{}]{join} }}", branches.join(", "))
            }
            8 => format!("{{ choose = [{{ weight = 2, steps = {} }}, {{ weight = 1 }}] }}", inner(dice)),
            9 => format!("{{ repeat = {}, steps = {} }}", dice.pick(&["2", "{ uniform = { min = 0, max = 3 } }"]), inner(dice)),
            10 if self.caches => format!("{{ cache = \"{}\", miss = {} }}", dice.pick(&["c0", "c1"]), inner(dice)),
            11 if self.locks => format!("{{ lock = \"{}\", steps = {} }}", dice.pick(&["l0", "l1"]), inner(dice)),
            12 if !self.lossy && scope.services + 1 < self.services => {
                format!(
                    "{{ two_phase_commit = [\"s{}\", \"s{}\"], decide = \"1ms\", commit = \"1ms\" }}",
                    scope.services,
                    scope.services + 1
                )
            }
            _ => format!("{{ work = {} }}", dice.time()),
        }
    }

    fn call(self, dice: &mut Dice, scope: Scope, depth: u32) -> String {
        let to = scope.services + dice.below(self.services - scope.services);
        let mut step = format!("call = \"s{to}\"");
        let timed = self.lossy || dice.one_in(3);
        if timed {
            let _ = write!(step, ", {} = \"{}\"", dice.pick(&["timeout", "deadline"]), dice.pick(&["10ms", "80ms", "1s"]));
            if dice.one_in(2) {
                step += ", cancel = true";
            }
        }
        for layer in [
            "retry = 2",
            "retry = { max_attempts = 3, backoff = { base = \"1ms\", factor = 2 }, jitter = \"full\", budget = { tokens = {} } }",
            "breaker = { window = 5, min_calls = 3, open = \"50ms\", probes = 2 }",
            "bulkhead = { max = 2, queue = 3, wait = \"30ms\" }",
            "bulkhead = { max = 1, wait = \"unlimited\" }",
            "rate_limit = { rate = \"100/s\", burst = 3, wait = \"20ms\" }",
            "hedge = { after = \"5ms\", max = 3 }",
            "hedge = { after = \"10ms\", cancel = false }",
        ] {
            let key = &layer[..layer.find(' ').expect("every layer has a key")];
            if dice.one_in(6) && !step.contains(&format!("{key} =")) {
                let _ = write!(step, ", {layer}");
            }
        }
        for other in ["network = \"1ms\"", "connect = { exponential = \"1ms\" }"] {
            if dice.one_in(4) {
                let _ = write!(step, ", {other}");
            }
        }
        if depth < 2 && dice.one_in(4) {
            let _ = write!(step, ", fallback = {}", self.steps(dice, scope, depth + 1, false));
        }
        format!("{{ {step} }}")
    }
}

/// A document.
pub fn system(seed: u64) -> String {
    let mut dice = Dice(seed.wrapping_mul(0xD134_2543_DE82_EF95));
    let dice = &mut dice;
    let faults = dice.one_in(2);
    let parts =
        Parts { services: 1 + dice.below(4), locks: dice.one_in(2), caches: dice.one_in(2), lossy: faults && dice.one_in(2) };
    let mut text = format!("[run]\nstop = \"drained\"\nreplications = 1\nseed = {}\n", seed + 1);
    let producers = 1 + dice.below(3);
    for at in 0..producers {
        let _ = write!(
            text,
            "[producers.p{at}]\nmessages = 40\nsteps = {}\n",
            parts.steps(dice, Scope { services: 0, queues: 0 }, 0, false)
        );
        text += match dice.below(4) {
            0 => "clients = 3\nthink = { exponential = \"20ms\" }\n",
            1 => "arrivals = { constant = \"200/s\" }\ncallers = 2\n",
            2 => "arrivals = { batch = { arrivals = { constant = \"10/s\" }, size = 10 } }\n",
            _ => "arrivals = { poisson = \"100/s\" }\n",
        };
        text += dice.pick(&["", "key = { uniform = { keys = 5 } }\n", "priority = { uniform = { min = 0, max = 3 } }\n"]);
    }
    for at in 0..parts.services {
        let scope = Scope { services: at + 1, queues: QUEUES - 1 };
        let _ = write!(text, "[services.s{at}]\ncount = {}\nsteps = {}\n", 1 + dice.below(3), parts.steps(dice, scope, 0, true));
        text += dice.pick(&["", "", "queue_limit = 0\n", "queue_limit = 3\n"]);
        text +=
            dice.pick(&["", "balance = \"random\"\n", "balance = \"least-connections\"\n", "balance = \"consistent-hash\"\n"]);
        text += dice.pick(&["", "shed = \"deadline\"\n", "shed = { codel = { target = \"1ms\", interval = \"10ms\" } }\n"]);
        text += dice.pick(&["", "discipline = \"lifo\"\n", "discipline = \"adaptive-lifo\"\n", "discipline = \"priority\"\n"]);
        text += dice.pick(&["", "", "host = \"h\"\n"]);
        text += dice.pick(&["", "concurrency = 2\n"]);
        text += dice.pick(&["", "network = { exponential = \"1ms\" }\n"]);
    }
    for at in 0..QUEUES {
        let scope = if at == 0 { Scope { services: 0, queues: 1 } } else { Scope { services: parts.services, queues: QUEUES } };
        let _ = write!(text, "[queues.q{at}]\n{}", dice.pick(&["", "max_length = 5\n", "ttl = \"50ms\"\n"]));
        let _ = write!(text, "[consumers.c{at}]\nqueue = \"q{at}\"\ncount = 2\nsteps = {}\n", parts.steps(dice, scope, 0, false));
        text += dice.pick(&["", "prefetch = 3\n", "ack = \"auto\"\n", "host = \"h\"\n"]);
    }
    let _ = write!(text, "[hosts.h]\ncores = {}\n{}", 1 + dice.below(2), dice.pick(&["", "scheduling = \"fifo\"\n"]));
    if parts.locks {
        for at in 0..2 {
            let lease = if faults || dice.one_in(2) { "lease = \"30ms\"\nfencing = true\n" } else { "" };
            let _ = write!(text, "[locks.l{at}]\npermits = {}\n{lease}", 1 + dice.below(2));
        }
    }
    if parts.caches {
        text += "[caches.c0]\nhit_ratio = 0.5\n[caches.c1]\ncapacity = 3\nsingle_flight = true\nlookup = \"100us\"\n";
    }
    if faults {
        for _ in 0..1 + dice.below(3) {
            let target = dice.pick(&["services.s0", "consumers.c0", "hosts.h"]);
            let what = match dice.below(5) {
                0 => format!("crash = \"{target}\""),
                1 if target != "hosts.h" => format!("crash = \"{target}\"\ncount = 1"),
                2 => format!("pause = \"{target}\""),
                3 if parts.lossy => {
                    dice.pick(&["loss = \"services.s0\"\nshare = 0.3", "loss = \"queues.q1\"\nshare = 0.3"]).to_owned()
                }
                4 if parts.lossy => dice
                    .pick(&["partition = [\"producers.p0\", \"services.s0\"]", "partition = [\"consumers.c0\", \"queues.q1\"]"])
                    .to_owned(),
                _ => format!("slow = \"{target}\"\nfactor = 5"),
            };
            let when = dice.pick(&[
                "at = \"50ms\"\nfor = \"100ms\"",
                "at = \"100ms\"\nfor = \"30ms\"",
                "every = { exponential = \"100ms\" }\nfor = { exponential = \"20ms\" }",
            ]);
            let _ = write!(text, "[[faults]]\n{what}\n{when}\n");
        }
    }
    text
}
