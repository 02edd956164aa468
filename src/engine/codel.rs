//! CoDel: gives up requests when all have waited too long for too long.
//!
//! RFC 8289 (Nichols, Jacobson 2018, "Controlled delay active queue management"), sections 5.4 to 5.8, taken from packets to
//! requests: the state changes when a worker takes a request, and instead of the last full packet it is the last request that
//! is never dropped, since a worker would stand idle. As soon as no request has waited less than `target` for `interval`, one is
//! dropped; the next one interval/sqrt(1) later, then interval/sqrt(2), interval/sqrt(3) ... later, until one has waited less.
//! If it begins again within 16 intervals, it goes on at about the pace that it had.
//!
//! The RFC's loop, which takes the next one when it has dropped one, is turned inside out here: the state says whether the one
//! that is asked about comes after such a drop. (The one after the first drop needs no rule of its own, as the next drop is
//! not due before later.)

use crate::units::{Span, Time};

/// The state of one queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codel {
    target: Span,
    interval: Span,
    /// All waits have been above the target since an interval before; `None`: the last was not.
    first_above: Option<Time>,
    dropping: bool,
    drop_next: Time,
    /// Drops since it began, and how many there were when it began.
    count: u64,
    last_count: u64,
    /// Whether the request before was dropped because it was time to, and the next time is still to be set.
    due: bool,
}

impl Codel {
    /// A queue whose requests have not waited.
    pub(super) fn new(target: Span, interval: Span) -> Codel {
        Codel { target, interval, first_above: None, dropping: false, drop_next: Time::ZERO, count: 0, last_count: 0, due: false }
    }

    /// A worker takes a request that has waited so long, and behind it there is none (`last`) or are others: whether it is
    /// dropped. If so, the worker takes the next at once.
    pub(super) fn drop(&mut self, now: Time, sojourn: Span, last: bool) -> bool {
        let above = self.is_above(now, sojourn, last);
        if std::mem::take(&mut self.due) && above {
            self.drop_next = self.after(self.drop_next);
        }
        if self.dropping {
            self.dropping = above;
            if !above || now < self.drop_next {
                return false;
            }
            self.count += 1;
            self.due = true;
            return true;
        }
        if above {
            self.dropping = true;
            let delta = self.count - self.last_count;
            let recent = now.0 < self.drop_next.0.saturating_add(self.interval.0.saturating_mul(16));
            self.count = if delta > 1 && recent { delta } else { 1 };
            self.drop_next = self.after(now);
            self.last_count = self.count;
        }
        above
    }

    /// Whether waits have been above the target for an interval.
    fn is_above(&mut self, now: Time, sojourn: Span, last: bool) -> bool {
        if sojourn < self.target || last {
            self.first_above = None;
            return false;
        }
        now >= *self.first_above.get_or_insert(now + self.interval)
    }

    /// The control law.
    fn after(&self, time: Time) -> Time {
        time + Span((self.interval.0 as f64 / (self.count as f64).sqrt() + 0.5) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use std::collections::VecDeque;

    const MS: u64 = 1_000_000;

    fn codel() -> Codel {
        Codel::new(Span(5 * MS), Span(100 * MS))
    }

    /// A worker that takes a request every tenth of a millisecond from a queue in which all have waited for a second.
    #[test]
    fn a_standing_queue_is_dropped_from_at_the_published_pace() {
        let mut codel = codel();
        let mut drops = Vec::new();
        for step in 0..8000u64 {
            let now = Time(step * MS / 10);
            while codel.drop(now, Span(1000 * MS), false) {
                drops.push(now.as_secs_f64() * 1e3);
            }
        }
        // The first when all have been above the target for 100 ms.
        assert_eq!(drops[0], 100.0);
        let mut expected = 0.0;
        for (at, drop) in drops.iter().enumerate().skip(1) {
            expected += 100.0 / (at as f64).sqrt();
            let offset = drop - drops[0];
            assert!((0.0..0.1001).contains(&(offset - expected)), "drop {at} at {offset} for {expected}");
        }
        for (drop, offset) in drops.iter().zip([0.0, 100.0, 170.7, 228.4, 278.4]) {
            assert!((drop - drops[0] - offset).abs() < 0.15, "{drops:?}");
        }
        assert!(drops.len() > 15);
    }

    #[test]
    fn short_waits_and_a_last_request_stop_it() {
        let mut codel = codel();
        // Waits of the target itself are too long.
        let long = Span(5 * MS);
        assert!(!codel.drop(Time(0), long, false));
        // One short wait within the interval, or one with nothing behind it, and it begins anew.
        assert!(!codel.drop(Time(90 * MS), Span(5 * MS - 1), false));
        assert!(!codel.drop(Time(110 * MS), long, false));
        assert!(!codel.drop(Time(200 * MS), long, true));
        assert!(!codel.drop(Time(210 * MS), long, false));
        assert!(!codel.drop(Time(310 * MS - 1), long, false));
        assert!(codel.drop(Time(310 * MS), long, false));
        // The one behind is served whatever it has waited, and so are others until the next is due.
        assert!(!codel.drop(Time(310 * MS), long, false));
        assert!(!codel.drop(Time(410 * MS - 1), long, false));
        assert!(codel.drop(Time(410 * MS), long, false));
        // A short wait ends it.
        assert!(!codel.drop(Time(410 * MS), Span(0), false));
        assert!(!codel.drop(Time(600 * MS), long, false));
    }

    /// The pseudocode of the RFC with its loop, over a queue of instants of arrival; where it says packet, a request.
    struct Rfc {
        queue: VecDeque<u64>,
        first_above_time: u64,
        drop_next: u64,
        count: u64,
        lastcount: u64,
        dropping: bool,
        dropped: Vec<(u64, u64)>,
    }

    impl Rfc {
        fn dodequeue(&mut self, now: u64) -> (Option<u64>, bool) {
            let Some(packet) = self.queue.pop_front() else {
                self.first_above_time = 0;
                return (None, false);
            };
            let sojourn = now - packet;
            if sojourn < 5 * MS || self.queue.is_empty() {
                self.first_above_time = 0;
            } else if self.first_above_time == 0 {
                self.first_above_time = now + 100 * MS;
            } else if now >= self.first_above_time {
                return (Some(packet), true);
            }
            (Some(packet), false)
        }

        fn control_law(&self, t: u64) -> u64 {
            t + (100.0 * MS as f64 / (self.count as f64).sqrt()).round() as u64
        }

        fn dequeue(&mut self, now: u64) -> Option<u64> {
            let (mut packet, mut ok_to_drop) = self.dodequeue(now);
            if self.dropping {
                if !ok_to_drop {
                    self.dropping = false;
                }
                while now >= self.drop_next && self.dropping {
                    self.dropped.push((now, packet.unwrap()));
                    self.count += 1;
                    (packet, ok_to_drop) = self.dodequeue(now);
                    if !ok_to_drop {
                        self.dropping = false;
                    } else {
                        self.drop_next = self.control_law(self.drop_next);
                    }
                }
            } else if ok_to_drop {
                self.dropped.push((now, packet.unwrap()));
                (packet, _) = self.dodequeue(now);
                self.dropping = true;
                let delta = self.count - self.lastcount;
                self.count = 1;
                if delta > 1 && now.saturating_sub(self.drop_next) < 1600 * MS {
                    self.count = delta;
                }
                self.drop_next = self.control_law(now);
                self.lastcount = self.count;
            }
            packet
        }
    }

    /// Busy and quiet stretches in turns, so that dropping begins, speeds up, ends and begins again.
    #[test]
    fn drops_what_the_loop_of_the_rfc_drops() {
        let mut draws = Stream::named(1, 0, "codel", "test").at(0);
        let mut rfc = Rfc {
            queue: VecDeque::new(),
            first_above_time: 0,
            drop_next: 0,
            count: 0,
            lastcount: 0,
            dropping: false,
            dropped: Vec::new(),
        };
        let mut codel = codel();
        let (mut queue, mut dropped, mut entries) = (VecDeque::new(), Vec::new(), 0);
        let (mut now, mut arrival) = (1u64, 1u64);
        for step in 0..200_000u64 {
            let busy = step % 12_000 > step / 50;
            now += draws.bits() % (2 * MS);
            while arrival <= now {
                queue.push_back(arrival);
                rfc.queue.push_back(arrival);
                arrival += draws.bits() % if busy { 17 * MS / 10 } else { 4 * MS };
            }
            let was_dropping = codel.dropping;
            let served = loop {
                let Some(packet) = queue.pop_front() else { break None };
                if !codel.drop(Time(now), Span(now - packet), queue.is_empty()) {
                    break Some(packet);
                }
                dropped.push((now, packet));
            };
            entries += u32::from(codel.dropping && !was_dropping);
            assert_eq!(served, rfc.dequeue(now), "at {now}");
        }
        assert_eq!(dropped, rfc.dropped);
        assert!(dropped.len() > 2000 && entries > 20, "{} {entries}", dropped.len());
    }
}
