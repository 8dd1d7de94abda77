//! x to the power y, through a logarithm of about 31 bits held in two floats: the exponent reaches
//! 128, so a float32 logarithm alone would cost 7 bits of the result.

use super::{exp_parts, poly, two_power_split, EXP_MAX, EXP_MIN, LN2_HI, LN2_LO};
use crate::lane::Lane;

/// x^y within 3 ulp, with the special cases of C's `pow` (IEEE 754-2019, 9.2.1).
#[inline(always)]
pub fn pow<L: Lane>(x: L, y: L) -> L {
    let (zero, one, inf) = (
        L::splat(0.0),
        L::constant(&1.0),
        L::constant(&f32::INFINITY),
    );
    let a = x.abs();
    let (hi, lo) = log_two_floats(a);
    // Beyond 2^40 the result is 0, 1 or Infinity already.
    let limit = L::constant(&((1u64 << 40) as f32));
    let (hi, lo) = product(y.pmax(limit.neg()).pmin(limit), hi, lo);
    let exponent = hi.add(lo);
    let power = exp_parts(hi, lo);
    let power = L::select(exponent.lt(L::constant(&EXP_MIN)), zero, power);
    let power = L::select(exponent.gt(L::constant(&EXP_MAX)), inf, power);
    // 0 and Infinity, which have no logarithm here, to a positive and a negative power.
    let up = L::select(a.eq(zero), zero, inf);
    let down = L::select(a.eq(zero), inf, zero);
    let edge = L::select(y.gt(zero), up, down);
    let at_edge = L::mask_or(a.eq(zero), a.eq(inf));
    let power = L::select(at_edge, edge, power);

    let whole = y.eq(y.floor());
    let half = y.mul(L::constant(&0.5));
    let odd = L::mask_and(whole, half.gt(half.floor()));
    let signed = L::select(odd, power.copysign(x), power);
    let has_power = L::mask_or(x.ge(zero), L::mask_or(whole, at_edge));
    // x + y brings in a NaN from either.
    let result = L::select(has_power, signed, L::constant(&f32::NAN));
    let ordered = L::mask_and(x.eq(x), y.eq(y));
    let result = L::select(ordered, result, x.add(y));
    L::select(L::mask_or(y.eq(zero), x.eq(one)), one, result)
}

/// log(a) for positive finite `a` as a sum of two floats, the second below the last place of the
/// first. With s = f / (2 + f), log(1 + f) = 2 s + s^3 R(s^2).
#[inline(always)]
fn log_two_floats<L: Lane>(a: L) -> (L, L) {
    let (m, e) = two_power_split(a);
    let two = L::constant(&2.0);
    let f = m.sub(L::constant(&1.0));
    let d = f.add(two);
    let d_lost = f.sub(d.sub(two));
    let s = f.div(d);
    // What the division left over, f - s d, exactly but for the last step.
    let (s_head, d_head) = (s.head(), d.head());
    let left = f.sub(s_head.mul(d_head)).sub(s_head.mul(d.sub(d_head)));
    let left = left.sub(s.sub(s_head).mul(d)).sub(s.mul(d_lost));
    let s_low = left.div(d);
    let z = s.mul(s);
    let tail = poly(z, &[0.666_666_6, 0.400_009_8, 0.284_980_2, 0.242_945_34]);
    // The derivative carries s_low along: 2 (1 + s^2) s_low, as R is near 2 / 3.
    let twice = s_low.add(s_low);
    let low = z.mul(s).fma(tail, twice.fma(z, twice));
    // e ln 2 + 2 s, of which the first is 0 or the larger.
    let base = e.mul(L::constant(&LN2_HI));
    let double = s.add(s);
    let hi = base.add(double);
    let lost = double.sub(hi.sub(base));
    let low = e.fma(L::constant(&LN2_LO), low.add(lost));
    let sum = hi.add(low);
    (sum, low.sub(sum.sub(hi)))
}

/// `y (hi + lo)` as a sum of two floats, the first exact.
#[inline(always)]
fn product<L: Lane>(y: L, hi: L, lo: L) -> (L, L) {
    let (y_head, hi_head) = (y.head(), hi.head());
    let cross = y_head.fma(hi.sub(hi_head), y.sub(y_head).mul(hi));
    (y_head.mul(hi_head), y.fma(lo, cross))
}
