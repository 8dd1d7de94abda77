//! Looking for NaN and infinities: data is checked at the door.

use super::fold::Extreme;
use super::rows::fold_block;

/// Values looked at before it is asked whether any was bad.
const BLOCK: usize = 256;

/// Place of the first NaN or infinite value.
#[inline(never)]
pub fn first_non_finite(x: &[f32]) -> Option<usize> {
    let block = x.chunks(BLOCK).position(|part| !block_is_finite(part))?;
    let start = block * BLOCK;
    let place = x[start..].iter().position(|v| !v.is_finite())?;
    Some(start + place)
}

/// The largest value and the least are finite, hence all: NaN counts as largest.
fn block_is_finite(x: &[f32]) -> bool {
    let mut extremes = [Extreme::MAX, Extreme::MIN].into_iter();
    extremes.all(|fold| fold_block(fold, x).is_finite())
}
