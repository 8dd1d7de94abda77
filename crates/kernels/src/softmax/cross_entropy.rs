//! Cross-entropy between labels and the softmax of logits, with gradients that stay exact where the
//! model is sure of itself.

use super::row::{fetch, put, sum_row, sweep, RowStats};
use super::{by_rows, check, few, few::FEW, pick};
use crate::lane::{F32x4, Lane};

/// Loss of each row of logits `x` `[labels.len(), cols]`: `log(sum(exp(x))) - x[label]`.
///
/// A label out of range gives NaN. Panics when the lengths do not fit.
#[inline(never)]
pub fn sparse_cross_entropy(x: &[f32], labels: &[i32], cols: usize, loss: &mut [f32]) {
    check(cols, x.len(), &[labels.len() * cols, loss.len() * cols]);
    by_rows(labels.len(), cols, loss, 1, |at, loss| {
        let labels = &labels[at.clone()];
        let x = &x[at.start * cols..at.end * cols];
        if cols <= FEW {
            return few::sparse_cross_entropy(x, labels, cols, loss);
        }
        for ((x, &label), loss) in x.chunks_exact(cols).zip(labels).zip(loss) {
            *loss = match pick(x, label) {
                Some(v) => sparse_row(x, v),
                None => f32::NAN,
            };
        }
    });
}

/// Gradient of [`sparse_cross_entropy`]: `dx = (softmax(x) - onehot(label)) * dloss` per row.
///
/// A label out of range gives a row of NaN. Panics when the lengths do not fit.
#[inline(never)]
pub fn sparse_cross_entropy_backward(
    x: &[f32],
    labels: &[i32],
    dloss: &[f32],
    cols: usize,
    dx: &mut [f32],
) {
    let rows = [labels.len() * cols, dloss.len() * cols, dx.len()];
    check(cols, x.len(), &rows);
    by_rows(labels.len(), cols, dx, cols, |at, dx| {
        let (labels, dloss) = (&labels[at.clone()], &dloss[at.clone()]);
        let x = &x[at.start * cols..at.end * cols];
        if cols <= FEW {
            return few::sparse_cross_entropy_backward(x, labels, dloss, cols, dx);
        }
        let samples = labels.iter().zip(dloss);
        let rows = x.chunks_exact(cols).zip(dx.chunks_exact_mut(cols));
        for ((x, dx), (&label, &g)) in rows.zip(samples) {
            match pick(x, label) {
                Some(v) => sparse_backward_row(x, label as usize, v, g, dx),
                None => dx.fill(f32::NAN),
            }
        }
    });
}

/// Loss of each row of logits `x` `[loss.len(), cols]` against label weights `y` of the same shape:
/// `-sum(y * log_softmax(x))`. Where `y` is 0 the logit may be -Infinity.
///
/// Panics when the lengths do not fit.
#[inline(never)]
pub fn cross_entropy(x: &[f32], y: &[f32], cols: usize, loss: &mut [f32]) {
    check(cols, x.len(), &[y.len(), loss.len() * cols]);
    by_rows(loss.len(), cols, loss, 1, |at, loss| {
        let at = at.start * cols..at.end * cols;
        let (x, y) = (&x[at.clone()], &y[at]);
        if cols <= FEW {
            return few::cross_entropy(x, y, cols, loss);
        }
        for ((x, y), loss) in x.chunks_exact(cols).zip(y.chunks_exact(cols)).zip(loss) {
            *loss = dense_row(x, y);
        }
    });
}

/// Gradient of [`cross_entropy`] by the logits: `dx = (softmax(x) * sum(y) - y) * dloss` per row.
///
/// Panics when the lengths do not fit.
#[inline(never)]
pub fn cross_entropy_backward(x: &[f32], y: &[f32], dloss: &[f32], cols: usize, dx: &mut [f32]) {
    check(cols, x.len(), &[y.len(), dloss.len() * cols, dx.len()]);
    by_rows(dloss.len(), cols, dx, cols, |at, dx| {
        let dloss = &dloss[at.clone()];
        let at = at.start * cols..at.end * cols;
        let (x, y) = (&x[at.clone()], &y[at]);
        if cols <= FEW {
            return few::cross_entropy_backward(x, y, dloss, cols, dx);
        }
        for (((x, y), dx), &g) in super::rows(x, y, dx, cols).zip(dloss) {
            dense_backward_row(x, y, g, dx);
        }
    });
}

#[inline(always)]
fn sparse_row(x: &[f32], at_label: f32) -> f32 {
    let stats = RowStats::of::<F32x4>(x);
    (stats.largest - at_label) + stats.log_sum()
}

#[inline(always)]
fn sparse_backward_row(x: &[f32], label: usize, at_label: f32, g: f32, dx: &mut [f32]) {
    let stats = RowStats::writing::<F32x4>(x, dx);
    let scale = F32x4::splat((f64::from(g) / stats.sum()) as f32);
    sweep::<F32x4>(x.len(), |at, fresh| {
        let e = fetch::<F32x4>(dx, at);
        put(dx, at, fresh.pick(e.mul(scale), e));
    });
    // p - 1 for p near 1 is what the others leave.
    dx[label] = if at_label == stats.largest {
        (-stats.against_largest() * f64::from(g)) as f32
    } else {
        dx[label] - g
    };
}

#[inline(always)]
fn dense_row(x: &[f32], y: &[f32]) -> f32 {
    let stats = RowStats::of::<F32x4>(x);
    let (largest, log_sum) = (F32x4::splat(stats.largest), F32x4::splat(stats.log_sum()));
    let zero = F32x4::splat(0.0);
    let [loss] = sum_row::<F32x4, 1>(x.len(), |at| {
        let weight = fetch::<F32x4>(y, at);
        let minus_log = largest.sub(fetch(x, at)).add(log_sum);
        [F32x4::select(weight.eq(zero), zero, weight.mul(minus_log))]
    });
    loss as f32
}

#[inline(always)]
fn dense_backward_row(x: &[f32], y: &[f32], g: f32, dx: &mut [f32]) {
    let stats = RowStats::writing::<F32x4>(x, dx);
    let [weight] = sum_row::<F32x4, 1>(y.len(), |at| [fetch::<F32x4>(y, at)]);
    let scale = F32x4::splat((weight / stats.sum()) as f32);
    let against = F32x4::splat((weight * stats.against_largest()) as f32);
    let (weight, largest, g) = (
        F32x4::splat(weight as f32),
        F32x4::splat(stats.largest),
        F32x4::splat(g),
    );
    sweep::<F32x4>(x.len(), |at, fresh| {
        let e = fetch::<F32x4>(dx, at);
        let labels = fetch::<F32x4>(y, at);
        let plain = e.mul(scale).sub(labels);
        // The same at the largest value, where p may be near 1: (S - y) - S (1 - p).
        let exact = weight.sub(labels).sub(against);
        let slope = F32x4::select(fetch::<F32x4>(x, at).eq(largest), exact, plain);
        put(dx, at, fresh.pick(slope.mul(g), e));
    });
}
