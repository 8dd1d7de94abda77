//! Packed, register-tiled matrix product with fused epilogues.
