//! Random numbers as a function of a counter: Philox 4x32-10, no state, no order of calls.
//!
//! Every number depends on its [`Key`] and its element index only. A dropout mask can therefore be
//! computed again instead of stored, and is the same in every build, engine and thread count: only
//! integers, f64 `+ - * / sqrt` and single f32 products occur here, never a fused multiply-add.

mod dropout;
mod fill;
mod normal;
mod philox;
mod shuffle;
#[cfg(test)]
mod tests;

pub use dropout::{dropout, dropout_inplace};
pub use fill::{fill_normal, fill_orthogonal, fill_truncated_normal, fill_uniform};
pub use philox::{philox4x32_10, Key, GROUP};
pub use shuffle::{permutation, shuffle};

/// A number in [0, 1): a multiple of 2^-24, made of the word's upper 24 bits.
#[inline(always)]
pub fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / (1 << 24) as f32)
}

/// A number in (0, 1): an odd multiple of 2^-24, never 0 or 1, symmetric about 1/2.
#[inline(always)]
pub fn open_unit(word: u32) -> f32 {
    ((word >> 9) * 2 + 1) as f32 * (1.0 / (1 << 24) as f32)
}

/// As [`open_unit`] with all 32 bits: an odd multiple of 2^-33.
#[inline(always)]
pub fn open_unit_f64(word: u32) -> f64 {
    (f64::from(word) + 0.5) * (1.0 / (1u64 << 32) as f64)
}
