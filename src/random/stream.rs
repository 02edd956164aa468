//! Counter-based random streams: SplitMix64 used by index.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators", with the
//! finaliser "Mix13" of Stafford) addressed by position: number k of a stream is a bijective mix of `base + k * GOLDEN`.
//! A second key is folded in between the two rounds of the mix, so that two streams whose counters overlap still differ.
//! Keys come from SHA-256, which makes any two names as good as independent.

use sha2::{Digest, Sha256};

/// The odd number next to 2^64 divided by the golden ratio: steps from one message to the next.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
/// Another odd number with no simple relation to the first: steps from one draw of a message to its next.
const INNER: u64 = 0xD1B5_4A32_D192_ED03;

/// A stream of random numbers that are addressed by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    base: u64,
    fold: u64,
}

/// The random numbers of one message in one stream, in order; as many as a sampler wants.
#[derive(Debug, Clone)]
pub struct Draws {
    counter: u64,
    fold: u64,
}

impl Stream {
    /// The stream of one purpose (`"arrivals"`, `"service"`) of one entity (`"producers.web"`) in one replication.
    pub fn named(seed: u64, replication: u32, entity: &str, purpose: &str) -> Stream {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(replication.to_le_bytes());
        hash.update(entity.as_bytes());
        hash.update([0]);
        hash.update(purpose.as_bytes());
        let hash = hash.finalize();
        let word = |at: usize| u64::from_le_bytes(hash[at..at + 8].try_into().expect("eight bytes"));
        Stream { base: word(0), fold: word(8) }
    }

    /// The stream that this entity keeps for the messages of `producer`: message k of one producer and message k of
    /// another get different numbers from the same entity.
    #[inline(always)]
    pub fn of(self, producer: Stream) -> Stream {
        Stream { base: self.base.wrapping_add(producer.base), fold: self.fold ^ producer.fold }
    }

    /// The random numbers of message `index`.
    #[inline(always)]
    pub fn at(self, index: u64) -> Draws {
        Draws { counter: self.base.wrapping_add(index.wrapping_mul(GOLDEN)), fold: self.fold }
    }
}

impl Draws {
    /// 64 random bits.
    #[inline(always)]
    pub fn bits(&mut self) -> u64 {
        let mut z = self.counter;
        self.counter = z.wrapping_add(INNER);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ self.fold;
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number strictly between 0 and 1, uniform on the 2^52 points (k + 1/2) / 2^52.
    ///
    /// With one bit more the last point would be rounded to 1. One minus the number is exact.
    #[inline(always)]
    pub fn uniform(&mut self) -> f64 {
        // The bits of a number between 1 and 2: no conversion of an integer is needed, and the difference is exact.
        f64::from_bits((self.bits() >> 12) | 1f64.to_bits()) - (1.0 - 0.5 * f64::EPSILON)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::tests::acceptance::fill_the_square;

    fn stream() -> Stream {
        Stream::named(1, 0, "producers.web", "arrivals")
    }

    #[test]
    fn a_draw_depends_on_stream_and_index_alone() {
        let first = stream().at(7).bits();
        let mut others = stream().at(6);
        others.bits();
        assert_eq!(stream().at(7).bits(), first);
        for other in [
            Stream::named(2, 0, "producers.web", "arrivals"),
            Stream::named(1, 1, "producers.web", "arrivals"),
            Stream::named(1, 0, "producers.app", "arrivals"),
            Stream::named(1, 0, "producers.web", "service"),
        ] {
            assert_ne!(other.at(7).bits(), first);
        }
    }

    /// Chi-square of pairs (x_k, x_{k+lag}) on a 16 x 16 grid, across messages, across draws, and across streams.
    #[test]
    fn pairs_fill_the_square_evenly() {
        let a = stream();
        let b = Stream::named(1, 0, "consumers.workers", "service");
        let first = |s: Stream, k: u64| s.at(k).uniform();
        type Pair = Box<dyn Fn(u64) -> (f64, f64)>;
        let tests: [(&str, Pair); 5] = [
            ("lag 1", Box::new(move |k| (first(a, k), first(a, k + 1)))),
            ("lag 64", Box::new(move |k| (first(a, k), first(a, k + 64)))),
            ("stride 4096", Box::new(move |k| (first(a, k * 4096), first(a, (k + 1) * 4096)))),
            (
                "two draws of a message",
                Box::new(move |k| {
                    let mut d = a.at(k);
                    (d.uniform(), d.uniform())
                }),
            ),
            ("two streams", Box::new(move |k| (first(a, k), first(b.of(a), k)))),
        ];
        for (what, pair) in tests {
            fill_the_square(&*pair).unwrap_or_else(|why| panic!("{what}: {why}"));
        }
    }
}
