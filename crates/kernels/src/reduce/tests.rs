//! Every reduction against a float64 oracle, at odd sizes and with odd values.

use super::*;
use crate::rng::{fill_normal, fill_uniform, Key};

const ALL: [Reduce; 7] = [
    Reduce::Sum,
    Reduce::Mean,
    Reduce::SumSquares,
    Reduce::SumAbs,
    Reduce::Max,
    Reduce::Min,
    Reduce::Prod,
];

fn random(seed: u64, len: usize) -> Vec<f32> {
    let mut x = vec![0.0; len];
    fill_normal(Key::init(seed, 0), 0.5, 1.0, 0, &mut x);
    x
}

/// The plain definition, and the scale its error is measured by.
fn oracle(how: Reduce, values: &[f32]) -> (f64, f64) {
    let v = || values.iter().map(|&v| f64::from(v));
    let n = values.len() as f64;
    let size: f64 = v().map(f64::abs).sum();
    match how {
        Reduce::Sum => (v().sum(), size),
        Reduce::Mean => (v().sum::<f64>() / n, size / n),
        Reduce::SumSquares => (v().map(|a| a * a).sum(), v().map(|a| a * a).sum()),
        Reduce::SumAbs => (size, size),
        Reduce::Max => (v().fold(f64::NEG_INFINITY, f64::max), 0.0),
        Reduce::Min => (v().fold(f64::INFINITY, f64::min), 0.0),
        Reduce::Prod => (v().product(), v().product::<f64>().abs() * n.max(1.0)),
    }
}

fn check(how: Reduce, got: f32, values: &[f32], what: &str) {
    let (want, scale) = oracle(how, values);
    let close = f64::from(got) == want
        || (f64::from(got) - want).abs() <= 5e-7 * scale + 1e-38
        || got.is_nan() && want.is_nan();
    assert!(close, "{how:?} {what}: got {got}, expected {want}");
}

const SIZES: [usize; 16] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 127, 256, 257, 1000];

#[test]
fn everything_and_rows() {
    for how in ALL {
        for n in SIZES {
            let x = random(n as u64, n * 3);
            check(how, reduce_all(how, &x[..n]), &x[..n], &format!("all {n}"));
            let mut out = [0.0; 3];
            reduce_rows(how, &x, n, &mut out);
            for (r, &y) in out.iter().enumerate() {
                check(how, y, &x[r * n..][..n], &format!("row {r} of {n}"));
            }
        }
    }
}

#[test]
fn columns_and_axes() {
    for how in ALL {
        for axis in [0, 1, 2, 3, 15, 16, 17, 33, 100] {
            for inner in [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 36, 127] {
                let outer = 2;
                let x = random((axis * 1000 + inner) as u64, outer * axis * inner);
                let mut out = vec![f32::NAN; outer * inner];
                reduce_axis(how, &x, axis, inner, &mut out);
                let mut columns = vec![f32::NAN; inner];
                reduce_columns(how, &x[..axis * inner], axis, &mut columns);
                for o in 0..outer {
                    for i in 0..inner {
                        let picked: Vec<f32> =
                            (0..axis).map(|a| x[(o * axis + a) * inner + i]).collect();
                        let what = format!("{axis} x {inner} at {o}, {i}");
                        check(how, out[o * inner + i], &picked, &what);
                        if o == 0 {
                            check(how, columns[i], &picked, &what);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn ten_million_values() {
    let mut x = vec![0.1; 10_000_000];
    let relative = |got: f32, want: f64| (f64::from(got) - want).abs() / want;
    let want = f64::from(0.1f32) * 1e7;
    assert!(relative(reduce_all(Reduce::Sum, &x), want) <= 1e-6);
    for cols in [2, 4, 10, 100] {
        let mut out = vec![0.0; cols];
        reduce_columns(Reduce::Sum, &x, x.len() / cols, &mut out);
        assert!(
            out.iter().all(|&y| relative(y, want / cols as f64) <= 1e-6),
            "{cols}"
        );
    }
    fill_uniform(Key::init(1, 1), 0.0, 1.0, 0, &mut x);
    let want: f64 = x.iter().map(|&v| f64::from(v)).sum();
    assert!(relative(reduce_all(Reduce::Sum, &x), want) <= 1e-7);
    assert!(relative(reduce_all(Reduce::Mean, &x), want / 1e7) <= 1e-7);
    let squares: f64 = x.iter().map(|&v| f64::from(v).powi(2)).sum();
    assert!((sum_squares(&x) - squares).abs() <= 1e-11 * squares);
}

#[test]
fn bad_values_come_through() {
    for n in [1, 5, 33, 300] {
        for at in [0, n / 2, n - 1] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut x = vec![1.0; n];
                x[at] = bad;
                for how in ALL {
                    let all = reduce_all(how, &x);
                    let want = match how {
                        _ if bad.is_nan() => f32::NAN,
                        Reduce::Max => bad.max(if n > 1 { 1.0 } else { bad }),
                        Reduce::Min => bad.min(if n > 1 { 1.0 } else { bad }),
                        Reduce::SumSquares | Reduce::SumAbs => f32::INFINITY,
                        _ => bad,
                    };
                    let same = |y: f32| y == want || y.is_nan() && want.is_nan();
                    assert!(same(all), "{how:?} {n} {at} {bad}: {all}");
                    let mut wide = vec![0.0; 2 * n];
                    for (i, v) in x.iter().enumerate() {
                        wide[2 * i] = *v;
                    }
                    let mut out = [7.0; 2];
                    reduce_columns(how, &wide, n, &mut out);
                    assert!(same(out[0]) && out[1].is_finite(), "{how:?} {out:?}");
                }
            }
        }
    }
}

#[test]
fn squares_neither_overflow_nor_vanish() {
    assert_eq!(sum_squares(&[]), 0.0);
    let huge = sum_squares(&[3e30; 9]);
    assert!((huge.sqrt() - 9e30).abs() <= 1e24);
    let tiny = sum_squares(&[3e-30; 9]);
    assert!((tiny.sqrt() - 9e-30).abs() <= 1e-36);
    assert!(sum_squares(&[1.0, f32::NAN]).is_nan());
}

#[test]
fn argmax_takes_the_first_as_numpy_does() {
    for axis in [1, 2, 3, 4, 5, 10, 33, 300] {
        for inner in [1, 2, 4, 5, 9] {
            let mut x = random((axis + inner) as u64, 2 * axis * inner);
            for v in &mut x {
                *v = v.round();
            }
            if axis > 3 {
                x[2 * inner] = f32::NAN;
                x[3 * inner] = f32::NAN;
                x[3 * inner - 1] = f32::INFINITY;
            }
            let mut out = vec![-1.0; 2 * inner];
            argmax_axis(&x, axis, inner, &mut out);
            for (place, &got) in out.iter().enumerate() {
                let (o, i) = (place / inner, place % inner);
                let at = |a: usize| x[(o * axis + a) * inner + i];
                let mut best = 0;
                for a in 1..axis {
                    if !at(best).is_nan() && (at(a).is_nan() || at(a) > at(best)) {
                        best = a;
                    }
                }
                assert_eq!(got, best as f32, "{axis} {inner} {place}");
            }
        }
    }
    let mut out = [5.0];
    argmax_rows(&[f32::NEG_INFINITY; 3], 3, &mut out);
    assert_eq!(out, [0.0]);
}

#[test]
fn finds_what_is_not_finite() {
    assert!(first_non_finite(&[]).is_none());
    for n in [1, 3, 15, 16, 17, 255, 256, 257, 1000] {
        let mut x = vec![f32::MAX; n];
        x[n / 2] = f32::from_bits(1);
        assert!(first_non_finite(&x).is_none());
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in [0, n / 3, n - 1] {
                let mut y = x.clone();
                y[at] = bad;
                y[n - 1] = bad;
                assert_eq!(first_non_finite(&y), Some(at), "{n}");
            }
        }
    }
}

#[test]
fn running_means_lose_nothing() {
    let mut state = [0.0; 4];
    assert_eq!(running_mean(&state), 0.0);
    let mut exact = (0.0, 0.0);
    for i in 0..1_000_000 {
        let (value, weight) = (0.1 + f64::from(i % 7), 32.0);
        accumulate(&mut state, value, weight);
        exact = (exact.0 + value * weight, exact.1 + weight);
    }
    assert!((running_mean(&state) / (exact.0 / exact.1) - 1.0).abs() < 1e-9);

    let mut state = [0.0; 4];
    accumulate_all(&mut state, &[1.0, 2.0, 4.0], None);
    accumulate_all(&mut state, &[10.0, 1.0], Some(&[0.5, 0.0]));
    assert_eq!(running_mean(&state), 12.0 / 3.5);
    accumulate(&mut state, f64::INFINITY, 1.0);
    assert_eq!(running_mean(&state), f64::INFINITY);
    assert_eq!(weighted_sum(&[2.0, 3.0], Some(&[1.0, 2.0])), (8.0, 3.0));
}
