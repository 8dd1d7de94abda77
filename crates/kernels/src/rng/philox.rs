//! The generator: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
//! SC 2011), four blocks at a time.
//!
//! A counter of four words gives four random words (a block). Its words are: the block's index,
//! the purpose, the stream, the step. The 64-bit key is the seed.

const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: usize = 10;

/// Words made at once: four blocks of four.
pub const GROUP: usize = 16;

/// Philox 4x32-10: four random words for a counter and a key.
pub fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let p0 = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let p1 = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        counter = [
            (p1 >> 32) as u32 ^ counter[1] ^ key[0],
            p1 as u32,
            (p0 >> 32) as u32 ^ counter[3] ^ key[1],
            p0 as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// Names a sequence of random numbers; its elements are then told apart by their index.
///
/// Two keys that differ in anything give independent numbers. A sequence has 2^34 elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    seed: u64,
    purpose: Purpose,
    stream: u32,
    step: u32,
}

/// Keeps the streams of unrelated users apart, who number them each from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    Init = 1,
    Step = 2,
    Order = 3,
}

impl Key {
    /// For the initial values of the variable numbered `variable`.
    pub const fn init(seed: u64, variable: u32) -> Self {
        Self {
            seed,
            purpose: Purpose::Init,
            stream: variable,
            step: 0,
        }
    }

    /// For what the graph node numbered `node` draws in the training step `step`.
    pub const fn step(seed: u64, node: u32, step: u32) -> Self {
        Self {
            seed,
            purpose: Purpose::Step,
            stream: node,
            step,
        }
    }

    /// For the order of the samples in an epoch.
    pub const fn order(seed: u64, epoch: u32) -> Self {
        Self {
            seed,
            purpose: Purpose::Order,
            stream: 0,
            step: epoch,
        }
    }

    /// The random word of element `index`.
    pub fn word(&self, index: usize) -> u32 {
        // Within a group of 16 elements, four neighbours take the same word of four blocks: the
        // order in which four blocks come out of one pass over vectors.
        let block = (index / GROUP) * 4 + index % 4;
        philox4x32_10(self.counter(block), self.halves())[index % GROUP / 4]
    }

    /// The random words of the elements `16 * group ..`.
    #[inline(always)]
    pub fn group(&self, group: usize) -> [u32; GROUP] {
        let mut words = [0; GROUP];
        for (out, part) in words.chunks_exact_mut(4).zip(self.group_wide(group)) {
            out.copy_from_slice(&part.to_array());
        }
        words
    }

    /// As [`Key::group`], in vectors.
    #[inline(always)]
    pub(super) fn group_wide(&self, group: usize) -> [U32x4; 4] {
        let [block, purpose, stream, step] = self.counter(group * 4);
        let mut counter = [
            U32x4::splat(block).add(U32x4::new([0, 1, 2, 3])),
            U32x4::splat(purpose),
            U32x4::splat(stream),
            U32x4::splat(step),
        ];
        let mut key = self.halves();
        for _ in 0..ROUNDS {
            let (hi0, lo0) = counter[0].mul_wide::<0>();
            let (hi1, lo1) = counter[2].mul_wide::<1>();
            counter = [
                hi1.xor(counter[1]).xor(U32x4::splat(key[0])),
                lo1,
                hi0.xor(counter[3]).xor(U32x4::splat(key[1])),
                lo0,
            ];
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        counter
    }

    fn counter(&self, block: usize) -> [u32; 4] {
        [block as u32, self.purpose as u32, self.stream, self.step]
    }

    fn halves(&self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wide {
    use super::MULTIPLIERS as M;
    use crate::lane::F32x4;
    use core::arch::wasm32::*;

    /// Four words.
    #[derive(Clone, Copy)]
    pub struct U32x4(v128);

    impl U32x4 {
        #[inline(always)]
        pub fn new(v: [u32; 4]) -> Self {
            Self(u32x4(v[0], v[1], v[2], v[3]))
        }
        #[inline(always)]
        pub fn splat(v: u32) -> Self {
            Self(u32x4_splat(v))
        }
        #[inline(always)]
        pub fn to_array(self) -> [u32; 4] {
            [
                u32x4_extract_lane::<0>(self.0),
                u32x4_extract_lane::<1>(self.0),
                u32x4_extract_lane::<2>(self.0),
                u32x4_extract_lane::<3>(self.0),
            ]
        }
        #[inline(always)]
        pub fn add(self, o: Self) -> Self {
            Self(u32x4_add(self.0, o.0))
        }
        #[inline(always)]
        pub fn xor(self, o: Self) -> Self {
            Self(v128_xor(self.0, o.0))
        }
        /// Upper and lower words of the 64-bit products with `MULTIPLIERS[WHICH]`.
        #[inline(always)]
        pub fn mul_wide<const WHICH: usize>(self) -> (Self, Self) {
            static FACTORS: [v128; 2] =
                [u32x4(M[0], M[0], M[0], M[0]), u32x4(M[1], M[1], M[1], M[1])];
            // SAFETY: a valid reference. Volatile, because LLVM turns the product of 32-bit words by
            // a factor it can see into one of 64-bit words, which takes three times as long.
            let factor = unsafe { core::ptr::read_volatile(&FACTORS[WHICH]) };
            let low = u64x2_extmul_low_u32x4(self.0, factor);
            let high = u64x2_extmul_high_u32x4(self.0, factor);
            (
                Self(u32x4_shuffle::<1, 3, 5, 7>(low, high)),
                Self(u32x4_shuffle::<0, 2, 4, 6>(low, high)),
            )
        }
        /// The lower and the upper half of each word, as words.
        #[inline(always)]
        pub fn halves(self) -> [Self; 2] {
            let low = v128_and(self.0, u32x4_splat(0xffff));
            [Self(low), Self(u32x4_shr(self.0, 16))]
        }
        /// Per lane `if self >= threshold { value } else { 0 }`, for lanes below 2^31.
        #[inline(always)]
        pub fn keep_if_ge(self, threshold: u32, value: F32x4) -> F32x4 {
            // The signed comparison is one instruction on x86, the unsigned one three.
            let dropped = i32x4_gt(u32x4_splat(threshold), self.0);
            F32x4(v128_andnot(value.0, dropped))
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod wide {
    use super::MULTIPLIERS as M;
    use crate::lane::F32x4;
    use core::array::from_fn;

    /// Four words.
    #[derive(Clone, Copy)]
    pub struct U32x4([u32; 4]);

    impl U32x4 {
        #[inline(always)]
        pub fn new(v: [u32; 4]) -> Self {
            Self(v)
        }
        #[inline(always)]
        pub fn splat(v: u32) -> Self {
            Self([v; 4])
        }
        #[inline(always)]
        pub fn to_array(self) -> [u32; 4] {
            self.0
        }
        #[inline(always)]
        pub fn add(self, o: Self) -> Self {
            Self(from_fn(|i| self.0[i].wrapping_add(o.0[i])))
        }
        #[inline(always)]
        pub fn xor(self, o: Self) -> Self {
            Self(from_fn(|i| self.0[i] ^ o.0[i]))
        }
        /// Upper and lower words of the 64-bit products with `MULTIPLIERS[WHICH]`.
        #[inline(always)]
        pub fn mul_wide<const WHICH: usize>(self) -> (Self, Self) {
            let product = self.0.map(|v| u64::from(v) * u64::from(M[WHICH]));
            (
                Self(product.map(|p| (p >> 32) as u32)),
                Self(product.map(|p| p as u32)),
            )
        }
        /// The lower and the upper half of each word, as words.
        #[inline(always)]
        pub fn halves(self) -> [Self; 2] {
            [
                Self(self.0.map(|v| v & 0xffff)),
                Self(self.0.map(|v| v >> 16)),
            ]
        }
        /// Per lane `if self >= threshold { value } else { 0 }`, for lanes below 2^31.
        #[inline(always)]
        pub fn keep_if_ge(self, threshold: u32, value: F32x4) -> F32x4 {
            F32x4(from_fn(|i| {
                if self.0[i] >= threshold {
                    value.0[i]
                } else {
                    0.0
                }
            }))
        }
    }
}

pub(super) use wide::U32x4;

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers: Random123, `tests/kat_vectors`, lines "philox4x32 10".
    #[test]
    fn known_answers() {
        let ones = u32::MAX;
        assert_eq!(
            philox4x32_10([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32_10([ones; 4], [ones; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32_10(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn groups_hold_the_words_of_their_elements() {
        let key = Key::step(0x0123_4567_89ab_cdef, 7, 123_456);
        for group in [0, 1, 2, 1000, (1 << 28) - 1] {
            let words = key.group(group);
            for (i, &word) in words.iter().enumerate() {
                assert_eq!(word, key.word(group * GROUP + i));
            }
        }
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let keys = [
            Key::step(1, 2, 3),
            Key::step(2, 2, 3),
            Key::step(1 | 1 << 40, 2, 3),
            Key::step(1, 3, 3),
            Key::step(1, 2, 4),
            Key::init(1, 2),
            Key::order(1, 3),
            Key::init(1, 0),
            Key::order(1, 0),
            Key::step(1, 0, 0),
        ];
        for (i, a) in keys.iter().enumerate() {
            for b in &keys[..i] {
                let same = (0..64).filter(|&e| a.word(e) == b.word(e)).count();
                assert_eq!(same, 0, "{a:?} {b:?}");
            }
        }
    }
}
