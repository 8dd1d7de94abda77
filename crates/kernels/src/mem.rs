//! `Slab`: one growable, aligned stretch of float32 memory; `Memory`: all of them, and safe views.
//!
//! The core forbids unsafe code, yet an instruction reads some parts of the arena while it writes
//! others. Views are therefore cut here: bounds and overlaps are checked once per instruction, by
//! a few compares and without allocating.

use crate::lane::{F32x4, Lane};
use crate::par::{self, Parts};
use core::fmt;

/// Floats per aligned line: 64 bytes, a cache line.
const LINE: usize = 16;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// A stretch of float32 memory, 64-byte aligned, zero until written.
///
/// Memory only grows. Growing may move it, so addresses handed out before are void afterwards.
#[derive(Default)]
pub struct Slab {
    /// Floats at and above `len` in the last line are never written, hence zero.
    lines: Vec<Line>,
    len: usize,
}

/// The allocator had no room for a slab of the wanted size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// Wanted size in floats.
    pub floats: usize,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "out of memory: no room for {} float32 values",
            self.floats
        )
    }
}

impl std::error::Error for OutOfMemory {}

/// A span within one slab of a [`Memory`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct At {
    /// Number of the slab.
    pub slab: u32,
    /// Index of the first float.
    pub offset: usize,
    /// Number of floats.
    pub len: usize,
}

impl At {
    /// No floats at all: stands in for an operand that is absent.
    pub const NONE: At = At::new(0, 0, 0);

    /// `len` floats of slab `slab` from `offset` on.
    pub const fn new(slab: u32, offset: usize, len: usize) -> Self {
        Self { slab, offset, len }
    }
}

/// All the slabs an instruction's operands may lie in: the arena and one for every variable.
#[derive(Default)]
pub struct Memory {
    /// The slabs by number; a freed one is empty and its number may be given out again.
    pub slabs: Vec<Slab>,
}

impl Slab {
    /// A slab of `len` zeros. Aborts when memory is out; see [`Slab::try_grow`].
    pub fn new(len: usize) -> Self {
        let mut slab = Self::default();
        slab.grow(len);
        slab
    }

    /// Number of floats.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when it holds no float.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Makes it at least `len` floats long; content stays, new floats are zero.
    ///
    /// Panics when memory is out; see [`Slab::try_grow`].
    pub fn grow(&mut self, len: usize) {
        if let Err(error) = self.try_grow(len) {
            panic!("{error}");
        }
    }

    /// As [`Slab::grow`]; when memory is out it returns an error and is left as it was.
    pub fn try_grow(&mut self, len: usize) -> Result<(), OutOfMemory> {
        if len <= self.len {
            return Ok(());
        }
        let lines = len.div_ceil(LINE);
        let more = lines - self.lines.len();
        // Exact: a slab is sized by a plan, spare room would never be used.
        self.lines
            .try_reserve_exact(more)
            .map_err(|_| OutOfMemory { floats: len })?;
        self.lines.resize(lines, Line([0.0; LINE]));
        self.len = len;
        Ok(())
    }

    /// All floats.
    pub fn as_slice(&self) -> &[f32] {
        // SAFETY: `lines` holds at least `len` initialised floats in one piece (`Line` is repr(C)
        // without padding: 16 floats are its 64 bytes), borrowed as long as `self`.
        unsafe { core::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    /// All floats, writable.
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as in `as_slice`, and `self` is borrowed mutably.
        unsafe { core::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }

    /// Address of the first float, for views from JavaScript; void after growing.
    pub fn as_ptr(&self) -> *const f32 {
        self.lines.as_ptr().cast()
    }

    /// Start and length, with the right to write all of it.
    #[inline]
    fn base(&mut self) -> (*mut f32, usize) {
        (self.lines.as_mut_ptr().cast(), self.len)
    }
}

impl Memory {
    /// Views to read and to write at the same time.
    ///
    /// Reads may overlap each other. Panics when a span lies outside its slab, or when a written
    /// span overlaps any other span (empty spans overlap nothing).
    #[inline]
    pub fn views<const R: usize, const W: usize>(
        &mut self,
        reads: [At; R],
        writes: [At; W],
    ) -> ([&[f32]; R], [&mut [f32]; W]) {
        let mut from: [&[f32]; R] = [&[]; R];
        let mut to: [&mut [f32]; W] = core::array::from_fn(|_| Default::default());
        self.cut(&reads, &writes, &mut from, &mut to);
        (from, to)
    }

    /// [`Memory::views`] for any numbers of spans: one function for all of them, and called once
    /// per instruction, so never compiled for size with its caller.
    #[inline(never)]
    fn cut<'a>(
        &'a mut self,
        reads: &[At],
        writes: &[At],
        from: &mut [&'a [f32]],
        to: &mut [&'a mut [f32]],
    ) {
        for (i, written) in writes.iter().enumerate() {
            let apart = |other: &At| disjoint(written, other);
            let all = reads.iter().all(apart) && writes[..i].iter().all(apart);
            assert!(all, "a span is written and overlaps another");
        }
        let slabs = &mut self.slabs;
        let mut start = |at: &At| {
            let (base, len) = slabs[at.slab as usize].base();
            assert!(
                at.offset <= len && at.len <= len - at.offset,
                "a span of {} at {} lies outside of {len} floats",
                at.len,
                at.offset
            );
            // SAFETY: within the slab's floats by the check above (one past the end at most, if
            // empty).
            unsafe { base.add(at.offset) }
        };
        for (view, at) in from.iter_mut().zip(reads) {
            // SAFETY: `start` checked that the span lies inside initialised memory of a slab that
            // stays borrowed as long as the views live; no written span overlaps it.
            *view = unsafe { core::slice::from_raw_parts(start(at), at.len) };
        }
        for (view, at) in to.iter_mut().zip(writes) {
            // SAFETY: the same, and no span of any kind overlaps it.
            *view = unsafe { core::slice::from_raw_parts_mut(start(at), at.len) };
        }
    }
}

/// True when no float belongs to both. Ends may be beyond any slab: bounds are checked elsewhere.
#[inline]
fn disjoint(a: &At, b: &At) -> bool {
    a.slab != b.slab
        || a.len == 0
        || b.len == 0
        || a.offset.saturating_add(a.len) <= b.offset
        || b.offset.saturating_add(b.len) <= a.offset
}

/// The bytes of the words, in memory order: four `u8` inputs per word.
pub fn bytes(words: &[f32]) -> &[u8] {
    // SAFETY: any byte is a valid u8, alignment 1 is weaker, and the size is that of the slice.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// As [`bytes`], writable.
pub fn bytes_mut(words: &mut [f32]) -> &mut [u8] {
    // SAFETY: as in `bytes`; and any four bytes are a valid f32.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size_of_val(words)) }
}

/// The words' bit patterns as whole numbers: how labels and indices are stored.
pub fn ints(words: &[f32]) -> &[i32] {
    // SAFETY: f32 and i32 have one size and alignment, and every bit pattern is valid.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), words.len()) }
}

/// As [`ints`], writable.
pub fn ints_mut(words: &mut [f32]) -> &mut [i32] {
    // SAFETY: as in `ints`, in both directions.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), words.len()) }
}

/// Bytes as numbers: how image data enters. Panics when the lengths differ.
pub fn bytes_to_floats(bytes: &[u8], out: &mut [f32]) {
    assert_eq!(bytes.len(), out.len());
    let out = Parts::new(out);
    par::spans(bytes.len(), par::LINE, bytes.len() / 4, |at| {
        // SAFETY: no two spans overlap.
        let out = unsafe { out.part(at.clone()) };
        let bytes = &bytes[at];
        let (many, rest) = bytes.as_chunks::<16>();
        let (to_many, to_rest) = out.split_at_mut(bytes.len() - rest.len());
        for (to, from) in to_many.chunks_exact_mut(16).zip(many) {
            for (to, numbers) in to.chunks_exact_mut(4).zip(F32x4::of_bytes(from)) {
                numbers.store(to);
            }
        }
        for (to, &from) in to_rest.iter_mut().zip(rest) {
            *to = f32::from(from);
        }
    });
}

/// Whole numbers as float32, rounded where they have more than 24 bits. Panics when the lengths
/// differ.
pub fn ints_to_floats(ints: &[i32], out: &mut [f32]) {
    assert_eq!(ints.len(), out.len());
    for (to, &from) in out.iter_mut().zip(ints) {
        *to = from as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{catch_unwind, AssertUnwindSafe};

    fn panics<T>(f: impl FnOnce() -> T) -> bool {
        catch_unwind(AssertUnwindSafe(f)).is_err()
    }

    fn one(len: usize) -> Memory {
        Memory {
            slabs: vec![Slab::new(len)],
        }
    }

    #[test]
    fn starts_zeroed_and_aligned() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let slab = Slab::new(len);
            assert_eq!(slab.len(), len);
            assert_eq!(slab.is_empty(), len == 0);
            assert_eq!(slab.as_ptr() as usize % 64, 0);
            assert!(slab.as_slice().iter().all(|&v| v == 0.0));
        }
    }

    #[test]
    fn growing_keeps_content_and_zeroes_the_rest() {
        let mut slab = Slab::new(3);
        slab.as_mut_slice().copy_from_slice(&[1.0, 2.0, 3.0]);
        for len in [2, 5, 16, 40, 5000] {
            slab.grow(len);
            assert_eq!(slab.len(), len.max(3));
            assert_eq!(slab.as_slice()[..3], [1.0, 2.0, 3.0]);
            assert!(slab.as_slice()[3..].iter().all(|&v| v == 0.0));
            assert_eq!(slab.as_ptr() as usize % 64, 0);
        }
    }

    #[test]
    fn failing_to_grow_is_an_error_and_changes_nothing() {
        let mut slab = Slab::new(2);
        slab.as_mut_slice()[1] = 7.0;
        for floats in [usize::MAX, usize::MAX / 4, isize::MAX as usize / 4] {
            assert_eq!(slab.try_grow(floats), Err(OutOfMemory { floats }));
        }
        assert_eq!(slab.as_slice(), [0.0, 7.0]);
    }

    #[test]
    fn views_read_and_write_what_they_say() {
        let mut slab = one(10);
        for (i, v) in slab.slabs[0].as_mut_slice().iter_mut().enumerate() {
            *v = i as f32;
        }
        let ([a, b], [c, d]) = slab.views(
            [At::new(0, 0, 4), At::new(0, 2, 3)],
            [At::new(0, 5, 2), At::new(0, 7, 3)],
        );
        assert_eq!(a, [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(b, [2.0, 3.0, 4.0]);
        // Interleaved use: each view must stay valid while the others are used.
        c[0] = a[1] + 10.0;
        d[2] = b[0] + 20.0;
        c[1] = d[2] + a[0];
        assert_eq!(b[2], 4.0);
        assert_eq!(slab.slabs[0].as_slice()[5..], [11.0, 22.0, 7.0, 8.0, 22.0]);
    }

    #[test]
    fn views_out_of_bounds_panic() {
        let mut slab = one(8);
        for (offset, len) in [(0, 9), (8, 1), (9, 0), (usize::MAX, 2), (4, usize::MAX)] {
            assert!(panics(|| slab.views([At::new(0, offset, len)], [])));
            assert!(panics(|| slab.views([], [At::new(0, offset, len)])));
        }
        let ([a], [b]) = slab.views([At::new(0, 8, 0)], [At::new(0, 0, 8)]);
        assert_eq!((a.len(), b.len()), (0, 8));
    }

    #[test]
    fn overlap_is_found_exactly() {
        // Against the definition, for all pairs of spans in six floats.
        let mut slab = one(6);
        let spans = || (0..=6).flat_map(|o| (0..=6 - o).map(move |l| At::new(0, o, l)));
        for a in spans() {
            for b in spans() {
                let shared = (0..6).any(|i| {
                    let within = |s: At| s.offset <= i && i < s.offset + s.len;
                    within(a) && within(b)
                });
                assert_eq!(panics(|| slab.views([a], [b])), shared, "{a:?} {b:?}");
                assert_eq!(panics(|| slab.views([], [a, b])), shared, "{a:?} {b:?}");
                assert!(!panics(|| slab.views([a, b], [])));
            }
        }
    }

    #[test]
    fn every_pair_with_a_write_is_checked() {
        let mut slab = one(12);
        let apart = [0, 3, 6, 9].map(|o| At::new(0, o, 3));
        for i in 0..4 {
            for j in 0..4 {
                let mut s = apart;
                s[i] = apart[j];
                let found = panics(|| slab.views([s[0], s[1]], [s[2], s[3]]));
                assert_eq!(found, i != j && (i >= 2 || j >= 2), "{i} {j}");
            }
        }
    }

    #[test]
    fn one_place_in_two_slabs_is_two_places() {
        let mut memory = Memory {
            slabs: vec![Slab::new(4), Slab::new(6)],
        };
        memory.slabs[1].as_mut_slice()[5] = 3.0;
        let ([w, x], [y, s]) = memory.views(
            [At::new(1, 5, 1), At::new(0, 0, 2)],
            [At::new(0, 2, 2), At::new(1, 0, 2)],
        );
        y[1] = w[0] + x[0];
        s[0] = y[1] + 1.0;
        assert!(panics(|| memory.views([At::new(0, 3, 2)], [])));
        assert!(panics(|| memory.views([At::new(2, 0, 1)], [])));
        assert!(panics(
            || memory.views([At::new(1, 1, 2)], [At::new(1, 2, 2)])
        ));
        assert_eq!(memory.slabs[0].as_slice(), [0.0, 0.0, 0.0, 3.0]);
        assert_eq!(memory.slabs[1].as_slice(), [4.0, 0.0, 0.0, 0.0, 0.0, 3.0]);
    }

    #[test]
    fn reinterpretation_keeps_bits() {
        let mut words = [1.0, f32::from_bits(7), f32::from_bits(-3i32 as u32)];
        assert_eq!(ints(&words), [0x3f80_0000, 7, -3]);
        assert_eq!(bytes(&words)[..8], [0, 0, 0x80, 0x3f, 7, 0, 0, 0]);
        ints_mut(&mut words)[0] = -1;
        bytes_mut(&mut words)[4] = 9;
        assert_eq!(ints(&words), [-1, 9, -3]);
        assert!(ints(&[]).is_empty() && bytes(&[]).is_empty());
    }
}
