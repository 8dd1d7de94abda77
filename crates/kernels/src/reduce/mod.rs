//! Reductions in a fixed order: over everything, over rows, over columns, over any axis.
//!
//! Values are combined in blocks of a fixed size, and the blocks' results in float64 or with the
//! rounding error carried along. The result depends on the values alone, not on threads, and its
//! error does not grow with their number.

mod check;
mod columns;
mod fold;
mod rows;
mod running;
#[cfg(test)]
mod tests;

pub use check::first_non_finite;
pub use columns::argmax_columns;
pub(crate) use columns::{column_sums, fetch, strips, Strip, Terms};
pub use rows::{argmax_rows, sum_squares};
pub use running::{accumulate, accumulate_all, running_mean, weighted_sum};

use crate::par::{self, Parts};
use fold::{Extreme, Prod, Sum, SumPowers};

/// What a reduction makes of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduce {
    /// Sum; 0 of nothing.
    Sum,
    /// Sum divided by the number of values; NaN of nothing.
    Mean,
    /// Sum of the squares.
    SumSquares,
    /// Sum of the magnitudes.
    SumAbs,
    /// Largest value; NaN if any is; -Infinity of nothing.
    Max,
    /// Smallest value; NaN if any is; Infinity of nothing.
    Min,
    /// Product; 1 of nothing.
    Prod,
}

/// Runs `$body` with `$fold` standing for the fold of `$how`.
macro_rules! with_fold {
    ($how:expr, $fold:ident => $body:expr) => {
        match $how {
            Reduce::Sum | Reduce::Mean => {
                let $fold = Sum;
                $body
            }
            Reduce::SumSquares | Reduce::SumAbs => {
                let $fold = SumPowers {
                    squares: $how == Reduce::SumSquares,
                };
                $body
            }
            Reduce::Max | Reduce::Min => {
                let $fold = match $how {
                    Reduce::Max => Extreme::MAX,
                    _ => Extreme::MIN,
                };
                $body
            }
            Reduce::Prod => {
                let $fold = Prod;
                $body
            }
        }
    };
}

/// Reduces all values to one.
#[inline(never)]
pub fn reduce_all(how: Reduce, x: &[f32]) -> f32 {
    with_fold!(how, fold => (rows::fold_row(fold, x) / divisor(how, x.len())) as f32)
}

/// Reduces each row of `x` `[outer, axis]` to one value of `out` `[outer]`.
///
/// Panics unless `x` holds `out.len()` rows of `axis` values.
#[inline(never)]
pub fn reduce_rows(how: Reduce, x: &[f32], axis: usize, out: &mut [f32]) {
    assert_eq!(x.len(), out.len() * axis);
    let divisor = divisor(how, axis);
    let (count, out) = (out.len(), Parts::new(out));
    par::spans(count, par::LINE, x.len() / 4, |rows| {
        // SAFETY: no two spans overlap.
        let out = unsafe { out.part(rows.clone()) };
        with_fold!(how, fold => for (i, y) in rows.zip(out) {
            *y = (rows::fold_row(fold, &x[i * axis..][..axis]) / divisor) as f32;
        });
    });
}

/// Reduces each column of `x` `[axis, out.len()]` to one value of `out`.
///
/// Panics unless `x` holds `axis` rows of `out.len()` values.
#[inline(never)]
pub fn reduce_columns(how: Reduce, x: &[f32], axis: usize, out: &mut [f32]) {
    if out.len() == 1 {
        return reduce_rows(how, x, axis, out);
    }
    assert_eq!(x.len(), axis * out.len());
    with_fold!(how, fold => columns::fold_columns(fold, x, axis, out));
    if how == Reduce::Mean {
        for y in out {
            *y /= axis as f32;
        }
    }
}

/// Reduces the middle axis of `x` `[outer, axis, inner]` to `out` `[outer, inner]`.
///
/// Panics unless the sizes agree.
#[inline(never)]
pub fn reduce_axis(how: Reduce, x: &[f32], axis: usize, inner: usize, out: &mut [f32]) {
    if inner == 1 {
        return reduce_rows(how, x, axis, out);
    }
    assert_eq!(x.len(), out.len() * axis);
    for (i, y) in out.chunks_mut(inner.max(1)).enumerate() {
        assert_eq!(y.len(), inner);
        reduce_columns(how, &x[i * axis * inner..][..axis * inner], axis, y);
    }
}

/// Place of the first largest value along the middle axis of `x` `[outer, axis, inner]`, as a
/// float in `out` `[outer, inner]`; a NaN counts as the largest, as in NumPy.
///
/// Panics unless the sizes agree. An axis of more than 2^24 has places that no float32 holds.
#[inline(never)]
pub fn argmax_axis(x: &[f32], axis: usize, inner: usize, out: &mut [f32]) {
    if inner == 1 {
        return argmax_rows(x, axis, out);
    }
    assert_eq!(x.len(), out.len() * axis);
    for (i, y) in out.chunks_mut(inner.max(1)).enumerate() {
        assert_eq!(y.len(), inner);
        argmax_columns(&x[i * axis * inner..][..axis * inner], axis, y);
    }
}

fn divisor(how: Reduce, count: usize) -> f64 {
    if how == Reduce::Mean {
        count as f64
    } else {
        1.0
    }
}
