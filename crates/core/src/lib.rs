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
pub mod tuner;
pub mod verify;
pub mod wire;

/// Whether this build trains. One that only predicts compiles the same source; but the operations
/// of training cannot be read, so that nothing leads to them and the linker leaves them out.
pub const TRAINS: bool = cfg!(feature = "train");
