//! The four-float lane on WASM SIMD: one `v128` register.

use super::scalar::SQRT_HALF_BITS;
use super::Lane;
use core::arch::wasm32::*;

/// Four float32 values in one WASM SIMD register.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F32x4(pub v128);

impl F32x4 {
    /// The four floats at `src`.
    ///
    /// # Safety
    /// Four floats must be readable at `src`.
    #[inline(always)]
    pub unsafe fn load_at(src: *const f32) -> Self {
        // SAFETY: the caller vouches for four readable floats; v128_load takes any alignment.
        Self(unsafe { v128_load(src.cast()) })
    }

    /// Writes the lanes to `dst`.
    ///
    /// # Safety
    /// Four floats must be writable at `dst`.
    #[inline(always)]
    pub unsafe fn store_at(self, dst: *mut f32) {
        // SAFETY: the caller vouches for four writable floats; v128_store takes any alignment.
        unsafe { v128_store(dst.cast(), self.0) }
    }
}

impl F32x4 {
    /// Sixteen bytes as numbers.
    #[inline(always)]
    pub fn of_bytes(bytes: &[u8; 16]) -> [Self; 4] {
        // SAFETY: sixteen bytes are readable; v128_load takes any alignment.
        let bytes = unsafe { v128_load(bytes.as_ptr().cast()) };
        let halves = [
            u16x8_extend_low_u8x16(bytes),
            u16x8_extend_high_u8x16(bytes),
        ];
        [
            u32x4_extend_low_u16x8(halves[0]),
            u32x4_extend_high_u16x8(halves[0]),
            u32x4_extend_low_u16x8(halves[1]),
            u32x4_extend_high_u16x8(halves[1]),
        ]
        .map(|words| Self(f32x4_convert_u32x4(words)))
    }
}

/// Four float64 values.
#[derive(Clone, Copy)]
pub struct F64x4([v128; 2]);

impl F64x4 {
    /// Four zeros.
    #[inline(always)]
    pub fn zero() -> Self {
        Self([f64x2_splat(0.0); 2])
    }

    /// These and the squares of `v`, which are exact.
    #[inline(always)]
    pub fn add_squares(self, v: F32x4) -> Self {
        let high = u32x4_shuffle::<2, 3, 2, 3>(v.0, v.0);
        let [low, high] = [v.0, high].map(|half| f64x2_promote_low_f32x4(half));
        let add = |sum, x| f64x2_add(sum, f64x2_mul(x, x));
        Self([add(self.0[0], low), add(self.0[1], high)])
    }

    /// The values.
    #[inline(always)]
    pub fn lanes(self) -> [f64; 4] {
        let [low, high] = self.0;
        [
            f64x2_extract_lane::<0>(low),
            f64x2_extract_lane::<1>(low),
            f64x2_extract_lane::<0>(high),
            f64x2_extract_lane::<1>(high),
        ]
    }
}

/// As `Lane::constant`, of bits.
#[inline(always)]
fn bits(v: &'static u32) -> v128 {
    // SAFETY: a reference.
    u32x4_splat(unsafe { core::ptr::read_volatile(v) })
}

impl Lane for F32x4 {
    type Mask = v128;
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(v: f32) -> Self {
        Self(f32x4_splat(v))
    }
    #[inline(always)]
    fn constant(v: &'static f32) -> Self {
        // SAFETY: a reference.
        Self(f32x4_splat(unsafe { core::ptr::read_volatile(v) }))
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
    fn pmin(self, o: Self) -> Self {
        // LLVM 20 turns f32x4_pmin into relaxed_min where there is one, which may lose a NaN.
        #[cfg(target_feature = "relaxed-simd")]
        return Self::select(o.lt(self), o, self);
        #[cfg(not(target_feature = "relaxed-simd"))]
        Self(f32x4_pmin(self.0, o.0))
    }
    #[inline(always)]
    fn pmax(self, o: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self::select(self.lt(o), o, self);
        #[cfg(not(target_feature = "relaxed-simd"))]
        Self(f32x4_pmax(self.0, o.0))
    }
    #[cfg(target_feature = "relaxed-simd")]
    #[inline(always)]
    fn at_least(self, o: Self) -> Self {
        Self(f32x4_relaxed_max(self.0, o.0))
    }
    #[cfg(target_feature = "relaxed-simd")]
    #[inline(always)]
    fn at_most(self, o: Self) -> Self {
        Self(f32x4_relaxed_min(self.0, o.0))
    }
    #[inline(always)]
    fn nearest(self) -> Self {
        Self(f32x4_nearest(self.0))
    }
    #[inline(always)]
    fn floor(self) -> Self {
        Self(f32x4_floor(self.0))
    }
    #[inline(always)]
    fn ceil(self) -> Self {
        Self(f32x4_ceil(self.0))
    }
    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        let sign_bit = bits(&0x8000_0000);
        Self(v128_bitselect(sign.0, self.0, sign_bit))
    }
    #[inline(always)]
    fn exp2_int(self) -> Self {
        let k = i32x4_trunc_sat_f32x4(self.0);
        Self(i32x4_shl(i32x4_add(k, bits(&127)), 23))
    }
    #[inline(always)]
    fn scale_by(self, magic: Self) -> Self {
        Self(i32x4_add(self.0, i32x4_shl(magic.0, 23)))
    }
    #[inline(always)]
    fn head(self) -> Self {
        Self(v128_and(self.0, bits(&0xffff_f000)))
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        const UP: u32 = 0x3f80_0000 - SQRT_HALF_BITS;
        let shifted = i32x4_add(self.0, bits(&UP));
        let e = i32x4_sub(u32x4_shr(shifted, 23), bits(&127));
        let m = i32x4_add(v128_and(shifted, bits(&0x007f_ffff)), bits(&SQRT_HALF_BITS));
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
    /// Masks come from comparisons, so their lanes are all ones or all zeros, and the relaxed
    /// choice, which is one instruction on x86, is the same everywhere.
    #[cfg(target_feature = "relaxed-simd")]
    #[inline(always)]
    fn select(mask: v128, a: Self, b: Self) -> Self {
        Self(i32x4_relaxed_laneselect(a.0, b.0, mask))
    }
    #[cfg(not(target_feature = "relaxed-simd"))]
    #[inline(always)]
    fn select(mask: v128, a: Self, b: Self) -> Self {
        Self(v128_bitselect(a.0, b.0, mask))
    }
    #[inline(always)]
    fn zero_where(self, mask: v128) -> Self {
        Self(v128_andnot(self.0, mask))
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
