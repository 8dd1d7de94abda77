//! Transcendental functions over `Lane`: exp, log, tanh, erf and friends, each within 2 ulp (pow: 3).
//!
//! The bound holds over all of float32, with a fused `fma` as well as with one that rounds twice,
//! and is checked by the tests beside this file. NaN in gives NaN out. A result smaller than 2^-126
//! is 0: WebAssembly cannot flush denormals, and they are slow. Polynomial coefficients are minimax
//! fits rounded to float32 one after the other.

#[cfg(test)]
pub(crate) mod oracle;
mod pow;
#[cfg(test)]
mod tests;

pub use pow::pow;

use crate::lane::{Lane, MAGIC};

const LOG2_E: f32 = core::f32::consts::LOG2_E;
/// ln 2 to 17 bits after the point, so that `n * LN2_HI` is exact for |n| < 2^8.
const LN2_HI: f32 = 0.693_138_1;
/// ln 2 - LN2_HI
const LN2_LO: f32 = 9.058_001e-6;
/// exp of anything smaller is below 2^-126.
pub(crate) const EXP_MIN: f32 = -87.336_54;
/// exp of anything larger is above the largest float.
const EXP_MAX: f32 = 88.722_83;
/// Below this, x - f(x) is under a quarter ulp for the functions with f(x) = x + O(x^2).
const TINY: f32 = 1.0 / (1 << 25) as f32;
/// The smallest |x| that functions look at where a smaller one gives the same: its powers, which
/// they need, would be denormal, and slow.
pub(crate) const LEAST: f32 = 1.0 / (1 << 30) as f32;

/// `c[0] + c[1] x + c[2] x^2 ...` by Horner's rule.
#[inline(always)]
pub(crate) fn poly<L: Lane, const N: usize>(x: L, c: &'static [f32; N]) -> L {
    let mut sum = L::constant(&c[N - 1]);
    for ci in c[..N - 1].iter().rev() {
        sum = sum.fma(x, L::constant(ci));
    }
    sum
}

/// As [`poly`] with `z = x^2` at hand: even and odd powers apart, which halves the chain of steps that
/// wait for each other.
#[inline(always)]
fn poly_split<L: Lane, const N: usize>(x: L, z: L, c: &'static [f32; N]) -> L {
    let sum_from = |first: usize| {
        let last = first + (N - 1 - first) / 2 * 2;
        let mut sum = L::constant(&c[last]);
        for i in (first..last).step_by(2).rev() {
            sum = sum.fma(z, L::constant(&c[i]));
        }
        sum
    };
    sum_from(1).fma(x, sum_from(0))
}

/// `exp(r) - 1 - r` over `r^2`, for |r| <= ln(2) / 2.
#[inline(always)]
fn exp_tail<L: Lane>(r: L) -> L {
    poly(
        r,
        &[
            0.5,
            0.166_665_17,
            0.041_666_61,
            0.008_370_174,
            0.001_391_961_6,
        ],
    )
}

/// `(MAGIC + n, r)` with `x = n ln 2 + r` and |r| <= ln(2) / 2 (Cody and Waite).
#[inline(always)]
fn exp_reduce<L: Lane>(x: L) -> (L, L) {
    let magic = x.fma(L::constant(&LOG2_E), L::constant(&MAGIC));
    let n = magic.sub(L::constant(&MAGIC));
    let r = n.fma(L::constant(&-LN2_HI), x);
    (magic, n.fma(L::constant(&-LN2_LO), r))
}

/// `e^r 2^n` from what `exp_reduce` gives.
#[inline(always)]
fn exp_rebuild<L: Lane>(magic: L, r: L) -> L {
    // Without r^2, which is denormal for r below 2^-63.
    let one = L::constant(&1.0);
    exp_tail(r).fma(r, one).fma(r, one).scale_by(magic)
}

/// e^x for `EXP_MIN <= x <= EXP_MAX`; rubbish elsewhere, also for NaN.
#[inline(always)]
fn exp_in_range<L: Lane>(x: L) -> L {
    let (magic, r) = exp_reduce(x);
    exp_rebuild(magic, r)
}

/// As [`exp_in_range`] for x = hi + lo, where `lo` is a small correction.
#[inline(always)]
fn exp_parts<L: Lane>(hi: L, lo: L) -> L {
    let magic = hi.add(lo).fma(L::constant(&LOG2_E), L::constant(&MAGIC));
    let n = magic.sub(L::constant(&MAGIC));
    let r = n.fma(L::constant(&-LN2_HI), hi);
    exp_rebuild(magic, r.add(n.fma(L::constant(&-LN2_LO), lo)))
}

/// e^x for x <= `EXP_MAX` (or NaN); results below 2^-126 are 0.
#[inline(always)]
pub(crate) fn exp_no_overflow<L: Lane>(x: L) -> L {
    // Outside the range: 0, or NaN for NaN.
    let outside = x.pmax(L::splat(0.0));
    L::select(x.ge(L::constant(&EXP_MIN)), exp_in_range(x), outside)
}

/// e^x
#[inline(always)]
pub fn exp<L: Lane>(x: L) -> L {
    let y = exp_no_overflow(x);
    // The product is +Infinity above the range and NaN for NaN.
    let outside = x.mul(L::constant(&f32::INFINITY));
    L::select(x.le(L::constant(&EXP_MAX)), y, outside)
}

/// e^x - 1
#[inline(always)]
pub fn expm1<L: Lane>(x: L) -> L {
    let clamped = x.pmax(L::constant(&-20.0)).pmin(L::constant(&89.0));
    let tiny = x.abs().lt(L::constant(&TINY));
    let (magic, r) = exp_reduce(clamped.zero_where(tiny));
    // Half the result, so that the scale does not overflow: 2^(n-1) (1 + r + r^2 q) - 1/2.
    let half = L::constant(&1.0).scale_by(magic.sub(L::constant(&1.0)));
    let tail = exp_tail(r).mul(r.mul(r));
    let head = half.fma(r, half.sub(L::constant(&0.5)));
    let y = half.fma(tail, head);
    L::select(tiny, x, y.add(y))
}

/// `e ln 2 + log(1 + f) + c` for `f` in [sqrt(1/2) - 1, sqrt(2) - 1], where `c` is a small
/// correction.
#[inline(always)]
fn log_parts<L: Lane>(e: L, f: L, c: L) -> L {
    let z = f.mul(f);
    let p = poly_split(
        f,
        z,
        &[
            0.333_333_16,
            -0.250_007_12,
            0.200_024_26,
            -0.166_274_83,
            0.141_778_3,
            -0.130_997_52,
            0.129_020_63,
            -0.079_618_864,
        ],
    );
    let tail = f.mul(p).fma(z, z.mul(L::constant(&-0.5)));
    let low = e.fma(L::constant(&LN2_LO), c.add(tail));
    e.fma(L::constant(&LN2_HI), f.add(low))
}

/// `(m, e)` with x = m 2^e and m in [sqrt(1/2), sqrt(2)), for positive x, denormals included.
#[inline(always)]
fn two_power_split<L: Lane>(x: L) -> (L, L) {
    let tiny = x.lt(L::constant(&f32::MIN_POSITIVE));
    let scaled = L::select(tiny, x.mul(L::constant(&8_388_608.0)), x);
    let (m, e) = scaled.split_exponent();
    (m, L::select(tiny, e.sub(L::constant(&23.0)), e))
}

/// Natural logarithm; -Infinity at 0, NaN below.
#[inline(always)]
pub fn log<L: Lane>(x: L) -> L {
    let (m, e) = two_power_split(x);
    let y = log_parts(e, m.sub(L::constant(&1.0)), L::splat(0.0));
    log_edges(x, y)
}

/// `y` where x is positive and finite, else what a logarithm of x gives.
#[inline(always)]
fn log_edges<L: Lane>(x: L, y: L) -> L {
    let zero = L::splat(0.0);
    let at_zero = L::select(
        x.eq(zero),
        L::constant(&f32::NEG_INFINITY),
        L::constant(&f32::NAN),
    );
    let y = L::select(x.gt(zero), y, at_zero);
    L::select(x.eq(L::constant(&f32::INFINITY)), x, y)
}

/// log(1 + x)
#[inline(always)]
pub fn log1p<L: Lane>(x: L) -> L {
    let one = L::constant(&1.0);
    let u = one.add(x);
    let y = log1p_parts(x, u);
    let y = log_edges(u, y);
    L::select(x.abs().lt(L::constant(&TINY)), x, y)
}

/// log(1 + x) where `u = 1 + x` rounded is positive and finite. The rounding error of `u` is found
/// exactly (Knuth's two-sum) and put back.
#[inline(always)]
fn log1p_parts<L: Lane>(x: L, u: L) -> L {
    let one = L::constant(&1.0);
    let part = u.sub(one);
    let lost = one.sub(u.sub(part)).add(x.sub(part));
    let (m, e) = u.split_exponent();
    let lost = lost.mul(L::constant(&-126.0).pmax(e.neg()).exp2_int());
    let f0 = m.sub(one);
    let f = f0.add(lost);
    log_parts(e, f, lost.sub(f.sub(f0)))
}

/// tanh(x) - x over x^3, as a function of z = x^2, for |x| <= 0.625.
#[inline(always)]
fn tanh_tail<L: Lane>(z: L) -> L {
    poly(
        z,
        &[
            -0.333_332_96,
            0.133_317_38,
            -0.053_760_704,
            0.020_699_324,
            -0.005_765_519_6,
        ],
    )
}

/// Hyperbolic tangent.
#[inline(always)]
pub fn tanh<L: Lane>(x: L) -> L {
    let a = x.abs();
    // Below 2^-14, tanh(x) is x.
    let least = a.at_least(L::constant(&(1.0 / (1 << 14) as f32)));
    let z = least.mul(least);
    let near = tanh_tail(z).mul(z).fma(x, x);
    // 1 - 2 / (e^(2a) + 1); from 9.01 on that is 1.
    let b = a.pmin(L::constant(&10.0));
    let e = exp_in_range(b.add(b));
    let one = L::constant(&1.0);
    let far = one.sub(L::constant(&2.0).div(e.add(one))).copysign(x);
    L::select(a.ge(L::constant(&0.625)), far, near)
}

/// x - tanh(x) without cancellation near 0.
#[inline(always)]
pub(crate) fn x_minus_tanh<L: Lane>(x: L) -> L {
    let z = x.mul(x);
    let near = poly(
        z,
        &[
            0.333_333_34,
            -0.133_334_13,
            0.053_978_566,
            -0.021_915_404,
            0.008_932_566,
            -0.003_539_169,
            0.001_158_378_7,
            -0.000_208_314_2,
        ],
    );
    let near = near.mul(z.mul(x));
    L::select(x.abs().ge(L::constant(&1.0)), x.sub(tanh(x)), near)
}

/// 1 / (1 + e^-x)
#[inline(always)]
pub fn sigmoid<L: Lane>(x: L) -> L {
    let y = L::constant(&1.0).div(logistic_divisor(x));
    L::select(x.lt(L::constant(&EXP_MIN)), L::splat(0.0), y)
}

/// `1 + e^-x` for x >= `EXP_MIN` (or NaN), below that the value there. Rounded less than `1 + exp`:
/// 1 joins 2^n where that is exact, else the rest.
#[inline(always)]
pub(crate) fn logistic_divisor<L: Lane>(x: L) -> L {
    let t = x
        .neg()
        .pmin(L::constant(&-EXP_MIN))
        .pmax(L::constant(&-80.0));
    let (magic, r) = exp_reduce(t);
    let one = L::constant(&1.0);
    let scale = one.scale_by(magic);
    let rest = exp_tail(r).fma(r, one).mul(r);
    let zero = L::splat(0.0);
    let early = L::select(scale.lt(L::constant(&65_536.0)), one, zero);
    scale.add(early).add(rest.fma(scale, one.sub(early)))
}

/// `(e, 1 + e)` with `e = exp(-|x|)`: sigmoid(x) is `e / (1 + e)` below 0 and `1 / (1 + e)` above.
#[inline(always)]
pub(crate) fn logistic_parts<L: Lane>(x: L) -> (L, L) {
    let e = exp_no_overflow(x.abs().at_least(L::constant(&LEAST)).neg());
    (e, e.add(L::constant(&1.0)))
}

/// log(1 + e^x)
#[inline(always)]
pub fn softplus<L: Lane>(x: L) -> L {
    let (e, _) = logistic_parts(x);
    // 1 + e is 1 + f or 2 (1 + f), with f exact.
    let (zero, one) = (L::splat(0.0), L::constant(&1.0));
    let large = e.gt(L::constant(&(core::f32::consts::SQRT_2 - 1.0)));
    let f = L::select(large, e.sub(one).mul(L::constant(&0.5)), e);
    let k = L::select(large, one, zero);
    x.pmax(zero).add(log_parts(k, f, zero))
}

/// The error function.
#[inline(always)]
pub fn erf<L: Lane>(x: L) -> L {
    let a = x.abs();
    let near = poly(
        x.mul(x),
        &[
            0.128_379_15,
            -0.376_125,
            0.112_818_64,
            -0.026_767_682,
            0.004_993_977,
            -0.000_599_178_95,
        ],
    )
    .fma(x, x);
    // 1 - e^(-p); from 3.92 on that is 1.
    let b = a.pmin(L::constant(&4.0));
    let p = poly_split(
        b,
        b.mul(b),
        &[
            1.128_659_2,
            0.635_102_75,
            0.106_325_5,
            -0.023_845_684,
            0.003_685_474_4,
            -0.000_334_239_33,
            1.245_870_8e-5,
        ],
    );
    let e = exp_in_range(p.mul(b).neg());
    let far = L::constant(&1.0).sub(e).copysign(x);
    L::select(a.ge(L::constant(&0.92)), far, near)
}

/// `(e, m)` with `e = exp(-x^2 / 2)` and `Phi(-|x|) = e * m`, Phi being the normal distribution
/// function; `x` counts as at most 14 in magnitude, where the product is below 2^-126.
///
/// Both factors keep full relative accuracy far out, where Phi itself is a tail: e is exp of an
/// exact square, m is half of erfcx(|x| / sqrt(2)).
#[inline(always)]
pub(crate) fn normal_parts<L: Lane>(x: L) -> (L, L) {
    let a = x
        .abs()
        .at_least(L::constant(&LEAST))
        .pmin(L::constant(&14.0));
    let head = a.head();
    let half = L::constant(&-0.5);
    let hi = head.mul(head).mul(half);
    let lo = a.sub(head).mul(a.add(head)).mul(half);
    let e = L::select(a.gt(L::constant(&13.14)), L::splat(0.0), exp_parts(hi, lo));
    let w = L::constant(&1.0).div(a.add(L::constant(&1.5)));
    let q = a.sub(L::constant(&1.5)).mul(w);
    let p = poly_split(
        q,
        q.mul(q),
        &[
            0.617_342,
            -0.195_099_49,
            -0.057_495_17,
            0.017_896_965,
            0.017_637_013,
            0.003_984_086_7,
            -0.002_420_073_6,
            -0.002_695_339,
            -0.001_066_388_1,
            0.000_225_384_38,
            0.000_480_811,
            0.000_166_585_67,
        ],
    );
    (e, p.mul(w))
}
