//! A raw recording, one row for each attempt of a message, and the compact table that a replay is fed with: one row for each message.
//!
//! Columns of the compact table; what a recording does not need is left out:
//!
//! ```text
//! publish_s   when the publisher handed the message over (with a pool of callers: arrival_s, when a caller was first asked for)
//! service_s   work of one delivery. Measured (service end - service start), since a replay shares the stalls inside a service; the
//!             mean over the deliveries of a message that was delivered several times; divided by the factor of its consumer where
//!             consumers differ in speed; the requested work plus the run's median overshoot where the message was never worked
//!             on (expired, dropped, rejected, killed half way)
//! wait_s      measured: start of the first service - publish; empty where the message was never started. Of copies also wait_1_s, ...
//! consumer    who served it first, numbered in the order of the consumers' first deliveries (the ring of the broker); only where
//!             the broker deals messages out in turn, since elsewhere every tie changes the rest
//! priority, ttl_s, failures   of the message, where the run has them (failures: deliveries that fail before one succeeds)
//! confirm_s   measured: publish to confirm
//! round_s     measured: publish to reply (requests)
//! outcome     how it ended, where not all were acknowledged
//! ```

use super::figures::median;
use super::parameters::{Notes, Parameters};
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

/// What is known of a run as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Messages served a second.
    pub throughput: Option<f64>,
    /// Median overshoot of the consumers' timers (service - requested service), in milliseconds: how slow the machine was.
    pub overshoot: Option<f64>,
    /// The consumers in the order of their first deliveries.
    pub order: Vec<usize>,
    /// When the last message was published, in seconds.
    pub last_publish: f64,
    /// Of a consumer that dies: when it does, and when its successor begins, in seconds.
    pub crash: Option<[f64; 2]>,
}

/// One attempt of a message; instants in seconds from the start of the run.
#[derive(Debug, Default)]
struct Attempt {
    number: u32,
    class: String,
    scheduled: Option<f64>,
    publish: f64,
    confirm: Option<f64>,
    start: Option<f64>,
    end: Option<f64>,
    reply: Option<f64>,
    outcome: String,
    consumer: String,
    requested: Option<f64>,
}

impl Attempt {
    /// Its consumer's number, the same for the successor of one that died.
    fn who(&self) -> Option<usize> {
        self.consumer.split('.').next().and_then(|number| number.parse().ok())
    }

    fn work(&self, speed: &[f64]) -> Option<f64> {
        let factor = self.who().and_then(|who| speed.get(who)).copied().unwrap_or(1.0);
        Some((self.end? - self.start?) / factor)
    }

    fn served(&self) -> bool {
        self.outcome == "ack" || self.outcome == "auto"
    }
}

/// The table of a recording.
#[derive(Debug)]
pub struct Table {
    pub facts: Facts,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// As CSV.
    pub fn text(&self) -> String {
        std::iter::once(&self.head).chain(&self.rows).map(|row| row.join(",") + "\n").collect()
    }
}

/// Reads the attempts of a recording; those of each message together, in the order of the file.
fn attempts(path: &Path) -> Result<Vec<Vec<Attempt>>, String> {
    let shown = path.display();
    let missing = |error| format!("{shown}: {error}; a recording needs one row there for each attempt of a message");
    let file = File::open(path).map_err(missing)?;
    let mut table = csv::Reader::from_reader(GzDecoder::new(file));
    let head = table.headers().map_err(|error| format!("{shown}: {error}"))?.clone();
    let found = |name: &str| head.iter().position(|title| title == name);
    let needed = |name: &str| {
        let columns = || head.iter().collect::<Vec<_>>().join(", ");
        found(name).ok_or_else(|| format!("{shown}: the column `{name}` is missing; there are {}", columns()))
    };
    let (id, attempt, outcome, consumer) = (needed("id")?, needed("attempt")?, needed("outcome")?, needed("consumer")?);
    let (publish, start, end) = (needed("publish_ts")?, needed("service_start_ts")?, needed("service_end_ts")?);
    let optional = ["sched_ts", "confirm_ts", "reply_ts", "service_req_s"].map(found);
    let class = found("class");
    let (mut messages, mut places) = (Vec::<Vec<Attempt>>::new(), BTreeMap::<String, usize>::new());
    for row in table.records() {
        let row = row.map_err(|error| format!("{shown}: {error}"))?;
        let line = row.position().map_or(0, csv::Position::line);
        let number = |at: Option<usize>| match at.map(|at| &row[at]).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text.parse::<f64>().map(Some).map_err(|_| format!("{shown}:{line}: {text:?} is no number of seconds")),
        };
        let [scheduled, confirm, reply, requested] = optional.map(number);
        let read = Attempt {
            number: row[attempt]
                .parse()
                .map_err(|_| format!("{shown}:{line}: {:?} is no number of an attempt", &row[attempt]))?,
            class: class.map(|at| row[at].to_owned()).unwrap_or_default(),
            publish: number(Some(publish))?.ok_or_else(|| format!("{shown}:{line}: publish_ts is empty"))?,
            start: number(Some(start))?,
            end: number(Some(end))?,
            outcome: row[outcome].to_owned(),
            consumer: row[consumer].to_owned(),
            scheduled: scheduled?,
            confirm: confirm?,
            reply: reply?,
            requested: requested?,
        };
        let place = *places.entry(row[id].to_owned()).or_insert(messages.len());
        if place == messages.len() {
            messages.push(Vec::new());
        }
        messages[place].push(read);
    }
    if messages.is_empty() {
        return Err(format!("{shown}: there is no message in it"));
    }
    for rows in &mut messages {
        rows.sort_by(|a, b| (a.number, &a.consumer).cmp(&(b.number, &b.consumer)));
    }
    Ok(messages)
}

/// The compact table of the recording in a folder.
pub fn table(folder: &Path, parameters: &Parameters, notes: &mut Notes) -> Result<Table, String> {
    let path = folder.join("messages.csv.gz");
    let messages = attempts(&path)?;
    let shown = path.display();
    if let Some(said) = parameters.messages.filter(|&said| said != messages.len()) {
        notes.push(format!("{shown}: {} messages, where the parameters say {said}: these are replayed", messages.len()));
    }
    let waiting = messages.iter().filter(|rows| rows.last().is_some_and(|last| last.outcome == "queued")).count();
    if waiting > 0 && parameters.consumers > 0 {
        notes.push(format!(
            "{shown}: {waiting} messages were still queued at the end; they count as lost, and the replay serves them"
        ));
    }
    let facts = facts(folder, &messages, parameters)?;
    let all = || messages.iter().flatten();
    let known = |test: fn(&Attempt) -> bool| all().any(test);
    let (served, confirms, replies) =
        (known(|row| row.start.is_some()), known(|row| row.confirm.is_some()), known(|row| row.reply.is_some()));
    let lost = messages.iter().any(|rows| !rows[rows.len() - 1].served());
    let pool = parameters.callers.is_some() && parameters.think.is_none();
    let digits = if facts.overshoot.is_some() { 5 } else { 6 };
    let seconds = |value: f64| {
        let text = format!("{value:.digits$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let (mut head, mut rows) = (Vec::new(), Vec::new());
    for attempts in &messages {
        let (first, last) = (&attempts[0], &attempts[attempts.len() - 1]);
        let mut row: Vec<(&str, String)> = Vec::new();
        let arrival = first.scheduled.filter(|_| pool);
        row.extend(arrival.map(|at| ("arrival_s", seconds(at))));
        row.push(("publish_s", seconds(first.publish)));
        let wait = |row: &Attempt| row.start.map(|start| seconds(start - row.publish)).unwrap_or_default();
        let titles: Vec<String> = (1..parameters.consumers).map(|at| format!("wait_{at}_s")).collect();
        if served {
            let works: Vec<f64> = attempts.iter().filter_map(|row| row.work(&parameters.speed)).collect();
            let asked = first.requested.unwrap_or(0.0) + facts.overshoot.unwrap_or(0.0) / 1e3;
            let work = if works.is_empty() { asked } else { works.iter().sum::<f64>() / works.len() as f64 };
            row.push(("service_s", seconds(work)));
            let place = |row: &Attempt| row.who().and_then(|who| facts.order.iter().position(|&other| other == who));
            if parameters.copies() {
                let of = |at: usize| attempts.iter().find(|row| place(row) == Some(at)).map(wait).unwrap_or_default();
                row.push(("wait_s", of(0)));
                row.extend(titles.iter().enumerate().map(|(at, title)| (title.as_str(), of(at + 1))));
            } else {
                row.push(("wait_s", wait(first)));
                if parameters.in_turn() {
                    row.push(("consumer", place(first).map(|at| at.to_string()).unwrap_or_default()));
                }
            }
        }
        if parameters.priorities {
            row.push(("priority", first.class.clone()));
        }
        if !parameters.ttls.is_empty() {
            let ttl = first.class.parse::<usize>().ok().and_then(|class| parameters.ttls.get(class));
            let ttl = ttl.ok_or_else(|| format!("{shown}: class {:?} has no time to live in per_message_ttl", first.class))?;
            row.push(("ttl_s", seconds(ttl / 1e3)));
        }
        if parameters.fails {
            row.push(("failures", attempts.iter().filter(|row| row.end.is_some() && !row.served()).count().to_string()));
        }
        if confirms {
            row.push(("confirm_s", first.confirm.map(|confirm| seconds(confirm - first.publish)).unwrap_or_default()));
        }
        if replies {
            row.push(("round_s", first.reply.map(|reply| seconds(reply - first.publish)).unwrap_or_default()));
        }
        if lost && served {
            row.push(("outcome", last.outcome.clone()));
        }
        if head.is_empty() {
            head = row.iter().map(|(title, _)| (*title).to_owned()).collect();
        }
        rows.push((arrival.unwrap_or(first.publish), row.into_iter().map(|(_, cell)| cell).collect()));
    }
    rows.sort_by(|a: &(f64, Vec<String>), b| a.0.total_cmp(&b.0));
    Ok(Table { facts, head, rows: rows.into_iter().map(|(_, row)| row).collect() })
}

fn facts(folder: &Path, messages: &[Vec<Attempt>], parameters: &Parameters) -> Result<Facts, String> {
    let all = || messages.iter().flatten();
    let mut begun: Vec<(f64, &Attempt)> = all().filter_map(|row| Some((row.start?, row))).collect();
    begun.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.consumer.cmp(&b.1.consumer)));
    let mut order = Vec::new();
    for who in begun.iter().filter_map(|(_, row)| row.who()) {
        if !order.contains(&who) {
            order.push(who);
        }
    }
    let beyond = |row: &&Attempt| row.requested.is_some_and(|asked| asked > 0.0);
    let factor = |row: &Attempt| row.who().and_then(|who| parameters.speed.get(who)).copied().unwrap_or(1.0);
    let overshoots: Vec<f64> =
        all().filter(beyond).filter_map(|row| Some(row.end? - row.start? - row.requested? * factor(row))).collect();
    let overshoot = (!overshoots.is_empty()).then(|| median(overshoots) * 1e3);
    let first_publish = all().map(|row| row.publish).fold(f64::INFINITY, f64::min);
    let last_publish = all().map(|row| row.publish).fold(0.0, f64::max);
    let last_end = all().filter_map(|row| row.end).fold(0.0, f64::max);
    let served = all().filter(|row| row.served()).count();
    let measured = fs::read_to_string(folder.join("summary.json")).ok();
    let measured = measured.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok()?.get("throughput")?.as_f64());
    let throughput = measured.or((served > 0).then(|| served as f64 / (last_end - first_publish)));
    let crash = match parameters.crash {
        None => None,
        Some(_) => Some(crash(messages).ok_or_else(|| {
            format!(
                "{}: params.crash: no row shows a service that was broken off (a start without an end) and the successor of its \
                 consumer (\"0.1\" for \"0\"); without them nobody knows when it died and came back",
                folder.join("messages.csv.gz").display()
            )
        })?),
    };
    Ok(Facts { throughput, overshoot, order, last_publish, crash })
}

/// When a consumer died and its successor began, in seconds. The instant of its death is in no table: the middle of the work that it broke
/// off stands for it.
fn crash(messages: &[Vec<Attempt>]) -> Option<[f64; 2]> {
    let broken = messages.iter().flatten().find(|row| row.start.is_some() && row.end.is_none())?;
    let successor = |row: &&Attempt| row.who() == broken.who() && row.consumer != broken.consumer;
    let back = messages.iter().flatten().filter(successor).filter_map(|row| row.start).fold(f64::INFINITY, f64::min);
    back.is_finite().then_some([broken.start? + broken.requested.unwrap_or(0.0) / 2.0, back])
}
