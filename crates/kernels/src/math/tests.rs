//! Every function against f64 over all of float32, in each lane.

use super::oracle::{self, sweep, ulp};
use crate::lane::fused::Fused;
use crate::lane::{F32x4, Lane};

/// Tests of one function: its largest error in ulp, with and without a fused `fma`, and that four
/// lanes give the bits that one gives.
macro_rules! check {
    ($f:ident, $reference:expr, $bound:expr) => {
        mod $f {
            use super::*;
            fn check(step: usize) {
                let reference: fn(f64) -> f64 = $reference;
                let mut worst = [(0.0, 0.0f32); 2];
                sweep(step, |x| {
                    let want = reference(f64::from(x));
                    let strict: f32 = super::super::$f(x);
                    let mut lanes = [0.0f32; 4];
                    super::super::$f(F32x4::splat(x)).store(&mut lanes);
                    for v in lanes {
                        let same = v.to_bits() == strict.to_bits() || v.is_nan() && strict.is_nan();
                        assert!(same, "at {x:e}: four lanes {v:e}, one {strict:e}");
                    }
                    let fused = super::super::$f(Fused(x)).0;
                    for (w, got) in worst.iter_mut().zip([strict, fused]) {
                        let error = ulp(got, want, 1.175_494_4e-38);
                        if error > w.0 {
                            *w = (error, x);
                        }
                    }
                });
                let [(strict, at), (fused, fused_at)] = worst;
                println!(
                    "{:10} strict {strict:.3} ulp at {at:e}, fused {fused:.3} ulp at {fused_at:e}",
                    stringify!($f)
                );
                assert!(strict <= $bound && fused <= $bound);
            }
            #[test]
            fn sampled() {
                check(997);
            }
            #[test]
            #[ignore = "all 2^32 floats take minutes"]
            fn exhaustive() {
                check(1);
            }
        }
    };
}

check!(exp, f64::exp, 1.2);
check!(expm1, f64::exp_m1, 1.4);
check!(log, f64::ln, 1.0);
check!(log1p, f64::ln_1p, 1.0);
check!(tanh, f64::tanh, 1.4);
check!(sigmoid, oracle::sigmoid, 1.8);
check!(softplus, oracle::softplus, 1.8);
check!(erf, oracle::erf, 1.3);

/// Pairs of awkward numbers, against the table of IEEE 754 as Rust's `powf` in f64 has it.
#[test]
fn pow_edges() {
    let inf = f32::INFINITY;
    let odd = [-3.0, -1.0, 1.0, 3.0, 16_777_215.0];
    let other = [
        -inf,
        -4.0,
        -2.5,
        -0.5,
        -0.0,
        0.0,
        0.5,
        2.0,
        2.5,
        1e8,
        1e30,
        inf,
        f32::NAN,
    ];
    for x in [
        -inf,
        -1e30,
        -2.0,
        -1.0,
        -0.5,
        -1e-40,
        -0.0,
        0.0,
        1e-40,
        0.5,
        1.0,
        2.0,
        1e30,
        inf,
        f32::NAN,
    ] {
        for y in odd.iter().chain(&other) {
            let want = f64::from(x).powf(f64::from(*y));
            for got in [super::pow(x, *y), super::pow(Fused(x), Fused(*y)).0] {
                assert!(
                    ulp(got, want, 1.2e-38) <= 2.0,
                    "{x:e}^{y:e}: {got:e}, {want:e}"
                );
                if want == 0.0 || want.is_infinite() {
                    assert_eq!(
                        got.is_sign_negative(),
                        want.is_sign_negative(),
                        "{x:e}^{y:e}"
                    );
                }
            }
        }
    }
}

/// Largest error of pow over bases and exponents spread over all that do not overflow.
fn check_pow(count: u32) {
    let mut worst = [(0.0, 0.0, 0.0); 2];
    let mut state = 1u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    for i in 0..count {
        let x = match i % 4 {
            0 => f32::from_bits((uniform() * 2_139_095_040.0) as u32),
            1 => 1.0 + (uniform() - 0.5) * 1e-3,
            _ => uniform() * 4.0,
        };
        let reach = 92.0 / f64::from(x).ln().abs();
        let y = ((f64::from(uniform()) * 2.0 - 1.0) * reach) as f32;
        let y = if i % 3 == 0 {
            y.clamp(-9.0, 9.0).round()
        } else {
            y
        };
        let want = f64::from(x).powf(f64::from(y));
        let one = super::pow(x, y);
        let mut lanes = [0.0f32; 4];
        super::pow(F32x4::splat(x), F32x4::splat(y)).store(&mut lanes);
        assert!(lanes.iter().all(|v| v.to_bits() == one.to_bits()));
        for (w, got) in worst
            .iter_mut()
            .zip([one, super::pow(Fused(x), Fused(y)).0])
        {
            let error = ulp(got, want, 1.175_494_4e-38);
            if error > w.0 {
                *w = (error, x, y);
            }
        }
    }
    println!("pow: strict and fused (ulp, x, y): {worst:?}");
    assert!(worst.iter().all(|w| w.0 <= 3.0), "{worst:?}");
}

#[test]
fn pow_sampled() {
    check_pow(1_000_000);
}

#[test]
#[ignore = "takes minutes"]
fn pow_dense() {
    check_pow(300_000_000);
}
