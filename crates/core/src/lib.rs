//! Graph, gradients, fusion, memory plan, store and executor. No SIMD, no `unsafe`, no WebAssembly.
#![forbid(unsafe_code)]

pub mod autodiff;
pub mod compile;
pub mod composed;
pub mod engine;
pub mod error;
pub mod exec;
pub mod fuse;
pub mod ir;
pub mod ops;
pub mod order;
pub mod plan;
pub mod simplify;
pub mod store;
pub mod text;
pub mod train;
pub mod verify;
pub mod wire;
