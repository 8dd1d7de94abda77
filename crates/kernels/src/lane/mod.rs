//! `Lane`: a handful of float32 numbers worked on at once, so that a formula is written one time.
//!
//! Two implementations: `f32` (one number: the readable oracle) and `F32x4` (WASM SIMD; on other
//! targets a plain array). Formulas generic over `Lane` belong in the modules that use them
//! (`math`, `unary`, `update`); this file holds machine operations only.

#[cfg(test)]
pub mod fused;
mod scalar;
#[cfg(test)]
mod tests;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[path = "array.rs"]
mod wide;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "simd.rs"]
mod wide;

pub use wide::{F32x4, F64x4};

/// 1.5 * 2^23: adding it to a number below 2^22 rounds to a whole number, which then stands in the
/// low bits of the sum.
pub const MAGIC: f32 = 12_582_912.0;

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
    /// All lanes equal to a constant of a formula: `splat`, but fit for loops. Constants that the
    /// compiler knows V8 would build anew each time round, in three instructions.
    #[inline(always)]
    fn constant(v: &'static f32) -> Self {
        Self::splat(*v)
    }
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
    /// `if o < self { o } else { self }`: cheaper than `min`, and a NaN in `self` stays.
    fn pmin(self, o: Self) -> Self;
    /// `if self < o { o } else { self }`: cheaper than `max`, and a NaN in `self` stays.
    fn pmax(self, o: Self) -> Self;
    /// As `pmax`, in one instruction everywhere; for NaN in `self` either may come out.
    #[inline(always)]
    fn at_least(self, o: Self) -> Self {
        self.pmax(o)
    }
    /// As `pmin`, in one instruction everywhere; for NaN in `self` either may come out.
    #[inline(always)]
    fn at_most(self, o: Self) -> Self {
        self.pmin(o)
    }
    /// Nearest whole number, ties to even.
    fn nearest(self) -> Self;
    /// Largest whole number not above.
    fn floor(self) -> Self;
    /// Smallest whole number not below.
    fn ceil(self) -> Self;
    /// Magnitude of `self` with the sign bit of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// `2^k` for lanes that hold whole numbers in -126..=127; anything else gives rubbish.
    fn exp2_int(self) -> Self;
    /// `self * 2^k` where `magic = MAGIC + k`, by adding `k` to the exponent bits; right while both
    /// `self` and the product are normal, rubbish otherwise. See `math::exp` for its use.
    fn scale_by(self, magic: Self) -> Self;
    /// The upper 12 bits of the mantissa, the rest zero: a product of two heads is exact in one float
    /// (if it is normal), and so is `self - head`.
    fn head(self) -> Self;
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
    /// Per lane `if mask { 0 } else { self }`.
    #[inline(always)]
    fn zero_where(self, mask: Self::Mask) -> Self {
        Self::select(mask, Self::splat(0.0), self)
    }

    /// Numbers below `least` in magnitude become 0. WebAssembly cannot flush denormals, and a
    /// multiplication with one takes a hundred cycles on some processors.
    #[inline(always)]
    fn flush(self, least: Self) -> Self {
        self.zero_where(self.abs().lt(least))
    }

    /// Sum of the lanes in the fixed order `(l0 + l2) + (l1 + l3)`.
    fn sum(self) -> f32;
    /// Largest lane; NaN if any lane is NaN.
    fn max_lane(self) -> f32;
}

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
