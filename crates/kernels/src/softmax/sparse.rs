//! Sparsemax: the nearest point of the simplex. Martins and Astudillo 2016.
//!
//! Instead of sorting, the threshold is found by Newton's method (Michelot 1986): from below, each
//! step drops the values that lie under it, and the first step that drops none is exact. A row that
//! holds NaN or Infinity, or -Infinity only, gives NaN, as softmax does.

use super::{check, rows};

/// Sparsemax of each row of `x` `[rows, cols]` into `y`: `max(x - t, 0)` with t such that it adds up
/// to 1.
///
/// Panics when the lengths differ or are not whole rows.
#[inline(never)]
pub fn sparsemax(x: &[f32], y: &mut [f32], cols: usize) {
    check(cols, x.len(), &[y.len()]);
    for (x, y) in x.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
        let (largest, threshold) = threshold(x);
        for (y, &x) in y.iter_mut().zip(x) {
            let above = f64::from(x) - largest - threshold;
            // Not `max`, which would drop NaN.
            *y = if above <= 0.0 { 0.0 } else { above as f32 };
        }
    }
}

/// Gradient of sparsemax: where y is above 0, `dx = dy` less the mean of dy there; 0 elsewhere.
///
/// Panics when the lengths differ or are not whole rows.
#[inline(never)]
pub fn sparsemax_backward(y: &[f32], dy: &[f32], dx: &mut [f32], cols: usize) {
    check(cols, y.len(), &[dy.len(), dx.len()]);
    for ((y, dy), dx) in rows(y, dy, dx, cols) {
        let (mut sum, mut count) = (0.0, 0.0);
        for (&y, &dy) in y.iter().zip(dy) {
            if y != 0.0 {
                sum += f64::from(dy);
                count += 1.0;
            }
        }
        let mean = sum / count;
        for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx = if y == 0.0 {
                0.0
            } else {
                (f64::from(dy) - mean) as f32 + 0.0 * y
            };
        }
    }
}

/// The largest value of a row and the threshold less that; NaN for rows that have none.
fn threshold(x: &[f32]) -> (f64, f64) {
    let largest = f64::from(x.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b)));
    // From the largest value less 1 on: what lies there or below never counts.
    let mut from = -1.0;
    let mut before = usize::MAX;
    loop {
        let (mut sum, mut count) = (0.0, 0);
        for &x in x {
            let z = f64::from(x) - largest;
            // NaN counts, and makes all of the row NaN.
            if z > from || z.is_nan() {
                sum += z;
                count += 1;
            }
        }
        if count >= before || count == 0 {
            return (largest, from);
        }
        before = count;
        from = (sum - 1.0) / count as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By sorting, in f64.
    fn by_sorting(x: &[f32]) -> Vec<f64> {
        let mut sorted: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let (mut sum, mut threshold) = (0.0, 0.0);
        for (i, v) in sorted.iter().enumerate() {
            sum += v;
            let k = (i + 1) as f64;
            if 1.0 + k * v > sum {
                threshold = (sum - 1.0) / k;
            }
        }
        let above = |&v: &f32| (f64::from(v) - threshold).max(0.0);
        x.iter().map(above).collect()
    }

    #[test]
    fn agrees_with_sorting() {
        for cols in [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 127] {
            for scale in [1e-3f32, 0.1, 1.0, 30.0] {
                let noise = |i: usize| ((i * 7919 % 1009) as f32 / 504.5 - 1.0) * scale;
                let x: Vec<f32> = (0..5 * cols).map(noise).collect();
                let mut y = vec![f32::NAN; x.len()];
                sparsemax(&x, &mut y, cols);
                for (x, y) in x.chunks(cols).zip(y.chunks(cols)) {
                    for (y, want) in y.iter().zip(by_sorting(x)) {
                        assert!(
                            (f64::from(*y) - want).abs() <= 6e-8 * want + 1e-15,
                            "{cols}"
                        );
                    }
                }
            }
        }
    }

    /// Values that lose one of their number in each step.
    #[test]
    fn slow_rows_end_exact() {
        let x: Vec<f32> = (0..60).map(|i| 1.0 - 1.9f32.powi(i - 59)).collect();
        let mut y = vec![0.0; x.len()];
        sparsemax(&x, &mut y, x.len());
        for (y, want) in y.iter().zip(by_sorting(&x)) {
            assert!((f64::from(*y) - want).abs() <= 6e-8 * want + 1e-15);
        }
    }

    #[test]
    fn edges() {
        let of = |x: &[f32]| {
            let mut y = vec![0.0; x.len()];
            sparsemax(x, &mut y, x.len());
            y
        };
        let inf = f32::INFINITY;
        assert_eq!(of(&[1e4, -1e4, 1e4, 88.0]), [0.5, 0.0, 0.5, 0.0]);
        assert_eq!(of(&[-1e30, -1e30]), [0.5, 0.5]);
        assert_eq!(of(&[1e-40, -0.0, 0.0, -1e-40]), [0.25; 4]);
        assert_eq!(of(&[-inf, 3.0, 2.5]), [0.0, 0.75, 0.25]);
        for bad in [
            [f32::NAN, 1.0],
            [1.0, f32::NAN],
            [inf, 1.0],
            [-inf, -inf],
            [f32::NAN; 2],
        ] {
            assert!(of(&bad).iter().all(|v| v.is_nan()), "{bad:?}");
        }
    }
}
