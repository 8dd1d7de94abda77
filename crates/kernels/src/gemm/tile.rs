//! The register tile: a few rows times a few vectors of C, held in registers over all of k.
//!
//! Everything else in this folder only arranges operands for these loops. Each element of C is
//! summed in the order of k by one accumulator, so its value does not depend on the tile it
//! falls into.

use crate::lane::{F32x4, Lane};

/// Rows of the tallest tile. A tile of R rows and V vectors needs R * V accumulators, V vectors
/// of B and one of A (and one for the product where multiply-add is not fused) out of the 15
/// registers that V8 hands out on x86-64.
pub const TILE_ROWS: usize = if FUSED { 6 } else { 4 };
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

/// One operand of a tile: its first element and a distance in elements (for A as `Form` says,
/// for B from one k to the next, for C from one row to the next).
#[derive(Clone, Copy, Debug)]
pub struct Place<P> {
    pub start: P,
    pub stride: usize,
}

/// What one tile computes: `C = finish(A * B)`.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub k: usize,
    pub a: Place<*const f32>,
    pub b: Place<*const f32>,
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

impl Finish {
    /// The same for a single element: `column` counts from where `bias` points.
    ///
    /// # Safety
    /// `bias` must be null or readable at `column`.
    #[inline(always)]
    pub unsafe fn one(&self, sum: f32, before: f32, column: usize) -> f32 {
        let mut x = if self.add { sum + before } else { sum };
        if !self.bias.is_null() {
            // SAFETY: the caller's promise.
            x += unsafe { *self.bias.add(column) };
        }
        if self.relu {
            x = x.pmax(0.0);
        }
        x
    }
}

#[inline(always)]
unsafe fn load(p: *const f32) -> F32x4 {
    // SAFETY: the caller vouches for four readable floats at `p`.
    F32x4::load(unsafe { core::slice::from_raw_parts(p, 4) })
}

#[inline(always)]
unsafe fn store(v: F32x4, p: *mut f32) {
    // SAFETY: the caller vouches for four writable floats at `p`.
    v.store(unsafe { core::slice::from_raw_parts_mut(p, 4) });
}

/// The loop over k. `COLUMNS` is `Form::Columns`.
///
/// The strides are read through volatile in every step on purpose. Otherwise LLVM knows how the
/// pointers move, rewrites the address arithmetic in ways that no longer fold into the loads,
/// unrolls k, and then gathers the loads of several steps before the first multiply-add; V8,
/// which keeps the order it is given, spills half of the accumulators (measured: 40-65 % of the
/// multiply-add limit instead of 92-99 %). A volatile load costs nothing here: the loop waits
/// for the multiplier.
///
/// # Safety
/// `job.a` and `job.b` must be readable for `R` rows, `4 * V` columns and `job.k` steps, `job.c`
/// readable and writable for `R` rows of `4 * V` columns, `finish.bias` null or readable for
/// `4 * V`. `job.k` must not be 0.
#[inline(never)]
unsafe fn tile<const R: usize, const V: usize, const COLUMNS: bool>(job: &Job) {
    let a_step = if COLUMNS { job.a.stride } else { 1 };
    let b_step = job.b.stride;
    let (a_step, b_step) = (&raw const a_step, &raw const b_step);
    let mut acc = [[F32x4::splat(0.0); V]; R];
    let row_stride = if COLUMNS { 1 } else { job.a.stride };
    // SAFETY: the pointers stay within what the caller vouches for; they move one
    // step past the last k but are not read there, and wrapping_add allows that. The volatile
    // reads are of locals.
    unsafe {
        let mut a: [*const f32; R] =
            core::array::from_fn(|r| job.a.start.wrapping_add(r * row_stride));
        let mut b = job.b.start;
        let mut left = job.k;
        loop {
            let y: [F32x4; V] = core::array::from_fn(|v| load(b.add(4 * v)));
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
            for p in a.iter_mut().take(if COLUMNS { 1 } else { R }) {
                *p = p.add(step);
            }
            b = b.add(b_step.read_volatile());
        }
        finish(&mut acc, job);
    }
}

/// # Safety
/// As `tile`.
#[inline(always)]
unsafe fn finish<const R: usize, const V: usize>(acc: &mut [[F32x4; V]; R], job: &Job) {
    let at = |r: usize, v: usize| job.c.start.wrapping_add(r * job.c.stride + 4 * v);
    // SAFETY: C and the bias are accessed exactly where `tile` may.
    unsafe {
        if job.finish.add {
            for (r, row) in acc.iter_mut().enumerate() {
                for (v, x) in row.iter_mut().enumerate() {
                    *x = x.add(load(at(r, v)));
                }
            }
        }
        if !job.finish.bias.is_null() {
            for v in 0..V {
                let bias = load(job.finish.bias.add(4 * v));
                for row in acc.iter_mut() {
                    row[v] = row[v].add(bias);
                }
            }
        }
        if job.finish.relu {
            for x in acc.iter_mut().flatten() {
                *x = x.pmax(F32x4::splat(0.0));
            }
        }
        for (r, row) in acc.iter().enumerate() {
            for (v, x) in row.iter().enumerate() {
                store(*x, at(r, v));
            }
        }
    }
}

impl Job {
    /// Moves C and the bias to the right.
    ///
    /// # Safety
    /// The next tile must lie within C and the bias, or not be run.
    #[inline(always)]
    pub unsafe fn advance(&mut self, columns: usize) {
        self.c.start = self.c.start.wrapping_add(columns);
        if !self.finish.bias.is_null() {
            self.finish.bias = self.finish.bias.wrapping_add(columns);
        }
    }
}

/// Runs a tile of `rows` (1 to `TILE_ROWS`) rows and `vectors` vectors: 1, 2, or as many as
/// `widest` says.
///
/// # Safety
/// As the documentation of `tile` says for these rows and vectors.
pub unsafe fn run(form: Form, rows: usize, vectors: usize, job: &Job) {
    macro_rules! pick {
        ($(($rows:literal, $vectors:literal))*) => {
            match (form, rows, vectors) {
                $(
                    (Form::Rows, $rows, $vectors) => tile::<$rows, $vectors, false>(job),
                    (Form::Columns, $rows, $vectors) => tile::<$rows, $vectors, true>(job),
                )*
                _ => unreachable!("no tile of {rows} rows and {vectors} vectors"),
            }
        };
    }
    // SAFETY: the caller's promise is the same.
    unsafe {
        if FUSED {
            pick!(
                (6, 2)(5, 2)(4, 2)(3, 2)(2, 2)(1, 2)(6, 1)(5, 1)(4, 1)(3, 1)(2, 1)(1, 1)(3, 3)(
                    2, 4
                )(1, 8)
            );
        } else {
            pick!((4, 2)(3, 2)(2, 2)(1, 2)(4, 1)(3, 1)(2, 1)(1, 1)(3, 3)(2, 4)(1, 8));
        }
    }
}

/// Most vectors for a tile of this many rows: the fewer rows, the more vectors it takes to have
/// enough accumulators to hide the latency of multiply-add.
pub fn widest(rows: usize) -> usize {
    match rows {
        1 => 8,
        2 => 4,
        3 => 3,
        _ => 2,
    }
}
