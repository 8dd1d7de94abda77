//! Against float64, at odd sizes, with large, tied and infinite logits.

use super::*;
use crate::rng::{fill_normal, Key};

const COLS: [usize; 18] = [
    1, 2, 3, 4, 5, 7, 8, 9, 10, 16, 17, 31, 32, 33, 127, 128, 129, 1000,
];

fn random(seed: u64, len: usize, std: f32) -> Vec<f32> {
    let mut x = vec![0.0; len];
    fill_normal(Key::init(seed, 0), 0.0, std, 0, &mut x);
    x
}

/// Log-softmax in float64; the largest value's own term is kept out of the sum.
fn log_softmax_f64(x: &[f32]) -> Vec<f64> {
    let at = (0..x.len()).fold(0, |best, i| if x[i] > x[best] { i } else { best });
    let shifted = |i: usize| f64::from(x[i]) - f64::from(x[at]);
    let rest: f64 = (0..x.len())
        .filter(|&i| i != at)
        .map(|i| shifted(i).exp())
        .sum();
    (0..x.len()).map(|i| shifted(i) - rest.ln_1p()).collect()
}

const ULP: f64 = f32::EPSILON as f64 / 2.0;

fn close(got: f32, want: f64, relative: f64, what: &str) {
    let error = (f64::from(got) - want).abs();
    let fine = error <= relative * want.abs() + 1e-37 || f64::from(got) == want;
    assert!(fine, "{what}: got {got:e}, expected {want:e}");
}

/// Relative error allowed a probability: the exponent itself is rounded once.
fn allowed(log_p: f64) -> f64 {
    (8.0 + 2.0 * log_p.abs()) * ULP
}

/// Relative error allowed its logarithm: near 0 it is minus the sum of the other probabilities.
fn allowed_log(log_p: f64) -> f64 {
    allowed(log_p.abs().max(1e-300).ln().min(0.0))
}

#[test]
fn softmax_and_its_logarithm() {
    for cols in COLS {
        for std in [0.1, 1.0, 10.0] {
            let x = random(cols as u64, 3 * cols, std);
            let (mut p, mut log_p) = (vec![f32::NAN; 3 * cols], vec![f32::NAN; 3 * cols]);
            softmax(&x, &mut p, cols);
            log_softmax(&x, &mut log_p, cols);
            for r in 0..3 {
                let row = r * cols..(r + 1) * cols;
                let want = log_softmax_f64(&x[row.clone()]);
                for (i, &w) in row.clone().zip(&want) {
                    close(p[i], w.exp(), allowed(w), &format!("softmax {cols} {std}"));
                    close(log_p[i], w, allowed_log(w), &format!("log {cols} {std}"));
                }
                let sum: f64 = p[row].iter().map(|&v| f64::from(v)).sum();
                assert!((sum - 1.0).abs() < 4e-7);
            }
        }
    }
}

#[test]
fn extreme_logits() {
    let mut p = [0.0; 5];
    softmax(&[1e4, -1e4, 1e4, 0.0, f32::NEG_INFINITY], &mut p, 5);
    assert_eq!(p, [0.5, 0.0, 0.5, 0.0, 0.0]);
    log_softmax(&[1e4, -1e4, 1e4, 0.0, f32::NEG_INFINITY], &mut p, 5);
    let ln2 = std::f32::consts::LN_2;
    assert_eq!(p, [-ln2, -2e4 - ln2, -ln2, -1e4 - ln2, f32::NEG_INFINITY]);
    let mut one = [7.0; 2];
    softmax(&[1e30, -1e30], &mut one, 1);
    assert_eq!(one, [1.0, 1.0]);
    log_softmax(&[1e30, -1e30], &mut one, 1);
    assert_eq!(one, [0.0, 0.0]);
    // A rest far below one ulp of 1 is still there.
    let mut sure = [0.0; 4];
    log_softmax(&[0.0, -30.0, -30.0, -30.0], &mut sure, 4);
    close(sure[0], -(3.0 * (-30f64).exp()).ln_1p(), 4.0 * ULP, "sure");
    for bad in [
        [f32::NAN, 1.0, 2.0, 3.0],
        [f32::INFINITY; 4],
        [f32::NEG_INFINITY; 4],
    ] {
        softmax(&bad, &mut sure, 4);
        assert!(sure.iter().all(|v| v.is_nan()), "{bad:?}");
        log_softmax(&bad, &mut sure, 4);
        assert!(sure.iter().all(|v| v.is_nan()), "{bad:?}");
    }
}

#[test]
fn gradients_of_softmax_and_its_logarithm() {
    for cols in COLS {
        let x = random(1, 2 * cols, 1.0);
        let dy = random(2, 2 * cols, 1.0);
        let (mut p, mut log_p) = (vec![0.0; 2 * cols], vec![0.0; 2 * cols]);
        softmax(&x, &mut p, cols);
        log_softmax(&x, &mut log_p, cols);
        let (mut dx, mut dx_log) = (vec![f32::NAN; 2 * cols], vec![f32::NAN; 2 * cols]);
        softmax_backward(&p, &dy, &mut dx, cols);
        log_softmax_backward(&log_p, &dy, &mut dx_log, cols);
        for r in 0..2 {
            let row = r * cols..(r + 1) * cols;
            let want = log_softmax_f64(&x[row.clone()]);
            let (mut dot, mut sum) = (0.0, 0.0);
            for (i, w) in row.clone().zip(&want) {
                dot += f64::from(dy[i]) * w.exp();
                sum += f64::from(dy[i]);
            }
            for (i, w) in row.zip(&want) {
                let dy = f64::from(dy[i]);
                let error = f64::from(dx[i]) - w.exp() * (dy - dot);
                assert!(error.abs() <= 40.0 * ULP * w.exp(), "softmax {cols}");
                let error = f64::from(dx_log[i]) - (dy - w.exp() * sum);
                let scale = dy.abs() + w.exp() * (cols as f64).sqrt();
                assert!(error.abs() <= 20.0 * ULP * scale, "log {cols}");
            }
        }
    }
}

#[test]
fn sparse_cross_entropy_and_its_gradient() {
    for cols in COLS {
        for std in [1.0, 30.0] {
            let rows = 5;
            let x = random(cols as u64, rows * cols, std);
            let labels: Vec<i32> = (0..rows).map(|r| (r * 37 % cols) as i32).collect();
            let dloss = random(3, rows, 1.0);
            let mut loss = vec![f32::NAN; rows];
            let mut dx = vec![f32::NAN; rows * cols];
            sparse_cross_entropy(&x, &labels, cols, &mut loss);
            sparse_cross_entropy_backward(&x, &labels, &dloss, cols, &mut dx);
            for r in 0..rows {
                let want = log_softmax_f64(&x[r * cols..][..cols]);
                let label = labels[r] as usize;
                close(
                    loss[r],
                    -want[label],
                    allowed_log(want[label]),
                    &format!("loss {cols} {std}"),
                );
                for (c, &w) in want.iter().enumerate() {
                    // p - 1 without cancellation.
                    let slope = if c == label { w.exp_m1() } else { w.exp() };
                    let slope = slope * f64::from(dloss[r]);
                    let what = format!("gradient {cols} {std}: {c} of {label}");
                    let allowed = if c == label {
                        allowed_log(w)
                    } else {
                        allowed(w)
                    };
                    close(dx[r * cols + c], slope, 2.0 * allowed, &what);
                }
            }
        }
    }
}

#[test]
fn sure_predictions_keep_their_gradient() {
    for cols in [2, 4, 10] {
        let mut x = vec![-30.0; cols];
        x[1] = 0.0;
        let mut dx = vec![0.0; cols];
        sparse_cross_entropy_backward(&x, &[1], &[1.0], cols, &mut dx);
        let small = (-30f64).exp();
        let want = -small * (cols - 1) as f64;
        close(dx[1], want, 8.0 * ULP, "sparse");
        let mut y = vec![0.0; cols];
        y[1] = 1.0;
        cross_entropy_backward(&x, &y, &[1.0], cols, &mut dx);
        close(dx[1], want, 8.0 * ULP, "dense");
        close(dx[0], small, 8.0 * ULP, "dense");
    }
}

#[test]
fn labels_out_of_range_are_nan_and_nothing_else() {
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    for bad in [-1, 3, i32::MAX, i32::MIN] {
        let mut loss = [0.0; 2];
        sparse_cross_entropy(&x, &[bad, 2], 3, &mut loss);
        assert!(loss[0].is_nan() && loss[1].is_finite());
        let mut dx = [0.0; 6];
        sparse_cross_entropy_backward(&x, &[bad, 2], &[1.0; 2], 3, &mut dx);
        assert!(dx[..3].iter().all(|v| v.is_nan()) && dx[3..].iter().all(|v| v.is_finite()));
        let mut hit = [7.0; 2];
        in_top_k(&x, &[bad, 2], 3, 3, &mut hit);
        assert_eq!(hit, [0.0, 1.0]);
    }
}

#[test]
fn dense_cross_entropy_and_its_gradient() {
    for cols in COLS {
        for hard in [false, true] {
            let x = random(cols as u64, 2 * cols, 3.0);
            let mut y: Vec<f32> = random(5, 2 * cols, 1.0).iter().map(|v| v.abs()).collect();
            if hard {
                y.fill(0.0);
                y[cols / 2] = 1.0;
                y[2 * cols - 1] = 1.0;
            }
            let dloss = [0.7, -1.3];
            let mut loss = [f32::NAN; 2];
            let mut dx = vec![f32::NAN; 2 * cols];
            cross_entropy(&x, &y, cols, &mut loss);
            cross_entropy_backward(&x, &y, &dloss, cols, &mut dx);
            for r in 0..2 {
                let row = r * cols..(r + 1) * cols;
                let want = log_softmax_f64(&x[row.clone()]);
                let labels: Vec<f64> = y[row.clone()].iter().map(|&v| f64::from(v)).collect();
                let total: f64 = labels.iter().sum();
                let sum: f64 = want.iter().zip(&labels).map(|(w, l)| -w * l).sum();
                close(loss[r], sum, 20.0 * ULP, &format!("loss {cols}"));
                for (c, i) in row.enumerate() {
                    let p = want[c].exp();
                    let slope = (p * total - labels[c]) * f64::from(dloss[r]);
                    let scale = p * total * (2.0 + want[c].abs()) + labels[c];
                    let error = (f64::from(dx[i]) - slope).abs();
                    assert!(error <= 10.0 * ULP * scale, "gradient {cols} {hard}");
                }
            }
        }
    }
    let mut loss = [0.0];
    cross_entropy(&[0.0, f32::NEG_INFINITY], &[1.0, 0.0], 2, &mut loss);
    assert_eq!(loss, [0.0]);
}

#[test]
fn losses_match_their_gradients_by_differences() {
    let (cols, h) = (6, 1e-2);
    let x = random(9, cols, 1.0);
    let y: Vec<f32> = random(10, cols, 1.0).iter().map(|v| v.abs()).collect();
    let mut sparse = vec![0.0; cols];
    let mut dense = vec![0.0; cols];
    sparse_cross_entropy_backward(&x, &[4], &[1.0], cols, &mut sparse);
    cross_entropy_backward(&x, &y, &[1.0], cols, &mut dense);
    for c in 0..cols {
        let losses = [h, -h].map(|step| {
            let mut moved = x.clone();
            moved[c] += step;
            let (mut a, mut b) = ([0.0], [0.0]);
            sparse_cross_entropy(&moved, &[4], cols, &mut a);
            cross_entropy(&moved, &y, cols, &mut b);
            [a[0], b[0]]
        });
        for (k, got) in [sparse[c], dense[c]].into_iter().enumerate() {
            let slope = (losses[0][k] - losses[1][k]) / (2.0 * h);
            assert!((got - slope).abs() < 2e-3, "{c}: {got} {slope}");
        }
    }
}

#[test]
fn top_k_as_in_tensorflow() {
    let x = [0.1, 0.3, 0.2, 0.3, 0.1];
    let hit = |label: i32, k: usize| {
        let mut out = [9.0];
        in_top_k(&x, &[label], 5, k, &mut out);
        out[0] == 1.0
    };
    // Both of the largest are within the first; both of the smallest within the fourth.
    assert!(hit(1, 1) && hit(3, 1) && !hit(2, 1) && !hit(2, 2) && hit(2, 3));
    assert!(!hit(0, 3) && hit(0, 4) && hit(4, 4) && !hit(1, 0) && hit(0, 99));
    let mut out = [9.0; 3];
    let odd = [
        f32::NAN,
        1.0,
        f32::INFINITY,
        1.0,
        f32::NAN,
        0.5,
        f32::NEG_INFINITY,
        1.0,
        2.0,
    ];
    in_top_k(&odd, &[2, 0, 0], 3, 3, &mut out);
    assert_eq!(out, [0.0, 1.0, 0.0]);
}

/// One row alone gives what it gives among others: predictions do not depend on the batch.
#[test]
fn rows_are_independent() {
    for cols in [3, 10, 16, 17, 100] {
        for rows in 1..10 {
            let x = random(4, rows * cols, 2.0);
            let mut together = vec![0.0; x.len()];
            softmax(&x, &mut together, cols);
            let labels = vec![1; rows];
            let mut losses = vec![0.0; rows];
            sparse_cross_entropy(&x, &labels, cols, &mut losses);
            for r in 0..rows {
                let row = &x[r * cols..][..cols];
                let mut alone = vec![0.0; cols];
                softmax(row, &mut alone, cols);
                assert_eq!(alone, together[r * cols..][..cols]);
                let mut loss = [0.0];
                sparse_cross_entropy(row, &[1], cols, &mut loss);
                assert_eq!(loss[0], losses[r]);
            }
        }
    }
}

#[test]
fn no_rows_are_fine() {
    softmax(&[], &mut [], 3);
    log_softmax(&[], &mut [], 30);
    sparse_cross_entropy(&[], &[], 3, &mut []);
    sparse_cross_entropy_backward(&[], &[], &[], 3, &mut []);
    cross_entropy(&[], &[], 3, &mut []);
    cross_entropy_backward(&[], &[], &[], 3, &mut []);
    in_top_k(&[], &[], 3, 1, &mut []);
}
