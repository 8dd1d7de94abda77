//! A test lane whose `fma` rounds once, as relaxed SIMD does on most machines, so that native
//! tests hold the formulas to their bounds in both kinds of build.

use super::Lane;

/// One float; like the `f32` lane but for a true fused multiply-add.
#[derive(Clone, Copy)]
pub struct Fused(pub f32);

macro_rules! forward {
    ($($name:ident($($arg:ident),*));* $(;)?) => {
        $(fn $name(self $(, $arg: Self)*) -> Self {
            Self(Lane::$name(self.0 $(, $arg.0)*))
        })*
    };
}

macro_rules! forward_test {
    ($($name:ident),*) => {
        $(fn $name(self, o: Self) -> bool {
            Lane::$name(self.0, o.0)
        })*
    };
}

impl Lane for Fused {
    type Mask = bool;
    const LANES: usize = 1;

    fn splat(v: f32) -> Self {
        Self(v)
    }
    fn load(src: &[f32]) -> Self {
        Self(src[0])
    }
    fn store(self, dst: &mut [f32]) {
        dst[0] = self.0;
    }
    fn fma(self, b: Self, c: Self) -> Self {
        Self(self.0.mul_add(b.0, c.0))
    }
    forward! {
        add(o); sub(o); mul(o); div(o); sqrt(); abs(); neg(); min(o); max(o); pmin(o); pmax(o);
        nearest(); floor(); ceil(); copysign(o); scale_by(o); head(); exp2_int();
    }
    forward_test!(lt, le, gt, ge, eq);
    fn split_exponent(self) -> (Self, Self) {
        let (m, e) = self.0.split_exponent();
        (Self(m), Self(e))
    }
    fn mask_and(a: bool, b: bool) -> bool {
        a & b
    }
    fn mask_or(a: bool, b: bool) -> bool {
        a | b
    }
    fn select(mask: bool, a: Self, b: Self) -> Self {
        f32::select(mask, a.0, b.0).into()
    }
    fn sum(self) -> f32 {
        self.0
    }
    fn max_lane(self) -> f32 {
        self.0
    }
}

impl From<f32> for Fused {
    fn from(v: f32) -> Self {
        Self(v)
    }
}
