//! Reductions down the columns of a matrix stored row by row, several columns at once.

use super::fold::Fold;
use crate::lane::{F32x4, Lane};
use crate::par::{self, Parts};
use core::ops::Range;

/// Rows combined before the result joins the column's total.
const BLOCK: usize = 16;

/// `L::LANES` values from place `at` on.
///
/// # Safety
/// `at + L::LANES <= x.len()`.
#[inline(always)]
pub(crate) unsafe fn fetch<L: Lane>(x: &[f32], at: usize) -> L {
    debug_assert!(at + L::LANES <= x.len());
    // SAFETY: in bounds, as the caller promises.
    L::load(unsafe { x.get_unchecked(at..at + L::LANES) })
}

/// Work on a few columns of a matrix at once; several threads may do it on different columns.
pub(crate) trait Strip: Sync {
    /// Works on the `W * L::LANES` columns from `column` on.
    ///
    /// # Safety
    /// The columns lie inside the matrix the implementor stands for, and nobody else works on them.
    unsafe fn strip<L: Lane, const W: usize>(&self, column: usize);
}

/// Columns that are not cut apart for several threads: a cache line.
const UNIT: usize = par::LINE;

/// Hands all of `cols` columns to `work`: `W` vectors at a time, then one, then single columns.
/// With four columns or more there are none single; the last vector then overlaps the one before,
/// so that some columns are worked on twice, alike. `nanos` is as for [`par::each`].
///
/// # Safety
/// `work` stands for a matrix of `cols` columns.
#[inline(always)]
pub(crate) unsafe fn strips<const W: usize>(cols: usize, nanos: usize, work: &impl Strip) {
    par::spans(cols, UNIT, nanos, |columns| {
        // SAFETY: spans lie inside the matrix and do not overlap.
        unsafe { strips_of::<W>(columns, work) };
    });
}

/// # Safety
/// The columns lie inside the matrix, and nobody else works on them.
#[inline(always)]
unsafe fn strips_of<const W: usize>(columns: Range<usize>, work: &impl Strip) {
    let Range {
        start: mut column,
        end,
    } = columns;
    let wide = end - column >= 4;
    while column + 4 * W <= end {
        // SAFETY: the columns end at `end` or before.
        unsafe { work.strip::<F32x4, W>(column) };
        column += 4 * W;
    }
    while column < end && wide {
        column = column.min(end - 4);
        // SAFETY: four columns of these, the last at `end - 1` or before.
        unsafe { work.strip::<F32x4, 1>(column) };
        column += 4;
    }
    while column < end {
        // SAFETY: one column below `end`.
        unsafe { work.strip::<f32, 1>(column) };
        column += 1;
    }
}

/// `S` values made of each element of a matrix, to be summed down the columns.
pub(crate) trait Terms<const S: usize> {
    /// The terms of the elements from place `at` on, which lie in columns `column` on.
    ///
    /// # Safety
    /// `L::LANES` elements from `at` on lie inside the matrix and in one row.
    unsafe fn terms<L: Lane>(&self, at: usize, column: usize) -> [L; S];
}

/// Sums `terms` down each of `cols` columns over `rows` rows into `S` outputs.
///
/// # Safety
/// `terms` may be asked for any element of a `[rows, cols]` matrix.
#[inline(always)]
pub(crate) unsafe fn column_sums<const S: usize, const W: usize, T: Terms<S> + Sync>(
    terms: &T,
    rows: usize,
    cols: usize,
    out: [&mut [f32]; S],
) {
    let work = Sums {
        terms,
        rows,
        cols,
        out: out.map(Parts::new),
    };
    // SAFETY: the matrix has `cols` columns.
    unsafe { strips::<W>(cols, rows * cols * S / 2, &work) };
}

struct Sums<'a, const S: usize, T> {
    terms: &'a T,
    rows: usize,
    cols: usize,
    out: [Parts<'a>; S],
}

impl<const S: usize, T: Terms<S> + Sync> Strip for Sums<'_, S, T> {
    #[inline(always)]
    unsafe fn strip<L: Lane, const W: usize>(&self, column: usize) {
        // SAFETY: the strip lies inside the matrix, as the caller promises.
        let sums = unsafe { strip_sums::<S, W, L, T>(self.terms, self.rows, self.cols, column) };
        for (j, sums) in sums.into_iter().enumerate() {
            let at = column + j * L::LANES;
            for (out, sum) in self.out.iter().zip(sums) {
                // SAFETY: nobody else works on these columns.
                sum.store(unsafe { out.part(at..at + L::LANES) });
            }
        }
    }
}

/// One function for every place it is called from: a call is nothing beside the rows it adds.
///
/// # Safety
/// `column + W * L::LANES <= cols`, and `terms` is defined on `[rows, cols]`.
#[inline(never)]
unsafe fn strip_sums<const S: usize, const W: usize, L: Lane, T: Terms<S>>(
    terms: &T,
    rows: usize,
    cols: usize,
    column: usize,
) -> [[L; S]; W] {
    let zero = L::splat(0.0);
    let mut total = [[Compensated::new(zero); S]; W];
    let mut row = 0;
    while row < rows {
        let end = rows.min(row + BLOCK);
        let mut block = [[zero; S]; W];
        for r in row..end {
            for (j, sums) in block.iter_mut().enumerate() {
                let c = column + j * L::LANES;
                // SAFETY: row below `rows`, columns below `cols` as the caller promises.
                let values = unsafe { terms.terms::<L>(r * cols + c, c) };
                for (sum, v) in sums.iter_mut().zip(values) {
                    *sum = sum.add(v);
                }
            }
        }
        for (totals, sums) in total.iter_mut().zip(block) {
            for (t, sum) in totals.iter_mut().zip(sums) {
                t.add(sum);
            }
        }
        row = end;
    }
    total.map(|totals| totals.map(Compensated::value))
}

/// A sum and the rounding error of its additions (Knuth's two-sum): 48 bits together.
#[derive(Clone, Copy)]
struct Compensated<L> {
    sum: L,
    error: L,
}

impl<L: Lane> Compensated<L> {
    #[inline(always)]
    fn new(start: L) -> Self {
        Self {
            sum: start,
            error: L::splat(0.0),
        }
    }

    #[inline(always)]
    fn add(&mut self, v: L) {
        let sum = self.sum.add(v);
        let from_v = sum.sub(self.sum);
        let from_sum = sum.sub(from_v);
        let error = self.sum.sub(from_sum).add(v.sub(from_v));
        let error = zero_if_nan(self.error.add(error));
        // Without this the errors' own sum would grow and lose its low bits.
        self.sum = sum.add(error);
        self.error = error.sub(self.sum.sub(sum));
    }

    #[inline(always)]
    fn value(self) -> L {
        self.sum.add(zero_if_nan(self.error))
    }
}

/// An infinite sum has an error of NaN; the sum says it all.
#[inline(always)]
fn zero_if_nan<L: Lane>(v: L) -> L {
    L::select(v.eq(v), v, L::splat(0.0))
}

struct Entered<'a, F> {
    x: &'a [f32],
    fold: F,
}

impl<F: Fold> Terms<1> for Entered<'_, F> {
    #[inline(always)]
    unsafe fn terms<L: Lane>(&self, at: usize, _: usize) -> [L; 1] {
        // SAFETY: inside `x`, as the caller promises.
        [self.fold.enter(unsafe { fetch(self.x, at) })]
    }
}

/// `x` is `[rows, out.len()]`, checked by the caller.
#[inline]
pub(super) fn fold_columns<F: Fold>(fold: F, x: &[f32], rows: usize, out: &mut [f32]) {
    let cols = out.len();
    assert_eq!(x.len(), rows * cols);
    if F::ADDS {
        let terms = Entered { x, fold };
        // SAFETY: `x` has `rows * cols` elements.
        unsafe {
            if F::WIDE {
                column_sums::<1, 8, _>(&terms, rows, cols, [out]);
            } else {
                column_sums::<1, 1, _>(&terms, rows, cols, [out]);
            }
        }
    } else {
        out.fill(F::START);
        for row in x.chunks_exact(cols.max(1)) {
            let cut = cols & !3;
            for (o, v) in out[..cut].chunks_exact_mut(4).zip(row.chunks_exact(4)) {
                F::join(F32x4::load(o), fold.enter(F32x4::load(v))).store(o);
            }
            for (o, &v) in out[cut..].iter_mut().zip(&row[cut..]) {
                *o = F::join(*o, fold.enter(v));
            }
        }
        for o in out {
            *o *= fold.sign();
        }
    }
}

/// Place of the first largest value of each column of `x` `[axis, out.len()]`, as a float; a NaN
/// counts as the largest, as in NumPy. 0 for columns without values.
///
/// Panics unless `x` holds `axis` rows of `out.len()` values.
#[inline(never)]
pub fn argmax_columns(x: &[f32], axis: usize, out: &mut [f32]) {
    let cols = out.len();
    assert_eq!(x.len(), axis * cols);
    let mut column = 0;
    while column < cols {
        if column + 4 <= cols {
            argmax_strip::<F32x4>(x, axis, cols, column).store(&mut out[column..]);
            column += 4;
        } else {
            argmax_strip::<f32>(x, axis, cols, column).store(&mut out[column..]);
            column += 1;
        }
    }
}

#[inline(always)]
fn argmax_strip<L: Lane>(x: &[f32], rows: usize, cols: usize, column: usize) -> L {
    let mut place = L::splat(0.0);
    if rows == 0 {
        return place;
    }
    let mut best = L::load(&x[column..]);
    for row in 1..rows {
        let v = L::load(&x[row * cols + column..]);
        // Stay with what is at least as large, and with a NaN; leave it for a NaN.
        let pick = |stay: L, go: L| {
            let larger = L::select(v.le(best), stay, go);
            L::select(best.eq(best), larger, stay)
        };
        let at = pick(place, L::splat(row as f32));
        best = pick(best, v);
        place = at;
    }
    place
}
