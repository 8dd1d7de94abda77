//! The rest of the door: what only training, benchmarks and inspection need. Builds that only predict
//! do without this file.

use crate::{door, seed, Engine};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl Engine {
    /// Fills a variable with a constant or random numbers.
    #[allow(clippy::too_many_arguments)]
    pub fn fill(
        &mut self,
        id: u32,
        kind: &str,
        a: f32,
        b: f32,
        seed_lo: u32,
        seed_hi: u32,
        stream: u32,
    ) -> Result<(), JsError> {
        door(
            self.core
                .store
                .fill(id, kind, a, b, seed(seed_lo, seed_hi), stream),
        )
    }

    /// Bytes of activations, gradients and working memory that a program needs.
    #[wasm_bindgen(js_name = arenaBytes)]
    pub fn arena_bytes(&self, program: u32) -> Result<usize, JsError> {
        Ok(4 * door(self.core.program(program))?.arena())
    }

    /// Arithmetic operations of a run at full capacity.
    pub fn flops(&self, program: u32) -> Result<f64, JsError> {
        Ok(door(self.core.program(program))?.flops() as f64)
    }

    /// The graph of a program as it runs, one line a node.
    pub fn dump(&self, program: u32) -> Result<String, JsError> {
        Ok(door(self.core.program(program))?.to_string())
    }

    /// The indices in an order drawn from seed and epoch.
    pub fn shuffle(&self, indices: &[u32], seed_lo: u32, seed_hi: u32, epoch: u32) -> Vec<u32> {
        gradus_core::engine::shuffled(indices, seed(seed_lo, seed_hi), epoch)
    }

    /// A register-only multiply-add loop: what the machine can do at most.
    #[wasm_bindgen(js_name = multiplyAddLimit)]
    pub fn multiply_add_limit(&self, iterations: u32) -> f32 {
        gradus_core::engine::multiply_add_limit(iterations)
    }

    /// Arithmetic operations of one iteration of `multiplyAddLimit`.
    #[wasm_bindgen(js_name = multiplyAddFlops)]
    pub fn multiply_add_flops(&self) -> u32 {
        gradus_core::engine::MULTIPLY_ADD_LIMIT_FLOPS
    }
}
