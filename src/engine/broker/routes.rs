//! Routing: which queues get a message, by its key and the bindings of exchanges.

use super::publisher::Target;
use crate::engine::message::MessageSlot;
use crate::engine::slab::NONE;
use crate::engine::world::World;
use crate::model::{Binding, ExchangeKind};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Keys beyond this are numbers of keys drawn by popularity, and not in the list.
const NUMBERED: u32 = 1 << 31;

/// The key with this number.
pub(super) fn numbered(number: u32) -> u32 {
    NUMBERED | number
}

/// All routing keys that a model knows by their text.
#[derive(Debug, Default)]
pub(in crate::engine) struct KeySpace {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl KeySpace {
    /// The number of a key.
    pub fn number(&mut self, key: &str) -> u32 {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(key.to_owned());
        self.numbers.insert(key.to_owned(), number);
        number
    }

    /// The text of a key.
    fn text(&self, key: u32) -> Cow<'_, str> {
        if key == NONE {
            return Cow::Borrowed("");
        }
        if key & NUMBERED != 0 {
            return Cow::Owned((key & !NUMBERED).to_string());
        }
        Cow::Borrowed(&self.names[key as usize])
    }
}

/// An exchange.
#[derive(Debug)]
pub(in crate::engine) struct Router {
    pub kind: ExchangeKind,
    pub bindings: Vec<(Target, Binding)>,
    pub alternate: Option<Target>,
    /// The headers of each producer's messages.
    pub headers: std::rc::Rc<[Vec<(String, String)>]>,
    /// The next in turn.
    pub turn: usize,
    /// The bindings that fit a key by its text, as far as somebody has asked.
    pub known: BTreeMap<u32, std::rc::Rc<[u32]>>,
}

/// 64 mixed bits of a text: FNV-1a (Fowler, Noll and Vo), and the finaliser of SplitMix64.
fn hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    crate::engine::handlers::mixed(fnv, 0)
}

impl World {
    /// The queues that get a message; each once.
    pub(super) fn find_queues(&mut self, target: Target, slot: MessageSlot, found: &mut Vec<u32>) {
        match target {
            Target::Queue(queue) if !found.contains(&queue) => found.push(queue),
            Target::Queue(_) => {}
            Target::Exchange(at) => {
                let producer = self.messages[slot].producer;
                let key = self.brokers.extras[slot.0 as usize].key;
                let before = found.len();
                let chosen = self.brokers.choose(at as usize, key, producer);
                for &binding in chosen.iter() {
                    let next = self.brokers.routers[at as usize].bindings[binding as usize].0;
                    self.find_queues(next, slot, found);
                }
                if let (true, Some(alternate)) =
                    (found.len() == before && chosen.is_empty(), self.brokers.routers[at as usize].alternate)
                {
                    self.find_queues(alternate, slot, found);
                }
            }
        }
    }
}

impl super::Brokers {
    /// The bindings of an exchange that take a message with this key of this producer.
    fn choose(&mut self, at: usize, key: u32, producer: u32) -> std::rc::Rc<[u32]> {
        let super::Brokers { routers, keys, .. } = self;
        let router = &mut routers[at];
        let number = router.bindings.len();
        match router.kind {
            ExchangeKind::RoundRobin => {
                let turn = router.turn;
                router.turn = (turn + 1) % number;
                [turn as u32].into()
            }
            ExchangeKind::ConsistentHash => {
                let total: u64 = router.bindings.iter().map(|(_, binding)| u64::from(binding.weight)).sum();
                // The share of the line of all hashes up to this one.
                let mut at = ((u128::from(hash(&keys.text(key))) * u128::from(total)) >> 64) as u64;
                for (number, (_, binding)) in router.bindings.iter().enumerate() {
                    if at < u64::from(binding.weight) {
                        return [number as u32].into();
                    }
                    at -= u64::from(binding.weight);
                }
                [].into()
            }
            kind => {
                // Headers are those of the producer, so that its number stands for them.
                let by = match kind {
                    ExchangeKind::Headers => producer,
                    ExchangeKind::Fanout => 0,
                    _ => key,
                };
                if let Some(known) = router.known.get(&by) {
                    return known.clone();
                }
                let (text, headers) = (keys.text(key), router.headers.get(producer as usize).map_or(&[][..], Vec::as_slice));
                let fits = |(_, (_, binding)): &(usize, &(Target, Binding))| binding.fits(kind, &text, headers);
                let chosen: std::rc::Rc<[u32]> =
                    router.bindings.iter().enumerate().filter(fits).map(|(number, _)| number as u32).collect();
                // Keys by number may be a hundred million.
                if by == NONE || by & NUMBERED == 0 {
                    router.known.insert(by, chosen.clone());
                }
                chosen
            }
        }
    }
}
