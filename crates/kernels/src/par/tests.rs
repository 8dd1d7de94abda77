//! The pool on threads of the system, where races and lost wake-ups would show.

use super::*;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Runs `f` with a pool that this many threads serve.
fn with_pool(helpers: u32, f: impl FnOnce(&Pool)) {
    let pool = Pool::new();
    thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|| pool.serve());
        }
        while pool.helpers() < helpers {
            thread::yield_now();
        }
        f(&pool);
        pool.close();
    });
    assert_eq!(pool.helpers(), 0);
}

#[test]
fn every_chunk_is_done_once() {
    for helpers in [1, 2, 3, 7] {
        with_pool(helpers, |pool| {
            for chunks in [2, 3, 8, 64, 1000] {
                let counts: Vec<AtomicU32> = (0..chunks).map(|_| AtomicU32::new(0)).collect();
                let shared = pool.share(chunks, &mut [], &|chunk, _| {
                    counts[chunk].fetch_add(1, Ordering::Relaxed);
                });
                assert!(shared);
                assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 1));
            }
        });
    }
}

/// Small and large jobs in turn, with pauses in which helpers fall asleep: no wake-up is lost and
/// what chunks wrote is seen afterwards, without any synchronisation of their own.
#[test]
fn jobs_follow_each_other_at_any_pace() {
    with_pool(3, |pool| {
        let mut values = vec![0u64; 4096];
        for round in 0..3000u64 {
            let chunks = [2, 5, 64, 3, 256][round as usize % 5];
            let len = values.len() / chunks;
            let parts: Vec<_> = values.chunks_mut(len).map(std::sync::Mutex::new).collect();
            pool.share(chunks, &mut [], &|chunk, _| {
                for v in parts[chunk].try_lock().unwrap().iter_mut() {
                    *v += round;
                }
            });
            if round % 500 == 0 {
                thread::sleep(Duration::from_millis(5));
            }
        }
        // What the cut leaves over is not worked on.
        let sum: u64 = (0..3000).sum();
        assert_eq!(values[..4095 / 5 * 5].iter().max(), Some(&sum));
        assert_eq!(values[0], sum);
    });
}

#[test]
fn helpers_take_chunks_and_have_scratch_of_their_own() {
    with_pool(2, |pool| {
        let owners = std::sync::Mutex::new(std::collections::HashSet::new());
        let mut scratch = vec![0.0; 8];
        let own = thread::current().id();
        // As long as it takes for all three to get a chunk.
        for _ in 0..10_000 {
            pool.share(6, &mut scratch, &|_, scratch| {
                let me = thread::current().id();
                assert_eq!(scratch.len(), if me == own { 8 } else { HELPER_SCRATCH });
                scratch[0] += 1.0;
                owners.lock().unwrap().insert(me);
                thread::yield_now();
            });
            if owners.lock().unwrap().len() == 3 {
                return;
            }
        }
        panic!("only {} threads took part", owners.lock().unwrap().len());
    });
}

#[test]
fn a_job_within_a_job_stays_on_its_thread() {
    with_pool(2, |pool| {
        let inner = AtomicUsize::new(0);
        pool.share(4, &mut [], &|_, _| {
            let shared = pool.share(4, &mut [], &|_, _| {
                inner.fetch_add(100, Ordering::Relaxed);
            });
            assert!(!shared && !pool.is_worth(usize::MAX));
            inner.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(inner.into_inner(), 4);
    });
}

#[test]
fn little_work_is_not_shared() {
    let pool = Pool::new();
    assert!(!pool.is_worth(usize::MAX), "nobody helps");
    with_pool(1, |pool| {
        assert!(!pool.is_worth(1000));
        assert!(pool.is_worth(1_000_000));
    });
}

/// What is said to who shares two chunks with a helper that takes one and never does it, after it
/// did `last`.
fn message_of_loss(lost: &'static Pool, last: fn(&Pool)) -> String {
    // A test that hangs or panics must not take its threads' stacks away: this one is never joined.
    thread::spawn(|| lost.serve());
    while lost.helpers() < 1 {
        thread::yield_now();
    }
    let sharer = thread::spawn(move || {
        let main = thread::current().id();
        let taken: &'static AtomicU32 = Box::leak(Box::new(AtomicU32::new(0)));
        let job: &'static (dyn Fn(usize, &mut [f32]) + Sync) =
            Box::leak(Box::new(move |_: usize, _: &mut [f32]| {
                if thread::current().id() == main {
                    // Leaves the other chunk to the helper.
                    while taken.load(Ordering::SeqCst) == 0 {
                        thread::yield_now();
                    }
                    return;
                }
                taken.store(1, Ordering::SeqCst);
                last(lost);
                loop {
                    thread::park();
                }
            }));
        lost.share(2, &mut [], job);
    });
    let panic = sharer.join().expect_err("it returned");
    panic.downcast_ref::<&str>().unwrap().to_string()
}

#[test]
fn a_helper_that_says_it_ends_is_not_waited_for() {
    static LOST: Pool = Pool::new();
    let message = message_of_loss(&LOST, Pool::fail);
    assert_eq!(message, "a thread ended in the middle of its work");
}

#[test]
fn a_helper_that_ends_without_a_word_is_not_waited_for_forever() {
    static LOST: Pool = Pool::new();
    let message = message_of_loss(&LOST, |_| {});
    assert_eq!(message, "a thread ended in the middle of its work");
}

#[test]
fn spans_are_all_of_it_in_order_of_units() {
    // Without helpers: the whole. With them (another test's or none), parts that fit together.
    for (len, unit, nanos) in [
        (0, 16, 0),
        (1, 16, 10),
        (1000, 16, 1 << 30),
        (37, 4, 1 << 30),
    ] {
        let seen = std::sync::Mutex::new(Vec::new());
        spans(len, unit, nanos, |span| {
            assert_eq!(span.start % unit, 0);
            seen.lock().unwrap().push(span);
        });
        let mut seen = seen.into_inner().unwrap();
        seen.sort_by_key(|span| span.start);
        assert_eq!(seen.first().map(|span| span.start), Some(0));
        assert_eq!(seen.last().map(|span| span.end), Some(len));
        assert!(seen.windows(2).all(|two| two[0].end == two[1].start));
    }
}

#[test]
fn parts_are_checked() {
    let mut values = [1.0, 2.0, 3.0];
    let parts = Parts::new(&mut values);
    assert_eq!((parts.len(), parts.is_empty()), (3, false));
    // SAFETY: one part at a time.
    unsafe { parts.part(1..3)[0] = 5.0 };
    // SAFETY: as above; it panics instead.
    let outside = std::panic::catch_unwind(|| unsafe { parts.part(2..4).len() });
    assert!(outside.is_err());
    assert_eq!(values, [1.0, 5.0, 3.0]);
}
