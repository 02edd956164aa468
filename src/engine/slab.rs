//! Things that come and go: a slab with a free list, so that the steady state allocates nothing.

/// No thing.
pub(super) const NONE: u32 = u32::MAX;

/// Things by their number, which stays the same for as long as a thing is there and is used again afterwards.
#[derive(Debug)]
pub(super) struct Slab<T> {
    things: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab::new()
    }
}

impl<T> Slab<T> {
    /// An empty slab.
    pub fn new() -> Slab<T> {
        Slab { things: Vec::new(), free: Vec::new() }
    }

    /// Takes a thing in.
    #[inline(always)]
    pub fn insert(&mut self, thing: T) -> u32 {
        if let Some(at) = self.free.pop() {
            self.things[at as usize] = thing;
            return at;
        }
        self.grow(thing)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, thing: T) -> u32 {
        let at = u32::try_from(self.things.len()).expect("World::advance stops long before four billion of anything");
        self.things.push(thing);
        at
    }

    /// Takes in a thing that is only partly made anew: what it has of the one that was there before it is not looked at.
    #[inline(always)]
    pub fn reuse(&mut self, make: impl FnOnce() -> T) -> u32 {
        match self.free.pop() {
            Some(at) => at,
            None => self.grow(make()),
        }
    }

    /// Lets a thing go.
    pub fn remove(&mut self, at: u32) {
        self.free.push(at);
    }

    /// Things that are there.
    pub fn live(&self) -> usize {
        self.things.len() - self.free.len()
    }

    /// The numbers of all things that are there, for the rare occasions on which all are asked.
    pub fn numbers(&self) -> Vec<u32> {
        let mut there = vec![true; self.things.len()];
        self.free.iter().for_each(|&at| there[at as usize] = false);
        (0..self.things.len() as u32).filter(|&at| there[at as usize]).collect()
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;
    #[inline(always)]
    fn index(&self, at: u32) -> &T {
        &self.things[at as usize]
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline(always)]
    fn index_mut(&mut self, at: u32) -> &mut T {
        &mut self.things[at as usize]
    }
}
