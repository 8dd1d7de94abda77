//! Each row in f64, as written in its paper, and how near float32 must come.

use crate::math::oracle::{erfc, normal_cdf, sigmoid, softplus};
use crate::unary::{Unary, UnaryKind, MAX_PARAMS};

type Function = fn(f64, [f64; MAX_PARAMS]) -> f64;

/// A row with parameters, its value and its derivative in f64.
pub struct Reference {
    pub unary: Unary,
    pub value: Function,
    pub slope: Function,
    /// Where the derivative is not compared: a convention decides there.
    kinks: fn(f32) -> bool,
    /// Multiplies the bounds, as a function of x.
    factor: fn(f64) -> f64,
    /// By how much the derivative may be off at x, however small it is.
    slack: fn(f64) -> f64,
}

/// Bounds at one x.
pub struct Tolerance {
    pub value_factor: f64,
    pub slope_factor: f64,
    pub slope_slack: f64,
}

impl Reference {
    pub fn name(&self) -> &'static str {
        self.unary.kind.name()
    }

    pub fn is_kink(&self, x: f32) -> bool {
        x.is_nan() || (self.kinks)(x)
    }

    pub fn tolerance(&self, x: f64) -> Tolerance {
        let factor = (self.factor)(x);
        Tolerance {
            value_factor: factor,
            slope_factor: factor,
            slope_slack: (self.slack)(x),
        }
    }

    fn kinks(mut self, at: fn(f32) -> bool) -> Self {
        self.kinks = at;
        self
    }

    fn slack(mut self, slack: fn(f64) -> f64) -> Self {
        self.slack = slack;
        self
    }

    fn factor(mut self, factor: fn(f64) -> f64) -> Self {
        self.factor = factor;
        self
    }
}

fn row(kind: UnaryKind, params: &[f32], value: Function, slope: Function) -> Reference {
    Reference {
        unary: Unary::new(kind, params).expect("parameters in range"),
        value,
        slope,
        kinks: |_| false,
        factor: |_| 1.0,
        slack: |_| 0.0,
    }
}

fn step(on: bool) -> f64 {
    f64::from(u8::from(on))
}

/// NaN for NaN, else `v`.
fn keep_nan(x: f64, v: f64) -> f64 {
    if x.is_nan() {
        x
    } else {
        v
    }
}

fn clip(x: f64, low: f64, high: f64) -> f64 {
    keep_nan(x, x.max(low).min(high))
}

fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * core::f64::consts::PI).sqrt()
}

/// `f(x)`, or `limit` at -Infinity, where the formula itself would be 0 * Infinity.
fn or_limit(x: f64, limit: f64, f: impl Fn(f64) -> f64) -> f64 {
    if x == f64::NEG_INFINITY {
        limit
    } else {
        f(x)
    }
}

fn relu(x: f64, [slope, max, threshold]: [f64; 3]) -> f64 {
    match x > threshold {
        true => x.min(max),
        false if slope == 0.0 => keep_nan(x, 0.0),
        false => slope * (x - threshold),
    }
}

fn relu_slope(x: f64, [slope, max, threshold]: [f64; 3]) -> f64 {
    if x > threshold {
        step(x < max || max.is_infinite())
    } else {
        slope * step(x < threshold)
    }
}

fn leaky(x: f64, [slope, ..]: [f64; 3]) -> f64 {
    match x < 0.0 {
        true if slope == 0.0 => 0.0,
        // What is next to 0 counts as 2^-96.
        true => slope * x.min(-(2f64.powi(-96))),
        false => x,
    }
}

fn leaky_slope(x: f64, [slope, ..]: [f64; 3]) -> f64 {
    if x < 0.0 {
        slope
    } else {
        1.0
    }
}

fn elu(x: f64, [alpha, ..]: [f64; 3]) -> f64 {
    if x > 0.0 {
        x
    } else {
        alpha * x.exp_m1()
    }
}

fn elu_slope(x: f64, [alpha, ..]: [f64; 3]) -> f64 {
    if x > 0.0 {
        1.0
    } else {
        alpha * x.exp()
    }
}

fn celu(x: f64, [alpha, ..]: [f64; 3]) -> f64 {
    if x > 0.0 {
        x
    } else {
        alpha * (x / alpha).exp_m1()
    }
}

fn celu_slope(x: f64, [alpha, ..]: [f64; 3]) -> f64 {
    elu_slope(x / alpha, [1.0; 3])
}

fn squareplus_slope(x: f64, [b, ..]: [f64; 3]) -> f64 {
    squareplus(x, [b; 3]) / (x * x + b).sqrt()
}

/// The slack of derivatives that are 1 plus or minus y: y is rounded where it nears 1.
fn rounded_y(x: f64) -> f64 {
    if x.abs() > 0.5 {
        1.3e-7
    } else {
        0.0
    }
}

const SELU: (f64, f64) = (1.050_700_987_355_480_5, 1.673_263_242_354_377_2);
/// sqrt(2 / pi)
const ROOT: f64 = 0.797_884_560_802_865_4;

fn gelu_tanh_argument(x: f64) -> f64 {
    2.0 * ROOT * (x + f64::from(0.044_715f32) * x * x * x)
}

fn gelu_tanh_slope(x: f64, _: [f64; 3]) -> f64 {
    let x = x.clamp(-1e3, 1e3);
    let s = sigmoid(gelu_tanh_argument(x));
    let inner = 2.0 * ROOT * (1.0 + 3.0 * f64::from(0.044_715f32) * x * x);
    s + x * s * sigmoid(-gelu_tanh_argument(x)) * inner
}

fn mish_slope(x: f64, _: [f64; 3]) -> f64 {
    let x = x.clamp(-1e3, 1e3);
    let t = softplus(x).tanh();
    t + x * (1.0 - t * t) * sigmoid(x)
}

fn squareplus(x: f64, [b, ..]: [f64; 3]) -> f64 {
    let sum = x.abs() + (x * x + b).sqrt();
    if x < 0.0 {
        b / (2.0 * sum)
    } else {
        sum / 2.0
    }
}

fn tanh_shrink(x: f64) -> f64 {
    if x.abs() < 0.01 {
        let z = x * x;
        x * z * (1.0 / 3.0 - z * (2.0 / 15.0 - z * 17.0 / 315.0))
    } else {
        x - x.tanh()
    }
}

fn selu(x: f64, _: [f64; 3]) -> f64 {
    SELU.0 * elu(x, [SELU.1; 3])
}

fn selu_slope(x: f64, _: [f64; 3]) -> f64 {
    SELU.0 * elu_slope(x, [SELU.1; 3])
}

fn gelu(x: f64, _: [f64; 3]) -> f64 {
    or_limit(x, 0.0, |x| x * normal_cdf(x))
}

fn gelu_slope(x: f64, _: [f64; 3]) -> f64 {
    normal_cdf(x) + x.clamp(-1e3, 1e3) * normal_density(x)
}

fn gelu_tanh(x: f64, _: [f64; 3]) -> f64 {
    or_limit(x, 0.0, |x| x * sigmoid(gelu_tanh_argument(x)))
}

fn silu(x: f64, _: [f64; 3]) -> f64 {
    or_limit(x, 0.0, |x| x * sigmoid(x))
}

fn silu_slope(x: f64, _: [f64; 3]) -> f64 {
    let x = x.clamp(-1e3, 1e3);
    sigmoid(x) * (1.0 + x * sigmoid(-x))
}

fn mish(x: f64, _: [f64; 3]) -> f64 {
    or_limit(x, 0.0, |x| x * softplus(x).tanh())
}

fn softsign(x: f64, _: [f64; 3]) -> f64 {
    if x.is_infinite() {
        x.signum()
    } else {
        x / (1.0 + x.abs())
    }
}

fn hard_sigmoid(x: f64) -> f64 {
    clip((x + 3.0) / 6.0, 0.0, 1.0)
}

fn hard_silu_slope(x: f64, _: [f64; 3]) -> f64 {
    match x {
        x if x <= -3.0 => 0.0,
        x if x >= 3.0 => 1.0,
        x => (2.0 * x + 3.0) / 6.0,
    }
}

fn soft_shrink(x: f64, [threshold, ..]: [f64; 3]) -> f64 {
    keep_nan(x, (x.abs() - threshold).max(0.0).copysign(x))
}

fn hard_shrink(x: f64, [threshold, ..]: [f64; 3]) -> f64 {
    if x.abs() <= threshold {
        0.0
    } else {
        x
    }
}

fn threshold(x: f64, [threshold, other, _]: [f64; 3]) -> f64 {
    if x <= threshold {
        other
    } else {
        x
    }
}

fn sign(x: f64) -> f64 {
    if x == 0.0 {
        0.0
    } else {
        x.signum()
    }
}

/// The slack around a zero of the derivative.
fn near(x: f64, low: f64, high: f64) -> f64 {
    if x > low && x < high {
        1e-7
    } else {
        0.0
    }
}

/// All rows, some with several settings.
pub fn all() -> Vec<Reference> {
    use UnaryKind as K;
    vec![
        row(K::Linear, &[], |x, _| x, |_, _| 1.0),
        row(
            K::Sigmoid,
            &[],
            |x, _| sigmoid(x),
            |x, _| sigmoid(x) * sigmoid(-x),
        )
        .slack(rounded_y),
        row(K::Tanh, &[], |x, _| x.tanh(), |x, _| x.cosh().powi(-2)).slack(rounded_y),
        row(K::Relu, &[], relu, relu_slope).kinks(|x| x == 0.0),
        row(K::Relu, &[0.1], relu, relu_slope).kinks(|x| x.abs() < 1e-36),
        row(K::Relu, &[0.0, 6.0], relu, relu_slope).kinks(|x| x == 0.0 || x == 6.0),
        row(K::Relu, &[0.25, 7.0, 0.5], relu, relu_slope).kinks(|x| x == 0.5 || x == 7.0),
        row(K::LeakyRelu, &[], leaky, leaky_slope).kinks(|x| x.abs() < 1e-36),
        row(K::LeakyRelu, &[0.0], leaky, leaky_slope).kinks(|x| x == 0.0),
        row(K::Elu, &[], elu, elu_slope).slack(rounded_y),
        row(K::Elu, &[0.3], elu, elu_slope).slack(rounded_y),
        row(K::Selu, &[], selu, selu_slope).slack(|x| 2.0 * rounded_y(x)),
        row(K::Celu, &[2.0], celu, celu_slope).slack(rounded_y),
        row(K::Gelu, &[], gelu, gelu_slope)
            .slack(|x| near(x, -1.5, -0.3))
            .factor(|_| 1.25),
        row(K::GeluTanh, &[], gelu_tanh, gelu_tanh_slope)
            .slack(|x| near(x, -1.5, -0.3))
            .factor(|x| 1.0 + gelu_tanh_argument(x.clamp(-10.0, 0.0)).abs()),
        row(K::Silu, &[], silu, silu_slope).slack(|x| near(x, -3.2, -0.7)),
        row(K::Mish, &[], mish, mish_slope).slack(|x| near(x, -2.2, -0.6)),
        row(K::Softplus, &[], |x, _| softplus(x), |x, _| sigmoid(x)),
        row(K::Softsign, &[], softsign, |x, _| (1.0 + x.abs()).powi(-2)),
        row(
            K::Relu6,
            &[],
            |x, _| clip(x, 0.0, 6.0),
            |x, _| step(x > 0.0 && x < 6.0),
        ),
        row(
            K::HardSigmoid,
            &[],
            |x, _| hard_sigmoid(x),
            |x, _| step(x.abs() < 3.0) / 6.0,
        )
        .kinks(|x| x == 2.9999998),
        row(
            K::HardSilu,
            &[],
            |x, _| x.max(-3.0) * hard_sigmoid(x),
            hard_silu_slope,
        )
        .slack(|x| near(x, -1.6, -1.4)),
        row(
            K::HardTanh,
            &[],
            |x, _| clip(x, -1.0, 1.0),
            |x, _| step(x.abs() <= 1.0),
        ),
        row(K::Exponential, &[], |x, _| x.exp(), |x, _| x.exp()),
        row(K::LogSigmoid, &[], |x, _| -softplus(-x), |x, _| sigmoid(-x)),
        row(K::Squareplus, &[], squareplus, squareplus_slope).factor(|_| 1.25),
        row(K::Squareplus, &[0.1], squareplus, squareplus_slope).factor(|_| 1.25),
        row(
            K::TanhShrink,
            &[],
            |x, _| tanh_shrink(x),
            |x, _| x.tanh() * x.tanh(),
        ),
        row(K::SoftShrink, &[], soft_shrink, |x, p| step(x.abs() > p[0])),
        row(K::HardShrink, &[], hard_shrink, |x, p| step(x.abs() > p[0])),
        row(K::Threshold, &[0.5, 2.0], threshold, |x, p| step(x > p[0])),
        row(
            K::SparsePlus,
            &[],
            |x, _| {
                if x >= 1.0 {
                    x
                } else {
                    clip(x + 1.0, 0.0, 2.0).powi(2) / 4.0
                }
            },
            |x, _| clip((x + 1.0) / 2.0, 0.0, 1.0),
        ),
        row(
            K::SparseSigmoid,
            &[],
            |x, _| clip((x + 1.0) / 2.0, 0.0, 1.0),
            |x, _| step(x.abs() < 1.0) / 2.0,
        )
        .kinks(|x| x.abs() == 1.0),
        row(K::Neg, &[], |x, _| -x, |_, _| -1.0),
        row(K::Abs, &[], |x, _| x.abs(), |x, _| sign(x)),
        row(K::Square, &[], |x, _| x * x, |x, _| 2.0 * x),
        row(K::Sqrt, &[], |x, _| x.sqrt(), |x, _| 0.5 / x.sqrt()),
        row(
            K::Rsqrt,
            &[],
            |x, _| 1.0 / x.sqrt(),
            |x, _| -0.5 / (x * x.sqrt()),
        )
        .kinks(|x| x == 0.0)
        .factor(|_| 1.5),
        row(K::Reciprocal, &[], |x, _| 1.0 / x, |x, _| -1.0 / (x * x)),
        row(K::Exp, &[], |x, _| x.exp(), |x, _| x.exp()),
        row(K::Log, &[], |x, _| x.ln(), |x, _| 1.0 / x),
        row(K::Log1p, &[], |x, _| x.ln_1p(), |x, _| 1.0 / (1.0 + x)),
        row(K::Expm1, &[], |x, _| x.exp_m1(), |x, _| x.exp()).slack(rounded_y),
        row(K::Sign, &[], |x, _| sign(x), |_, _| 0.0),
        row(K::Round, &[], |x, _| x.round_ties_even(), |_, _| 0.0),
        row(K::Floor, &[], |x, _| x.floor(), |_, _| 0.0),
        row(K::Ceil, &[], |x, _| x.ceil(), |_, _| 0.0),
        row(
            K::Clip,
            &[-1.5, 2.5],
            |x, p| clip(x, p[0], p[1]),
            |x, p| step(x > p[0] && x < p[1]),
        )
        .kinks(|x| x == -1.5 || x == 2.5),
        row(K::Scale, &[-0.7], |x, p| p[0] * x, |_, p| p[0]),
        row(K::Offset, &[0.7], |x, p| x + p[0], |_, _| 1.0),
    ]
}

#[test]
fn erfc_matches_known_values() {
    // Abramowitz and Stegun, table 7.1, and the first terms of the asymptotic series.
    for (x, want) in [
        (0.5, 0.479_500_122_186_953_5),
        (1.0, 0.157_299_207_050_285_1),
        (3.0, 2.209_049_699_858_544e-5),
    ] {
        assert!((erfc(x) / want - 1.0).abs() < 1e-13, "{x}: {}", erfc(x));
    }
}
