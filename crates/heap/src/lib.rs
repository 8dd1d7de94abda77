//! The allocator: a small one (the library's own takes four times as much code), watched, because
//! Rust's collections trap where it has nothing left to give. Elsewhere the crate is empty.

#![cfg(target_arch = "wasm32")]

use std::alloc::{GlobalAlloc, Layout};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use talc::lock_api::{GuardNoSend, RawMutex};
use talc::sync::TalcLock;
use talc::wasm::{WasmBinning, WasmGrowAndExtend};

/// Whether the last request for memory was in vain.
pub fn is_exhausted() -> bool {
    HEAP.exhausted.load(Ordering::Relaxed)
}

#[global_allocator]
static HEAP: Heap = Heap {
    talc: TalcLock::new(WasmGrowAndExtend::new()),
    exhausted: AtomicBool::new(false),
};

struct Heap {
    talc: TalcLock<Spin, WasmGrowAndExtend, WasmBinning>,
    exhausted: AtomicBool,
}

// SAFETY: one thread at a time is at `talc`, which points into memory that all threads share.
unsafe impl Sync for Heap {}

impl Heap {
    fn watched(&self, memory: *mut u8) -> *mut u8 {
        self.exhausted.store(memory.is_null(), Ordering::Relaxed);
        memory
    }
}

// SAFETY: everything is handed on to an allocator.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.watched(unsafe { self.talc.alloc(layout) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.talc.dealloc(memory, layout) };
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.watched(unsafe { self.talc.realloc(memory, layout, size) })
    }
}

/// A lock that does not sleep, since the main thread of a page may not.
struct Spin(AtomicBool);

// SAFETY: whoever sets the flag has the lock until it clears it.
unsafe impl RawMutex for Spin {
    #[allow(clippy::declare_interior_mutable_const)]
    const INIT: Self = Self(AtomicBool::new(false));
    type GuardMarker = GuardNoSend;

    fn lock(&self) {
        while !self.try_lock() {
            spin_loop();
        }
    }

    fn try_lock(&self) -> bool {
        !self.0.swap(true, Ordering::Acquire)
    }

    unsafe fn unlock(&self) {
        self.0.store(false, Ordering::Release);
    }
}
