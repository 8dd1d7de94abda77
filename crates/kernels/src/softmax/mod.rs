//! Softmax, its logarithm, sparsemax and the losses made of them, row by row.
//!
//! A row's largest value is subtracted first, so that logits of any size are safe. A row that holds
//! NaN or Infinity, or -Infinity only, gives NaN, as in NumPy and JAX; -Infinity beside finite
//! values is probability 0.

mod cross_entropy;
mod few;
mod row;
mod sparse;
#[cfg(test)]
mod tests;

pub use cross_entropy::{
    cross_entropy, cross_entropy_backward, sparse_cross_entropy, sparse_cross_entropy_backward,
};

pub use sparse::{sparsemax, sparsemax_backward};

use crate::lane::{F32x4, Lane};
use crate::math::exp;
use crate::par::{self, Parts};
use core::ops::Range;
use few::FEW;
use row::{fetch, put, row_max, sum_row, sweep, RowStats};

/// Runs a row function on four lanes, or on one where a row is narrower.
macro_rules! by_width {
    ($cols:expr, $row:ident($($arg:expr),*)) => {
        if $cols >= 4 {
            $row::<F32x4>($($arg),*)
        } else {
            $row::<f32>($($arg),*)
        }
    };
}

/// Softmax of each row of `x` `[rows, cols]` into `y`.
///
/// Panics when the lengths differ or are not whole rows.
#[inline(never)]
pub fn softmax(x: &[f32], y: &mut [f32], cols: usize) {
    check(cols, x.len(), &[y.len()]);
    by_rows(x.len() / cols, cols, y, cols, |rows, y| {
        let x = &x[rows.start * cols..rows.end * cols];
        if cols <= FEW {
            return few::softmax(x, y, cols);
        }
        for (x, y) in x.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
            softmax_row(x, y);
        }
    });
}

/// Logarithm of the softmax of each row of `x` `[rows, cols]` into `y`.
///
/// Panics when the lengths differ or are not whole rows.
#[inline(never)]
pub fn log_softmax(x: &[f32], y: &mut [f32], cols: usize) {
    check(cols, x.len(), &[y.len()]);
    by_rows(x.len() / cols, cols, y, cols, |rows, y| {
        let x = &x[rows.start * cols..rows.end * cols];
        for (x, y) in x.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
            by_width!(cols, log_softmax_row(x, y));
        }
    });
}

/// Gradient of softmax: `dx = y * (dy - sum(dy * y))` per row, `y` being the softmax.
///
/// Panics when the lengths differ or are not whole rows.
#[inline(never)]
pub fn softmax_backward(y: &[f32], dy: &[f32], dx: &mut [f32], cols: usize) {
    check(cols, y.len(), &[dy.len(), dx.len()]);
    by_rows(y.len() / cols, cols, dx, cols, |at, dx| {
        let at = at.start * cols..at.end * cols;
        for ((y, dy), dx) in rows(&y[at.clone()], &dy[at], dx, cols) {
            by_width!(cols, softmax_backward_row(y, dy, dx));
        }
    });
}

/// Gradient of log-softmax: `dx = dy - exp(y) * sum(dy)` per row, `y` being the log-softmax.
///
/// Panics when the lengths differ or are not whole rows.
#[inline(never)]
pub fn log_softmax_backward(y: &[f32], dy: &[f32], dx: &mut [f32], cols: usize) {
    check(cols, y.len(), &[dy.len(), dx.len()]);
    by_rows(y.len() / cols, cols, dx, cols, |at, dx| {
        let at = at.start * cols..at.end * cols;
        for ((y, dy), dx) in rows(&y[at.clone()], &dy[at], dx, cols) {
            by_width!(cols, log_softmax_backward_row(y, dy, dx));
        }
    });
}

/// 1 where the label is among the `k` largest of its row of `x` `[labels.len(), cols]`, else 0.
///
/// As in TensorFlow: the label is among them when fewer than `k` values are strictly larger, so
/// that classes tied at the border all are. A label out of range, or whose value is not finite, is
/// not. Other values that are NaN do not count as larger.
///
/// Panics when the lengths do not fit.
#[inline(never)]
pub fn in_top_k(x: &[f32], labels: &[i32], cols: usize, k: usize, out: &mut [f32]) {
    check(cols, x.len(), &[labels.len() * cols, out.len() * cols]);
    for ((x, &label), y) in x.chunks_exact(cols).zip(labels).zip(out) {
        let hit = pick(x, label)
            .is_some_and(|v| v.is_finite() && by_width!(cols, count_larger(x, v)) < k as f64);
        *y = f32::from(u8::from(hit));
    }
}

/// Calls `f` for parts of `rows` rows of `cols` that together are all of them, with their parts of
/// `out`, which has `width` values a row.
#[inline(always)]
fn by_rows(
    rows: usize,
    cols: usize,
    out: &mut [f32],
    width: usize,
    f: impl Fn(Range<usize>, &mut [f32]) + Sync,
) {
    let nanos = 2 * rows * cols;
    let out = Parts::new(out);
    // Rows of few columns are computed four at a time.
    par::spans(rows, 4, nanos, |at| {
        // SAFETY: no two spans overlap.
        let out = unsafe { out.part(at.start * width..at.end * width) };
        f(at, out);
    });
}

/// The value at the label; none when it is out of range.
fn pick(row: &[f32], label: i32) -> Option<f32> {
    row.get(usize::try_from(label).ok()?).copied()
}

fn check(cols: usize, len: usize, others: &[usize]) {
    assert!(
        cols > 0 && len.is_multiple_of(cols),
        "{len} values are no rows of {cols}"
    );
    for &other in others {
        assert_eq!(len, other, "lengths differ");
    }
}

fn rows<'a>(
    a: &'a [f32],
    b: &'a [f32],
    out: &'a mut [f32],
    cols: usize,
) -> impl Iterator<Item = ((&'a [f32], &'a [f32]), &'a mut [f32])> {
    a.chunks_exact(cols)
        .zip(b.chunks_exact(cols))
        .zip(out.chunks_exact_mut(cols))
}

#[inline(always)]
fn softmax_row(x: &[f32], y: &mut [f32]) {
    let largest = F32x4::splat(row_max::<F32x4>(x));
    let [sum] = sum_row::<F32x4, 1>(x.len(), |at| {
        let e = exp(fetch::<F32x4>(x, at).sub(largest));
        put(y, at, e);
        [e]
    });
    let scale = F32x4::splat((1.0 / sum) as f32);
    sweep::<F32x4>(y.len(), |at, fresh| {
        let e = fetch::<F32x4>(y, at);
        put(y, at, fresh.pick(e.mul(scale), e));
    });
}

#[inline(always)]
fn log_softmax_row<L: Lane>(x: &[f32], y: &mut [f32]) {
    let stats = RowStats::of::<L>(x);
    let largest = L::splat(stats.largest);
    let log_sum = L::splat(stats.log_sum());
    sweep::<L>(x.len(), |at, _| {
        put(y, at, fetch::<L>(x, at).sub(largest).sub(log_sum));
    });
}

#[inline(always)]
fn softmax_backward_row<L: Lane>(y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let [dot] = sum_row::<L, 1>(y.len(), |at| [fetch::<L>(y, at).mul(fetch::<L>(dy, at))]);
    let dot = L::splat(dot as f32);
    sweep::<L>(y.len(), |at, _| {
        let inner = fetch::<L>(dy, at).sub(dot);
        put(dx, at, fetch::<L>(y, at).mul(inner));
    });
}

#[inline(always)]
fn log_softmax_backward_row<L: Lane>(y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let [sum] = sum_row::<L, 1>(dy.len(), |at| [fetch::<L>(dy, at)]);
    let sum = L::splat(sum as f32);
    sweep::<L>(y.len(), |at, _| {
        let p = exp(fetch::<L>(y, at));
        put(dx, at, fetch::<L>(dy, at).sub(p.mul(sum)));
    });
}

#[inline(always)]
fn count_larger<L: Lane>(x: &[f32], v: f32) -> f64 {
    let (v, one, zero) = (L::splat(v), L::splat(1.0), L::splat(0.0));
    let [count] = sum_row::<L, 1>(x.len(), |at| {
        [L::select(fetch::<L>(x, at).gt(v), one, zero)]
    });
    count
}
