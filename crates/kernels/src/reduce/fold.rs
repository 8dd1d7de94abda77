//! The kinds of reduction: how a value enters and how two results join.

use crate::lane::Lane;

/// A reduction over float32 values; one that adds, unless it says otherwise.
pub(super) trait Fold: Copy + Sync {
    /// The result of no values, and what fills unused lanes.
    const START: f32 = 0.0;
    /// Whether joining is adding, so that rounding errors can be carried along.
    const ADDS: bool = true;
    /// Whether columns are worth more code, for several vectors of them side by side.
    const WIDE: bool = false;

    /// A value as it enters.
    #[inline(always)]
    fn enter<L: Lane>(self, v: L) -> L {
        v
    }
    /// Two results made one.
    #[inline(always)]
    fn join<L: Lane>(a: L, b: L) -> L {
        a.add(b)
    }
    /// Two blocks' results made one.
    #[inline(always)]
    fn join_blocks(a: f64, b: f64) -> f64 {
        a + b
    }
    /// The factor that makes the result of the last join.
    #[inline(always)]
    fn sign(self) -> f32 {
        1.0
    }
}

/// The sum.
#[derive(Clone, Copy)]
pub(super) struct Sum;

impl Fold for Sum {
    const WIDE: bool = crate::TRAINS;
}

/// The sum of the squares, or of the magnitudes: each value times itself or its sign.
#[derive(Clone, Copy)]
pub(super) struct SumPowers {
    pub squares: bool,
}

impl Fold for SumPowers {
    #[inline(always)]
    fn enter<L: Lane>(self, v: L) -> L {
        let one = L::splat(1.0);
        let squares = L::splat(f32::from(u8::from(self.squares))).eq(one);
        v.mul(L::select(squares, v, one.copysign(v)))
    }
}

/// The largest value; with the sign -1 the smallest, as the largest of the negatives.
#[derive(Clone, Copy)]
pub(super) struct Extreme {
    pub sign: f32,
}

impl Extreme {
    pub const MAX: Self = Self { sign: 1.0 };
    pub const MIN: Self = Self { sign: -1.0 };
}

impl Fold for Extreme {
    const START: f32 = f32::NEG_INFINITY;
    const ADDS: bool = false;

    #[inline(always)]
    fn enter<L: Lane>(self, v: L) -> L {
        v.mul(L::splat(self.sign))
    }
    #[inline(always)]
    fn join<L: Lane>(a: L, b: L) -> L {
        a.max(b)
    }
    #[inline(always)]
    fn join_blocks(a: f64, b: f64) -> f64 {
        if a >= b || a.is_nan() {
            a
        } else {
            b
        }
    }
    #[inline(always)]
    fn sign(self) -> f32 {
        self.sign
    }
}

/// The product.
#[derive(Clone, Copy)]
pub(super) struct Prod;

impl Fold for Prod {
    const START: f32 = 1.0;
    const ADDS: bool = false;

    #[inline(always)]
    fn join<L: Lane>(a: L, b: L) -> L {
        a.mul(b)
    }
    #[inline(always)]
    fn join_blocks(a: f64, b: f64) -> f64 {
        a * b
    }
}
