//! A lock, or a semaphore: a number of permits, who waits for one, and leases that run out.
//!
//! Permits are handed on in order of asking. Each grant has a number that is larger than all before it: the fencing token of
//! Kleppmann 2016, "How to do distributed locking". A lease that runs out takes the permit from its holder, who does not know;
//! when it lets go at last, it is told whether another has been granted a permit since, so that what it wrote in between would
//! be refused by a store that has seen the larger token.

use super::chain::Chain;

/// A grant of a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    /// Rises from grant to grant.
    pub number: u64,
    slot: u32,
}

/// What had become of a permit when its holder let it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Released {
    /// It was still held.
    Held,
    /// Its lease had run out.
    Expired {
        /// Whether a permit has been granted to another since.
        taken_since: bool,
    },
}

/// Who has got the permit that has come free, and its token.
pub(super) type Next = Option<(u32, Token)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grant {
    /// Its holder will let it go.
    Held,
    /// Its holder is gone; only the end of the lease frees it.
    Abandoned,
    /// The lease has run out when grants had come to this number; the holder does not know.
    Expired { last: u64 },
}

/// The permits of one lock.
#[derive(Debug)]
pub(super) struct Permits {
    free: u32,
    #[cfg(test)]
    total: u32,
    /// Number of the last grant.
    last: u64,
    /// By slot: the grants whose holders have not let go.
    grants: Vec<Grant>,
    free_slots: Vec<u32>,
    waiting: Chain,
}

impl Permits {
    /// So many permits, all free.
    pub(super) fn new(permits: u32) -> Permits {
        Permits {
            free: permits,
            #[cfg(test)]
            total: permits,
            last: 0,
            grants: Vec::new(),
            free_slots: Vec::new(),
            waiting: Chain::new(0),
        }
    }

    /// Permits that are held, those of holders that are gone included, and those whose lease has run out not.
    #[cfg(test)]
    pub(super) fn held(&self) -> u32 {
        self.total - self.free
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> u32 {
        self.waiting.len()
    }

    /// Asks for a permit: has it now, or waits. Who waits already must not ask again.
    pub(super) fn acquire(&mut self, who: u32) -> Option<Token> {
        // While any is free, nobody waits.
        if self.free == 0 {
            self.waiting.push(who);
            return None;
        }
        self.free -= 1;
        Some(self.grant())
    }

    /// The holder lets its permit go; the token is worth nothing afterwards.
    pub(super) fn release(&mut self, token: Token) -> (Released, Next) {
        self.free_slots.push(token.slot);
        match self.grants[token.slot as usize] {
            Grant::Expired { last } => (Released::Expired { taken_since: self.last > last }, None),
            Grant::Held | Grant::Abandoned => (Released::Held, self.hand_on()),
        }
    }

    /// The lease has run out before the holder let go.
    pub(super) fn expire(&mut self, token: Token) -> Next {
        let grant = &mut self.grants[token.slot as usize];
        debug_assert!(!matches!(grant, Grant::Expired { .. }), "a lease runs out once");
        if *grant == Grant::Abandoned {
            self.free_slots.push(token.slot);
        } else {
            *grant = Grant::Expired { last: self.last };
        }
        self.hand_on()
    }

    /// The holder is gone and will not let go: its permit stays taken until the lease runs out, for ever if there is none. The
    /// token is good for nothing but that.
    pub(super) fn abandon(&mut self, token: Token) {
        match &mut self.grants[token.slot as usize] {
            Grant::Expired { .. } => self.free_slots.push(token.slot),
            grant => *grant = Grant::Abandoned,
        }
    }

    /// Stops to wait; whether it did.
    pub(super) fn cancel(&mut self, who: u32) -> bool {
        self.waiting.remove(who)
    }

    fn hand_on(&mut self) -> Next {
        let Some(who) = self.waiting.pop() else {
            self.free += 1;
            return None;
        };
        Some((who, self.grant()))
    }

    fn grant(&mut self) -> Token {
        self.last += 1;
        let slot = self.free_slots.pop().unwrap_or_else(|| {
            self.grants.push(Grant::Held);
            self.grants.len() as u32 - 1
        });
        self.grants[slot as usize] = Grant::Held;
        Token { number: self.last, slot }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// Kleppmann's story: the first client pauses beyond its lease, the second writes, and the first comes back (T37).
    #[test]
    fn a_holder_that_sleeps_through_its_lease_is_overtaken() {
        let mut lock = Permits::new(1);
        let first = lock.acquire(1).unwrap();
        assert_eq!((lock.acquire(2), lock.acquire(3)), (None, None));
        let (who, second) = lock.expire(first).unwrap();
        assert!(who == 2 && second.number > first.number);
        let (released, next) = lock.release(first);
        assert_eq!((released, next), (Released::Expired { taken_since: true }, None));
        let (released, next) = lock.release(second);
        assert_eq!((released, next.map(|(who, _)| who)), (Released::Held, Some(3)));
        // The third sleeps too, but nobody came: what it writes is still right.
        let third = next.unwrap().1;
        assert_eq!(lock.expire(third), None);
        assert_eq!(lock.held(), 0);
        assert_eq!(lock.release(third), (Released::Expired { taken_since: false }, None));
        // A holder that is gone keeps the others out until its lease is over.
        let fourth = lock.acquire(4).unwrap();
        lock.acquire(5);
        lock.abandon(fourth);
        assert_eq!((lock.held(), lock.waiting()), (1, 1));
        let (who, fifth) = lock.expire(fourth).unwrap();
        assert_eq!((who, lock.release(fifth)), (5, (Released::Held, None)));
        assert_eq!(lock.grants.len(), lock.free_slots.len());
    }

    /// What a semaphore is, spelled out: everyone who was ever granted, and a list of those who wait.
    #[derive(Default)]
    struct Naive {
        /// Who, whether it has the permit, and whether it will let go.
        granted: Vec<(u32, bool, bool)>,
        waiting: Vec<u32>,
    }

    impl Naive {
        fn hand_on(&mut self, permits: usize) -> Option<u32> {
            if self.waiting.is_empty() || self.granted.iter().filter(|grant| grant.1).count() >= permits {
                return None;
            }
            let who = self.waiting.remove(0);
            self.granted.push((who, true, true));
            Some(who)
        }
    }

    #[test]
    fn permits_go_round_in_order_of_asking() {
        for permits in [1usize, 2, 5] {
            let mut draws = Stream::named(1, 0, "permits", "test").at(permits as u64);
            let (mut lock, mut naive) = (Permits::new(permits as u32), Naive::default());
            // Tokens by number of the grant, with the place of each in `granted`.
            let mut tokens: Vec<Token> = Vec::new();
            let (mut overtaken, mut in_time, mut gone, mut left) = (0, 0, 0, 0);
            for who in 0..8_000u32 {
                let pick = |draws: &mut crate::random::Draws, of: &[usize]| {
                    (!of.is_empty()).then(|| of[(draws.bits() % of.len() as u64) as usize])
                };
                let those = |naive: &Naive, held: bool| -> Vec<usize> {
                    // Only the last grants can be open: older ones were closed below.
                    let open = |at: &usize| naive.granted[*at].2 && naive.granted[*at].1 == held;
                    (0..naive.granted.len()).rev().take(60).filter(open).collect()
                };
                let next: Next = match draws.bits() % 10 {
                    0..=3 => {
                        let token = lock.acquire(who);
                        naive.waiting.push(who);
                        token.map(|token| (who, token))
                    }
                    4..=5 => {
                        let Some(at) = pick(&mut draws, &those(&naive, true)) else { continue };
                        let (released, next) = lock.release(tokens[at]);
                        assert_eq!(released, Released::Held);
                        (naive.granted[at].1, naive.granted[at].2) = (false, false);
                        in_time += 1;
                        next
                    }
                    6 => {
                        let Some(at) = pick(&mut draws, &those(&naive, true)) else { continue };
                        naive.granted[at].1 = false;
                        let next = lock.expire(tokens[at]);
                        // It lets go now or after others, who may have got the lock since.
                        let taken_since = next.is_some();
                        if draws.bits().is_multiple_of(2) {
                            naive.granted[at].2 = false;
                            assert_eq!(lock.release(tokens[at]), (Released::Expired { taken_since }, None));
                        }
                        overtaken += u32::from(taken_since);
                        next
                    }
                    7 => {
                        let Some(at) = pick(&mut draws, &those(&naive, false)) else { continue };
                        let (released, next) = lock.release(tokens[at]);
                        assert!(matches!(released, Released::Expired { .. }));
                        naive.granted[at].2 = false;
                        next
                    }
                    8 => {
                        let Some(at) = pick(&mut draws, &those(&naive, true)) else { continue };
                        lock.abandon(tokens[at]);
                        // Gone, and at once its lease is over.
                        (naive.granted[at].1, naive.granted[at].2) = (false, false);
                        gone += 1;
                        lock.expire(tokens[at])
                    }
                    _ => {
                        let waiting = naive.waiting.len() as u64;
                        if waiting == 0 {
                            continue;
                        }
                        let who = naive.waiting.remove((draws.bits() % waiting) as usize);
                        assert!(lock.cancel(who) && !lock.cancel(who));
                        left += 1;
                        None
                    }
                };
                assert_eq!(next.map(|(who, _)| who), naive.hand_on(permits));
                if let Some((_, token)) = next {
                    assert_eq!(token.number, tokens.len() as u64 + 1);
                    tokens.push(token);
                }
                assert_eq!(lock.held() as usize, naive.granted.iter().filter(|grant| grant.1).count());
                assert_eq!(lock.waiting() as usize, naive.waiting.len());
            }
            assert!(overtaken > 200 && in_time > 400 && gone > 200 && left > 100, "{overtaken} {in_time} {gone} {left}");
        }
    }
}
