//! Values at the edges of float32 and slopes at kinks, as JAX 0.10 gives them unless a row says why not.

use super::*;

fn value(unary: Unary, x: f32) -> f32 {
    let mut y = [0.0];
    unary.apply(&[x], &mut y);
    y[0]
}

fn slope(unary: Unary, x: f32) -> f32 {
    let saved = if unary.saves() == Saves::Output {
        value(unary, x)
    } else {
        x
    };
    let mut dx = [0.0];
    unary.backward(&[saved], &[1.0], &mut dx);
    dx[0]
}

fn named(name: &str, params: &[f32]) -> Unary {
    Unary::by_name(name, params).expect("a row of the table")
}

#[test]
fn nan_stays_nan() {
    for kind in UnaryKind::ALL {
        assert!(
            value(Unary::from(*kind), f32::NAN).is_nan(),
            "{}",
            kind.name()
        );
    }
    assert!(value(named("relu", &[0.1, 3.0, 1.0]), f32::NAN).is_nan());
}

#[test]
fn slopes_at_kinks_are_those_of_jax() {
    let cases: &[(&str, &[f32], f32, f32)] = &[
        ("relu", &[], 0.0, 0.0),
        ("relu", &[], -0.0, 0.0),
        ("relu", &[0.1], 0.0, 1.0),
        ("relu", &[0.0, 6.0], 0.0, 0.0),
        ("relu", &[0.0, 6.0], 6.0, 0.0),
        ("relu", &[0.1, 6.0, 1.0], 1.0, 0.0),
        ("leakyRelu", &[], 0.0, 1.0),
        ("relu6", &[], 0.0, 0.0),
        ("relu6", &[], 6.0, 0.0),
        ("hardSigmoid", &[], -3.0, 0.0),
        ("hardSigmoid", &[], 3.0, 0.0),
        ("hardSilu", &[], -3.0, 0.0),
        ("hardSilu", &[], 3.0, 1.0),
        ("hardTanh", &[], -1.0, 1.0),
        ("hardTanh", &[], 1.0, 1.0),
        ("sparsePlus", &[], -1.0, 0.0),
        ("sparsePlus", &[], 1.0, 1.0),
        ("sparseSigmoid", &[], -1.0, 0.25),
        ("sparseSigmoid", &[], 1.0, 0.25),
        ("elu", &[0.5], 0.0, 0.5),
        ("celu", &[0.5], 0.0, 1.0),
        ("selu", &[], 0.0, 1.758_099_3),
        ("clip", &[-1.0, 1.0], -1.0, 0.5),
        ("clip", &[-1.0, 1.0], 1.0, 0.5),
        ("clip", &[1.0, 1.0], 1.0, 0.25),
        // JAX 0.10 has 1 here; the sign, 0, is what other backends and L1 penalties want.
        ("abs", &[], 0.0, 0.0),
        ("sqrt", &[], 0.0, f32::INFINITY),
        ("gelu", &[], 0.0, 0.5),
        ("silu", &[], 0.0, 0.5),
        ("mish", &[], 0.0, 0.6),
        ("softplus", &[], 0.0, 0.5),
        ("softsign", &[], 0.0, 1.0),
        ("squareplus", &[], 0.0, 0.5),
    ];
    for (name, params, x, want) in cases {
        let got = slope(named(name, params), *x);
        assert!(
            ulp(got, f64::from(*want), 0.0) <= 2.0,
            "{name} at {x}: {got}, {want}"
        );
    }
}

#[test]
fn values_at_infinity_are_limits() {
    let cases = [
        ("gelu", 0.0, f32::INFINITY),
        ("geluTanh", 0.0, f32::INFINITY),
        ("silu", 0.0, f32::INFINITY),
        ("mish", 0.0, f32::INFINITY),
        ("hardSilu", 0.0, f32::INFINITY),
        ("softsign", -1.0, 1.0),
        ("sparsePlus", 0.0, f32::INFINITY),
        ("sparseSigmoid", 0.0, 1.0),
        ("squareplus", 0.0, f32::INFINITY),
        ("softplus", 0.0, f32::INFINITY),
        ("logSigmoid", f32::NEG_INFINITY, 0.0),
        ("tanh", -1.0, 1.0),
        ("sigmoid", 0.0, 1.0),
        ("tanhShrink", f32::NEG_INFINITY, f32::INFINITY),
        ("elu", -1.0, f32::INFINITY),
    ];
    for (name, low, high) in cases {
        assert_eq!(value(named(name, &[]), f32::NEG_INFINITY), low, "{name}");
        assert_eq!(value(named(name, &[]), f32::INFINITY), high, "{name}");
    }
}

#[test]
fn slopes_at_infinity_are_limits() {
    for (name, low, high) in [
        ("gelu", 0.0, 1.0),
        ("geluTanh", 0.0, 1.0),
        ("silu", 0.0, 1.0),
        ("mish", 0.0, 1.0),
        ("hardSilu", 0.0, 1.0),
        ("softsign", 0.0, 0.0),
        ("sparsePlus", 0.0, 1.0),
        ("sparseSigmoid", 0.0, 0.0),
        ("squareplus", 0.0, 1.0),
        ("softplus", 0.0, 1.0),
        ("logSigmoid", 1.0, 0.0),
        ("tanhShrink", 1.0, 1.0),
        ("tanh", 0.0, 0.0),
        ("sigmoid", 0.0, 0.0),
        ("elu", 0.0, 1.0),
        ("relu", 0.0, 1.0),
    ] {
        assert_eq!(slope(named(name, &[]), f32::NEG_INFINITY), low, "{name}");
        assert_eq!(slope(named(name, &[]), f32::INFINITY), high, "{name}");
    }
}

/// Activations look at nothing that would make denormal numbers on the way: next to 0 they are what
/// they are there, but for the side of a kink.
#[test]
fn inputs_next_to_zero_count_as_zero() {
    let names = [
        ("sigmoid", 0.5),
        ("tanh", 0.0),
        ("exponential", 1.0),
        ("elu", 0.0),
        ("selu", 0.0),
        ("celu", 0.0),
        ("gelu", 0.0),
        ("geluTanh", 0.0),
        ("silu", 0.0),
        ("mish", 0.0),
        ("softsign", 0.0),
        ("hardSilu", 0.0),
        ("squareplus", 1.0),
        ("tanhShrink", 0.0),
    ];
    for (name, at_zero) in names {
        for x in [f32::from_bits(1), 1e-40, 1e-37, -1e-40, -1e-30] {
            assert_eq!(value(named(name, &[]), x), at_zero, "{name} at {x:e}");
            let slope_there = slope(named(name, &[]), 0.0);
            assert_eq!(slope(named(name, &[]), x), slope_there, "{name} at {x:e}");
        }
    }
    let leaky = named("leakyRelu", &[]);
    for x in [-f32::from_bits(1), -1e-37] {
        let y = value(leaky, x);
        assert!(-1e-29 < y && y < -f32::MIN_POSITIVE, "{y:e}");
        assert_eq!(slope(leaky, x), 0.2);
    }
    assert_eq!(value(leaky, 1e-40), 1e-40);
}

/// No row of exponentials returns a denormal, which would be slow further on.
#[test]
fn exponentials_flush() {
    for name in [
        "sigmoid",
        "exponential",
        "exp",
        "softplus",
        "silu",
        "gelu",
        "geluTanh",
        "mish",
    ] {
        for i in 0..4000 {
            let x = -80.0 - i as f32 * 0.01;
            let y = value(
                named(name, &[]),
                if name.contains("gelu") {
                    -(-2.0 * x).sqrt()
                } else {
                    x
                },
            );
            assert!(
                y == 0.0 || y.abs() >= f32::MIN_POSITIVE,
                "{name} at {x}: {y:e}"
            );
        }
    }
}

#[test]
fn backward_is_an_ieee_product() {
    let mut dx = [0.0; 2];
    named("relu", &[]).backward(&[0.0, 1.0], &[f32::INFINITY, 3.0], &mut dx);
    assert!(dx[0].is_nan() && dx[1] == 3.0);
}
