//! x to the power y.

use super::{exp, log};
use crate::lane::Lane;

/// x^y with the special cases of C's `pow`.
#[inline(always)]
pub fn pow<L: Lane>(x: L, y: L) -> L {
    let zero = L::splat(0.0);
    let one = L::splat(1.0);
    let magnitude = exp(y.mul(log(x.abs())));
    let whole = y.eq(y.floor());
    let half = y.mul(L::splat(0.5));
    let odd = L::mask_and(whole, half.gt(half.floor()));
    let negative = L::select(odd, magnitude.neg(), magnitude);
    let negative = L::select(L::mask_or(whole, x.eq(zero)), negative, L::splat(f32::NAN));
    let result = L::select(x.lt(zero), negative, magnitude);
    L::select(L::mask_or(y.eq(zero), x.eq(one)), one, result)
}
