//! The kinds of reduction: how a value enters and how two results join.

use crate::lane::Lane;

/// A reduction over float32 values.
pub(super) trait Fold {
    /// The result of no values, and what fills unused lanes.
    const START: f32;
    /// Whether joining is adding, so that rounding errors can be carried along.
    const ADDS: bool;

    /// A value as it enters; leaves `START` as it is.
    fn enter<L: Lane>(v: L) -> L;
    /// Two results made one.
    fn join<L: Lane>(a: L, b: L) -> L;
    /// Two blocks' results made one.
    fn join_blocks(a: f64, b: f64) -> f64;
}

/// A fold that adds what `$enter` makes of the values.
macro_rules! adding {
    ($name:ident, $v:ident => $enter:expr) => {
        pub(super) struct $name;

        impl Fold for $name {
            const START: f32 = 0.0;
            const ADDS: bool = true;

            #[inline(always)]
            fn enter<L: Lane>($v: L) -> L {
                $enter
            }
            #[inline(always)]
            fn join<L: Lane>(a: L, b: L) -> L {
                a.add(b)
            }
            #[inline(always)]
            fn join_blocks(a: f64, b: f64) -> f64 {
                a + b
            }
        }
    };
}

adding!(Sum, v => v);
adding!(SumSquares, v => v.mul(v));
adding!(SumAbs, v => v.abs());

/// A fold that joins by the method `$join` of lanes.
macro_rules! joining {
    ($name:ident, $start:expr, $join:ident, |$a:ident, $b:ident| $blocks:expr) => {
        pub(super) struct $name;

        impl Fold for $name {
            const START: f32 = $start;
            const ADDS: bool = false;

            #[inline(always)]
            fn enter<L: Lane>(v: L) -> L {
                v
            }
            #[inline(always)]
            fn join<L: Lane>(a: L, b: L) -> L {
                a.$join(b)
            }
            #[inline(always)]
            fn join_blocks($a: f64, $b: f64) -> f64 {
                $blocks
            }
        }
    };
}

joining!(
    Max,
    f32::NEG_INFINITY,
    max,
    |a, b| if a >= b || a.is_nan() { a } else { b }
);
joining!(Min, f32::INFINITY, min, |a, b| if a <= b || a.is_nan() {
    a
} else {
    b
});
joining!(Prod, 1.0, mul, |a, b| a * b);
