//! One row times a matrix that comes from far away: the product of a prediction.
//!
//! B is read once. Tiles would go down its columns, from page to page; here a few rows are read
//! side by side as they lie, and the sums go to the first cache and back. They are taken in the same
//! order as in `blocked`.

use super::blocked::{self, PAGE};
use super::finish::Finisher;
use super::small;
use super::tile::{self, Place};
use super::Product;
use crate::lane::{F32x4, Lane};
use crate::par::Parts;

/// Fewest columns: a shorter row is not much of a stream.
const LEAST_COLUMNS: usize = 128;
/// Fewest numbers of B: less of it lies near.
const LEAST_NUMBERS: usize = 32 * 1024;
/// Most columns whose sums wait in the first cache.
const SEGMENT: usize = 1024;

pub fn is_worth(p: &Product) -> bool {
    p.m == 1 && p.n >= LEAST_COLUMNS && p.n * p.k >= LEAST_NUMBERS
}

/// The sums of a segment; whole vectors, then the last four columns.
#[repr(align(64))]
struct Sums([f32; SEGMENT + 4]);

type AddRows = unsafe fn(&[f32], Place<*const f32>, usize, &mut Sums);

/// How many rows of B to read side by side, and by what. Four are faster than two (by a quarter,
/// measured), unless they drive each other out of the first cache.
fn streams(p: &Product) -> (usize, AddRows) {
    let apart = p.n * size_of::<f32>() % PAGE;
    if apart.min(PAGE - apart) < PAGE / 10 {
        (2, add_rows::<2>)
    } else {
        (4, add_rows::<4>)
    }
}

/// # Safety
/// `a`, `b` and `c` must hold what `p` says, and `is_worth` be true.
pub unsafe fn run(p: &Product, a: &[f32], b: &[f32], c: &mut [f32], finisher: &Finisher<'_>) {
    let longest = blocked::longest_k(p);
    // Called through a pointer, `add` stays a function of its own: in large ones V8 keeps in memory
    // what belongs in registers.
    let (streams, add) = streams(p);
    let mut sums = Sums([0.0; SEGMENT + 4]);
    let segments = p.n.div_ceil(SEGMENT);
    for segment in 0..segments {
        let from = segment * p.n / segments;
        let columns = (segment + 1) * p.n / segments - from;
        for q in (0..p.k).step_by(longest) {
            let k = longest.min(p.k - q);
            let finish = finisher.in_registers(q == 0, q + k == p.k, from);
            sums.0.fill(0.0);
            let (now, later) = a[q..q + k].split_at(k - k % streams);
            // SAFETY: rows `q .. q + k` and columns `from .. from + columns` lie in B, C and the
            // bias; there are more than four columns, and no more than a segment's.
            unsafe {
                let rows = Place {
                    start: b.as_ptr().add(q * p.n + from),
                    stride: p.n,
                };
                let rest = Place {
                    start: rows.start.add(now.len() * p.n),
                    stride: p.n,
                };
                add(now, rows, columns, &mut sums);
                add_rows::<1>(later, rest, columns, &mut sums);
                tile::finish_row(sums.0.as_ptr(), c.as_mut_ptr().add(from), columns, &finish);
            }
        }
    }
    small::sum_columns(p, b, finisher);
    // SAFETY: all of C and of what belongs to it is this thread's.
    unsafe { finisher.rows(Parts::new(c), p.n, 0..1, 0..p.n) };
}

/// Adds rows of B, each times its factor, to the sums, K rows at a time.
///
/// # Safety
/// The number of factors must be a multiple of K, and as many rows of B readable for `columns`, at
/// least 4 and at most `SEGMENT`.
#[inline(never)]
unsafe fn add_rows<const K: usize>(
    factors: &[f32],
    b: Place<*const f32>,
    columns: usize,
    sums: &mut Sums,
) {
    for (group, factors) in factors.chunks_exact(K).enumerate() {
        let factors: [F32x4; K] = core::array::from_fn(|t| F32x4::splat(factors[t]));
        let mut at = At {
            rows: core::array::from_fn(|t| b.start.wrapping_add((group * K + t) * b.stride)),
            sums: sums.0.as_mut_ptr(),
        };
        let rest = columns % 4;
        // SAFETY: `columns / 4` vectors lie in each row and in the sums, the last four columns in
        // each row, and the sums are a vector longer.
        unsafe {
            at.add::<4>(&factors, columns / 16);
            at.add::<1>(&factors, columns % 16 / 4);
            if rest > 0 {
                at.rows = at.rows.map(|row| row.sub(4 - rest));
                at.add::<1>(&factors, 1);
            }
        }
    }
}

/// Where K rows of B and the sums are being worked on.
struct At<const K: usize> {
    rows: [*const f32; K],
    sums: *mut f32,
}

impl<const K: usize> At<K> {
    /// Adds to V vectors of sums and moves on behind them, so many `times`.
    ///
    /// How far is read through volatile in every step, as in `tile::tiles` and for the same reason.
    ///
    /// # Safety
    /// As much must be readable in every row and writable in the sums.
    #[inline(always)]
    unsafe fn add<const V: usize>(&mut self, factors: &[F32x4; K], times: usize) {
        let step = 4 * V * size_of::<f32>();
        let step = &raw const step;
        for _ in 0..times {
            // SAFETY: the caller's promise.
            unsafe {
                for v in 0..V {
                    let sum = self.sums.add(4 * v);
                    let mut total = tile::load(sum);
                    for (factor, row) in factors.iter().zip(self.rows) {
                        total = factor.fma(tile::load(row.add(4 * v)), total);
                    }
                    tile::store(total, sum);
                }
                let step = step.read_volatile();
                self.rows = self.rows.map(|row| row.wrapping_byte_add(step));
                self.sums = self.sums.wrapping_byte_add(step);
            }
        }
    }
}
