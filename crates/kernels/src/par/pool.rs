//! The pool: one thread at a time shares a job; helpers, and that thread itself, take its chunks.
//!
//! Each thread has a share of the chunks, the same for every job of that many, and takes others' once
//! its own are gone: what it works on, it finds in its own cache from the kernel before and the step
//! before. Memory that changes hands costs more than a second thread gains where the two are far
//! apart.
//!
//! A helper looks for work for some microseconds after each job, because the next kernel of a
//! training step follows soon, and then sleeps. Nothing here knows threads: whoever starts one has
//! it call [`Pool::serve`].

use super::wait::{wait, wake};
use super::HELPER_SCRATCH;
use core::cell::UnsafeCell;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What is done with each chunk: its number and working memory.
type Work<'a> = dyn Fn(usize, &mut [f32]) + Sync + 'a;

/// Work shorter than this, in nanoseconds, is not shared even with helpers that are awake.
const WORTH_SHARING: usize = 6_000;
/// Nor this with helpers that sleep: waking takes them a while, and the waker some microseconds.
const WORTH_WAKING: usize = 40_000;

/// Looks at the job before a helper sleeps: about a hundred microseconds, longer than what a
/// training step does on one thread between two kernels.
const LOOKS: u32 = 80_000;
/// Looks at the helpers' progress before the sharing thread sleeps, where it may.
const PATIENCE: u32 = 20_000;
/// How long the sharing thread sleeps at a time.
const NAP: u32 = 100;
/// Naps without any progress after which a helper must be gone: ten seconds.
const MOST_NAPS: u32 = 100;
/// Looks without progress after which it must be gone, where naps are forbidden: about as long.
const MOST_LOOKS: u64 = 1 << 33;

/// Most chunks of a job, so that their number fits into half a word.
const MOST_CHUNKS: usize = 0x7fff;

/// Most shares of a job; further threads take of others'.
const SHARES: usize = 16;

/// A thread's share of the chunks: where it ends in the upper half, in the lower which is next (more
/// than the end where somebody tried in vain). On a cache line of its own.
#[repr(align(64))]
struct Share(AtomicU32);

impl Share {
    /// Takes a chunk, if there is one left.
    #[inline]
    fn take(&self) -> Option<usize> {
        // Looked at first, so that the lower half never runs over.
        let left = |word: u32| (word & 0xffff) < word >> 16;
        if !left(self.0.load(Ordering::Relaxed)) {
            return None;
        }
        let word = self.0.fetch_add(1, Ordering::AcqRel);
        left(word).then_some((word & 0xffff) as usize)
    }
}

/// Threads that help, and the job they help with.
pub struct Pool {
    /// The first is that of the thread that shares.
    shares: [Share; SHARES],
    /// Valid while a chunk is taken and not done.
    job: UnsafeCell<Option<*const Work<'static>>>,
    /// Chunks done.
    done: AtomicU32,
    /// Number of jobs so far: what helpers look at, and sleep on.
    jobs: AtomicU32,
    helpers: AtomicU32,
    asleep: AtomicU32,
    /// A thread shares a job right now.
    busy: AtomicBool,
    /// That thread sleeps until more is done.
    naps: AtomicBool,
    /// Threads that share may sleep; the main thread of a browser's page may not.
    may_nap: AtomicBool,
    failed: AtomicBool,
    closed: AtomicBool,
    /// Nothing is shared.
    idle: AtomicBool,
}

// SAFETY: all fields but `job` are atomics. `job` is written by the one thread that set `busy`,
// before it publishes chunks by release stores to `shares`, and not again until all of them are
// done; it is read by threads that took a chunk, by an acquire operation on its share.
unsafe impl Sync for Pool {}

/// The pool of this memory, empty until a thread serves it.
pub static POOL: Pool = Pool::new();

impl Pool {
    /// A pool without helpers.
    pub const fn new() -> Self {
        Self {
            shares: [const { Share(AtomicU32::new(0)) }; SHARES],
            job: UnsafeCell::new(None),
            done: AtomicU32::new(0),
            jobs: AtomicU32::new(0),
            helpers: AtomicU32::new(0),
            asleep: AtomicU32::new(0),
            busy: AtomicBool::new(false),
            naps: AtomicBool::new(false),
            may_nap: AtomicBool::new(true),
            failed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            idle: AtomicBool::new(false),
        }
    }

    /// How many threads help.
    pub fn helpers(&self) -> u32 {
        self.helpers.load(Ordering::SeqCst)
    }

    /// How many jobs were shared, modulo 2^32.
    pub fn jobs(&self) -> u32 {
        self.jobs.load(Ordering::SeqCst)
    }

    /// Says whether threads that share may sleep while they wait.
    pub fn allow_naps(&self, allowed: bool) {
        self.may_nap.store(allowed, Ordering::SeqCst);
    }

    /// Says whether work is shared from now on; what it gives is the same.
    pub fn allow(&self, shared: bool) {
        self.idle.store(!shared, Ordering::Relaxed);
    }

    /// Says that a helper ended before its time: who waits for it panics.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::SeqCst);
        wake(&self.done, u32::MAX);
    }

    /// Whether a helper ended before its time.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// Sends all helpers away.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.jobs.fetch_add(1, Ordering::SeqCst);
        wake(&self.jobs, u32::MAX);
    }

    /// Whether work of about `nanos` nanoseconds is to be shared.
    #[inline]
    pub fn is_worth(&self, nanos: usize) -> bool {
        if nanos < WORTH_SHARING || self.idle.load(Ordering::Relaxed) {
            return false;
        }
        let helpers = self.helpers.load(Ordering::Relaxed);
        let awake = helpers > self.asleep.load(Ordering::Relaxed);
        helpers > 0 && (awake || nanos >= WORTH_WAKING) && !self.busy.load(Ordering::Relaxed)
    }

    /// Helps until the pool is closed.
    pub fn serve(&self) {
        let mut scratch = vec![0.0f32; HELPER_SCRATCH];
        let own = 1 + self.helpers.fetch_add(1, Ordering::SeqCst) as usize;
        while !self.closed.load(Ordering::SeqCst) {
            let seen = self.jobs.load(Ordering::SeqCst);
            if !self.help(own, &mut scratch) && !self.look(seen) {
                self.asleep.fetch_add(1, Ordering::SeqCst);
                // Returns at once when a job came since `jobs` was read.
                wait(&self.jobs, seen, None);
                self.asleep.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.helpers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Takes chunks while there are any; whether there was one.
    fn help(&self, own: usize, scratch: &mut [f32]) -> bool {
        let mut helped = false;
        while let Some(chunk) = self.take(own) {
            helped = true;
            // SAFETY: a chunk was taken, so the job is there and stays until the chunk is done.
            let work = unsafe { (*self.job.get()).map(|work| &*work) };
            if let Some(work) = work {
                work(chunk, scratch);
            }
            self.done.fetch_add(1, Ordering::SeqCst);
            if self.naps.load(Ordering::SeqCst) {
                wake(&self.done, 1);
            }
        }
        helped
    }

    /// Takes a chunk of the thread's own share, or else of another's.
    #[inline]
    fn take(&self, own: usize) -> Option<usize> {
        (0..SHARES).find_map(|i| self.shares[(own + i) % SHARES].take())
    }

    /// Looks for a job after those seen, or the end, for a while.
    fn look(&self, seen: u32) -> bool {
        for _ in 0..LOOKS {
            if self.jobs.load(Ordering::Relaxed) != seen {
                return true;
            }
            spin_loop();
        }
        false
    }

    /// Has the chunks done by this thread and the helpers; false, and nothing is done, when another
    /// job is under way.
    #[inline(never)]
    pub fn share(&self, chunks: usize, scratch: &mut [f32], work: &Work) -> bool {
        if chunks > MOST_CHUNKS || self.busy.swap(true, Ordering::Acquire) {
            return false;
        }
        // SAFETY: only the lifetime changes; `complete` returns after the last use of `work`.
        let work_ptr = unsafe { core::mem::transmute::<&Work, *const Work<'static>>(work) };
        // SAFETY: no chunk is taken and not done, so nobody reads it (see `Sync`).
        unsafe { *self.job.get() = Some(work_ptr) };
        self.done.store(0, Ordering::Relaxed);
        self.publish(chunks);
        self.jobs.fetch_add(1, Ordering::SeqCst);
        // A helper counts itself as asleep before it compares `jobs` with what it has seen: either
        // it is counted here, or it sees the new number and does not sleep.
        if self.asleep.load(Ordering::SeqCst) > 0 {
            wake(&self.jobs, chunks as u32 - 1);
        }
        let whole = AbortUnlessWhole;
        let mut own = 0;
        while let Some(chunk) = self.take(0) {
            work(chunk, scratch);
            own += 1;
        }
        core::mem::forget(whole);
        self.done.fetch_add(own, Ordering::SeqCst);
        self.complete(chunks as u32);
        self.busy.store(false, Ordering::Release);
        true
    }

    /// Cuts chunks into shares, from which they can be taken at once.
    fn publish(&self, chunks: usize) {
        let threads = (1 + self.helpers.load(Ordering::Relaxed) as usize).min(SHARES);
        for (i, share) in self.shares[..threads].iter().enumerate() {
            let [next, end] = [i, i + 1].map(|i| (i * chunks / threads) as u32);
            share.0.store(end << 16 | next, Ordering::Release);
        }
    }

    /// Waits until all chunks are done. Panics when a helper is gone with one.
    fn complete(&self, chunks: u32) {
        let mut before = self.done.load(Ordering::SeqCst);
        let (mut looks, mut naps) = (0u64, 0);
        loop {
            let done = self.done.load(Ordering::SeqCst);
            if done == chunks {
                return;
            }
            if done != before {
                (before, looks, naps) = (done, 0, 0);
            }
            let gone = looks > MOST_LOOKS || naps > MOST_NAPS;
            if gone || self.failed.load(Ordering::Relaxed) {
                self.failed.store(true, Ordering::SeqCst);
                panic!("a thread ended in the middle of its work");
            }
            if looks < u64::from(PATIENCE) || !self.may_nap.load(Ordering::Relaxed) {
                looks += 1;
                spin_loop();
                continue;
            }
            self.naps.store(true, Ordering::SeqCst);
            // Returns at once when more is done by now.
            wait(&self.done, done, Some(NAP));
            self.naps.store(false, Ordering::SeqCst);
            naps += 1;
            looks = u64::from(PATIENCE);
        }
    }
}

/// Helpers still use what an unwinding stack would take away. WebAssembly never unwinds.
struct AbortUnlessWhole;

impl Drop for AbortUnlessWhole {
    fn drop(&mut self) {
        std::process::abort();
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}
