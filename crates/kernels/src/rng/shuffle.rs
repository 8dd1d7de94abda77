//! Seeded permutations: the order of samples in an epoch.

use super::{Key, GROUP};

/// Shuffles `indices` (Fisher-Yates), every order being equally likely.
///
/// The same seed and epoch move the same places, whatever the places hold.
#[inline(never)]
pub fn shuffle(indices: &mut [u32], seed: u64, epoch: u32) {
    let mut words = Words::new(Key::order(seed, epoch));
    for last in (1..indices.len()).rev() {
        let pick = words.below(last as u32 + 1);
        indices.swap(last, pick as usize);
    }
}

/// Writes a random order of `0..indices.len()`, the same for the same seed and epoch.
pub fn permutation(indices: &mut [u32], seed: u64, epoch: u32) {
    for (i, v) in indices.iter_mut().enumerate() {
        *v = i as u32;
    }
    shuffle(indices, seed, epoch);
}

/// A key's words one after the other.
struct Words {
    key: Key,
    next: usize,
    group: [u32; GROUP],
}

impl Words {
    fn new(key: Key) -> Self {
        Self {
            key,
            next: 0,
            group: [0; GROUP],
        }
    }

    fn word(&mut self) -> u32 {
        if self.next.is_multiple_of(GROUP) {
            self.group = self.key.group(self.next / GROUP);
        }
        self.next += 1;
        self.group[(self.next - 1) % GROUP]
    }

    /// A whole number in `0..bound`, unbiased.
    ///
    /// Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019).
    fn below(&mut self, bound: u32) -> u32 {
        loop {
            let product = u64::from(self.word()) * u64::from(bound);
            let low = product as u32;
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 32) as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(indices: &[u32]) -> Vec<u32> {
        let mut copy = indices.to_vec();
        copy.sort_unstable();
        copy
    }

    #[test]
    fn is_a_permutation_fixed_by_seed_and_epoch() {
        for n in [0, 1, 2, 3, 17, 1000] {
            let mut a = vec![9; n];
            let mut b = vec![5; n];
            permutation(&mut a, 3, 1);
            permutation(&mut b, 3, 1);
            assert_eq!(a, b);
            assert_eq!(sorted(&a), (0..n as u32).collect::<Vec<_>>());
            if n > 3 {
                permutation(&mut b, 3, 2);
                assert_ne!(a, b);
                permutation(&mut b, 4, 1);
                assert_ne!(a, b);
            }
        }
    }

    #[test]
    fn every_order_is_equally_likely() {
        // 24 orders of four, 24000 draws: chi-squared with 23 degrees, 49.7 at p = 0.001.
        let mut count = std::collections::HashMap::new();
        for epoch in 0..24_000 {
            let mut order = [0; 4];
            permutation(&mut order, 11, epoch);
            *count.entry(order).or_insert(0.0) += 1.0;
        }
        assert_eq!(count.len(), 24);
        let chi: f64 = count
            .values()
            .map(|c: &f64| (c - 1000.0).powi(2) / 1000.0)
            .sum();
        assert!(chi < 49.7, "{chi}");
    }

    #[test]
    fn bounded_numbers_cover_their_range() {
        let mut words = Words::new(Key::order(1, 0));
        for bound in [1, 2, 3, 10, 1 << 31, (1 << 31) + 1, u32::MAX] {
            let mean = (0..2000)
                .map(|_| f64::from(words.below(bound)))
                .sum::<f64>()
                / 2000.0;
            let want = (f64::from(bound) - 1.0) / 2.0;
            assert!(
                (mean - want).abs() <= 0.05 * f64::from(bound),
                "{bound} {mean}"
            );
            assert!((0..100).all(|_| words.below(bound) < bound));
        }
    }
}
