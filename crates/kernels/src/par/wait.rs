//! Sleeping until a number in memory changes, and waking who sleeps.

#[cfg(target_arch = "wasm32")]
use core::sync::atomic::AtomicU32;

/// Sleeps while `*at` is `expected`: until woken, or for `millis` milliseconds (forever for
/// `None`), or not at all. May return early.
#[cfg(target_arch = "wasm32")]
pub fn wait(at: &AtomicU32, expected: u32, millis: Option<u32>) {
    let nanos = millis.map_or(-1, |ms| i64::from(ms) * 1_000_000);
    // SAFETY: the address is that of a live, aligned atomic of four bytes.
    unsafe {
        core::arch::wasm32::memory_atomic_wait32(at.as_ptr().cast::<i32>(), expected as i32, nanos);
    }
}

/// Wakes up to `count` threads that sleep at `at`.
#[cfg(target_arch = "wasm32")]
pub fn wake(at: &AtomicU32, count: u32) {
    // SAFETY: as in `wait`.
    unsafe {
        core::arch::wasm32::memory_atomic_notify(at.as_ptr().cast::<i32>(), count);
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use native::{wait, wake};

/// The same from the standard library, so that tests run the pool on threads of the system.
#[cfg(not(target_arch = "wasm32"))]
mod native {
    use core::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Condvar, Mutex, PoisonError};
    use std::time::Duration;

    static LOCK: Mutex<()> = Mutex::new(());
    static CHANGED: Condvar = Condvar::new();

    /// As for WebAssembly.
    pub fn wait(at: &AtomicU32, expected: u32, millis: Option<u32>) {
        let guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        if at.load(Ordering::SeqCst) != expected {
            return;
        }
        match millis {
            Some(ms) => {
                let time = Duration::from_millis(u64::from(ms));
                drop(CHANGED.wait_timeout(guard, time));
            }
            None => drop(CHANGED.wait(guard)),
        }
    }

    /// As for WebAssembly; wakes all, who then look for themselves.
    pub fn wake(_at: &AtomicU32, _count: u32) {
        drop(LOCK.lock().unwrap_or_else(PoisonError::into_inner));
        CHANGED.notify_all();
    }
}
