//! Graph, gradients, fusion, memory plan, store and executor. No SIMD, no `unsafe`, no WebAssembly.
#![forbid(unsafe_code)]
