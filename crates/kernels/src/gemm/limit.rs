//! The multiply-add limit: what the machine could do if operands cost nothing.

use crate::lane::{F32x4, Lane};

/// Independent accumulators, enough to hide the latency of multiply-add.
const CHAINS: usize = 12;
/// Times each of them is used in one iteration.
const REPEATS: usize = 4;
/// Floating-point operations in one iteration of [`multiply_add_limit`].
pub const MULTIPLY_ADD_LIMIT_FLOPS: u32 = (2 * 4 * CHAINS * REPEATS) as u32;

/// Multiplies and adds in registers only, so that a benchmark can state a product as a share of
/// what is possible. Returns a number that depends on all of the work.
pub fn multiply_add_limit(iterations: u32) -> f32 {
    let factor = F32x4::splat(core::hint::black_box(0.999));
    let term = F32x4::splat(core::hint::black_box(1e-3));
    let mut chains = [term; CHAINS];
    for (at, chain) in chains.iter_mut().enumerate() {
        *chain = F32x4::splat(core::hint::black_box(at as f32));
    }
    for _ in 0..iterations {
        for _ in 0..REPEATS {
            for chain in &mut chains {
                *chain = chain.fma(factor, term);
            }
        }
    }
    chains.into_iter().fold(F32x4::splat(0.0), F32x4::add).sum()
}
