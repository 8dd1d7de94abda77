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

check!(exp, f64::exp, 1.1);
check!(expm1, f64::exp_m1, 2.0);
check!(log, f64::ln, 2.0);
check!(log1p, f64::ln_1p, 2.0);
check!(tanh, f64::tanh, 2.0);
check!(sigmoid, oracle::sigmoid, 2.0);
check!(softplus, oracle::softplus, 2.0);
check!(erf, oracle::erf, 2.0);
