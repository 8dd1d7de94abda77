//! Rows of plain maths, as losses, metrics and normalisers need them. Derivatives at kinks are those
//! of JAX; those with one rounding per operation are within 2 ulp of the exact value.

use super::rectifiers::clip_slope;
use super::{Param, Row, Saves, MAX_PARAMS};
use crate::lane::Lane;
use crate::math;

/// Declares rows whose value and slope are one expression each.
macro_rules! plain {
    ($($(#[$doc:meta])* $row:ident = $name:literal $params:expr, $saves:ident,
        |$x:ident, $p:ident| $value:expr, |$s:ident, $q:ident| $slope:expr;)*) => {
        $($(#[$doc])*
        pub struct $row;
        impl Row for $row {
            const NAME: &'static str = $name;
            const PARAMS: &'static [Param] = &$params;
            const SAVES: Saves = Saves::$saves;
            #[inline(always)]
            fn value<L: Lane>($x: L, $p: &[L; MAX_PARAMS]) -> L {
                $value
            }
            #[inline(always)]
            fn slope<L: Lane>($s: L, $q: &[L; MAX_PARAMS]) -> L {
                $slope
            }
        })*
    };
}

plain! {
    /// x
    Linear = "linear" [], Nothing, |x, _p| x, |_s, _p| L::constant(&1.0);
    /// -x
    Neg = "neg" [], Nothing, |x, _p| x.neg(), |_s, _p| L::constant(&-1.0);
    /// |x|; the derivative at 0 is 0.
    Abs = "abs" [], Input, |x, _p| x.abs(), |x, _p| sign(x);
    /// x^2
    Square = "square" [], Input, |x, _p| x.mul(x), |x, _p| x.add(x);
    /// Square root, correctly rounded; NaN below 0.
    Sqrt = "sqrt" [], Output, |x, _p| x.sqrt(), |y, _p| L::constant(&0.5).div(y);
    /// 1 / sqrt(x); NaN below 0. The derivative is within 6 ulp.
    Rsqrt = "rsqrt" [], Output,
        |x, _p| L::constant(&1.0).div(x.sqrt()), |y, _p| y.mul(y).mul(y.mul(L::constant(&-0.5)));
    /// 1 / x
    Reciprocal = "reciprocal" [], Output,
        |x, _p| L::constant(&1.0).div(x), |y, _p| y.mul(y).neg();
    /// e^x
    Exp = "exp" [], Output, |x, _p| math::exp(x), |y, _p| y;
    /// Natural logarithm; -Infinity at 0, NaN below.
    Log = "log" [], Input, |x, _p| math::log(x), |x, _p| L::constant(&1.0).div(x);
    /// log(1 + x)
    Log1p = "log1p" [], Input,
        |x, _p| math::log1p(x), |x, _p| L::constant(&1.0).div(x.add(L::constant(&1.0)));
    /// e^x - 1; the derivative y + 1 loses relative accuracy as y nears -1, as in JAX.
    Expm1 = "expm1" [], Output, |x, _p| math::expm1(x), |y, _p| y.add(L::constant(&1.0));
    /// -1, 0 or 1; the derivative is 0.
    Sign = "sign" [], Nothing, |x, _p| sign(x), |_s, _p| L::splat(0.0);
    /// Nearest whole number, halves to even; the derivative is 0.
    Round = "round" [], Nothing, |x, _p| x.nearest(), |_s, _p| L::splat(0.0);
    /// Largest whole number not above; the derivative is 0.
    Floor = "floor" [], Nothing, |x, _p| x.floor(), |_s, _p| L::splat(0.0);
    /// Smallest whole number not below; the derivative is 0.
    Ceil = "ceil" [], Nothing, |x, _p| x.ceil(), |_s, _p| L::splat(0.0);
    /// min(max(x, min), max), as `jnp.clip`: the derivative is 1/2 where x equals a bound.
    Clip = "clip" [Param::unbounded("min", f32::NEG_INFINITY), Param::unbounded("max", f32::INFINITY)],
        Input, |x, p| x.pmax(p[0]).pmin(p[1]), |x, p| clip_slope(x, p[0], p[1]);
    /// a x
    Scale = "scale" [Param::any("a", 1.0)], Nothing, |x, p| x.mul(p[0]), |_s, p| p[0];
    /// x + b
    Offset = "offset" [Param::any("b", 0.0)], Nothing, |x, p| x.add(p[0]), |_s, _p| L::constant(&1.0);
}

/// 1 above 0, -1 below, else x itself (a zero or NaN).
#[inline(always)]
fn sign<L: Lane>(x: L) -> L {
    let zero = L::splat(0.0);
    let below = L::select(x.lt(zero), L::constant(&-1.0), x);
    L::select(x.gt(zero), L::constant(&1.0), below)
}
