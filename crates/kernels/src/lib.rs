//! Arithmetic on slices: the only crate with `unsafe` and SIMD; it depends on nothing.
//!
//! What the core calls is `#[inline(never)]`: inlined there, it would be compiled for size, as the
//! core is, and once for every caller.

pub mod binary;
pub mod gemm;
pub mod lane;
pub mod math;
pub mod mem;
pub mod norm;
pub mod param;
pub mod reduce;
pub mod rng;
pub mod softmax;
pub mod unary;
pub mod update;
