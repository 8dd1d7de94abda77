//! Arithmetic on slices: the only crate with SIMD; it depends on nothing.
//!
//! What the core calls is `#[inline(never)]`: inlined there, it would be compiled for size, as the
//! core is, and once for every caller.

#![cfg_attr(
    all(target_arch = "wasm32", target_feature = "atomics"),
    feature(stdarch_wasm_atomic_wait)
)]

pub mod binary;
pub mod gemm;
pub mod lane;
pub mod math;
pub mod mem;
pub mod norm;
pub mod par;
pub mod param;
pub mod reduce;
pub mod rng;
pub mod softmax;
pub mod unary;
pub mod update;

/// Whether this build trains. Where it does not, nothing leads to the derivatives, and the linker
/// leaves them out.
pub const TRAINS: bool = cfg!(feature = "train");
