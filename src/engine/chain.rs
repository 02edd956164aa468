//! A line that anyone can leave: ids in order, doubly linked through arrays with a place for each id.
//!
//! Joining at the back, leaving from anywhere and taking the first are a few stores each, and nothing dead stays behind. Who
//! waits for a permit or a processor stands in one, and so do the entries of a cache in the order of their last use. An id
//! stands in a chain at most once. The arrays grow to the largest id, and never shrink.

/// No id: before the first and after the last.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Link {
    before: u32,
    after: u32,
    /// Whether the id stands in the chain.
    in_line: bool,
}

const AWAY: Link = Link { before: NONE, after: NONE, in_line: false };

/// Ids in the order in which they came.
#[derive(Debug)]
pub(super) struct Chain {
    links: Vec<Link>,
    first: u32,
    last: u32,
    len: u32,
}

impl Chain {
    /// Nobody in line, and room for ids below `ids`; more room is made as it is needed.
    pub(super) fn new(ids: u32) -> Chain {
        Chain { links: vec![AWAY; ids as usize], first: NONE, last: NONE, len: 0 }
    }

    /// How many stand in line.
    #[inline(always)]
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Whether this id stands in line.
    #[inline(always)]
    pub(super) fn contains(&self, id: u32) -> bool {
        self.links.get(id as usize).is_some_and(|link| link.in_line)
    }

    /// Who came first.
    #[inline(always)]
    pub(super) fn first(&self) -> Option<u32> {
        (self.len > 0).then_some(self.first)
    }

    /// An id that is not in line joins at the back.
    #[inline]
    pub(super) fn push(&mut self, id: u32) {
        debug_assert!(!self.contains(id), "{id} is in line already");
        if id as usize >= self.links.len() {
            self.links.resize(id as usize + 1, AWAY);
        }
        let before = self.last;
        self.links[id as usize] = Link { before, after: NONE, in_line: true };
        if before == NONE {
            self.first = id;
        } else {
            self.links[before as usize].after = id;
        }
        self.last = id;
        self.len += 1;
    }

    /// Takes who came first.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<u32> {
        let first = self.first()?;
        self.remove(first);
        Some(first)
    }

    /// Takes an id out of the line; whether it stood there.
    #[inline]
    pub(super) fn remove(&mut self, id: u32) -> bool {
        if !self.contains(id) {
            return false;
        }
        let Link { before, after, .. } = std::mem::replace(&mut self.links[id as usize], AWAY);
        if before == NONE {
            self.first = after;
        } else {
            self.links[before as usize].after = after;
        }
        if after == NONE {
            self.last = before;
        } else {
            self.links[after as usize].before = before;
        }
        self.len -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// Against a plain list from which ids are removed by looking for them.
    #[test]
    fn behaves_like_a_list() {
        let mut draws = Stream::named(1, 0, "chain", "test").at(0);
        for ids in [1u64, 2, 3, 50] {
            let (mut chain, mut oracle) = (Chain::new(2), Vec::new());
            for _ in 0..20_000 {
                let id = (draws.bits() % ids) as u32;
                match draws.bits() % 4 {
                    0..=1 if !oracle.contains(&id) => {
                        chain.push(id);
                        oracle.push(id);
                    }
                    2 => {
                        let place = oracle.iter().position(|other| *other == id);
                        assert_eq!(chain.remove(id), place.is_some());
                        place.map(|place| oracle.remove(place));
                    }
                    3 => assert_eq!(chain.pop(), (!oracle.is_empty()).then(|| oracle.remove(0))),
                    _ => {}
                }
                assert_eq!((chain.len() as usize, chain.first()), (oracle.len(), oracle.first().copied()));
                assert_eq!(chain.contains(id), oracle.contains(&id));
            }
            assert_eq!(std::iter::from_fn(|| chain.pop()).collect::<Vec<_>>(), oracle);
        }
    }
}
