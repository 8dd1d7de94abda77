//! A block of four by four, transposed in registers.

use crate::lane::F32x4;

/// Rows to columns.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
pub fn transpose4(rows: [F32x4; 4]) -> [F32x4; 4] {
    use core::arch::wasm32::{i32x4_shuffle, i64x2_shuffle};
    let [a, b, c, d] = rows.map(|row| row.0);
    let ab = (
        i32x4_shuffle::<0, 4, 1, 5>(a, b),
        i32x4_shuffle::<2, 6, 3, 7>(a, b),
    );
    let cd = (
        i32x4_shuffle::<0, 4, 1, 5>(c, d),
        i32x4_shuffle::<2, 6, 3, 7>(c, d),
    );
    [
        i64x2_shuffle::<0, 2>(ab.0, cd.0),
        i64x2_shuffle::<1, 3>(ab.0, cd.0),
        i64x2_shuffle::<0, 2>(ab.1, cd.1),
        i64x2_shuffle::<1, 3>(ab.1, cd.1),
    ]
    .map(F32x4)
}

/// Rows to columns.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline(always)]
pub fn transpose4(rows: [F32x4; 4]) -> [F32x4; 4] {
    core::array::from_fn(|t| F32x4(core::array::from_fn(|j| rows[j].0[t])))
}
