//! The four-float lane where there is no WASM SIMD: a plain array.

use super::{scalar, Lane};

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

impl F32x4 {
    /// The four floats at `src`.
    ///
    /// # Safety
    /// Four floats must be readable at `src`.
    #[inline(always)]
    pub unsafe fn load_at(src: *const f32) -> Self {
        // SAFETY: the caller vouches for four readable floats; an array of floats may be unaligned here.
        Self(unsafe { src.cast::<[f32; 4]>().read_unaligned() })
    }

    /// Writes the lanes to `dst`.
    ///
    /// # Safety
    /// Four floats must be writable at `dst`.
    #[inline(always)]
    pub unsafe fn store_at(self, dst: *mut f32) {
        // SAFETY: the caller vouches for four writable floats; an array of floats may be unaligned here.
        unsafe { dst.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
}

impl F32x4 {
    /// Sixteen bytes as numbers.
    #[inline(always)]
    pub fn of_bytes(bytes: &[u8; 16]) -> [Self; 4] {
        core::array::from_fn(|j| Self(core::array::from_fn(|i| f32::from(bytes[4 * j + i]))))
    }
}

/// Four float64 values.
#[derive(Clone, Copy)]
pub struct F64x4([f64; 4]);

impl F64x4 {
    /// Four zeros.
    #[inline(always)]
    pub fn zero() -> Self {
        Self([0.0; 4])
    }

    /// These and the squares of `v`, which are exact.
    #[inline(always)]
    pub fn add_squares(self, v: F32x4) -> Self {
        let square = |i: usize| f64::from(v.0[i]) * f64::from(v.0[i]);
        Self(core::array::from_fn(|i| self.0[i] + square(i)))
    }

    /// The values.
    #[inline(always)]
    pub fn lanes(self) -> [f64; 4] {
        self.0
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
        self.zip(o, scalar::min_f32)
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        self.zip(o, scalar::max_f32)
    }
    #[inline(always)]
    fn pmin(self, o: Self) -> Self {
        self.zip(o, Lane::pmin)
    }
    #[inline(always)]
    fn pmax(self, o: Self) -> Self {
        self.zip(o, Lane::pmax)
    }
    #[inline(always)]
    fn nearest(self) -> Self {
        self.map(f32::round_ties_even)
    }
    #[inline(always)]
    fn floor(self) -> Self {
        self.map(f32::floor)
    }
    #[inline(always)]
    fn ceil(self) -> Self {
        self.map(f32::ceil)
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
    fn scale_by(self, magic: Self) -> Self {
        self.zip(magic, Lane::scale_by)
    }
    #[inline(always)]
    fn head(self) -> Self {
        self.map(Lane::head)
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let parts = self.0.map(scalar::split_exponent_f32);
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
        self.0.into_iter().fold(f32::NEG_INFINITY, scalar::max_f32)
    }
}
