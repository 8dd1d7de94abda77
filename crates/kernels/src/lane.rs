//! `Lane`: a handful of float32 numbers worked on at once, so that a formula is written one time.
//!
//! Two implementations: `f32` (one number: the readable oracle) and `F32x4` (WASM SIMD; on other
//! targets a plain array). Formulas generic over `Lane` belong in the modules that use them
//! (`math`, `unary`, `update`); this file holds machine operations only.

/// A fixed number of float32 values that all take part in every operation.
///
/// Comparisons follow IEEE 754 (false for NaN). `min` and `max` give NaN when either side is NaN,
/// as in WebAssembly.
pub trait Lane: Copy {
    /// One truth value per float.
    type Mask: Copy;
    /// How many floats one value holds.
    const LANES: usize;

    /// All lanes equal to `v`.
    fn splat(v: f32) -> Self;
    /// The first `LANES` values of `src`. Panics when `src` is shorter.
    fn load(src: &[f32]) -> Self;
    /// Writes the lanes to the first `LANES` places of `dst`. Panics when `dst` is shorter.
    fn store(self, dst: &mut [f32]);

    /// `self + o`
    fn add(self, o: Self) -> Self;
    /// `self - o`
    fn sub(self, o: Self) -> Self;
    /// `self * o`
    fn mul(self, o: Self) -> Self;
    /// `self / o`
    fn div(self, o: Self) -> Self;
    /// `self * b + c`; fused in relaxed builds, two roundings in strict ones.
    fn fma(self, b: Self, c: Self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// Absolute value (clears the sign, also of NaN).
    fn abs(self) -> Self;
    /// Sign flipped.
    fn neg(self) -> Self;
    /// The smaller one; NaN if either is NaN.
    fn min(self, o: Self) -> Self;
    /// The larger one; NaN if either is NaN.
    fn max(self, o: Self) -> Self;
    /// Nearest whole number, ties to even.
    fn nearest(self) -> Self;
    /// Magnitude of `self` with the sign bit of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// `2^k` for lanes that hold whole numbers in -126..=127; anything else gives rubbish.
    fn exp2_int(self) -> Self;
    /// For positive normal lanes: `(m, e)` with `self = m * 2^e`, `e` whole, `m` in [sqrt(1/2), sqrt(2)).
    fn split_exponent(self) -> (Self, Self);

    /// `self < o`
    fn lt(self, o: Self) -> Self::Mask;
    /// `self <= o`
    fn le(self, o: Self) -> Self::Mask;
    /// `self > o`
    fn gt(self, o: Self) -> Self::Mask;
    /// `self >= o`
    fn ge(self, o: Self) -> Self::Mask;
    /// `self == o`
    fn eq(self, o: Self) -> Self::Mask;
    /// Both.
    fn mask_and(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// Either.
    fn mask_or(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// Per lane `if mask { a } else { b }`.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;

    /// Sum of the lanes in the fixed order `(l0 + l2) + (l1 + l3)`.
    fn sum(self) -> f32;
    /// Largest lane; NaN if any lane is NaN.
    fn max_lane(self) -> f32;
}

/// Bits of sqrt(1/2), where `split_exponent` cuts the mantissa range.
const SQRT_HALF_BITS: u32 = 0x3f35_04f3;

fn split_exponent_f32(x: f32) -> (f32, f32) {
    let shifted = x.to_bits().wrapping_add(0x3f80_0000 - SQRT_HALF_BITS);
    let e = (shifted >> 23) as i32 - 127;
    let m = f32::from_bits((shifted & 0x007f_ffff) + SQRT_HALF_BITS);
    (m, e as f32)
}

fn min_f32(a: f32, b: f32) -> f32 {
    if a.is_nan() || b.is_nan() {
        f32::NAN
    } else if a == b {
        f32::from_bits(a.to_bits() | b.to_bits())
    } else if a < b {
        a
    } else {
        b
    }
}

fn max_f32(a: f32, b: f32) -> f32 {
    if a.is_nan() || b.is_nan() {
        f32::NAN
    } else if a == b {
        f32::from_bits(a.to_bits() & b.to_bits())
    } else if a > b {
        a
    } else {
        b
    }
}

impl Lane for f32 {
    type Mask = bool;
    const LANES: usize = 1;

    #[inline(always)]
    fn splat(v: f32) -> Self {
        v
    }
    #[inline(always)]
    fn load(src: &[f32]) -> Self {
        src[0]
    }
    #[inline(always)]
    fn store(self, dst: &mut [f32]) {
        dst[0] = self;
    }
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        self + o
    }
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        self - o
    }
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        self * o
    }
    #[inline(always)]
    fn div(self, o: Self) -> Self {
        self / o
    }
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        self * b + c
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        f32::abs(self)
    }
    #[inline(always)]
    fn neg(self) -> Self {
        -self
    }
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        min_f32(self, o)
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        max_f32(self, o)
    }
    #[inline(always)]
    fn nearest(self) -> Self {
        self.round_ties_even()
    }
    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        f32::copysign(self, sign)
    }
    #[inline(always)]
    fn exp2_int(self) -> Self {
        f32::from_bits(((self as i32).wrapping_add(127) as u32) << 23)
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        split_exponent_f32(self)
    }
    #[inline(always)]
    fn lt(self, o: Self) -> bool {
        self < o
    }
    #[inline(always)]
    fn le(self, o: Self) -> bool {
        self <= o
    }
    #[inline(always)]
    fn gt(self, o: Self) -> bool {
        self > o
    }
    #[inline(always)]
    fn ge(self, o: Self) -> bool {
        self >= o
    }
    #[inline(always)]
    fn eq(self, o: Self) -> bool {
        self == o
    }
    #[inline(always)]
    fn mask_and(a: bool, b: bool) -> bool {
        a & b
    }
    #[inline(always)]
    fn mask_or(a: bool, b: bool) -> bool {
        a | b
    }
    #[inline(always)]
    fn select(mask: bool, a: Self, b: Self) -> Self {
        if mask {
            a
        } else {
            b
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        self
    }
    #[inline(always)]
    fn max_lane(self) -> f32 {
        self
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wide {
    use super::{Lane, SQRT_HALF_BITS};
    use core::arch::wasm32::*;

    /// Four float32 values in one WASM SIMD register.
    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub struct F32x4(pub v128);

    impl Lane for F32x4 {
        type Mask = v128;
        const LANES: usize = 4;

        #[inline(always)]
        fn splat(v: f32) -> Self {
            Self(f32x4_splat(v))
        }
        #[inline(always)]
        fn load(src: &[f32]) -> Self {
            assert!(src.len() >= 4);
            // SAFETY: four floats are readable at the start of `src`; v128_load takes any alignment.
            Self(unsafe { v128_load(src.as_ptr().cast()) })
        }
        #[inline(always)]
        fn store(self, dst: &mut [f32]) {
            assert!(dst.len() >= 4);
            // SAFETY: four floats are writable at the start of `dst`; v128_store takes any alignment.
            unsafe { v128_store(dst.as_mut_ptr().cast(), self.0) }
        }
        #[inline(always)]
        fn add(self, o: Self) -> Self {
            Self(f32x4_add(self.0, o.0))
        }
        #[inline(always)]
        fn sub(self, o: Self) -> Self {
            Self(f32x4_sub(self.0, o.0))
        }
        #[inline(always)]
        fn mul(self, o: Self) -> Self {
            Self(f32x4_mul(self.0, o.0))
        }
        #[inline(always)]
        fn div(self, o: Self) -> Self {
            Self(f32x4_div(self.0, o.0))
        }
        #[cfg(target_feature = "relaxed-simd")]
        #[inline(always)]
        fn fma(self, b: Self, c: Self) -> Self {
            Self(f32x4_relaxed_madd(self.0, b.0, c.0))
        }
        #[cfg(not(target_feature = "relaxed-simd"))]
        #[inline(always)]
        fn fma(self, b: Self, c: Self) -> Self {
            Self(f32x4_add(f32x4_mul(self.0, b.0), c.0))
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            Self(f32x4_sqrt(self.0))
        }
        #[inline(always)]
        fn abs(self) -> Self {
            Self(f32x4_abs(self.0))
        }
        #[inline(always)]
        fn neg(self) -> Self {
            Self(f32x4_neg(self.0))
        }
        #[inline(always)]
        fn min(self, o: Self) -> Self {
            Self(f32x4_min(self.0, o.0))
        }
        #[inline(always)]
        fn max(self, o: Self) -> Self {
            Self(f32x4_max(self.0, o.0))
        }
        #[inline(always)]
        fn nearest(self) -> Self {
            Self(f32x4_nearest(self.0))
        }
        #[inline(always)]
        fn copysign(self, sign: Self) -> Self {
            let sign_bit = u32x4_splat(0x8000_0000);
            Self(v128_bitselect(sign.0, self.0, sign_bit))
        }
        #[inline(always)]
        fn exp2_int(self) -> Self {
            let k = i32x4_trunc_sat_f32x4(self.0);
            Self(i32x4_shl(i32x4_add(k, i32x4_splat(127)), 23))
        }
        #[inline(always)]
        fn split_exponent(self) -> (Self, Self) {
            let shifted = i32x4_add(self.0, u32x4_splat(0x3f80_0000 - SQRT_HALF_BITS));
            let e = i32x4_sub(u32x4_shr(shifted, 23), i32x4_splat(127));
            let m = i32x4_add(
                v128_and(shifted, u32x4_splat(0x007f_ffff)),
                u32x4_splat(SQRT_HALF_BITS),
            );
            (Self(m), Self(f32x4_convert_i32x4(e)))
        }
        #[inline(always)]
        fn lt(self, o: Self) -> v128 {
            f32x4_lt(self.0, o.0)
        }
        #[inline(always)]
        fn le(self, o: Self) -> v128 {
            f32x4_le(self.0, o.0)
        }
        #[inline(always)]
        fn gt(self, o: Self) -> v128 {
            f32x4_gt(self.0, o.0)
        }
        #[inline(always)]
        fn ge(self, o: Self) -> v128 {
            f32x4_ge(self.0, o.0)
        }
        #[inline(always)]
        fn eq(self, o: Self) -> v128 {
            f32x4_eq(self.0, o.0)
        }
        #[inline(always)]
        fn mask_and(a: v128, b: v128) -> v128 {
            v128_and(a, b)
        }
        #[inline(always)]
        fn mask_or(a: v128, b: v128) -> v128 {
            v128_or(a, b)
        }
        #[inline(always)]
        fn select(mask: v128, a: Self, b: Self) -> Self {
            Self(v128_bitselect(a.0, b.0, mask))
        }
        #[inline(always)]
        fn sum(self) -> f32 {
            let v = self.0;
            (f32x4_extract_lane::<0>(v) + f32x4_extract_lane::<2>(v))
                + (f32x4_extract_lane::<1>(v) + f32x4_extract_lane::<3>(v))
        }
        #[inline(always)]
        fn max_lane(self) -> f32 {
            let halves = f32x4_max(self.0, i64x2_shuffle::<1, 0>(self.0, self.0));
            let all = f32x4_max(halves, i32x4_shuffle::<1, 0, 3, 2>(halves, halves));
            f32x4_extract_lane::<0>(all)
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod wide {
    use super::Lane;

    /// Four float32 values in a plain array; lane by lane the same results as the `f32` lane.
    #[derive(Clone, Copy)]
    pub struct F32x4(pub [f32; 4]);

    impl F32x4 {
        #[inline(always)]
        fn map(self, f: impl Fn(f32) -> f32) -> Self {
            Self(self.0.map(f))
        }
        #[inline(always)]
        fn zip(self, o: Self, f: impl Fn(f32, f32) -> f32) -> Self {
            Self(core::array::from_fn(|i| f(self.0[i], o.0[i])))
        }
        #[inline(always)]
        fn test(self, o: Self, f: impl Fn(f32, f32) -> bool) -> [bool; 4] {
            core::array::from_fn(|i| f(self.0[i], o.0[i]))
        }
    }

    impl Lane for F32x4 {
        type Mask = [bool; 4];
        const LANES: usize = 4;

        #[inline(always)]
        fn splat(v: f32) -> Self {
            Self([v; 4])
        }
        #[inline(always)]
        fn load(src: &[f32]) -> Self {
            Self([src[0], src[1], src[2], src[3]])
        }
        #[inline(always)]
        fn store(self, dst: &mut [f32]) {
            dst[..4].copy_from_slice(&self.0);
        }
        #[inline(always)]
        fn add(self, o: Self) -> Self {
            self.zip(o, |a, b| a + b)
        }
        #[inline(always)]
        fn sub(self, o: Self) -> Self {
            self.zip(o, |a, b| a - b)
        }
        #[inline(always)]
        fn mul(self, o: Self) -> Self {
            self.zip(o, |a, b| a * b)
        }
        #[inline(always)]
        fn div(self, o: Self) -> Self {
            self.zip(o, |a, b| a / b)
        }
        #[inline(always)]
        fn fma(self, b: Self, c: Self) -> Self {
            Self(core::array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            self.map(f32::sqrt)
        }
        #[inline(always)]
        fn abs(self) -> Self {
            self.map(f32::abs)
        }
        #[inline(always)]
        fn neg(self) -> Self {
            self.map(|a| -a)
        }
        #[inline(always)]
        fn min(self, o: Self) -> Self {
            self.zip(o, super::min_f32)
        }
        #[inline(always)]
        fn max(self, o: Self) -> Self {
            self.zip(o, super::max_f32)
        }
        #[inline(always)]
        fn nearest(self) -> Self {
            self.map(f32::round_ties_even)
        }
        #[inline(always)]
        fn copysign(self, sign: Self) -> Self {
            self.zip(sign, f32::copysign)
        }
        #[inline(always)]
        fn exp2_int(self) -> Self {
            self.map(Lane::exp2_int)
        }
        #[inline(always)]
        fn split_exponent(self) -> (Self, Self) {
            let parts = self.0.map(super::split_exponent_f32);
            (Self(parts.map(|p| p.0)), Self(parts.map(|p| p.1)))
        }
        #[inline(always)]
        fn lt(self, o: Self) -> [bool; 4] {
            self.test(o, |a, b| a < b)
        }
        #[inline(always)]
        fn le(self, o: Self) -> [bool; 4] {
            self.test(o, |a, b| a <= b)
        }
        #[inline(always)]
        fn gt(self, o: Self) -> [bool; 4] {
            self.test(o, |a, b| a > b)
        }
        #[inline(always)]
        fn ge(self, o: Self) -> [bool; 4] {
            self.test(o, |a, b| a >= b)
        }
        #[inline(always)]
        fn eq(self, o: Self) -> [bool; 4] {
            self.test(o, |a, b| a == b)
        }
        #[inline(always)]
        fn mask_and(a: [bool; 4], b: [bool; 4]) -> [bool; 4] {
            core::array::from_fn(|i| a[i] & b[i])
        }
        #[inline(always)]
        fn mask_or(a: [bool; 4], b: [bool; 4]) -> [bool; 4] {
            core::array::from_fn(|i| a[i] | b[i])
        }
        #[inline(always)]
        fn select(mask: [bool; 4], a: Self, b: Self) -> Self {
            Self(core::array::from_fn(
                |i| if mask[i] { a.0[i] } else { b.0[i] },
            ))
        }
        #[inline(always)]
        fn sum(self) -> f32 {
            (self.0[0] + self.0[2]) + (self.0[1] + self.0[3])
        }
        #[inline(always)]
        fn max_lane(self) -> f32 {
            self.0.into_iter().fold(f32::NEG_INFINITY, super::max_f32)
        }
    }
}

pub use wide::F32x4;

/// Applies `f` to every element of `x`, four at a time, writing to `y`.
///
/// The last few elements go through the same four-wide code in a padded copy, so a value never
/// depends on where in the slice it stands. Panics when the lengths differ.
#[inline(always)]
pub fn map(x: &[f32], y: &mut [f32], f: impl Fn(F32x4) -> F32x4) {
    assert_eq!(x.len(), y.len());
    let (xs, x_tail) = x.split_at(x.len() & !3);
    let (ys, y_tail) = y.split_at_mut(x.len() & !3);
    for (a, b) in xs.chunks_exact(4).zip(ys.chunks_exact_mut(4)) {
        f(F32x4::load(a)).store(b);
    }
    if !x_tail.is_empty() {
        f(load_part(x_tail)).store_part(y_tail);
    }
}

/// As [`map`], in place.
#[inline(always)]
pub fn map_inplace(x: &mut [f32], f: impl Fn(F32x4) -> F32x4) {
    let (xs, tail) = x.split_at_mut(x.len() & !3);
    for a in xs.chunks_exact_mut(4) {
        f(F32x4::load(a)).store(a);
    }
    if !tail.is_empty() {
        f(load_part(tail)).store_part(tail);
    }
}

/// As [`map`] for two inputs of one length.
#[inline(always)]
pub fn zip(x: &[f32], y: &[f32], out: &mut [f32], f: impl Fn(F32x4, F32x4) -> F32x4) {
    assert!(x.len() == y.len() && x.len() == out.len());
    let cut = x.len() & !3;
    for ((a, b), c) in x[..cut]
        .chunks_exact(4)
        .zip(y[..cut].chunks_exact(4))
        .zip(out[..cut].chunks_exact_mut(4))
    {
        f(F32x4::load(a), F32x4::load(b)).store(c);
    }
    if cut < x.len() {
        f(load_part(&x[cut..]), load_part(&y[cut..])).store_part(&mut out[cut..]);
    }
}

/// Up to four values in the low lanes, zeros above.
#[inline(always)]
pub fn load_part(src: &[f32]) -> F32x4 {
    let mut buffer = [0.0; 4];
    buffer[..src.len()].copy_from_slice(src);
    F32x4::load(&buffer)
}

impl F32x4 {
    /// Writes the low lanes to `dst`, which holds at most four places.
    #[inline(always)]
    pub fn store_part(self, dst: &mut [f32]) {
        let mut buffer = [0.0; 4];
        self.store(&mut buffer);
        dst.copy_from_slice(&buffer[..dst.len()]);
    }
}
