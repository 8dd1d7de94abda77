//! The general product: blocks of B are packed, strips of A are read where they stand.
//!
//! ```text
//! for every block of columns of C          (independent of each other)
//!     for every block of k
//!         pack B[k block, column block]    (column sums)
//!         for every strip of rows of C     (independent of each other)
//!             for every panel of the block
//!                 one tile
//!             after the last k block: pre, activation, grad
//! ```
//!
//! A strip of A stays in the first cache while the packed block streams by from the second.
//! The cuts depend on the sizes only. Threads may take column blocks, or strips once a block is
//! packed: no two of them write the same place, and no sum crosses a cut.

use super::finish::Finisher;
use super::pack;
use super::tile::{self, Finish, Form, Job, Place, TILE_COLUMNS, TILE_ROWS};
use super::Product;

/// Longest block of k: a strip of A of this length takes a quarter of a 32 KB first cache.
const MAX_K: usize = 384;
/// Most floats in a packed block of B: 384 KB, part of a second cache.
const MAX_BLOCK: usize = 96 * 1024;

/// Cuts `0..total` into pieces of at most `max`, as even as `unit` allows; returns their length.
fn even_piece(total: usize, max: usize, unit: usize) -> usize {
    let pieces = total.div_ceil(max).max(1);
    total.div_ceil(pieces).next_multiple_of(unit).max(unit)
}

/// The sizes of the cuts.
#[derive(Clone, Copy, Debug)]
struct Cuts {
    k: usize,
    columns: usize,
    pack_a: bool,
}

/// Length of the blocks of k; only the last may be shorter. Sums start anew in each and are then
/// added up in C, which also makes long sums more accurate.
pub fn longest_k(p: &Product) -> usize {
    even_piece(p.k, MAX_K, 4).min(p.k)
}

fn cuts(p: &Product) -> Cuts {
    let k = longest_k(p);
    let max_columns = if p.m < 64 {
        64
    } else {
        (MAX_BLOCK / k).max(TILE_COLUMNS)
    };
    let columns = even_piece(p.n, max_columns, TILE_COLUMNS).min(p.n);
    Cuts {
        k,
        columns,
        pack_a: p.trans_a && k > 64,
    }
}

/// Floats of scratch: the packed block, a strip of A, a tile for the right edge.
pub fn scratch_len(p: &Product) -> usize {
    let cuts = cuts(p);
    cuts.k * pack::padded_columns(cuts.columns)
        + if cuts.pack_a { cuts.k * TILE_ROWS } else { 0 }
        + TILE_ROWS * TILE_COLUMNS
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
    finisher: &mut Finisher<'_>,
) {
    let cuts = cuts(p);
    let (edge, scratch) = scratch.split_at_mut(TILE_ROWS * TILE_COLUMNS);
    let (strip, packed) = scratch.split_at_mut(if cuts.pack_a { cuts.k * TILE_ROWS } else { 0 });
    let strips = p.m.div_ceil(TILE_ROWS);
    for j in (0..p.n).step_by(cuts.columns) {
        let columns = cuts.columns.min(p.n - j);
        for q in (0..p.k).step_by(cuts.k) {
            let k = cuts.k.min(p.k - q);
            let last = q + k == p.k;
            // SAFETY: the block `q .. q + k`, `j .. j + columns` lies in B, and `packed` was
            // sized for the largest block.
            unsafe {
                if p.trans_b {
                    let b = Place {
                        start: b.as_ptr().add(j * p.k + q),
                        stride: p.k,
                    };
                    pack::transposed(b, k, columns, packed.as_mut_ptr());
                } else {
                    let b = Place {
                        start: b.as_ptr().add(q * p.n + j),
                        stride: p.n,
                    };
                    pack::rows(b, k, columns, packed.as_mut_ptr());
                }
            }
            if let Some(sums) = &mut finisher.column_sums_b {
                pack::add_column_sums(packed, k, &mut sums[j..j + columns]);
            }
            let mut i = 0;
            for s in 0..strips {
                let rows = p.m / strips + usize::from(s < p.m % strips);
                // SAFETY: rows `i .. i + rows` and columns `j .. j + columns` lie in C, the same
                // rows and `q .. q + k` in A; the strip buffer was sized for `cuts.k` and
                // `TILE_ROWS`; the finisher's bias holds n values.
                unsafe {
                    let (form, mut a) = if p.trans_a {
                        (
                            Form::Columns,
                            Place {
                                start: a.as_ptr().add(q * p.m + i),
                                stride: p.m,
                            },
                        )
                    } else {
                        (
                            Form::Rows,
                            Place {
                                start: a.as_ptr().add(i * p.k + q),
                                stride: p.k,
                            },
                        )
                    };
                    if cuts.pack_a {
                        pack::strip(a, k, rows, strip.as_mut_ptr());
                        a = Place {
                            start: strip.as_ptr(),
                            stride: rows,
                        };
                    }
                    let job = Job {
                        k,
                        a,
                        b: Place {
                            start: packed.as_ptr(),
                            stride: 0,
                        },
                        c: Place {
                            start: c.as_mut_ptr().add(i * p.n + j),
                            stride: p.n,
                        },
                        finish: finisher.in_registers(q == 0, last, j),
                    };
                    strip_of_tiles(form, rows, columns, job, edge);
                }
                if last {
                    finisher.rows(c, p.n, i..i + rows, j..j + columns);
                }
                i += rows;
            }
        }
    }
}

/// One strip of C: tile after tile along the packed block.
///
/// # Safety
/// As `tile::run` for every full panel of `columns`; C is touched for `columns` only.
unsafe fn strip_of_tiles(form: Form, rows: usize, columns: usize, mut job: Job, edge: &mut [f32]) {
    // SAFETY: the panels follow one another in the packed block; C and bias move along.
    unsafe {
        job.b.stride = TILE_COLUMNS;
        for _ in 0..columns / TILE_COLUMNS {
            tile::run(form, rows, 2, &job);
            job.b.start = job.b.start.add(TILE_COLUMNS * job.k);
            job.advance(TILE_COLUMNS);
        }
        let rest = columns % TILE_COLUMNS;
        if rest > 0 {
            edge_tile(form, rows, rest, job, edge);
        }
    }
}

/// The right edge: the tile goes to a buffer, and the columns that exist go on to C.
///
/// # Safety
/// `job` as for a tile, but C and bias only for `columns`; `edge` must hold a whole tile.
pub unsafe fn edge_tile(form: Form, rows: usize, columns: usize, mut job: Job, edge: &mut [f32]) {
    let width = pack::panel_width(columns);
    let (c, finish) = (job.c, job.finish);
    job.b.stride = width;
    job.c = Place {
        start: edge.as_mut_ptr(),
        stride: width,
    };
    job.finish = Finish {
        add: false,
        bias: core::ptr::null(),
        relu: false,
    };
    // SAFETY: the buffer holds the tile; C is accessed for `rows` and `columns`.
    unsafe {
        tile::run(form, rows, width / 4, &job);
        for r in 0..rows {
            for j in 0..columns {
                let to = c.start.add(r * c.stride + j);
                *to = finish.one(edge[r * width + j], *to, j);
            }
        }
    }
}
