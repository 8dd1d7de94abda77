//! The general product: blocks of B are packed, strips of A are read where they stand.
//!
//! ```text
//! for every piece of C                             (independent of each other)
//!   for every block of columns of the piece
//!     for every block of k
//!         pack B[k, columns]                       (transposed B, and the right edge)
//!         for every group of strips of rows of C
//!             pack A[group, k]                     (long transposed A; rows that collide)
//!             for every strip
//!                 tiles along the block; the first strip packs B on its way
//!             after the last block of k: pre, activation, grad
//! ```
//!
//! A strip of A stays in the first cache while the packed B streams by from the second. The cuts
//! depend on the sizes only. Pieces are for several threads, each with scratch of its own: no two
//! of them write the same place, and no sum crosses a cut but those of k, which all pieces share:
//! C is the same however it is cut.

use super::finish::Finisher;
use super::pack;
use super::tile::{self, Form, Job, Place, TILE_COLUMNS, TILE_ROWS};
use super::Product;
use crate::par::{self, Parts};
use core::ops::Range;

/// Longest block of k: a strip of A of this length takes 12 KB of the first cache.
pub const MAX_K: usize = 512;
/// Most floats in a packed block of B: 512 KB, half of a second cache (2 % faster than 384 for 1024).
const MAX_BLOCK: usize = 128 * 1024;
/// Strips of A that are packed at a time.
const GROUP: usize = 8;
/// Floats of the buffer for the right edge: a tile and its bias.
pub const EDGE: usize = (TILE_ROWS + 1) * TILE_COLUMNS;

/// Cuts `0..total` into pieces of at most `max`, as even as `unit` allows; returns their length.
fn even_piece(total: usize, max: usize, unit: usize) -> usize {
    let pieces = if total <= max { 1 } else { total.div_ceil(max) };
    total.div_ceil(pieces).next_multiple_of(unit).min(total)
}

/// Length of the blocks of k; only the last may be shorter. Sums start anew in each and are then
/// added up in C, which also makes long sums more accurate.
pub fn longest_k(p: &Product) -> usize {
    even_piece(p.k, MAX_K, 4)
}

/// From this many numbers of a transposed A on it is packed.
const PACK_A: usize = 64 * 1024;

/// Bytes after which lines share a set of the first cache, usually.
pub const PAGE: usize = 4096;
/// What sets rows apart that lay a multiple of `PAGE` apart: a line.
const APART: usize = 16;

/// Whether the rows of A drive each other out of the first cache (a strip of them, with B streaming
/// by), and there are enough columns to make up for copying them: 5 % faster (measured at 1024).
fn collides(p: &Product) -> bool {
    !p.trans_a && (p.k * size_of::<f32>()).is_multiple_of(PAGE) && p.n >= 64
}

/// The sizes of the cuts.
#[derive(Clone, Copy, Debug)]
struct Cuts {
    k: usize,
    columns: usize,
    /// Floats for packed strips of A; 0 where they are read in place. Transposed ones are packed when
    /// the rows of a block of A lie on so many pages that address translation would slow tiles down,
    /// and there are enough columns to make up for it. There are then more than 128 rows, hence
    /// strips of at least `TILE_ROWS - 1`. Others are copied one by one where their rows collide.
    packed_a: usize,
}

fn cuts(p: &Product) -> Cuts {
    let k = longest_k(p);
    let pack_a = p.trans_a && k * p.m > PACK_A && p.n >= 64;
    Cuts {
        k,
        columns: even_piece(p.n, MAX_BLOCK / k, TILE_COLUMNS),
        packed_a: if pack_a {
            GROUP * k * TILE_ROWS
        } else if collides(p) {
            (k + APART) * TILE_ROWS
        } else {
            0
        },
    }
}

/// Multiply-adds of one thread in a nanosecond, about.
const MULTIPLY_ADDS_PER_NANO: usize = 20;

/// Nanoseconds that a piece should take at least: it packs its own B (or A).
const PIECE: usize = 20_000;
/// Most pieces of a product.
const MOST_PIECES: usize = 32;
/// Fewest rows of a piece: packing B for fewer would show. Pieces this tall have strips that pack.
const LEAST_ROWS: usize = 48;
/// Fewest columns of a piece: reading A for fewer would show.
const LEAST_COLUMNS: usize = 32;
/// The same where something follows that is done row by row.
const LEAST_FINISHED: usize = 64;

/// Into how many pieces for several threads the rows and the columns are cut: if it can be, as many
/// for each of them.
///
/// Cut along columns no B is packed twice, along rows no A is, where it is packed.
pub fn pieces(
    p: &Product,
    nanos: usize,
    threads: usize,
    packs_a: bool,
    least_columns: usize,
) -> (usize, usize) {
    let wanted = (nanos / PIECE)
        .max(1)
        .next_multiple_of(threads)
        .clamp(1, MOST_PIECES);
    let (most_down, most_across) = (p.m / LEAST_ROWS, p.n / least_columns);
    let cut = |most_first: usize, most_second: usize| {
        let most = wanted.min(most_first).max(1);
        let first = if most > threads {
            most - most % threads
        } else {
            most
        };
        (first, (wanted / first).min(most_second).max(1))
    };
    if packs_a {
        cut(most_down, most_across)
    } else {
        let (across, down) = cut(most_across, most_down);
        (down, across)
    }
}

/// The i-th of `pieces` pieces of `0..total`, as even as starts at multiples of `unit` allow.
fn nth_piece(i: usize, pieces: usize, total: usize, unit: usize) -> Range<usize> {
    let units = total.div_ceil(unit);
    let start = |i: usize| (i * units / pieces * unit).min(total);
    start(i)..start(i + 1)
}

// Every thread of the pool has room for the largest block.
const _: () = assert!(
    MAX_BLOCK + 2 * TILE_COLUMNS * MAX_K + GROUP * MAX_K * TILE_ROWS + EDGE <= par::HELPER_SCRATCH
);

/// Floats of scratch: the packed block, a group of strips of A, a tile for the right edge.
#[cfg(test)]
pub fn exact_scratch_len(p: &Product) -> usize {
    let cuts = cuts(p);
    cuts.k * pack::padded_columns(cuts.columns) + cuts.packed_a + EDGE
}

/// As many floats of scratch as this product or any smaller one needs. Even pieces of a smaller k
/// may be longer than those of a larger one.
pub fn scratch_len(p: &Product) -> usize {
    let k = p.k.min(MAX_K);
    // A block holds whole panels, the last of them maybe half empty.
    let block = (k * pack::padded_columns(p.n)).min(MAX_BLOCK + 2 * TILE_COLUMNS * MAX_K);
    let packed_a = if !p.trans_a {
        (k + APART) * TILE_ROWS
    } else if k * p.m > PACK_A {
        GROUP * k * TILE_ROWS
    } else {
        0
    };
    block.max(k * TILE_COLUMNS) + packed_a + EDGE
}

/// # Safety
/// `a`, `b` and `c` must hold what `p` says, `scratch` at least `scratch_len` floats, none of
/// the sizes 0.
pub unsafe fn run(
    p: &Product,
    a: &[f32],
    b: &[f32],
    c: &mut [f32],
    scratch: &mut [f32],
    finisher: &Finisher<'_>,
) {
    let cuts = cuts(p);
    let c = Parts::new(c);
    let nanos = p.m * p.n * p.k / MULTIPLY_ADDS_PER_NANO;
    let threads = par::threads(nanos);
    if threads == 1 {
        let part = Part {
            rows: 0..p.m,
            columns: 0..p.n,
        };
        // SAFETY: the caller's promise.
        return unsafe { piece(p, cuts, a, b, c, scratch, finisher, part) };
    }
    let least = if finisher.idle() {
        LEAST_COLUMNS
    } else {
        LEAST_FINISHED
    };
    let packs_a = p.trans_a && cuts.packed_a > 0;
    let (down, across) = pieces(p, nanos, threads, packs_a, least);
    par::each(down * across, nanos, scratch, |chunk, scratch| {
        let part = Part {
            rows: nth_piece(chunk % down, down, p.m, 1),
            columns: nth_piece(chunk / down, across, p.n, TILE_COLUMNS),
        };
        // SAFETY: the caller's promise; parts of different chunks do not overlap, and the scratch
        // of other threads is as long as any block needs.
        unsafe { piece(p, cuts, a, b, c, scratch, finisher, part) };
    });
}

/// A part of C.
struct Part {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// Computes a part of C.
///
/// # Safety
/// As for `run`, but others may work on other parts meanwhile.
#[allow(clippy::too_many_arguments)]
unsafe fn piece(
    p: &Product,
    mut cuts: Cuts,
    a: &[f32],
    b: &[f32],
    c: Parts,
    scratch: &mut [f32],
    finisher: &Finisher<'_>,
    part: Part,
) {
    cuts.columns = even_piece(part.columns.len(), MAX_BLOCK / cuts.k, TILE_COLUMNS);
    let (edge, scratch) = scratch.split_at_mut(EDGE);
    let (group, packed) = scratch.split_at_mut(cuts.packed_a);
    for j in part.columns.clone().step_by(cuts.columns) {
        let columns = cuts.columns.min(part.columns.end - j);
        assert!(packed.len() >= cuts.k * pack::padded_columns(columns));
        for q in (0..p.k).step_by(cuts.k) {
            let k = cuts.k.min(p.k - q);
            let last = q + k == p.k;
            let block = packed.as_mut_ptr();
            // SAFETY: the block `q .. q + k`, `j .. j + columns` lies in B, and `packed` is long
            // enough for it.
            let mut unpacked = unsafe { pack_b(p, b, (q, k), (j, columns), block) };
            let mut i = part.rows.start;
            let most = if cuts.packed_a > 0 && p.trans_a {
                GROUP
            } else {
                1
            };
            for Strips { rows, count } in groups(part.rows.len(), most) {
                // SAFETY: rows `i .. i + rows * count` and columns `j .. j + columns` lie in the
                // part, the same rows and `q .. q + k` in A; `group` was sized for the largest
                // group. The first strip finds B unpacked or packed, all others packed.
                unsafe {
                    let mut job = Job {
                        k,
                        tiles: columns / TILE_COLUMNS,
                        form: Form::of_a(p),
                        a: Form::of_a(p).place(p, a, i, q),
                        b: Place {
                            start: block,
                            stride: TILE_COLUMNS,
                        },
                        b_next: TILE_COLUMNS * k,
                        packed: core::ptr::null_mut(),
                        c: Place {
                            start: c.as_mut_ptr().add(i * p.n + j),
                            stride: p.n,
                        },
                        finish: finisher.in_registers(q == 0, last, j),
                    };
                    if cuts.packed_a > 0 {
                        job.a = if p.trans_a {
                            pack::strips(job.a, k, rows, count, group.as_mut_ptr())
                        } else {
                            pack::rows(job.a, k, rows, k + APART, group.as_mut_ptr())
                        };
                    }
                    for _ in 0..count {
                        let mut now = job;
                        if let Some(b) = unpacked.take() {
                            now.b = b;
                            now.b_next = TILE_COLUMNS;
                            now.packed = block;
                        }
                        strip(rows, columns, &now, block, edge);
                        job.a.start = job.a.start.wrapping_add(rows * k);
                        job.c.start = job.c.start.wrapping_add(rows * p.n);
                    }
                }
                let done = i..i + rows * count;
                i = done.end;
                if last {
                    // SAFETY: the rows and columns lie in the part, which is this thread's.
                    unsafe { finisher.rows(c, p.n, done, j..j + columns) };
                }
            }
            if part.rows.start == 0 {
                // SAFETY: of all pieces with these columns only the first has row 0.
                if let Some(sums) = unsafe { finisher.column_sums(j..j + columns) } {
                    pack::add_column_sums(packed, k, sums);
                }
            }
        }
    }
}

/// Packs what the first strip does not pack on its way, and says where the rest is.
///
/// # Safety
/// B must hold the block `q .. q + k`, `j .. j + columns`, and `out` must be writable for
/// `k * padded_columns(columns)`.
unsafe fn pack_b(
    p: &Product,
    b: &[f32],
    (q, k): (usize, usize),
    (j, columns): (usize, usize),
    out: *mut f32,
) -> Option<Place<*const f32>> {
    // SAFETY: the caller's promise.
    unsafe {
        if p.trans_b {
            let from = Place {
                start: b.as_ptr().add(j * p.k + q),
                stride: p.k,
            };
            pack::transposed(from, k, columns, out);
            return None;
        }
        let from = Place {
            start: b.as_ptr().add(q * p.n + j),
            stride: p.n,
        };
        let rest = columns % TILE_COLUMNS;
        if rest > 0 {
            let edge = Place {
                start: from.start.add(columns - rest),
                stride: p.n,
            };
            pack::edge(edge, k, rest, out.add((columns - rest) * k));
        }
        Some(from)
    }
}

/// Strips of equal height beside each other.
#[derive(Clone, Copy, Debug)]
struct Strips {
    rows: usize,
    count: usize,
}

/// Cuts m rows into strips of even height and these into groups; the taller ones come first.
fn groups(m: usize, most: usize) -> impl Iterator<Item = Strips> {
    let strips = m.div_ceil(TILE_ROWS);
    let (height, tall) = (m / strips, m % strips);
    let mut s = 0;
    core::iter::from_fn(move || {
        let (rows, alike) = if s < tall {
            (height + 1, tall - s)
        } else {
            (height, strips - s)
        };
        let count = alike.min(most);
        s += count;
        (count > 0).then_some(Strips { rows, count })
    })
}

/// One strip of C: tiles along the block, then the right edge, whose panel is always packed.
///
/// # Safety
/// `job` as for `tile::run`, C and bias also for the rest of `columns`; `packed` must be the
/// packed block, `edge` hold `EDGE` floats.
unsafe fn strip(rows: usize, columns: usize, job: &Job, packed: *const f32, edge: &mut [f32]) {
    let rest = columns % TILE_COLUMNS;
    // SAFETY: the caller's promise.
    unsafe {
        if job.tiles > 0 {
            tile::run(rows, 2, job);
        }
        if rest > 0 {
            let mut job = *job;
            job.advance(columns - rest);
            job.b.start = packed.add((columns - rest) * job.k);
            edge_tile(rows, rest, job, edge);
        }
    }
}

/// The tile at the right edge, with B packed: it goes to a buffer, and the columns that exist go
/// on to C.
///
/// # Safety
/// `job` as for `tile::run`, but C and bias only for `columns`; `edge` must hold `EDGE` floats.
pub unsafe fn edge_tile(rows: usize, columns: usize, mut job: Job, edge: &mut [f32]) {
    let width = pack::panel_width(columns);
    let (edge, bias) = edge.split_at_mut(TILE_ROWS * TILE_COLUMNS);
    let c = job.c;
    let tile = Place {
        start: edge.as_mut_ptr(),
        stride: width,
    };
    job.tiles = 1;
    job.b.stride = width;
    job.packed = core::ptr::null_mut();
    job.c = tile;
    // SAFETY: the buffer holds a tile and a bias; C and the bias are accessed for `columns` only.
    unsafe {
        if job.finish.add {
            pack::copy_columns(c.reading(), tile, rows, columns);
        }
        if !job.finish.bias.is_null() {
            for (j, x) in bias[..columns].iter_mut().enumerate() {
                *x = *job.finish.bias.add(j);
            }
            job.finish.bias = bias.as_ptr();
        }
        tile::run(rows, width / 4, &job);
        pack::copy_columns(tile.reading(), c, rows, columns);
    }
}
