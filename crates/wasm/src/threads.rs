//! The door for threads: exports of builds with shared memory, and which programs use them.

use gradus_core::engine::POOL;
use gradus_core::tuner::{Tuner, Watch};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The clock of the platform, in milliseconds.
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

struct Platform;

impl Watch for Platform {
    fn now(&self) -> f64 {
        now()
    }
    fn jobs(&self) -> u32 {
        POOL.jobs()
    }
    fn allow(&self, shared: bool) {
        POOL.allow(shared);
    }
}

/// The choices for programs, by their numbers.
#[derive(Default)]
pub struct Tuners(Vec<Tuner>);

impl Tuners {
    /// Runs a program with helpers where these make it faster.
    pub fn run<T>(&mut self, program: u32, batch: usize, work: impl FnOnce() -> T) -> T {
        if POOL.helpers() == 0 {
            return work();
        }
        let at = program as usize;
        if self.0.len() <= at {
            self.0.resize_with(at + 1, Tuner::default);
        }
        self.0[at].run(&Platform, batch, work)
    }
}

/// Helps the thread that runs programs until the pool is closed: what a worker calls, for good.
#[wasm_bindgen(js_name = poolServe)]
pub fn pool_serve() {
    POOL.serve();
}

/// Makes sure that so many bytes are there, and free: a memory must not grow while a worker starts, or
/// the worker may go by the size it had before.
#[wasm_bindgen(js_name = poolReserve)]
pub fn pool_reserve(bytes: usize) {
    let mut room: Vec<u8> = Vec::new();
    // Where there is not as much, workers fail by themselves.
    let _ = room.try_reserve_exact(bytes);
    std::hint::black_box(&room);
}

/// How many workers help.
#[wasm_bindgen(js_name = poolHelpers)]
pub fn pool_helpers() -> u32 {
    POOL.helpers()
}

/// How many kernels were shared with them so far, modulo 2^32.
#[wasm_bindgen(js_name = poolJobs)]
pub fn pool_jobs() -> u32 {
    POOL.jobs()
}

/// Whether the thread that runs programs may sleep while it waits for workers.
#[wasm_bindgen(js_name = poolAllowNaps)]
pub fn pool_allow_naps(allowed: bool) {
    POOL.allow_naps(allowed);
}

/// Says that a worker ended before its time.
#[wasm_bindgen(js_name = poolFail)]
pub fn pool_fail() {
    POOL.fail();
}

/// Sends the workers away.
#[wasm_bindgen(js_name = poolClose)]
pub fn pool_close() {
    POOL.close();
}
