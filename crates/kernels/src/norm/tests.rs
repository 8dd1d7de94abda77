//! Against float64 and central differences, at odd sizes and with means far from zero.

use super::*;
use crate::rng::{fill_normal, Key};

const ROWS: [usize; 8] = [1, 2, 3, 7, 32, 33, 128, 300];
const CHANNELS: [usize; 9] = [1, 3, 4, 5, 16, 17, 32, 100, 127];
const EPS: f32 = 1e-3;

fn random(seed: u64, len: usize, mean: f32, std: f32) -> Vec<f32> {
    let mut x = vec![0.0; len];
    fill_normal(Key::init(seed, 0), mean, std, 0, &mut x);
    x
}

fn column(x: &[f32], channels: usize, c: usize) -> Vec<f64> {
    x.iter()
        .skip(c)
        .step_by(channels)
        .map(|&v| f64::from(v))
        .collect()
}

fn moments_f64(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (mean, x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n)
}

fn close(got: f32, want: f64, scale: f64, what: &str) {
    let error = (f64::from(got) - want).abs();
    assert!(
        error <= 1e-6 * scale,
        "{what}: got {got}, expected {want}, scale {scale}"
    );
}

struct Case {
    x: Vec<f32>,
    dy: Vec<f32>,
    mean: Vec<f32>,
    var: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    channels: usize,
}

fn case(rows: usize, channels: usize, mean: f32) -> Case {
    let x = random(1, rows * channels, mean, 1.0);
    let (mut m, mut v) = (vec![f32::NAN; channels], vec![f32::NAN; channels]);
    moments(&x, &mut m, &mut v);
    Case {
        dy: random(2, x.len(), 0.1, 1.0),
        x,
        mean: m,
        var: v,
        gamma: random(3, channels, 1.0, 0.5),
        beta: random(4, channels, 0.0, 1.0),
        channels,
    }
}

fn cases() -> impl Iterator<Item = (Case, String)> {
    ROWS.into_iter().flat_map(|rows| {
        CHANNELS.into_iter().flat_map(move |channels| {
            [0.0, 1e4].into_iter().map(move |mean| {
                (
                    case(rows, channels, mean),
                    format!("{rows} x {channels}, mean {mean}"),
                )
            })
        })
    })
}

#[test]
fn mean_and_variance() {
    for (case, what) in cases() {
        for c in 0..case.channels {
            let (mean, var) = moments_f64(&column(&case.x, case.channels, c));
            close(
                case.mean[c],
                mean,
                0.1 * mean.abs() + 0.2 * var.sqrt(),
                &what,
            );
            close(case.var[c], var, var, &what);
        }
    }
}

#[test]
fn variance_of_awkward_data() {
    let check = |x: &[f32], tolerance: f64| {
        let (mut mean, mut var) = ([0.0], [0.0]);
        moments(x, &mut mean, &mut var);
        let (_, want) = moments_f64(&column(x, 1, 0));
        let error = (f64::from(var[0]) - want).abs();
        assert!(error <= tolerance * want, "{} {want}", var[0]);
    };
    let noise = random(5, 100_000, 1e4, 1.0);
    check(&noise, 1e-6);
    // Far from the first values, and rising steadily.
    let mut padded = noise.clone();
    padded[..100].fill(0.0);
    check(&padded, 1e-6);
    let ramp: Vec<f32> = (0..100_000).map(|i| 1e6 + i as f32).collect();
    check(&ramp, 1e-6);
    // Where exactly the rows looked at differ from all others.
    let mut sampled = noise;
    for v in sampled.iter_mut().step_by(8) {
        *v = 0.0;
    }
    check(&sampled, 1e-5);

    let (mut mean, mut var) = ([0.0; 3], [1.0; 3]);
    moments(&[0.1; 300], &mut mean, &mut var);
    assert!(var.iter().all(|v| (0.0..1e-15).contains(v)), "{var:?}");
    moments(&[3.0, 5.0, -7.0], &mut mean, &mut var);
    assert_eq!((mean, var), ([3.0, 5.0, -7.0], [0.0; 3]));
    moments(&[], &mut mean, &mut var);
    assert!(mean.iter().chain(&var).all(|v| v.is_nan()));
    moments(&[1.0, f32::NAN, 2.0, 3.0, 4.0, 5.0], &mut mean, &mut var);
    assert!(mean[1].is_nan() && var[1].is_nan() && var[0] == 1.0 && mean[2] == 3.5);
}

#[test]
fn normalized_values() {
    for (case, what) in cases() {
        let n = case.channels;
        for (gamma, beta) in [(true, true), (true, false), (false, true), (false, false)] {
            let mut y = vec![f32::NAN; case.x.len()];
            let gamma = gamma.then_some(&case.gamma[..]);
            let beta = beta.then_some(&case.beta[..]);
            normalize(&case.x, &case.mean, &case.var, gamma, beta, EPS, &mut y);
            for (i, &got) in y.iter().enumerate() {
                let c = i % n;
                let inverse = 1.0 / (f64::from(case.var[c]) + f64::from(EPS)).sqrt();
                let scaled = (f64::from(case.x[i]) - f64::from(case.mean[c]))
                    * inverse
                    * gamma.map_or(1.0, |g| f64::from(g[c]));
                let shift = beta.map_or(0.0, |b| f64::from(b[c]));
                close(got, scaled + shift, scaled.abs() + shift.abs(), &what);
            }
        }
    }
}

#[test]
fn gradients() {
    for (case, what) in cases() {
        let n = case.channels;
        let (mut dgamma, mut dbeta) = (vec![f32::NAN; n], vec![f32::NAN; n]);
        let Case {
            x,
            dy,
            mean,
            var,
            gamma,
            ..
        } = &case;
        backward_reduce(x, dy, mean, var, EPS, &mut dgamma, &mut dbeta);
        let (mut dx, mut frozen) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
        backward_input(x, dy, mean, var, EPS, Some(gamma), &dgamma, &dbeta, &mut dx);
        backward_input_frozen(dy, var, EPS, Some(gamma), &mut frozen);
        for c in 0..n {
            let inverse = 1.0 / (f64::from(var[c]) + f64::from(EPS)).sqrt();
            let centred: Vec<f64> = column(x, n, c)
                .iter()
                .map(|v| v - f64::from(mean[c]))
                .collect();
            let slopes = column(dy, n, c);
            let products = || centred.iter().zip(&slopes).map(|(x, d)| x * d * inverse);
            let (sum, dot) = (slopes.iter().sum::<f64>(), products().sum::<f64>());
            let size = slopes.iter().map(|v| v.abs()).sum::<f64>();
            let dot_size = products().map(f64::abs).sum::<f64>();
            close(dbeta[c], sum, size, &what);
            close(dgamma[c], dot, dot_size + 1e-30, &what);
            let scale = f64::from(gamma[c]) * inverse;
            let count = slopes.len() as f64;
            for (row, (v, d)) in centred.iter().zip(&slopes).enumerate() {
                let want = scale * (d - sum / count - v * inverse * dot / count);
                let parts = d.abs() + size / count + (v * inverse).abs() * dot_size / count;
                close(dx[row * n + c], want, scale.abs() * parts, &what);
                close(frozen[row * n + c], scale * d, (scale * d).abs(), &what);
            }
        }
    }
}

/// The whole of it, with mean and variance taken anew at every step of a difference.
#[test]
fn gradients_by_differences() {
    let (rows, channels, h) = (7, 3, 1e-2f32);
    let case = case(rows, channels, 0.5);
    let loss = |x: &[f32], gamma: &[f32], beta: &[f32]| -> f64 {
        let (mut mean, mut var) = (vec![0.0; channels], vec![0.0; channels]);
        moments(x, &mut mean, &mut var);
        let mut y = vec![0.0; x.len()];
        normalize(x, &mean, &var, Some(gamma), Some(beta), EPS, &mut y);
        y.iter()
            .zip(&case.dy)
            .map(|(&y, &d)| f64::from(y) * f64::from(d))
            .sum()
    };
    let Case {
        x,
        dy,
        mean,
        var,
        gamma,
        beta,
        ..
    } = &case;
    let (mut dgamma, mut dbeta) = (vec![0.0; channels], vec![0.0; channels]);
    backward_reduce(x, dy, mean, var, EPS, &mut dgamma, &mut dbeta);
    let mut dx = vec![0.0; x.len()];
    backward_input(x, dy, mean, var, EPS, Some(gamma), &dgamma, &dbeta, &mut dx);
    let slope = |values: &[f32], i: usize, loss: &dyn Fn(&[f32]) -> f64| {
        let [up, down] = [h, -h].map(|step| {
            let mut moved = values.to_vec();
            moved[i] += step;
            loss(&moved)
        });
        (up - down) / (2.0 * f64::from(h))
    };
    let agree = |got: f32, want: f64| assert!((f64::from(got) - want).abs() < 2e-3, "{got} {want}");
    for (i, &got) in dx.iter().enumerate() {
        agree(got, slope(x, i, &|x| loss(x, gamma, beta)));
    }
    for c in 0..channels {
        agree(dgamma[c], slope(gamma, c, &|gamma| loss(x, gamma, beta)));
        agree(dbeta[c], slope(beta, c, &|beta| loss(x, gamma, beta)));
    }
}

#[test]
fn moving_averages() {
    for n in [1, 3, 4, 5, 17] {
        let mut moving = vec![2.0; n];
        update_moving(&mut moving, &vec![1.0; n], 0.75);
        assert_eq!(moving, vec![1.75; n]);
        let mut tiny = vec![1.5e-38; n];
        update_moving(&mut tiny, &vec![0.0; n], 0.5);
        assert_eq!(tiny, vec![0.0; n]);
        update_moving(&mut tiny, &vec![f32::NAN; n], 0.5);
        assert!(tiny.iter().all(|v| v.is_nan()));
    }
}

#[test]
fn sizes_that_do_not_fit_panic() {
    let panics = |f: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err();
    assert!(panics(&|| moments(&[1.0; 7], &mut [0.0; 3], &mut [0.0; 3])));
    assert!(panics(&|| moments(&[1.0; 6], &mut [0.0; 3], &mut [0.0; 2])));
    assert!(panics(&|| moments(&[1.0; 6], &mut [], &mut [])));
    let two = [1.0; 2];
    let with = |gamma: &[f32], y: usize| {
        let mut y = vec![0.0; y];
        normalize(&[1.0; 4], &two, &two, Some(gamma), None, EPS, &mut y);
    };
    assert!(!panics(&|| with(&two, 4)) && panics(&|| with(&two, 5)) && panics(&|| with(&[1.0], 4)));
    assert!(panics(&|| update_moving(&mut [1.0; 2], &[1.0; 3], 0.5)));
}

struct RowCase {
    x: Vec<f32>,
    dy: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    cols: usize,
    rms: bool,
    what: String,
}

fn row_cases() -> Vec<RowCase> {
    let mut cases = Vec::new();
    for cols in [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 127, 300] {
        for (rows, mean, rms) in [
            (1, 0.0, false),
            (3, 1e4, false),
            (70, 0.5, false),
            (5, 0.5, true),
        ] {
            cases.push(RowCase {
                x: random(6, rows * cols, mean, 1.0),
                dy: random(7, rows * cols, 0.1, 1.0),
                gamma: random(8, cols, 1.0, 0.5),
                beta: random(9, cols, 0.0, 1.0),
                cols,
                rms,
                what: format!("{rows} x {cols}, mean {mean}, rms {rms}"),
            });
        }
    }
    cases
}

/// A row normalised, and one over its deviation.
fn normal_f64(x: &[f32], rms: bool) -> (Vec<f64>, f64) {
    let x: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
    let (mean, var) = match rms {
        true => (0.0, x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64),
        false => moments_f64(&x),
    };
    let inverse = 1.0 / (var + f64::from(EPS)).sqrt();
    (x.iter().map(|v| (v - mean) * inverse).collect(), inverse)
}

#[test]
fn normalized_rows() {
    for case in row_cases() {
        for (gamma, beta) in [(true, true), (true, false), (false, true), (false, false)] {
            let mut y = vec![f32::NAN; case.x.len()];
            let given_gamma = gamma.then_some(&case.gamma[..]);
            let given_beta = beta.then_some(&case.beta[..]);
            normalize_rows(
                &case.x,
                given_gamma,
                given_beta,
                EPS,
                case.rms,
                case.cols,
                &mut y,
            );
            for (x, y) in case.x.chunks(case.cols).zip(y.chunks(case.cols)) {
                let (normal, _) = normal_f64(x, case.rms);
                for (c, (normal, &got)) in normal.iter().zip(y).enumerate() {
                    let scaled = normal * if gamma { f64::from(case.gamma[c]) } else { 1.0 };
                    let shift = if beta { f64::from(case.beta[c]) } else { 0.0 };
                    close(
                        got,
                        scaled + shift,
                        scaled.abs() + shift.abs() + 0.5,
                        &case.what,
                    );
                }
            }
        }
    }
}

#[test]
fn gradients_of_rows() {
    for case in row_cases() {
        let RowCase {
            x,
            dy,
            gamma,
            cols,
            rms,
            what,
            ..
        } = &case;
        let (cols, rms) = (*cols, *rms);
        let (mut dgamma, mut dbeta) = (vec![f32::NAN; cols], vec![f32::NAN; cols]);
        let (mut dx, mut alone) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
        let slopes = Slopes {
            dgamma: &mut dgamma,
            dbeta: &mut dbeta,
            scratch: &mut vec![f32::NAN; 2 * cols],
        };
        normalize_rows_backward(x, dy, Some(gamma), EPS, rms, cols, &mut dx, Some(slopes));
        normalize_rows_backward(x, dy, Some(gamma), EPS, rms, cols, &mut alone, None);
        assert_eq!(dx, alone);
        let (mut want_gamma, mut want_beta) = (vec![0.0; cols], vec![0.0; cols]);
        for ((x, dy), dx) in x.chunks(cols).zip(dy.chunks(cols)).zip(dx.chunks(cols)) {
            let (normal, inverse) = normal_f64(x, rms);
            let pulls = || {
                dy.iter()
                    .zip(gamma)
                    .map(|(&d, &g)| f64::from(d) * f64::from(g))
            };
            let own = if rms {
                0.0
            } else {
                pulls().sum::<f64>() / cols as f64
            };
            let slope = pulls().zip(&normal).map(|(g, n)| g * n).sum::<f64>() / cols as f64;
            for (c, g) in pulls().enumerate() {
                let want = inverse * (g - own - normal[c] * slope);
                let parts = g.abs() + own.abs() + (normal[c] * slope).abs();
                close(dx[c], want, inverse * (parts + 1.0), what);
                want_gamma[c] += f64::from(dy[c]) * normal[c];
                want_beta[c] += f64::from(dy[c]);
            }
        }
        let count = (x.len() / cols) as f64;
        for c in 0..cols {
            close(dgamma[c], want_gamma[c], count, what);
            close(dbeta[c], want_beta[c], count, what);
        }
    }
}

#[test]
fn rows_that_are_not_finite_or_do_not_fit() {
    let mut y = [0.0; 6];
    normalize_rows(
        &[1.0, f32::NAN, 2.0, 3.0, 3.0, 3.0],
        None,
        None,
        EPS,
        false,
        3,
        &mut y,
    );
    assert!(y[..3].iter().all(|v| v.is_nan()) && y[3..] == [0.0; 3]);
    let panics = |f: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err();
    let with = |gamma: &[f32], cols: usize| {
        normalize_rows(
            &[1.0; 6],
            Some(gamma),
            None,
            EPS,
            false,
            cols,
            &mut [0.0; 6],
        );
    };
    assert!(!panics(&|| with(&[1.0; 3], 3)));
    assert!(panics(&|| with(&[1.0; 2], 3)) && panics(&|| with(&[1.0; 4], 4)));
    assert!(panics(&|| with(&[], 0)));
}

/// A row without variance: normalised it is 0, and the gradient is that of dividing by sqrt(eps).
#[test]
fn rows_without_variance() {
    for cols in [1, 4, 33] {
        let (x, dy) = (vec![1e4; 2 * cols], random(7, 2 * cols, 0.1, 1.0));
        let (gamma, beta) = (random(8, cols, 1.0, 0.5), random(9, cols, 0.0, 1.0));
        let mut y = vec![f32::NAN; 2 * cols];
        normalize_rows(&x, Some(&gamma), Some(&beta), EPS, false, cols, &mut y);
        assert!(y.chunks(cols).all(|row| row == beta));
        let (mut dgamma, mut dbeta) = (vec![f32::NAN; cols], vec![f32::NAN; cols]);
        let slopes = Slopes {
            dgamma: &mut dgamma,
            dbeta: &mut dbeta,
            scratch: &mut vec![f32::NAN; 2 * cols],
        };
        let mut dx = vec![f32::NAN; 2 * cols];
        normalize_rows_backward(
            &x,
            &dy,
            Some(&gamma),
            EPS,
            false,
            cols,
            &mut dx,
            Some(slopes),
        );
        assert!(dgamma.iter().all(|&v| v == 0.0));
        let inverse = 1.0 / f64::from(EPS).sqrt();
        for (dy, dx) in dy.chunks(cols).zip(dx.chunks(cols)) {
            let pulls: Vec<f64> = dy
                .iter()
                .zip(&gamma)
                .map(|(&d, &g)| f64::from(d) * f64::from(g))
                .collect();
            let mean = pulls.iter().sum::<f64>() / cols as f64;
            for (g, &got) in pulls.iter().zip(dx) {
                close(
                    got,
                    inverse * (g - mean),
                    inverse * (g.abs() + 1.0),
                    "no variance",
                );
            }
        }
    }
}
