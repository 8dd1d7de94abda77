//! Products with few rows, where packing B would cost more than it saves: prediction, mostly.
//!
//! B is read once, in place. Sums are taken in the same order as in `blocked`, except by `dots`.

use super::blocked::{self, EDGE};
use super::finish::Finisher;
use super::pack;
use super::streamed;
use super::tile::{self, Form, Job, Place, TILE_COLUMNS};
use super::Product;
use crate::lane::{F32x4, Lane};
use crate::par::Parts;

/// Floats of scratch that are enough for `direct`: columns at the right edge, packed, and their
/// tile. How many are left over depends on the number of rows, so that there may always be some.
pub fn scratch_len(p: &Product) -> usize {
    p.k.min(blocked::MAX_K) * TILE_COLUMNS + EDGE
}

/// Columns left over by the widest tiles and then the usual ones.
fn edge_columns(p: &Product) -> usize {
    p.n % (4 * tile::widest(Form::of_a(p), p.m)) % TILE_COLUMNS
}

/// At most `TILE_ROWS` rows, B not transposed.
///
/// # Safety
/// `a`, `b` and `c` must hold what `p` says, `scratch` at least `scratch_len` floats, none of
/// the sizes 0.
pub unsafe fn direct(
    p: &Product,
    a: &[f32],
    b: &[f32],
    c: &mut [f32],
    scratch: &mut [f32],
    finisher: &Finisher<'_>,
) {
    if streamed::is_worth(p) {
        // SAFETY: the caller's promise.
        unsafe { streamed::run(p, a, b, c, finisher) };
        return;
    }
    let rest = edge_columns(p);
    let longest = blocked::longest_k(p);
    for q in (0..p.k).step_by(longest) {
        let k = longest.min(p.k - q);
        let last = q + k == p.k;
        // SAFETY: all m rows of A from `q` on; columns below n of B and C.
        unsafe {
            let mut job = Job {
                k,
                tiles: 0,
                form: Form::of_a(p),
                a: Form::of_a(p).place(p, a, 0, q),
                b: Place {
                    start: b.as_ptr().add(q * p.n),
                    stride: p.n,
                },
                b_next: 0,
                packed: core::ptr::null_mut(),
                c: Place {
                    start: c.as_mut_ptr(),
                    stride: p.n,
                },
                finish: finisher.in_registers(q == 0, last, 0),
            };
            let wide = 4 * tile::widest(Form::of_a(p), p.m);
            job.run_wide(p.m, wide, p.n / wide);
            job.run_wide(p.m, TILE_COLUMNS, p.n % wide / TILE_COLUMNS);
            if rest > 0 {
                let (edge, packed) = scratch.split_at_mut(EDGE);
                pack::edge(job.b, k, rest, packed.as_mut_ptr());
                job.b.start = packed.as_ptr();
                blocked::edge_tile(p.m, rest, job, edge);
            }
        }
    }
    sum_columns(p, b, finisher);
    // SAFETY: all of C and of what belongs to it is this thread's.
    unsafe { finisher.rows(Parts::new(c), p.n, 0..p.m, 0..p.n) };
}

/// The wanted column sums of B, read in place.
pub fn sum_columns(p: &Product, b: &[f32], finisher: &Finisher<'_>) {
    // SAFETY: nobody else has them.
    if let Some(sums) = unsafe { finisher.column_sums(0..p.n) } {
        for row in b.chunks_exact(p.n) {
            for (s, x) in sums.iter_mut().zip(row) {
                *s += x;
            }
        }
    }
}

impl Job {
    /// Runs `tiles` tiles of `columns` columns on B in place, and moves on to the right of them.
    ///
    /// # Safety
    /// As `tile::run`.
    unsafe fn run_wide(&mut self, rows: usize, columns: usize, tiles: usize) {
        self.tiles = tiles;
        self.b_next = columns;
        // SAFETY: the caller's promise.
        unsafe { tile::run(rows, columns / 4, self) };
        self.b.start = self.b.start.wrapping_add(columns * tiles);
        self.advance(columns * tiles);
    }
}

/// One row times B stored as `[n,k]`: every element is a dot product of contiguous memory.
///
/// Eight partial sums for each element, k by k in turn, are added at the end in a fixed order.
pub fn dots(p: &Product, a: &[f32], b: &[f32], c: &mut [f32], finisher: &Finisher<'_>) {
    let (mut c_rest, mut j) = (&mut *c, 0);
    while !c_rest.is_empty() {
        let count = c_rest.len().min(4);
        // Lines past the last are the last again; what they give is dropped.
        let lines = core::array::from_fn(|t| &b[(j + t.min(count - 1)) * p.k..][..p.k]);
        let sums = four_dots(&a[..p.k], lines);
        let (now, later) = c_rest.split_at_mut(count);
        for (t, (out, sum)) in now.iter_mut().zip(sums).enumerate() {
            *out = finisher.one(sum, j + t);
        }
        c_rest = later;
        j += count;
    }
    // SAFETY: nobody else has them.
    if let Some(sums) = unsafe { finisher.column_sums(0..p.n) } {
        for (s, line) in sums.iter_mut().zip(b.chunks_exact(p.k)) {
            *s += line.iter().sum::<f32>();
        }
    }
    // SAFETY: all of C and of what belongs to it is this thread's.
    unsafe { finisher.rows(Parts::new(c), p.n, 0..1, 0..p.n) };
}

/// Four dot products with one vector.
#[inline(always)]
fn four_dots(x: &[f32], lines: [&[f32]; 4]) -> [f32; 4] {
    let mut acc = [[F32x4::splat(0.0); 2]; 4];
    let whole = x.len() & !7;
    for q in (0..whole).step_by(8) {
        for half in 0..2 {
            let at = q + 4 * half;
            // SAFETY: `at + 4 <= whole`, and all five slices have the same length.
            unsafe {
                let v = F32x4::load(x.get_unchecked(at..at + 4));
                for (line, acc) in lines.iter().zip(&mut acc) {
                    acc[half] = v.fma(F32x4::load(line.get_unchecked(at..at + 4)), acc[half]);
                }
            }
        }
    }
    core::array::from_fn(|t| {
        let mut sum = acc[t][0].add(acc[t][1]).sum();
        for (x, y) in x[whole..].iter().zip(&lines[t][whole..]) {
            sum += x * y;
        }
        sum
    })
}
