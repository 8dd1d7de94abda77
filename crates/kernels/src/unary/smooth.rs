//! Smooth rows: sigmoids, exponential units, and x times a sigmoid. Values and derivatives are within
//! 4 ulp, except that a derivative is within 1e-7 around its zero, and where a row says otherwise. An intermediate
//! exponential below 2^-126 counts as 0, so values below about 2^-118 may be 0 too. Inputs below
//! `Row::LEAST` count as 0.

use super::{Param, Row, Saves, LEAST, MAX_PARAMS};
use crate::lane::Lane;
use crate::math;

/// The squares of smaller ones are below 2^-124.
const LEAST_SQUARED: f32 = 1.0 / (1u64 << 62) as f32;
/// x - tanh(x) is about x^3 / 3: below 2^-124 for smaller inputs, 2^-41.
const LEAST_CUBED: f32 = 1.0 / (1u64 << 41) as f32;

const SELU_SCALE: f32 = 1.050_701;
/// 1.0507009873554805 * 1.6732632423543772
const SELU_SCALE_ALPHA: f32 = 1.758_099_3;
/// 1 / sqrt(2 pi)
const INV_SQRT_TAU: f32 = 0.398_942_3;
/// sqrt(2 / pi)
const GELU_TANH_SCALE: f32 = 0.797_884_6;
const GELU_TANH_CUBIC: f32 = 0.044_715;

/// `(e, a^2)` of geluTanh for `a = |x|`: with e, sigmoid(2 u) is `1 / (1 + e)` above 0 and
/// `e / (1 + e)` below. x counts as at most 14 in magnitude, and as no less than what changes these.
#[inline(always)]
fn gelu_tanh_parts<L: Lane>(x: L) -> (L, L) {
    let a = x
        .abs()
        .at_least(L::constant(&math::LEAST))
        .pmin(L::constant(&14.0));
    let square = a.mul(a);
    let cubic = L::constant(&(-2.0 * GELU_TANH_SCALE * GELU_TANH_CUBIC));
    let linear = L::constant(&(-2.0 * GELU_TANH_SCALE));
    (
        math::exp_no_overflow(a.mul(square.fma(cubic, linear))),
        square,
    )
}

/// `(w, w (w + 2))` with w = e^x; x counts as at most 20, from where on tanh(softplus(x)) is 1.
#[inline(always)]
fn mish_parts<L: Lane>(x: L) -> (L, L) {
    let w = math::exp_no_overflow(x.pmin(L::constant(&20.0)));
    (w, w.fma(w, w.add(w)))
}

/// (x + sqrt(x^2 + b)) / 2
#[inline(always)]
fn squareplus<L: Lane>(x: L, b: L) -> L {
    let a = x.abs();
    // From 2^60 on, b does not count and x^2 may overflow.
    let root = L::select(
        a.gt(L::constant(&((1u64 << 60) as f32))),
        a,
        a.fma(a, b).sqrt(),
    );
    let half = L::constant(&0.5);
    let sum = a.mul(half).add(root.mul(half));
    L::select(x.lt(L::splat(0.0)), b.mul(L::constant(&0.25)).div(sum), sum)
}

/// 1 / (1 + e^-x). The derivative y (1 - y) inherits the rounding of y where y nears 1, as in JAX.
pub struct Sigmoid;

impl Row for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const SAVES: Saves = Saves::Output;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        math::sigmoid(x)
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        y.mul(L::constant(&1.0).sub(y))
    }
}

/// Hyperbolic tangent. The derivative (1 - y)(1 + y) inherits the rounding of y where |y| nears 1,
/// as in JAX.
pub struct Tanh;

impl Row for Tanh {
    const NAME: &'static str = "tanh";
    const SAVES: Saves = Saves::Output;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        math::tanh(x)
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        let one = L::constant(&1.0);
        one.sub(y).mul(one.add(y))
    }
}

/// e^x. Keras `exponential`.
pub struct Exponential;

impl Row for Exponential {
    const NAME: &'static str = "exponential";
    const SAVES: Saves = Saves::Output;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        math::exp(x)
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        y
    }
}

/// x above 0, alpha (e^x - 1) at or below. Clevert et al. 2015, equation 15.
///
/// The derivative at 0 is alpha, as in JAX; y + alpha inherits the rounding of y as y nears -alpha.
pub struct Elu;

impl Row for Elu {
    const NAME: &'static str = "elu";
    const PARAMS: &'static [Param] = &[Param::not_negative("alpha", 1.0)];
    const SAVES: Saves = Saves::Output;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        L::select(x.gt(L::splat(0.0)), x, math::expm1(x).mul(p[0]))
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, p: &[L; MAX_PARAMS]) -> L {
        L::select(y.gt(L::splat(0.0)), L::constant(&1.0), y.add(p[0]))
    }
}

/// 1.0507 elu(x) with alpha 1.6733. Klambauer et al. 2017, equation 2. The derivative at 0 is that of
/// the lower branch, as in JAX.
pub struct Selu;

impl Row for Selu {
    const NAME: &'static str = "selu";
    const SAVES: Saves = Saves::Output;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let below = math::expm1(x).mul(L::constant(&SELU_SCALE_ALPHA));
        L::select(x.gt(L::splat(0.0)), x.mul(L::constant(&SELU_SCALE)), below)
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        let below = y.add(L::constant(&SELU_SCALE_ALPHA));
        L::select(y.gt(L::splat(0.0)), L::constant(&SELU_SCALE), below)
    }
}

/// x above 0, alpha (e^(x / alpha) - 1) below. Barron 2017, equation 2.
pub struct Celu;

impl Row for Celu {
    const NAME: &'static str = "celu";
    const PARAMS: &'static [Param] = &[Param::positive("alpha", 1.0)];
    const SAVES: Saves = Saves::Output;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        L::select(x.gt(L::splat(0.0)), x, math::expm1(x.div(p[0])).mul(p[0]))
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, p: &[L; MAX_PARAMS]) -> L {
        let below = y.div(p[0]).add(L::constant(&1.0));
        L::select(y.gt(L::splat(0.0)), L::constant(&1.0), below)
    }
}

/// x Phi(x), Phi being the normal distribution function. Hendrycks and Gimpel 2016.
///
/// Within 5 ulp, the tail included; 0 at -Infinity. Written max(x, 0) - |x| Phi(-|x|), which
/// needs no case for the sign.
pub struct Gelu;

impl Row for Gelu {
    const NAME: &'static str = "gelu";
    const SAVES: Saves = Saves::Input;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let (e, m) = math::normal_parts(x);
        let a = x.abs().pmin(L::constant(&14.0));
        x.pmax(L::splat(0.0)).sub(a.mul(m).mul(e))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        // With a = |x|: Phi(-a) - a phi(a) below 0, and 1 minus that above.
        let (e, m) = math::normal_parts(x);
        let a = x.abs().pmin(L::constant(&14.0));
        let below = a.fma(L::constant(&-INV_SQRT_TAU), m).mul(e);
        L::select(x.gt(L::splat(0.0)), L::constant(&1.0).sub(below), below)
    }
}

/// x (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3). Hendrycks and Gimpel 2016, section 2.
///
/// Computed as x sigmoid(2 u), without the cancellation of the formula; 0 at -Infinity. In the tail
/// the rounding of u counts: within 4 (1 + |2 u|) ulp.
pub struct GeluTanh;

impl Row for GeluTanh {
    const NAME: &'static str = "geluTanh";
    const SAVES: Saves = Saves::Input;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let (e, _) = gelu_tanh_parts(x);
        let one = L::constant(&1.0);
        let num = L::select(x.lt(L::splat(0.0)), e, one);
        x.pmax(L::constant(&-14.0)).mul(num).div(e.add(one))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let x = x.pmax(L::constant(&-14.0)).pmin(L::constant(&14.0));
        let (e, square) = gelu_tanh_parts(x);
        let one = L::constant(&1.0);
        let d = e.add(one);
        let num = L::select(x.lt(L::splat(0.0)), e, one);
        let inner = square.fma(
            L::constant(&(6.0 * GELU_TANH_SCALE * GELU_TANH_CUBIC)),
            L::constant(&(2.0 * GELU_TANH_SCALE)),
        );
        num.add(x.mul(e).mul(inner).div(d)).div(d)
    }
}

/// x sigmoid(x), also called swish. Elfwing et al. 2017; 0 at -Infinity.
pub struct Silu;

impl Row for Silu {
    const NAME: &'static str = "silu";
    const SAVES: Saves = Saves::Input;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let y = x.div(math::logistic_divisor(x));
        L::select(x.lt(L::constant(&math::EXP_MIN)), L::splat(0.0), y)
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        // s (1 + x (1 - s)), with s and 1 - s both to full relative accuracy.
        let x = x.pmax(L::constant(&-104.0)).pmin(L::constant(&104.0));
        let (e, d) = math::logistic_parts(x);
        let (one, below) = (L::constant(&1.0), x.lt(L::splat(0.0)));
        // e / d and 1 / d as corrections to e and 1: d is rounded.
        let share = e.div(d);
        let smaller = e.sub(e.mul(share));
        let larger = one.sub(share);
        let s = L::select(below, smaller, larger);
        let rest = L::select(below, larger, smaller);
        x.fma(rest, one).mul(s)
    }
}

/// x tanh(softplus(x)). Misra 2019, equation 1; 0 at -Infinity.
///
/// With w = e^x that is x n / (n + 2), n = w (w + 2).
pub struct Mish;

impl Row for Mish {
    const NAME: &'static str = "mish";
    const SAVES: Saves = Saves::Input;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let (_, n) = mish_parts(x);
        x.pmax(L::constant(&-104.0))
            .mul(n.div(n.add(L::constant(&2.0))))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        // With r = w / (n + 2): r (2 (1 + x) + w (1 - 2 x r)).
        let x = x.pmax(L::constant(&-104.0)).pmin(L::constant(&20.0));
        let (w, n) = mish_parts(x);
        let (one, two) = (L::constant(&1.0), L::constant(&2.0));
        let r = w.div(n.add(two));
        let turn = x.mul(L::constant(&-2.0)).fma(r, one);
        w.fma(turn, x.add(one).mul(two)).mul(r)
    }
}

/// log(1 + e^x). Dugas et al. 2001.
pub struct Softplus;

impl Row for Softplus {
    const NAME: &'static str = "softplus";
    const SAVES: Saves = Saves::Output;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        math::softplus(x)
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        math::expm1(y.neg()).neg()
    }
}

/// log(sigmoid(x)) = -softplus(-x).
pub struct LogSigmoid;

impl Row for LogSigmoid {
    const NAME: &'static str = "logSigmoid";
    const SAVES: Saves = Saves::Output;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        math::softplus(x.neg()).neg()
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        math::expm1(y).neg()
    }
}

/// x / (1 + |x|). Turian et al. 2009; -1 and 1 at the infinities.
pub struct Softsign;

impl Row for Softsign {
    const NAME: &'static str = "softsign";
    const SAVES: Saves = Saves::Input;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let x = x.pmax(L::constant(&-1e30)).pmin(L::constant(&1e30));
        x.div(x.abs().add(L::constant(&1.0)))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let r = L::constant(&1.0).div(x.abs().add(L::constant(&1.0)));
        r.mul(r)
    }
}

/// (x + sqrt(x^2 + b)) / 2. Barron 2021, equation 1.
///
/// Below 0 as b / (2 (|x| + sqrt(x^2 + b))), which does not cancel. The derivative is within 5 ulp.
pub struct Squareplus;

impl Row for Squareplus {
    const NAME: &'static str = "squareplus";
    const PARAMS: &'static [Param] = &[Param::positive("b", 4.0)];
    const SAVES: Saves = Saves::Output;
    const LEAST: f32 = LEAST_SQUARED;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        squareplus(x, p[0])
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, p: &[L; MAX_PARAMS]) -> L {
        // y / sqrt(x^2 + b), where the root is y + b / (4 y).
        let y = y.pmin(L::constant(&1e30));
        y.div(y.add(p[0].mul(L::constant(&0.25)).div(y)))
    }
}

/// x - tanh(x). Keras `tanh_shrink`; near 0 by its own series, without cancellation.
pub struct TanhShrink;

impl Row for TanhShrink {
    const NAME: &'static str = "tanhShrink";
    const SAVES: Saves = Saves::Input;
    const LEAST: f32 = LEAST_CUBED;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        math::x_minus_tanh(x)
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let t = math::tanh(x);
        t.mul(t)
    }
}
