//! What the tests hold float32 results against: f64 functions and distances in ulp.

use core::f64::consts::PI;

/// erfc in f64, within about 1e-14 relative.
pub fn erfc(x: f64) -> f64 {
    if x < 2.0 {
        return 1.0 - erf(x);
    }
    if x > 28.0 {
        return 0.0;
    }
    // Continued fraction of exp(x^2) erfc(x) sqrt(pi), from the inside out.
    let mut f = 0.0;
    for k in (1..=120).rev() {
        f = 0.5 * f64::from(k) / (x + f);
    }
    (-x * x).exp() / PI.sqrt() / (x + f)
}

/// erf in f64.
pub fn erf(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.abs() >= 2.0 {
        return (1.0 - erfc(x.abs())).copysign(x);
    }
    // e^(-x^2) times a series of terms of one sign.
    let (mut term, mut sum) = (x, x);
    for k in 1..60 {
        term *= 2.0 * x * x / f64::from(2 * k + 1);
        sum += term;
    }
    2.0 / PI.sqrt() * (-x * x).exp() * sum
}

/// log(1 + e^x) in f64.
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// 1 / (1 + e^-x) in f64.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The normal distribution function in f64.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * core::f64::consts::FRAC_1_SQRT_2)
}

/// The distance of `got` from `want` in units of the last place of `want`, 0 for the right infinity
/// or NaN, huge for the wrong one. Below `flush` in magnitude, 0 counts as right.
pub fn ulp(got: f32, want: f64, flush: f64) -> f64 {
    if want.is_nan() || got.is_nan() {
        return if want.is_nan() && got.is_nan() {
            0.0
        } else {
            1e9
        };
    }
    if got == 0.0 && want.abs() < flush {
        return 0.0;
    }
    let exponent = if want == 0.0 {
        -126
    } else {
        want.abs().log2().floor() as i32
    };
    let unit = 2f64.powi(exponent.clamp(-126, 127) - 23);
    if got.is_infinite() || want.is_infinite() {
        // Infinity stands for 2^128.
        let as_real = |v: f64| {
            if v.is_infinite() {
                2f64.powi(128).copysign(v)
            } else {
                v
            }
        };
        let (g, w) = (as_real(f64::from(got)), as_real(want));
        let over =
            g.signum() == w.signum() && g.abs() >= 2f64.powi(128) && w.abs() >= 2f64.powi(128);
        return if over {
            0.0
        } else {
            ((g - w) / 2f64.powi(104)).abs()
        };
    }
    ((f64::from(got) - want) / unit).abs()
}

/// Calls `f` on every `step`-th float32 by bit pattern, and on the awkward ones.
pub fn sweep(step: usize, mut f: impl FnMut(f32)) {
    for bits in (0..=u32::MAX).step_by(step) {
        f(f32::from_bits(bits));
    }
    let awkward = [
        0.0,
        f32::MIN_POSITIVE,
        f32::from_bits(1),
        f32::from_bits(0x7f_ffff),
        1e-30,
        1e-8,
        0.346_573_6,
        0.5,
        0.625,
        0.92,
        1.0,
        9.01,
        16.6,
        17.4,
        87.0,
        87.336_54,
        87.336_55,
        88.0,
        88.722_83,
        88.722_84,
        89.0,
        103.97,
        104.0,
        1e4,
        1e19,
        1.9e19,
        1e30,
        f32::MAX,
        f32::INFINITY,
        f32::NAN,
    ];
    for v in awkward {
        let (below, above) = (
            f32::from_bits(v.to_bits().saturating_sub(1)),
            f32::from_bits(v.to_bits() + 1),
        );
        for w in [v, below, above] {
            f(w);
            f(-w);
        }
    }
}
