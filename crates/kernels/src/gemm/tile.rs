//! The register tile: a few rows times a few vectors of C, held in registers over all of k.
//!
//! Everything else in this folder only arranges operands for these loops. Each element of C is
//! summed in the order of k by one accumulator, so its value does not depend on the tile it
//! falls into.

// Accumulators are indexed by constants only: iterators over them would keep them in memory.
#![allow(clippy::needless_range_loop)]

use super::Product;
use crate::lane::{F32x4, Lane};

/// Rows of the tallest tile. A tile of R rows and V vectors needs R * V accumulators, V vectors
/// of B and one of A (and one for the product where multiply-add is not fused) out of the 15
/// registers that V8 hands out on x86-64.
///
/// Builds that only predict do with smaller ones: less code is worth more there.
pub const TILE_ROWS: usize = match (crate::TRAINS, FUSED) {
    (false, _) => 4,
    (true, false) => 5,
    (true, true) => 6,
};
/// Columns of the usual tile: two vectors.
pub const TILE_COLUMNS: usize = 8;

/// Whether multiply-add is one instruction here.
const FUSED: bool = cfg!(target_feature = "relaxed-simd") || !cfg!(target_arch = "wasm32");

/// How the elements of A lie that one tile reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Row-major: k runs along contiguous memory, `stride` leads to the next row.
    Rows,
    /// Column-major: rows are contiguous, `stride` leads to the next k.
    Columns,
}

impl Form {
    /// The form of the A of a product.
    pub fn of_a(p: &Product) -> Self {
        // A single row lies the same way in both.
        if p.trans_a && p.m > 1 {
            Self::Columns
        } else {
            Self::Rows
        }
    }

    /// Where A of a product has row `i` and k = `q`.
    pub fn place(self, p: &Product, a: &[f32], i: usize, q: usize) -> Place<*const f32> {
        let (at, stride) = match self {
            Self::Rows => (i * p.k + q, p.k),
            Self::Columns => (q * p.m + i, p.m),
        };
        Place {
            start: a[at..].as_ptr(),
            stride,
        }
    }
}

/// One operand of a tile: its first element and a distance in elements (for A as `Form` says,
/// for B from one k to the next, for C from one row to the next).
#[derive(Clone, Copy, Debug)]
pub struct Place<P> {
    pub start: P,
    pub stride: usize,
}

impl Place<*mut f32> {
    pub fn reading(self) -> Place<*const f32> {
        Place {
            start: self.start,
            stride: self.stride,
        }
    }
}

/// What `run` computes: `C = finish(A * B)` for a row of tiles beside each other.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub k: usize,
    /// How many tiles.
    pub tiles: usize,
    pub form: Form,
    pub a: Place<*const f32>,
    pub b: Place<*const f32>,
    /// From the B of one tile to that of the next, in elements.
    pub b_next: usize,
    /// If not null, B is also copied to here, packed: tile after tile, each k by k.
    pub packed: *mut f32,
    pub c: Place<*mut f32>,
    pub finish: Finish,
}

/// What happens to a finished tile while it is in registers, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Finish {
    /// Add what C holds.
    pub add: bool,
    /// Add this row, as wide as the tile, unless null.
    pub bias: *const f32,
    /// Apply relu, as the activation table has it.
    pub relu: bool,
}

/// # Safety
/// Four floats must be readable at `p`.
#[inline(always)]
pub unsafe fn load(p: *const f32) -> F32x4 {
    // SAFETY: the caller's promise.
    F32x4::load(unsafe { core::slice::from_raw_parts(p, 4) })
}

/// # Safety
/// Four floats must be writable at `p`.
#[inline(always)]
pub unsafe fn store(v: F32x4, p: *mut f32) {
    // SAFETY: the caller's promise.
    v.store(unsafe { core::slice::from_raw_parts_mut(p, 4) });
}

impl Job {
    /// Moves C and the bias to the right, perhaps past their end.
    pub fn advance(&mut self, columns: usize) {
        self.c.start = self.c.start.wrapping_add(columns);
        if !self.finish.bias.is_null() {
            self.finish.bias = self.finish.bias.wrapping_add(columns);
        }
    }
}

/// Whether the loop of tiles of these rows and vectors takes four steps a round, where V8 looks
/// once whether it shall stop. Otherwise that is a tenth of the instructions, of which as many start
/// as the processor can start: what lies between two tiles is then not done beside their products
/// (3 % for k = 32, 10 % for one row). Only for those that most time is spent in.
const fn fourfold(rows: usize, vectors: usize) -> bool {
    crate::TRAINS && (vectors == 8 || vectors == 2 && rows + 1 >= TILE_ROWS)
}

/// `job.tiles` tiles of R rows and V vectors. `COLUMNS` is `Form::Columns`, `PACK` says that
/// `job.packed` is not null.
///
/// The strides are read through volatile in every step on purpose. Otherwise LLVM knows how the
/// pointers move, rewrites the address arithmetic in ways that no longer fold into the loads,
/// unrolls k, and then gathers the loads of several steps before the first multiply-add; V8,
/// which keeps the order it is given, spills half of the accumulators (measured: 40-65 % of the
/// multiply-add limit instead of 92-99 %).
///
/// # Safety
/// For every tile, `job.a` and `job.b` must be readable for R rows, 4 V columns and `job.k`
/// steps, `job.c` readable and writable for R rows of 4 V columns, `finish.bias` null or readable
/// for 4 V, and with PACK `job.packed` writable for 4 V `job.k`. `job.k` must not be 0.
#[inline(never)]
unsafe fn tiles<const R: usize, const V: usize, const COLUMNS: bool, const PACK: bool>(job: &Job) {
    let a_step = 4 * if COLUMNS { job.a.stride } else { 1 };
    let b_step = 4 * job.b.stride;
    let (a_step, b_step) = (&raw const a_step, &raw const b_step);
    let row_stride = if COLUMNS { 1 } else { job.a.stride };
    let (mut first_b, mut packed) = (job.b.start, job.packed);
    let (mut c, mut bias) = (job.c, job.finish.bias);
    for _ in 0..job.tiles {
        let mut acc = [[F32x4::splat(0.0); V]; R];
        let mut a: [*const f32; R] =
            core::array::from_fn(|r| job.a.start.wrapping_add(r * row_stride));
        let mut b = first_b;
        let mut left = job.k;
        // SAFETY: the pointers stay within what the caller vouches for, since the last step
        // leaves the loop before they move. The volatile reads are of locals.
        unsafe {
            macro_rules! step_or_break {
                () => {
                    let y: [F32x4; V] = core::array::from_fn(|v| load(b.add(4 * v)));
                    if PACK {
                        for v in 0..V {
                            store(y[v], packed.add(4 * v));
                        }
                        packed = packed.add(4 * V);
                    }
                    for r in 0..R {
                        let from = if COLUMNS { a[0].add(r) } else { a[r] };
                        let x = F32x4::splat(*from);
                        for v in 0..V {
                            acc[r][v] = x.fma(y[v], acc[r][v]);
                        }
                    }
                    left -= 1;
                    if left == 0 {
                        break;
                    }
                    let step = a_step.read_volatile();
                    for r in 0..if COLUMNS { 1 } else { R } {
                        a[r] = a[r].byte_add(step);
                    }
                    b = b.byte_add(b_step.read_volatile());
                };
            }
            loop {
                step_or_break!();
                if const { fourfold(R, V) } {
                    step_or_break!();
                    step_or_break!();
                    step_or_break!();
                }
            }
            finish(acc, c, bias, &job.finish);
        }
        first_b = first_b.wrapping_add(job.b_next);
        c.start = c.start.wrapping_add(4 * V);
        if !bias.is_null() {
            bias = bias.wrapping_add(4 * V);
        }
    }
}

/// Finishes and stores one row of sums. Those of its last columns stand in a vector of their own
/// behind the whole vectors, unless these hold them all.
///
/// # Safety
/// `columns` must be at least 4, `c` and `finish.bias` as for one row of a tile so wide, and `sums`
/// readable for whole vectors of `columns`.
pub unsafe fn finish_row(sums: *const f32, c: *mut f32, columns: usize, how: &Finish) {
    let one = |from: usize, to: *mut f32, column: usize| {
        let bias = if how.bias.is_null() {
            how.bias
        } else {
            how.bias.wrapping_add(column)
        };
        let to = Place {
            start: to,
            stride: 0,
        };
        // SAFETY: the caller's promise, and `to` is a vector of C or as long.
        unsafe { finish([[load(sums.add(from))]], to, bias, how) };
    };
    let whole = columns & !3;
    let last = columns - 4;
    let mut rest = [0.0f32; 4];
    // SAFETY: the caller's promise. The last vector is finished from what C holds before the
    // vectors that it overlaps are written.
    unsafe {
        if whole < columns {
            store(load(c.add(last)), rest.as_mut_ptr());
            one(whole, rest.as_mut_ptr(), last);
        }
        for j in (0..whole).step_by(4) {
            one(j, c.add(j), j);
        }
        if whole < columns {
            store(load(rest.as_ptr()), c.add(last));
        }
    }
}

/// Finishes and stores one tile.
///
/// # Safety
/// `c` must be readable and writable for R rows of 4 V columns, `bias` null or readable for 4 V.
#[inline(always)]
unsafe fn finish<const R: usize, const V: usize>(
    mut acc: [[F32x4; V]; R],
    c: Place<*mut f32>,
    bias: *const f32,
    finish: &Finish,
) {
    let at = |r: usize, v: usize| c.start.wrapping_add(r * c.stride + 4 * v);
    // SAFETY: the caller's promise.
    unsafe {
        if finish.add {
            for r in 0..R {
                for v in 0..V {
                    acc[r][v] = acc[r][v].add(load(at(r, v)));
                }
            }
        }
        if !bias.is_null() {
            for v in 0..V {
                let bias = load(bias.add(4 * v));
                for r in 0..R {
                    acc[r][v] = acc[r][v].add(bias);
                }
            }
        }
        if finish.relu {
            for r in 0..R {
                for v in 0..V {
                    acc[r][v] = acc[r][v].pmax(F32x4::splat(0.0));
                }
            }
        }
        for r in 0..R {
            for v in 0..V {
                store(acc[r][v], at(r, v));
            }
        }
    }
}

/// Runs tiles of `rows` (1 to `TILE_ROWS`) rows and `vectors` vectors: 1, 2, or as many as
/// `widest` says. With `job.packed`, `vectors` must be 2 and `rows` more than half of `TILE_ROWS`.
///
/// # Safety
/// As the documentation of `tiles` says for these rows and vectors.
pub unsafe fn run(rows: usize, vectors: usize, job: &Job) {
    macro_rules! pick {
        (
            both $($rows:literal x $vectors:literal),*;
            rows $($few:literal x $many:literal),*;
            packing $($tall:literal x $two:literal),*
        ) => {
            match (job.form, rows, vectors, !job.packed.is_null()) {
                $(
                    (Form::Rows, $rows, $vectors, false) =>
                        tiles::<$rows, $vectors, false, false>(job),
                    (Form::Columns, $rows, $vectors, false) if crate::TRAINS =>
                        tiles::<$rows, $vectors, true, false>(job),
                )*
                $((Form::Rows, $few, $many, false) => tiles::<$few, $many, false, false>(job),)*
                $(
                    (Form::Rows, $tall, $two, true) => tiles::<$tall, $two, false, true>(job),
                    (Form::Columns, $tall, $two, true) if crate::TRAINS =>
                        tiles::<$tall, $two, true, true>(job),
                )*
                _ => unreachable!("no tile of {rows} rows and {vectors} vectors"),
            }
        };
    }
    // SAFETY: the caller's promise is the same.
    unsafe {
        if TILE_ROWS == 4 {
            pick!(
                both 4 x 2, 3 x 2, 2 x 2, 4 x 1, 3 x 1, 2 x 1;
                rows 1 x 2, 1 x 1, 3 x 3, 2 x 4, 1 x 8;
                packing 4 x 2, 3 x 2
            );
        } else if FUSED {
            pick!(
                both 6 x 2, 5 x 2, 4 x 2, 3 x 2, 2 x 2, 6 x 1, 5 x 1, 4 x 1, 3 x 1, 2 x 1;
                rows 1 x 2, 1 x 1, 3 x 3, 2 x 4, 1 x 8;
                packing 6 x 2, 5 x 2, 4 x 2
            );
        } else {
            pick!(
                both 5 x 2, 4 x 2, 3 x 2, 2 x 2, 5 x 1, 4 x 1, 3 x 1, 2 x 1;
                rows 1 x 2, 1 x 1, 3 x 3, 2 x 4, 1 x 8;
                packing 5 x 2, 4 x 2, 3 x 2
            );
        }
    }
}

/// Most vectors for a tile of this many rows: the fewer rows, the more vectors it takes to have
/// enough accumulators to hide the latency of multiply-add. Few columns of A are not worth the code.
pub fn widest(form: Form, rows: usize) -> usize {
    match (form, rows) {
        (Form::Rows, 1) => 8,
        (Form::Rows, 2) => 4,
        (Form::Rows, 3) => 3,
        _ => 2,
    }
}
