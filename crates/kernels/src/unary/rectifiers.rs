//! Rows made of straight pieces: relu and its kin. Values are within 1 ulp; derivatives are exact.

use super::{Param, Row, Saves, MAX_PARAMS};
use crate::lane::Lane;

/// The derivative of min(max(x, low), high) as JAX has it: 1 between, 1/2 at a bound, 0 outside.
#[inline(always)]
pub(super) fn clip_slope<L: Lane>(x: L, low: L, high: L) -> L {
    let (one, half, zero) = (L::splat(1.0), L::splat(0.5), L::splat(0.0));
    let up = L::select(x.gt(low), one, L::select(x.eq(low), half, zero));
    let down = L::select(x.lt(high), one, L::select(x.eq(high), half, zero));
    up.mul(down)
}

/// relu6(x + 3) / 6
#[inline(always)]
fn hard_sigmoid<L: Lane>(x: L) -> L {
    let shifted = x.add(L::splat(3.0));
    let cut = shifted.pmax(L::splat(0.0)).pmin(L::splat(6.0));
    cut.mul(L::splat(1.0 / 6.0))
}

/// max(x, 0). Nair and Hinton 2010; the derivative at 0 is 0, as in Keras.
///
/// Not a row by itself: what `relu` runs when its parameters are the defaults.
pub struct PlainRelu;

impl Row for PlainRelu {
    const NAME: &'static str = "relu";
    const SAVES: Saves = Saves::Output;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        x.pmax(L::splat(0.0))
    }
    #[inline(always)]
    fn slope<L: Lane>(y: L, _p: &[L; MAX_PARAMS]) -> L {
        L::select(y.gt(L::splat(0.0)), L::splat(1.0), L::splat(0.0))
    }
}

/// min(x, maxValue) above the threshold, negativeSlope (x - threshold) at or below it. Keras `relu`.
///
/// The derivative is 0 at the threshold and 1/2 at maxValue; with a negativeSlope alone it is 1 at 0,
/// as Keras then computes leakyRelu.
pub struct Relu;

impl Row for Relu {
    const NAME: &'static str = "relu";
    const PARAMS: &'static [Param] = &[
        Param::not_negative("negativeSlope", 0.0),
        Param::within("maxValue", f32::INFINITY, 0.0, f32::INFINITY),
        Param::not_negative("threshold", 0.0),
    ];
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        let [slope, max, threshold] = *p;
        let below = x.sub(threshold).mul(slope);
        L::select(x.le(threshold), below, x.pmin(max))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        let [slope, max, threshold] = *p;
        let zero = L::splat(0.0);
        let leaky = L::mask_and(max.eq(L::splat(f32::INFINITY)), threshold.eq(zero));
        let at_threshold = L::select(leaky, L::select(slope.eq(zero), zero, L::splat(1.0)), zero);
        let above = clip_slope(x, L::splat(f32::NEG_INFINITY), max);
        let below = L::select(x.lt(threshold), slope, at_threshold);
        L::select(x.gt(threshold), above, below)
    }
}

/// x from 0 on, negativeSlope x below. Maas et al. 2013; the derivative at 0 is 1, as in JAX.
pub struct LeakyRelu;

impl Row for LeakyRelu {
    const NAME: &'static str = "leakyRelu";
    const PARAMS: &'static [Param] = &[Param::not_negative("negativeSlope", 0.2)];
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        L::select(x.lt(L::splat(0.0)), x.mul(p[0]), x)
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L {
        L::select(x.lt(L::splat(0.0)), p[0], L::splat(1.0))
    }
}

/// min(max(x, 0), 6). Krizhevsky 2010; the derivative at 0 and 6 is 1/2, as in JAX.
pub struct Relu6;

impl Row for Relu6 {
    const NAME: &'static str = "relu6";
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        x.pmax(L::splat(0.0)).pmin(L::splat(6.0))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        clip_slope(x, L::splat(0.0), L::splat(6.0))
    }
}

/// relu6(x + 3) / 6. Keras 3 `hard_sigmoid`; the derivative at -3 and 3 is 1/12, as in JAX.
pub struct HardSigmoid;

impl Row for HardSigmoid {
    const NAME: &'static str = "hardSigmoid";
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        hard_sigmoid(x)
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        let sixth = L::splat(1.0 / 6.0);
        clip_slope(x, L::splat(-3.0), L::splat(3.0)).mul(sixth)
    }
}

/// x hardSigmoid(x), also called hard swish. Howard et al. 2019 (MobileNetV3), equation 1; 0 at -Infinity.
pub struct HardSilu;

impl Row for HardSilu {
    const NAME: &'static str = "hardSilu";
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        x.pmax(L::splat(-3.0)).mul(hard_sigmoid(x))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        // (x + 3) / 6 + x / 6 between the kinks; at them half of the second part, as in JAX.
        let slope = clip_slope(x, L::splat(-3.0), L::splat(3.0));
        let clipped = x.pmax(L::splat(-3.0)).pmin(L::splat(3.0));
        let sum = clipped.mul(slope).add(clipped).add(L::splat(3.0));
        sum.mul(L::splat(1.0 / 6.0))
    }
}

/// min(max(x, -1), 1). Collobert 2004; the derivative at -1 and 1 is 1, as in JAX.
pub struct HardTanh;

impl Row for HardTanh {
    const NAME: &'static str = "hardTanh";
    const SAVES: Saves = Saves::Input;
    #[inline(always)]
    fn value<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        x.pmax(L::splat(-1.0)).pmin(L::splat(1.0))
    }
    #[inline(always)]
    fn slope<L: Lane>(x: L, _p: &[L; MAX_PARAMS]) -> L {
        L::select(x.abs().gt(L::splat(1.0)), L::splat(0.0), L::splat(1.0))
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
        L::select(y.eq(L::splat(0.0)), L::splat(0.0), L::splat(1.0))
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
        L::select(y.eq(L::splat(0.0)), L::splat(0.0), L::splat(1.0))
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
        L::select(x.le(p[0]), L::splat(0.0), L::splat(1.0))
    }
}
