//! The general product: blocks of B are packed, strips of A are read where they stand.
//!
//! ```text
//! for every block of columns of C                  (independent of each other)
//!     for every chunk of k
//!         pack B[chunk, column block]              (transposed B, and the right edge)
//!         for every group of strips of rows of C   (independent of each other)
//!             for every block of k in the chunk
//!                 pack A[group, block]             (long transposed A)
//!                 for every strip
//!                     tiles along the block; the first strip packs B on its way
//!             after the last chunk: pre, activation, grad
//! ```
//!
//! A strip of A stays in the first cache while the packed B streams by from the second, and C is
//! in the first cache when the next block of k adds to it. The cuts depend on the sizes only.
//! Threads may take column blocks, or groups once B is packed: no two of them write the same
//! place, and no sum crosses a cut.

use super::finish::Finisher;
use super::pack;
use super::tile::{self, Form, Job, Place, TILE_COLUMNS, TILE_ROWS};
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

/// Strips of A that are packed at a time.
const GROUP: usize = 8;
/// Floats of the buffer for the right edge: a tile and its bias.
pub const EDGE: usize = (TILE_ROWS + 1) * TILE_COLUMNS;

/// Longest chunk of k, which leaves column blocks of at least 64.
const MAX_CHUNK: usize = MAX_BLOCK / 64;

/// The sizes of the cuts.
#[derive(Clone, Copy, Debug)]
struct Cuts {
    /// Length of the blocks of k; only the last may be shorter.
    k: usize,
    /// Length of the chunks of k, a multiple of `k` unless there is but one.
    chunk: usize,
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
    let chunk = (k * (MAX_CHUNK / k)).min(p.k);
    let columns = even_piece(p.n, MAX_BLOCK / chunk, TILE_COLUMNS).min(p.n);
    Cuts {
        k,
        chunk,
        columns,
        pack_a: p.trans_a && k * p.m > 64 * 1024 && p.n > 64,
    }
}

/// Floats of scratch: the packed block, a group of strips of A, a tile for the right edge.
pub fn scratch_len(p: &Product) -> usize {
    let cuts = cuts(p);
    cuts.chunk * pack::padded_columns(cuts.columns)
        + if cuts.pack_a {
            GROUP * cuts.k * TILE_ROWS
        } else {
            0
        }
        + EDGE
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
    let (edge, scratch) = scratch.split_at_mut(EDGE);
    let (group, packed) = scratch.split_at_mut(if cuts.pack_a {
        GROUP * cuts.k * TILE_ROWS
    } else {
        0
    });
    for j in (0..p.n).step_by(cuts.columns) {
        let columns = cuts.columns.min(p.n - j);
        let padded = pack::padded_columns(columns);
        for chunk in (0..p.k).step_by(cuts.chunk) {
            let end = (chunk + cuts.chunk).min(p.k);
            for q in (chunk..end).step_by(cuts.k) {
                let k = cuts.k.min(end - q);
                let block = &mut packed[(q - chunk) * padded..(q - chunk + k) * padded];
                unsafe {
                    if p.trans_b {
                        let b = Place {
                            start: b.as_ptr().add(j * p.k + q),
                            stride: p.k,
                        };
                        pack::transposed(b, k, columns, block.as_mut_ptr());
                    } else if columns % TILE_COLUMNS > 0 {
                        let full = columns / TILE_COLUMNS * TILE_COLUMNS;
                        let b = Place {
                            start: b.as_ptr().add(q * p.n + j + full),
                            stride: p.n,
                        };
                        pack::edge(b, k, columns - full, block[full * k..].as_mut_ptr());
                    }
                }
            }
            let mut i = 0;
            for strips in groups(p.m, if cuts.pack_a { GROUP } else { 1 }) {
                for q in (chunk..end).step_by(cuts.k) {
                    let k = cuts.k.min(end - q);
                    let block = &mut packed[(q - chunk) * padded..(q - chunk + k) * padded];
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
                            pack::strips(a, k, strips.rows, strips.count, group.as_mut_ptr());
                            a = Place {
                                start: group.as_ptr(),
                                stride: strips.rows,
                            };
                        }
                        let mut job = Job {
                            k,
                            tiles: columns / TILE_COLUMNS,
                            a,
                            b: Place {
                                start: block.as_ptr(),
                                stride: TILE_COLUMNS,
                            },
                            b_next: TILE_COLUMNS * k,
                            packed: core::ptr::null_mut(),
                            c: Place {
                                start: c.as_mut_ptr().add(i * p.n + j),
                                stride: p.n,
                            },
                            finish: finisher.in_registers(q == 0, q + k == p.k, j),
                        };
                        for s in 0..strips.count {
                            if i == 0 && s == 0 && !p.trans_b {
                                let b = Place {
                                    start: b.as_ptr().add(q * p.n + j),
                                    stride: p.n,
                                };
                                let first = Job {
                                    b,
                                    b_next: TILE_COLUMNS,
                                    packed: block.as_mut_ptr(),
                                    ..job
                                };
                                tile::run(form, strips.rows, 2, &first);
                            } else if job.tiles > 0 {
                                tile::run(form, strips.rows, 2, &job);
                            }
                            let rest = columns % TILE_COLUMNS;
                            if rest > 0 {
                                let mut last = job;
                                last.advance(columns - rest);
                                last.b.start = last.b.start.add((columns - rest) * k);
                                edge_tile(form, strips.rows, rest, last, edge);
                            }
                            job.a.start = job
                                .a
                                .start
                                .wrapping_add(strips.rows * if cuts.pack_a { k } else { p.k });
                            job.c.start = job.c.start.wrapping_add(strips.rows * p.n);
                        }
                    }
                }
                let rows = strips.rows * strips.count;
                if end == p.k {
                    finisher.rows(c, p.n, i..i + rows, j..j + columns);
                }
                i += rows;
            }
            if let Some(sums) = &mut finisher.column_sums_b {
                for q in (chunk..end).step_by(cuts.k) {
                    let k = cuts.k.min(end - q);
                    let block = &packed[(q - chunk) * padded..(q - chunk + k) * padded];
                    pack::add_column_sums(block, k, &mut sums[j..j + columns]);
                }
            }
        }
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

/// The right edge: the tile goes to a buffer, and the columns that exist go on to C.
///
/// # Safety
/// `job` as for a tile, but C and bias only for `columns`; `edge` must hold `EDGE` floats.
pub unsafe fn edge_tile(form: Form, rows: usize, columns: usize, mut job: Job, edge: &mut [f32]) {
    let width = pack::panel_width(columns);
    let c = job.c;
    let tile = Place {
        start: edge.as_mut_ptr(),
        stride: width,
    };
    job.b.stride = width;
    job.c = tile;
    job.tiles = 1;
    // SAFETY: the buffer holds a tile and a bias; C and the bias are accessed for `columns` only.
    unsafe {
        if job.finish.add {
            pack::copy_columns(c.reading(), tile, rows, columns);
        }
        if !job.finish.bias.is_null() {
            let bias = edge.as_mut_ptr().add(TILE_ROWS * TILE_COLUMNS);
            for j in 0..columns {
                *bias.add(j) = *job.finish.bias.add(j);
            }
            job.finish.bias = bias;
        }
        tile::run(form, rows, width / 4, &job);
        pack::copy_columns(tile.reading(), c, rows, columns);
    }
}
