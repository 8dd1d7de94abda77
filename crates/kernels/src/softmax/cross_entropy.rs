//! Cross-entropy between labels and the softmax of logits, with gradients that stay exact where the
//! model is sure of itself.

use super::row::{fetch, put, sum_row, sweep, RowStats};
use super::{by_width, check, pick};
use crate::lane::{F32x4, Lane};

/// Loss of each row of logits `x` `[labels.len(), cols]`: `log(sum(exp(x))) - x[label]`.
///
/// A label out of range gives NaN. Panics when the lengths do not fit.
pub fn sparse_cross_entropy(x: &[f32], labels: &[i32], cols: usize, loss: &mut [f32]) {
    check(cols, x.len(), &[labels.len() * cols, loss.len() * cols]);
    for ((x, &label), loss) in x.chunks_exact(cols).zip(labels).zip(loss) {
        *loss = match pick(x, label) {
            Some(v) => by_width!(cols, sparse_row(x, v)),
            None => f32::NAN,
        };
    }
}

/// Gradient of [`sparse_cross_entropy`]: `dx = (softmax(x) - onehot(label)) * dloss` per row.
///
/// A label out of range gives a row of NaN. Panics when the lengths do not fit.
pub fn sparse_cross_entropy_backward(
    x: &[f32],
    labels: &[i32],
    dloss: &[f32],
    cols: usize,
    dx: &mut [f32],
) {
    let rows = [labels.len() * cols, dloss.len() * cols, dx.len()];
    check(cols, x.len(), &rows);
    let samples = labels.iter().zip(dloss);
    for ((x, dx), (&label, &g)) in x
        .chunks_exact(cols)
        .zip(dx.chunks_exact_mut(cols))
        .zip(samples)
    {
        match pick(x, label) {
            Some(v) => by_width!(cols, sparse_backward_row(x, label as usize, v, g, dx)),
            None => dx.fill(f32::NAN),
        }
    }
}

/// Loss of each row of logits `x` `[loss.len(), cols]` against label weights `y` of the same shape:
/// `-sum(y * log_softmax(x))`. Where `y` is 0 the logit may be -Infinity.
///
/// Panics when the lengths do not fit.
pub fn cross_entropy(x: &[f32], y: &[f32], cols: usize, loss: &mut [f32]) {
    check(cols, x.len(), &[y.len(), loss.len() * cols]);
    for ((x, y), loss) in x.chunks_exact(cols).zip(y.chunks_exact(cols)).zip(loss) {
        *loss = by_width!(cols, dense_row(x, y));
    }
}

/// Gradient of [`cross_entropy`] by the logits: `dx = (softmax(x) * sum(y) - y) * dloss` per row.
///
/// Panics when the lengths do not fit.
pub fn cross_entropy_backward(x: &[f32], y: &[f32], dloss: &[f32], cols: usize, dx: &mut [f32]) {
    check(cols, x.len(), &[y.len(), dloss.len() * cols, dx.len()]);
    for (((x, y), dx), &g) in super::rows(x, y, dx, cols).zip(dloss) {
        by_width!(cols, dense_backward_row(x, y, g, dx));
    }
}

#[inline(always)]
fn sparse_row<L: Lane>(x: &[f32], at_label: f32) -> f32 {
    let stats = RowStats::of::<L>(x);
    (stats.largest - at_label) + stats.log_sum()
}

#[inline(always)]
fn sparse_backward_row<L: Lane>(x: &[f32], label: usize, at_label: f32, g: f32, dx: &mut [f32]) {
    let stats = RowStats::noting::<L>(x, |at, e| put(dx, at, e));
    let scale = L::splat((f64::from(g) / stats.sum()) as f32);
    sweep::<L>(x.len(), |at, fresh| {
        let e = fetch::<L>(dx, at);
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
fn dense_row<L: Lane>(x: &[f32], y: &[f32]) -> f32 {
    let stats = RowStats::of::<L>(x);
    let (largest, log_sum) = (L::splat(stats.largest), L::splat(stats.log_sum()));
    let zero = L::splat(0.0);
    let [loss] = sum_row::<L, 1>(x.len(), |at| {
        let weight = fetch::<L>(y, at);
        let minus_log = largest.sub(fetch(x, at)).add(log_sum);
        [L::select(weight.eq(zero), zero, weight.mul(minus_log))]
    });
    loss as f32
}

#[inline(always)]
fn dense_backward_row<L: Lane>(x: &[f32], y: &[f32], g: f32, dx: &mut [f32]) {
    let stats = RowStats::noting::<L>(x, |at, e| put(dx, at, e));
    let [weight] = sum_row::<L, 1>(y.len(), |at| [fetch::<L>(y, at)]);
    let scale = L::splat((weight / stats.sum()) as f32);
    let against = L::splat((weight * stats.against_largest()) as f32);
    let (weight, largest, g) = (
        L::splat(weight as f32),
        L::splat(stats.largest),
        L::splat(g),
    );
    sweep::<L>(x.len(), |at, fresh| {
        let e = fetch::<L>(dx, at);
        let labels = fetch::<L>(y, at);
        let plain = e.mul(scale).sub(labels);
        // The same at the largest value, where p may be near 1: (S - y) - S (1 - p).
        let exact = weight.sub(labels).sub(against);
        let slope = L::select(fetch::<L>(x, at).eq(largest), exact, plain);
        put(dx, at, fresh.pick(slope.mul(g), e));
    });
}
