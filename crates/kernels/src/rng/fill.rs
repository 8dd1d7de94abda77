//! Filling a tensor, or a part of one, from a distribution.
//!
//! `offset` is the index of `out[0]` in the whole tensor: parts filled apart equal a whole filled
//! at once.

use super::{normal::quantile, open_unit_f64, unit, Key, GROUP};

/// Probability that a standard normal number lies below -2.
const BELOW_MINUS_TWO: f64 = 0.022_750_131_948_179_21;

/// Uniform in [`lo`, `hi`); all `lo` when the two are equal.
pub fn fill_uniform(key: Key, lo: f32, hi: f32, offset: usize, out: &mut [f32]) {
    let (base, width) = (f64::from(lo), f64::from(hi) - f64::from(lo));
    // Rounding to f32 could reach `hi`.
    let last = if lo < hi { below(hi) } else { lo };
    fill(key, offset, out, |word| {
        ((base + f64::from(unit(word)) * width) as f32).min(last)
    });
}

/// Normal with the given mean and standard deviation; reaches to about 6.3 deviations.
pub fn fill_normal(key: Key, mean: f32, std: f32, offset: usize, out: &mut [f32]) {
    let (mean, std) = (f64::from(mean), f64::from(std));
    fill(key, offset, out, |word| {
        (mean + std * quantile(open_unit_f64(word))) as f32
    });
}

/// Normal, given that it lies within two standard deviations of the mean.
///
/// `std` is that of the normal before cutting; what is left has 0.8796 of it. Drawn by inverting
/// the distribution function, so that each element takes one random word and none is rejected.
pub fn fill_truncated_normal(key: Key, mean: f32, std: f32, offset: usize, out: &mut [f32]) {
    let (mean, std) = (f64::from(mean), f64::from(std));
    let share = 1.0 - 2.0 * BELOW_MINUS_TWO;
    fill(key, offset, out, |word| {
        let z = quantile(BELOW_MINUS_TWO + share * open_unit_f64(word));
        (mean + std * z.clamp(-2.0, 2.0)) as f32
    });
}

/// The largest float32 below a finite `v`.
fn below(v: f32) -> f32 {
    let bits = v.to_bits();
    f32::from_bits(if v > 0.0 {
        bits - 1
    } else if v < 0.0 {
        bits + 1
    } else {
        0x8000_0001
    })
}

fn fill(key: Key, offset: usize, out: &mut [f32], value: impl Fn(u32) -> f32) {
    let (mut at, mut rest) = (offset, out);
    while !rest.is_empty() {
        let skip = at % GROUP;
        let here = rest.len().min(GROUP - skip);
        let (part, after) = rest.split_at_mut(here);
        for (v, &word) in part.iter_mut().zip(&key.group(at / GROUP)[skip..]) {
            *v = value(word);
        }
        at += here;
        rest = after;
    }
}
