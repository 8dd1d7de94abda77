//! Looking for NaN and infinities: data is checked at the door.

use crate::lane::{F32x4, Lane};

/// Values looked at before it is asked whether any was bad.
const BLOCK: usize = 256;

/// True when no value is NaN or infinite.
pub fn all_finite(x: &[f32]) -> bool {
    x.chunks(BLOCK).all(block_is_finite)
}

/// Place of the first NaN or infinite value.
#[inline(never)]
pub fn first_non_finite(x: &[f32]) -> Option<usize> {
    let block = x.chunks(BLOCK).position(|part| !block_is_finite(part))?;
    let start = block * BLOCK;
    let place = x[start..].iter().position(|v| !v.is_finite())?;
    Some(start + place)
}

#[inline(always)]
fn block_is_finite(x: &[f32]) -> bool {
    let largest = F32x4::splat(f32::MAX);
    let (zero, one) = (F32x4::splat(0.0), F32x4::splat(1.0));
    let mut chunks = x.chunks_exact(16);
    // The comparison, not a sum: adding would be slow for denormals and could overflow.
    let mut good = zero.eq(zero);
    for part in &mut chunks {
        let is_good = |i: usize| F32x4::load(&part[4 * i..]).abs().le(largest);
        let pairs = [(0, 1), (2, 3)].map(|(a, b)| F32x4::mask_and(is_good(a), is_good(b)));
        good = F32x4::mask_and(good, F32x4::mask_and(pairs[0], pairs[1]));
    }
    F32x4::select(good, zero, one).sum() == 0.0 && chunks.remainder().iter().all(|v| v.is_finite())
}
