//! Rows made of straight pieces: relu and its kin. Values are within 3 ulp; derivatives are exact but
//! for hardSilu, whose derivative is within 2 ulp (within 1e-7 around its zero).

use super::{Param, Row, Saves, LEAST, MAX_PARAMS};
use crate::lane::Lane;

/// The derivative of min(max(x, low), high) as JAX has it: 1 between, 1/2 at a bound, 0 outside.
#[inline(always)]
pub(super) fn clip_slope<L: Lane>(x: L, low: L, high: L) -> L {
    let (one, half, zero) = (L::constant(&1.0), L::constant(&0.5), L::splat(0.0));
    let up = L::select(x.gt(low), one, L::select(x.eq(low), half, zero));
    let down = L::select(x.lt(high), one, L::select(x.eq(high), half, zero));
    up.mul(down)
}

/// 1 between `low` and `high`, 0 outside and at both.
#[inline(always)]
fn within<L: Lane>(y: L, low: &'static f32, high: &'static f32) -> L {
    let inside = L::mask_and(y.gt(L::constant(low)), y.lt(L::constant(high)));
    L::select(inside, L::constant(&1.0), L::splat(0.0))
}

/// slope x, and 0 for slope 0 even at -Infinity.
#[inline(always)]
fn slope_times<L: Lane>(slope: L, x: L) -> L {
    let zero = L::splat(0.0);
    L::select(slope.eq(zero), zero, x.mul(slope))
}

/// relu6(x + 3) / 6
#[inline(always)]
fn hard_sigmoid<L: Lane>(x: L) -> L {
    let shifted = x.add(L::constant(&3.0));
    let cut = shifted.pmax(L::splat(0.0)).pmin(L::constant(&6.0));
    cut.mul(L::constant(&(1.0 / 6.0)))
}

/// max(x, 0). Nair and Hinton 2010; the derivative at 0 is 0, as in Keras.
///
/// Not a row by itself: what `relu` runs when its parameters are the defaults.
pub struct PlainRelu;

impl Row for PlainRelu {
    const NAME: &'static str = "relu";
    const SAVES: Saves = Saves::Output;
    const VECTORS: usize = 4;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        x.pmax(L::splat(0.0))
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        L::select(y.gt(L::splat(0.0)), L::constant(&1.0), L::splat(0.0))
    }
}

/// min(x, maxValue) above the threshold, negativeSlope (x - threshold) at or below it. Keras `relu`.
///
/// The derivative is 0 at the threshold and at maxValue; with a negativeSlope alone it is 1 at 0,
/// as Keras then computes leakyRelu.
pub struct Relu;

impl Row for Relu {
    const NAME: &'static str = "relu";
    const PARAMS: &'static [Param] = &[
        Param::not_negative("negativeSlope", 0.0),
        Param::within("maxValue", f32::INFINITY, 0.0, f32::INFINITY),
        Param::not_negative("threshold", 0.0),
    ];
    const SAVES: Saves = Saves::Output;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        let [slope, max, threshold] = *p;
        let below = slope_times(slope, x.sub(threshold));
        L::select(x.le(threshold), below, x.pmin(max))
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, p: &[L; MAX_PARAMS]) -> L {
        let [slope, max, threshold] = *p;
        let (zero, one) = (L::splat(0.0), L::constant(&1.0));
        let bounded = max.lt(L::constant(&f32::INFINITY));
        let leaky = L::mask_and(slope.gt(zero), threshold.eq(zero));
        let at_zero = L::select(bounded, zero, L::select(leaky, one, zero));
        let above = L::select(L::mask_and(bounded, y.ge(max)), zero, one);
        let rest = L::select(y.lt(zero), slope, at_zero);
        L::select(y.gt(zero), above, rest)
    }
}

/// x from 0 on, negativeSlope x below. Maas et al. 2013; the derivative at 0 is 1, as in JAX.
pub struct LeakyRelu;

impl Row for LeakyRelu {
    const NAME: &'static str = "leakyRelu";
    const PARAMS: &'static [Param] = &[Param::not_negative("negativeSlope", 0.2)];
    const SAVES: Saves = Saves::Output;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        // Not by `Row::LEAST`: the sign of what is next to 0 says which side it is on.
        let below = slope_times(p[0], x.at_most(L::constant(&-LEAST)));
        L::select(x.lt(L::splat(0.0)), below, x)
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, p: &[L; MAX_PARAMS]) -> L {
        // With slope 0, y is 0 for all x <= 0.
        let zero = L::splat(0.0);
        let flat = L::mask_and(y.eq(zero), p[0].eq(zero));
        L::select(L::mask_or(y.lt(zero), flat), p[0], L::constant(&1.0))
    }
}

/// min(max(x, 0), 6). Krizhevsky 2010; the derivative at 0 and 6 is 0, as in JAX.
pub struct Relu6;

impl Row for Relu6 {
    const NAME: &'static str = "relu6";
    const SAVES: Saves = Saves::Output;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        x.pmax(L::splat(0.0)).pmin(L::constant(&6.0))
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        within(y, &0.0, &6.0)
    }
}

/// relu6(x + 3) / 6. Keras 3 `hard_sigmoid`; the derivative at -3 and 3 is 0, as in JAX.
pub struct HardSigmoid;

impl Row for HardSigmoid {
    const NAME: &'static str = "hardSigmoid";
    const SAVES: Saves = Saves::Output;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        hard_sigmoid(x)
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        within(y, &0.0, &1.0).mul(L::constant(&(1.0 / 6.0)))
    }
}

/// x hardSigmoid(x), also called hard swish. Howard et al. 2019 (MobileNetV3), equation 1; 0 at -Infinity.
/// The derivative is 0 at -3 and 1 at 3, as in JAX.
pub struct HardSilu;

impl Row for HardSilu {
    const NAME: &'static str = "hardSilu";
    const SAVES: Saves = Saves::Input;
    const LEAST: f32 = LEAST;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        x.pmax(L::constant(&-3.0)).mul(hard_sigmoid(x))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let (zero, one, three) = (L::splat(0.0), L::constant(&1.0), L::constant(&3.0));
        let between = x.add(x).add(three).mul(L::constant(&(1.0 / 6.0)));
        let low = L::select(x.gt(three.neg()), between, zero);
        L::select(x.ge(three), one, low)
    }
}

/// min(max(x, -1), 1). Collobert 2004; the derivative at -1 and 1 is 1, as in JAX.
pub struct HardTanh;

impl Row for HardTanh {
    const NAME: &'static str = "hardTanh";
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        x.pmax(L::constant(&-1.0)).pmin(L::constant(&1.0))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        L::select(
            x.abs().gt(L::constant(&1.0)),
            L::splat(0.0),
            L::constant(&1.0),
        )
    }
}

/// x - threshold above the threshold, x + threshold below -threshold, else 0. Keras `soft_shrink`.
pub struct SoftShrink;

impl Row for SoftShrink {
    const NAME: &'static str = "softShrink";
    const PARAMS: &'static [Param] = &[Param::not_negative("threshold", 0.5)];
    const SAVES: Saves = Saves::Output;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        let cut = x.abs().sub(p[0]).pmax(L::splat(0.0));
        cut.copysign(x)
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        L::select(y.eq(L::splat(0.0)), L::splat(0.0), L::constant(&1.0))
    }
}

/// x where |x| > threshold, else 0. Keras `hard_shrink`.
pub struct HardShrink;

impl Row for HardShrink {
    const NAME: &'static str = "hardShrink";
    const PARAMS: &'static [Param] = &[Param::not_negative("threshold", 0.5)];
    const SAVES: Saves = Saves::Output;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        L::select(x.abs().le(p[0]), L::splat(0.0), x)
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        L::select(y.eq(L::splat(0.0)), L::splat(0.0), L::constant(&1.0))
    }
}

/// x above the threshold, else defaultValue. Keras `threshold`.
pub struct Threshold;

impl Row for Threshold {
    const NAME: &'static str = "threshold";
    const PARAMS: &'static [Param] = &[
        Param::any("threshold", 0.0),
        Param::any("defaultValue", 0.0),
    ];
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        L::select(x.le(p[0]), p[1], x)
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        L::select(x.le(p[0]), L::splat(0.0), L::constant(&1.0))
    }
}

/// 0 up to -1, (x + 1)^2 / 4 up to 1, then x: what sparsemax makes of softplus. Martins and
/// Astudillo 2016; Keras `sparse_plus`.
pub struct SparsePlus;

impl Row for SparsePlus {
    const NAME: &'static str = "sparsePlus";
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let one = L::constant(&1.0);
        let above = x.add(one).pmax(L::splat(0.0)).mul(L::constant(&0.5));
        L::select(x.ge(one), x, above.mul(above))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let one = L::constant(&1.0);
        let above = x.add(one).pmax(L::splat(0.0)).mul(L::constant(&0.5));
        above.pmin(one)
    }
}

/// min(max(x + 1, 0), 2) / 2, the derivative of sparsePlus. Martins and Astudillo 2016; Keras
/// `sparse_sigmoid`; the derivative at -1 and 1 is 1/4, as in JAX.
pub struct SparseSigmoid;

impl Row for SparseSigmoid {
    const NAME: &'static str = "sparseSigmoid";
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        SparsePlus::slope(x, p)
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let one = L::constant(&1.0);
        clip_slope(x, one.neg(), one).mul(L::constant(&0.5))
    }
}
