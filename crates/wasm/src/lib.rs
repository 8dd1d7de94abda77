//! The WebAssembly door: thin bindings over `gradus-core`, nothing else.
//!
//! Errors cross as `Error` objects whose message is the core's. A panic traps at once and without a
//! message: its words, and the code that would write them, are a tenth of the module otherwise. What
//! can be told apart afterwards says [`why_stopped`].

#[cfg(target_feature = "atomics")]
mod threads;

use gradus_core::engine::Engine as Core;
use gradus_core::error::{Error, Result as CoreResult};
use gradus_core::ir::Dims;
use gradus_core::ops::Clock;
use wasm_bindgen::prelude::*;

#[cfg(feature = "train")]
mod training;

/// Why WebAssembly trapped: 1 there was no memory left, 2 a thread ended in the middle of its work,
/// 0 neither, so that it is a fault of the engine.
#[wasm_bindgen(js_name = whyStopped)]
pub fn why_stopped() -> u32 {
    #[cfg(target_feature = "atomics")]
    if gradus_core::engine::POOL.has_failed() {
        return 2;
    }
    #[cfg(target_arch = "wasm32")]
    if gradus_heap::is_exhausted() {
        return 1;
    }
    0
}

fn door<T>(result: CoreResult<T>) -> Result<T, JsError> {
    #[cfg(feature = "train")]
    return result.map_err(|error: Error| JsError::new(&error.to_string()));
    #[cfg(not(feature = "train"))]
    return result.map_err(|error: Error| JsError::new(error.words()));
}

fn extents(dims: Dims) -> Vec<u32> {
    dims.as_slice()
        .iter()
        .map(|&extent| extent as u32)
        .collect()
}

fn seed(lo: u32, hi: u32) -> u64 {
    u64::from(hi) << 32 | u64::from(lo)
}

/// Store, programs and arena of one WebAssembly memory.
#[wasm_bindgen]
pub struct Engine {
    core: Core,
    #[cfg(target_feature = "atomics")]
    tuners: threads::Tuners,
}

#[wasm_bindgen]
impl Engine {
    /// An empty engine.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            core: Core::default(),
            #[cfg(target_feature = "atomics")]
            tuners: threads::Tuners::default(),
        }
    }

    /// Makes a float32 variable of zeros; returns its number.
    #[wasm_bindgen(js_name = createVariable)]
    pub fn create_variable(&mut self, dims: &[u32]) -> Result<u32, JsError> {
        let extents: Vec<usize> = dims.iter().map(|&d| d as usize).collect();
        door(self.core.store.create(&extents))
    }

    /// Gives the memory of a variable back.
    #[wasm_bindgen(js_name = freeVariable)]
    pub fn free_variable(&mut self, id: u32) -> Result<(), JsError> {
        door(self.core.store.free(id))
    }

    /// Byte address of a variable.
    #[wasm_bindgen(js_name = variablePtr)]
    pub fn variable_ptr(&self, id: u32) -> Result<usize, JsError> {
        door(self.core.store.data(id).map(|data| data.as_ptr() as usize))
    }

    /// Makes a program of a graph in wire format for batches of up to `capacity` rows.
    /// The graph names variables by their numbers; by their places in `variables`, if these are given.
    pub fn compile(
        &mut self,
        wire: &[u8],
        capacity: usize,
        variables: Option<Vec<u32>>,
    ) -> Result<u32, JsError> {
        door(self.core.compile_over(wire, capacity, variables.as_deref()))
    }

    /// Forgets a program.
    #[wasm_bindgen(js_name = freeProgram)]
    pub fn free_program(&mut self, program: u32) {
        self.core.free_program(program);
    }

    /// Byte address where the caller writes an input, by its place among the graph's inputs.
    #[wasm_bindgen(js_name = inputPtr)]
    pub fn input_ptr(&self, program: u32, number: u32) -> Result<usize, JsError> {
        door(self.core.input_address(program, number))
    }

    /// Extents of an input at the batch of the last run, before the first at the capacity.
    #[wasm_bindgen(js_name = inputDims)]
    pub fn input_dims(&self, program: u32, number: u32) -> Result<Vec<u32>, JsError> {
        door(self.core.input_dims(program, number)).map(extents)
    }

    /// Byte address of an output after a run, by its place among the graph's outputs.
    #[wasm_bindgen(js_name = outputPtr)]
    pub fn output_ptr(&self, program: u32, number: u32) -> Result<usize, JsError> {
        door(self.core.output_address(program, number))
    }

    /// Extents of an output, as those of inputs.
    #[wasm_bindgen(js_name = outputDims)]
    pub fn output_dims(&self, program: u32, number: u32) -> Result<Vec<u32>, JsError> {
        door(self.core.output_dims(program, number)).map(extents)
    }

    /// Runs a program over the batch that was written to its inputs.
    #[allow(clippy::too_many_arguments)]
    pub fn run(
        &mut self,
        program: u32,
        batch: usize,
        step: u32,
        seed_lo: u32,
        seed_hi: u32,
        draw: u32,
        row: usize,
    ) -> Result<(), JsError> {
        let clock = Clock {
            step,
            seed: seed(seed_lo, seed_hi),
            draw,
            batch,
            row,
        };
        #[cfg(target_feature = "atomics")]
        let result = match self.core.program(program) {
            Ok(_) => self
                .tuners
                .run(program, batch, || self.core.run(program, clock)),
            Err(error) => Err(error),
        };
        #[cfg(not(target_feature = "atomics"))]
        let result = self.core.run(program, clock);
        door(result)
    }

    /// Index of the first number in a variable that is NaN or infinite; -1 if there is none.
    #[wasm_bindgen(js_name = firstNonFinite)]
    pub fn first_non_finite(&self, id: u32) -> Result<i32, JsError> {
        let found = door(self.core.store.first_non_finite(id))?;
        Ok(found.map_or(-1, |at| at as i32))
    }
}
