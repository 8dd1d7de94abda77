//! Reductions along values that lie side by side.

use super::fold::{Extreme, Fold};
use crate::lane::{F32x4, F64x4, Lane};
use crate::par;
use core::sync::atomic::{AtomicU64, Ordering};

/// Values combined in float32 before the result goes on in float64.
const BLOCK: usize = 256;

/// Accumulators at work side by side.
const WAYS: usize = 8;

/// Values of a limb, at least: a part of a long row that one thread reduces.
const LIMB: usize = 16 * 1024;
/// Most limbs of a row.
const MOST_LIMBS: usize = 64;

/// All of `x` in one: limb by limb, each block by block.
#[inline]
pub(super) fn fold_row<F: Fold>(fold: F, x: &[f32]) -> f64 {
    let all = if x.len() <= BLOCK {
        f64::from(fold_block(fold, x))
    } else {
        by_limbs(x, |x| fold_limb(fold, x), F::join_blocks)
    };
    all * f64::from(fold.sign())
}

/// Joins, in their order, what `fold` makes of each limb of a row. The limbs follow from its length.
#[inline]
fn by_limbs(x: &[f32], fold: impl Fn(&[f32]) -> f64 + Sync, join: fn(f64, f64) -> f64) -> f64 {
    if x.len() <= LIMB {
        return fold(x);
    }
    let limb = LIMB.max(x.len().div_ceil(MOST_LIMBS).next_multiple_of(BLOCK));
    let limbs = x.len().div_ceil(limb);
    let results = [const { AtomicU64::new(0) }; MOST_LIMBS];
    par::each(limbs, x.len() / 4, &mut [], |i, _| {
        let part = &x[i * limb..x.len().min((i + 1) * limb)];
        results[i].store(fold(part).to_bits(), Ordering::Relaxed);
    });
    let of = |i: usize| f64::from_bits(results[i].load(Ordering::Relaxed));
    (1..limbs).fold(of(0), |all, i| join(all, of(i)))
}

fn fold_limb<F: Fold>(fold: F, x: &[f32]) -> f64 {
    x.chunks(BLOCK)
        .map(|block| f64::from(fold_block(fold, block)))
        .fold(f64::from(F::START), F::join_blocks)
}

#[inline(never)]
pub(super) fn fold_block<F: Fold>(fold: F, x: &[f32]) -> f32 {
    let mut acc = [F32x4::splat(F::START); WAYS];
    let mut wide = x.chunks_exact(4 * WAYS);
    if x.len() >= 4 * WAYS {
        for part in &mut wide {
            for (j, a) in acc.iter_mut().enumerate() {
                *a = F::join(*a, fold.enter(F32x4::load(&part[4 * j..])));
            }
        }
        for half in [4, 2, 1] {
            for j in 0..half {
                acc[j] = F::join(acc[j], acc[j + half]);
            }
        }
    }
    let mut narrow = wide.remainder().chunks_exact(4);
    let mut sum = acc[0];
    for part in &mut narrow {
        sum = F::join(sum, fold.enter(F32x4::load(part)));
    }
    let mut lanes = [0.0; 4];
    sum.store(&mut lanes);
    let whole = F::join(F::join(lanes[0], lanes[2]), F::join(lanes[1], lanes[3]));
    narrow
        .remainder()
        .iter()
        .fold(whole, |sum, &v| F::join(sum, fold.enter(v)))
}

/// Sum of the squares in float64: neither overflows nor vanishes, so that exploding gradients can
/// still be clipped. Several tensors' norms are the root of the sum of these.
#[inline(never)]
pub fn sum_squares(x: &[f32]) -> f64 {
    by_limbs(x, limb_squares, |a, b| a + b)
}

fn limb_squares(x: &[f32]) -> f64 {
    let mut sums = [F64x4::zero(); 2];
    let mut chunks = x.chunks_exact(8);
    for part in &mut chunks {
        sums[0] = sums[0].add_squares(F32x4::load(part));
        sums[1] = sums[1].add_squares(F32x4::load(&part[4..]));
    }
    let mut acc = [0.0f64; 8];
    acc[..4].copy_from_slice(&sums[0].lanes());
    acc[4..].copy_from_slice(&sums[1].lanes());
    for (a, &v) in acc.iter_mut().zip(chunks.remainder()) {
        *a += f64::from(v) * f64::from(v);
    }
    ((acc[0] + acc[4]) + (acc[2] + acc[6])) + ((acc[1] + acc[5]) + (acc[3] + acc[7]))
}

/// Place of the first largest value of each row of `x` `[out.len(), axis]`, as a float; a NaN
/// counts as the largest, as in NumPy. 0 for rows without values.
///
/// Panics unless `x` holds `out.len()` rows of `axis` values.
#[inline(never)]
pub fn argmax_rows(x: &[f32], axis: usize, out: &mut [f32]) {
    assert_eq!(x.len(), out.len() * axis);
    for (i, y) in out.iter_mut().enumerate() {
        let row = &x[i * axis..][..axis];
        *y = if axis <= SHORT {
            argmax_short(row)
        } else {
            argmax_long(row)
        } as f32;
    }
}

/// Rows up to here are looked through value by value.
const SHORT: usize = 16;

#[inline(always)]
fn argmax_short(row: &[f32]) -> usize {
    let (mut best, mut place) = (f32::NEG_INFINITY, 0);
    for (i, &v) in row.iter().enumerate() {
        // Also for the first NaN, which nothing follows.
        let larger = (v > best || v.is_nan()) && !best.is_nan();
        best = if larger { v } else { best };
        place = if larger { i } else { place };
    }
    place
}

#[inline(always)]
fn argmax_long(row: &[f32]) -> usize {
    let largest = fold_row(Extreme::MAX, row) as f32;
    let place = if largest.is_nan() {
        row.iter().position(|v| v.is_nan())
    } else {
        row.iter().position(|&v| v == largest)
    };
    place.unwrap_or(0)
}
