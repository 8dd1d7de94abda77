//! Work on several threads: cuts a kernel into pieces and hands them to the pool.
//!
//! No kernel's result depends on how it is cut nor on who computes which piece: it is the same on any
//! number of threads, bit by bit. Where a build
//! has no shared memory (`pool` is not compiled), work is a plain call and costs nothing.
//!
//! The pool is the only state here. It must not know what the pieces compute.

#[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
mod pool;
#[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
mod wait;

#[cfg(test)]
mod tests;

use core::marker::PhantomData;
use core::ops::Range;

#[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
pub use pool::{Pool, POOL};

/// Nanoseconds of one thread's work that a piece should last, so that taking it costs little.
const PIECE: usize = 4_000;

/// Floats of a cache line: where elementwise work may be cut.
pub(crate) const LINE: usize = 16;

/// Most pieces of a span: enough for threads of unequal speed.
const MOST_PIECES: usize = 64;

/// Floats of working memory that each helping thread has of its own.
pub const HELPER_SCRATCH: usize = 164 * 1024;

/// How many threads would share work of about `nanos` nanoseconds now: 1 where none would help.
///
/// Ask where cutting itself costs something, and for pieces that come out even; the answer must not
/// change results.
#[inline(always)]
pub fn threads(nanos: usize) -> usize {
    #[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
    if POOL.is_worth(nanos) {
        return 1 + POOL.helpers() as usize;
    }
    let _ = nanos;
    1
}

/// Calls `f` once for each of `chunks` chunks, in any order and on any thread.
///
/// `nanos` is about how long one thread takes for all of them: little work stays on this thread.
/// `scratch` is working memory for this thread; others come with `HELPER_SCRATCH` floats of theirs.
#[inline(always)]
pub fn each(
    chunks: usize,
    nanos: usize,
    scratch: &mut [f32],
    f: impl Fn(usize, &mut [f32]) + Sync,
) {
    #[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
    if chunks > 1 && POOL.is_worth(nanos) && POOL.share(chunks, scratch, &f) {
        return;
    }
    let _ = nanos;
    for chunk in 0..chunks {
        f(chunk, scratch);
    }
}

/// Calls `f` for parts of `0..len` that together are all of it: ranges whose starts are multiples
/// of `unit`, on any thread, or the whole at once.
///
/// `nanos` is as for [`each`].
#[inline(always)]
pub fn spans(len: usize, unit: usize, nanos: usize, f: impl Fn(Range<usize>) + Sync) {
    let threads = threads(nanos);
    if threads == 1 {
        return f(0..len);
    }
    let most = (len / unit).clamp(1, MOST_PIECES);
    let pieces = (nanos / PIECE).next_multiple_of(threads).clamp(1, most);
    let piece = len / pieces / unit * unit;
    each(pieces, nanos, &mut [], |i, _| {
        let end = if i + 1 == pieces {
            len
        } else {
            (i + 1) * piece
        };
        f(i * piece..end);
    });
}

/// Pointers that several threads use, each at places of its own.
#[derive(Clone, Copy)]
pub(crate) struct Across<T: Copy>(T);

// SAFETY: whoever makes one promises that its users keep apart.
unsafe impl<T: Copy> Send for Across<T> {}
// SAFETY: as above.
unsafe impl<T: Copy> Sync for Across<T> {}

impl<T: Copy> Across<T> {
    /// # Safety
    /// What one thread writes through these pointers no other may read or write meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn new(pointers: T) -> Self {
        Self(pointers)
    }

    /// The pointers.
    #[inline(always)]
    pub(crate) fn get(&self) -> T {
        self.0
    }
}

/// Memory that is borrowed mutably and written part by part, perhaps by several threads.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    start: *mut f32,
    len: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

// SAFETY: it is a borrow of plain floats; who makes references to parts of it (see `part`) promises
// that no two of them overlap.
unsafe impl Send for Parts<'_> {}
// SAFETY: as above.
unsafe impl Sync for Parts<'_> {}

impl<'a> Parts<'a> {
    /// All of a slice, to be cut.
    #[inline(always)]
    pub fn new(all: &'a mut [f32]) -> Self {
        Self {
            start: all.as_mut_ptr(),
            len: all.len(),
            borrowed: PhantomData,
        }
    }

    /// The first float.
    #[inline(always)]
    pub fn as_mut_ptr(&self) -> *mut f32 {
        self.start
    }

    /// Number of floats.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A part. Panics when it is not inside.
    ///
    /// # Safety
    /// While it lives, nothing else may read or write these floats: neither another part nor the
    /// pointer.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn part(&self, range: Range<usize>) -> &'a mut [f32] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: inside the borrowed slice by the check; not aliased, as the caller promises.
        unsafe {
            core::slice::from_raw_parts_mut(self.start.add(range.start), range.end - range.start)
        }
    }
}
