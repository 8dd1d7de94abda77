//! Arithmetic on slices: the only crate with `unsafe` and SIMD; it depends on nothing.

pub mod lane;
