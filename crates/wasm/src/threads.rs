//! The door for threads: exports of builds with shared memory.

use gradus_core::engine::POOL;
use wasm_bindgen::prelude::*;

/// Helps the thread that runs programs until the pool is closed: what a worker calls, for good.
#[wasm_bindgen(js_name = poolServe)]
pub fn pool_serve() {
    POOL.serve();
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
