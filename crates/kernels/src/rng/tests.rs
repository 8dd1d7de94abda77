//! Distributions and masks, whole: moments, Kolmogorov-Smirnov, and that parts make up the whole.

use super::*;

const N: usize = 200_000;

/// Largest distance between the sample's and the true distribution function, times sqrt(n).
fn kolmogorov_smirnov(sample: &[f32], cdf: impl Fn(f64) -> f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let n = sorted.len() as f64;
    let distance = sorted.iter().enumerate().fold(0.0, |worst: f64, (i, &v)| {
        let p = cdf(f64::from(v));
        worst
            .max((p - i as f64 / n).abs())
            .max((p - (i + 1) as f64 / n).abs())
    });
    distance * n.sqrt()
}

/// Critical value at p = 0.001.
const KS_LIMIT: f64 = 1.95;

/// Standard normal distribution function by Simpson's rule on 0..z.
fn normal_cdf(z: f64) -> f64 {
    let density = |t: f64| (-0.5 * t * t).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let (n, h) = (64, z / 64.0);
    let inner: f64 = (1..n)
        .map(|i| density(f64::from(i) * h) * if i % 2 == 1 { 4.0 } else { 2.0 })
        .sum();
    0.5 + h / 3.0 * (density(0.0) + inner + density(z))
}

fn moments(sample: &[f32]) -> [f64; 4] {
    let n = sample.len() as f64;
    let mean = sample.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let central = |k| {
        sample
            .iter()
            .map(|&v| (f64::from(v) - mean).powi(k))
            .sum::<f64>()
            / n
    };
    let std = central(2).sqrt();
    [
        mean,
        std,
        central(3) / std.powi(3),
        central(4) / std.powi(4),
    ]
}

fn drawn(fill: impl Fn(&mut [f32])) -> Vec<f32> {
    let mut out = vec![f32::NAN; N];
    fill(&mut out);
    out
}

#[test]
fn unit_intervals() {
    assert_eq!((unit(0), unit(u32::MAX)), (0.0, 1.0 - f32::EPSILON / 2.0));
    assert_eq!(open_unit(0), f32::EPSILON / 2.0);
    assert_eq!(open_unit(u32::MAX), 1.0 - f32::EPSILON / 2.0);
    assert_eq!(open_unit(1 << 31) + open_unit((1 << 31) - 1), 1.0);
    assert!(open_unit_f64(0) > 0.0 && open_unit_f64(u32::MAX) < 1.0);
}

#[test]
fn uniform_distribution() {
    let key = Key::init(42, 3);
    let sample = drawn(|out| fill_uniform(key, -1.0, 3.0, 0, out));
    assert!(sample.iter().all(|v| (-1.0..3.0).contains(v)));
    let [mean, std, skew, kurtosis] = moments(&sample);
    assert!((mean - 1.0).abs() < 0.01 && (std - 2.0 / 3.0f64.sqrt()).abs() < 0.01);
    assert!(skew.abs() < 0.02 && (kurtosis - 1.8).abs() < 0.02);
    assert!(kolmogorov_smirnov(&sample, |v| (v + 1.0) / 4.0) < KS_LIMIT);
}

#[test]
fn uniform_stays_below_its_upper_end() {
    let next = f32::from_bits(1.0f32.to_bits() + 1);
    for (lo, hi) in [
        (1.0, next),
        (-next, -1.0),
        (-1e-45, 0.0),
        (5.0, 5.0),
        (-f32::MAX, f32::MAX),
    ] {
        let sample = drawn(|out| fill_uniform(Key::init(1, 1), lo, hi, 0, out));
        assert!(
            sample.iter().all(|&v| lo <= v && (v < hi || lo == hi)),
            "{lo} {hi}"
        );
    }
}

#[test]
fn normal_distribution() {
    let sample = drawn(|out| fill_normal(Key::init(7, 0), 2.0, 0.5, 0, out));
    let [mean, std, skew, kurtosis] = moments(&sample);
    assert!((mean - 2.0).abs() < 0.005 && (std - 0.5).abs() < 0.005);
    assert!(skew.abs() < 0.02 && (kurtosis - 3.0).abs() < 0.05);
    assert!(kolmogorov_smirnov(&sample, |v| normal_cdf((v - 2.0) / 0.5)) < KS_LIMIT);
}

#[test]
fn truncated_normal_distribution() {
    let sample = drawn(|out| fill_truncated_normal(Key::init(8, 0), 1.0, 3.0, 0, out));
    assert!(sample.iter().all(|v| (-5.0..=7.0).contains(v)));
    let [mean, std, ..] = moments(&sample);
    // The deviation that VarianceScaling divides by, as in Keras.
    assert!((mean - 1.0).abs() < 0.03 && (std / 3.0 - 0.879_625_661_034_239_8).abs() < 0.005);
    let (low, share) = (normal_cdf(-2.0), normal_cdf(2.0) - normal_cdf(-2.0));
    let cdf = |v: f64| (normal_cdf((v - 1.0) / 3.0) - low) / share;
    assert!(kolmogorov_smirnov(&sample, cdf) < KS_LIMIT);
}

/// Neighbours, and elements of one block, show no correlation.
#[test]
fn elements_are_uncorrelated() {
    let sample = drawn(|out| fill_normal(Key::step(1, 2, 3), 0.0, 1.0, 0, out));
    for lag in [1, 2, 3, 4, 8, 12, 16, 64] {
        let pairs = sample.iter().zip(&sample[lag..]);
        let mean = pairs.map(|(&a, &b)| f64::from(a * b)).sum::<f64>() / (N - lag) as f64;
        assert!(mean.abs() < 4.0 / (N as f64).sqrt(), "lag {lag}: {mean}");
    }
}

/// Bits that must never change: a seed gives the same weights in every build and release.
#[test]
fn frozen_values() {
    let bits = |fill: &dyn Fn(&mut [f32])| {
        let mut out = [0.0; 1000];
        fill(&mut out);
        out.iter().fold(0u64, |hash, v| {
            (hash ^ u64::from(v.to_bits())).wrapping_mul(0x0000_0100_0000_01b3)
        })
    };
    let key = Key::init(42, 1);
    let got = [
        bits(&|out| fill_uniform(key, -0.1, 0.3, 0, out)),
        bits(&|out| fill_normal(key, 0.0, 0.05, 0, out)),
        bits(&|out| fill_truncated_normal(key, 0.0, 0.05, 0, out)),
        bits(&|out| {
            out.fill(1.0);
            dropout_inplace(out, 0.3, Key::step(42, 1, 7), 0);
        }),
        bits(&|out| {
            let mut order = [0; 1000];
            permutation(&mut order, 42, 3);
            for (v, i) in out.iter_mut().zip(order) {
                *v = i as f32;
            }
        }),
    ];
    assert_eq!(got, FROZEN);
}

const FROZEN: [u64; 5] = [
    6_872_147_078_064_859_847,
    6_690_882_597_524_667_795,
    6_628_104_668_792_355_109,
    13_224_555_630_145_063_988,
    9_084_230_890_785_112_064,
];

#[test]
fn parts_make_up_the_whole() {
    type Fill<'a> = &'a dyn Fn(usize, &mut [f32]);
    let key = Key::step(9, 9, 9);
    let fills: [Fill; 4] = [
        &|at, out| fill_uniform(key, 0.0, 1.0, at, out),
        &|at, out| fill_normal(key, 0.0, 1.0, at, out),
        &|at, out| fill_truncated_normal(key, 0.0, 1.0, at, out),
        &|at, out| {
            out.fill(1.0);
            dropout_inplace(out, 0.5, key, at);
        },
    ];
    for fill in fills {
        let mut whole = vec![0.0; 133];
        fill(0, &mut whole);
        for a in 0..whole.len() {
            for b in [a, a + 1, a + 2, a + 5, a + 16, a + 47, 133] {
                let b = b.min(133);
                let mut part = vec![0.0; b - a];
                fill(a, &mut part);
                assert_eq!(part, whole[a..b], "{a}..{b}");
            }
        }
    }
}

#[test]
fn dropout_keeps_its_share_and_its_scale() {
    for rate in [0.0, 0.1, 0.5, 0.9, 0.999] {
        let x = vec![3.0; N];
        let mut y = vec![f32::NAN; N];
        dropout(&x, &mut y, rate, Key::step(5, 1, 0), 0);
        let kept = y.iter().filter(|&&v| v != 0.0).count() as f64;
        let rate = (rate * 65_536.0f32).round() / 65_536.0;
        let share = f64::from(1.0 - rate);
        let spread = 4.0 * (share * (1.0 - share) * N as f64).sqrt();
        assert!((kept - share * N as f64).abs() <= spread, "{rate}");
        let scaled = 3.0 * (1.0 / (1.0 - f64::from(rate))) as f32;
        assert!(y.iter().all(|&v| v == 0.0 || v == scaled), "{rate}");
    }
}

#[test]
fn dropout_gives_the_gradient_the_same_mask() {
    let key = Key::step(5, 1, 77);
    let x: Vec<f32> = (1..1000).map(|i| i as f32).collect();
    let dy: Vec<f32> = (1..1000).map(|i| 1.0 / i as f32).collect();
    let (mut y, mut dx) = (vec![0.0; 999], vec![0.0; 999]);
    dropout(&x, &mut y, 0.3, key, 0);
    dropout(&dy, &mut dx, 0.3, key, 0);
    let scale = 65_536.0 / (65_536.0 - (65_536.0 * 0.3f32).round());
    for i in 0..999 {
        assert_eq!(y[i] == 0.0, dx[i] == 0.0);
        assert_eq!(y[i], if dx[i] == 0.0 { 0.0 } else { x[i] * scale });
    }
    let mut other = vec![0.0; 999];
    dropout(&x, &mut other, 0.3, Key::step(5, 1, 78), 0);
    assert_ne!(y, other);
    let mut place = x.clone();
    dropout_inplace(&mut place, 0.3, key, 0);
    assert_eq!(place, y);
}

#[test]
fn dropped_values_are_zero_whatever_they_were() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let x = vec![bad; 1000];
        let mut y = vec![1.0; 1000];
        dropout(&x, &mut y, 0.5, Key::step(1, 1, 1), 0);
        let dropped = y.iter().filter(|v| v.to_bits() == 0).count();
        assert!((400..600).contains(&dropped));
        assert_eq!(y.iter().filter(|v| !v.is_finite()).count(), 1000 - dropped);
    }
}

#[test]
fn dropout_rejects_rates_outside_its_range() {
    for rate in [1.0, -0.1, f32::NAN, f32::INFINITY] {
        let run = || dropout_inplace(&mut [1.0], rate, Key::step(1, 1, 1), 0);
        assert!(std::panic::catch_unwind(run).is_err(), "{rate}");
    }
    // The nearest to 1 keeps one in 2^16, at 2^16 times its value.
    let mut x = vec![1.0; N];
    dropout_inplace(&mut x, 1.0 - f32::EPSILON / 2.0, Key::step(1, 1, 1), 0);
    assert!(x.iter().all(|&v| v == 0.0 || v == 65_536.0));
    assert!(x.iter().filter(|&&v| v != 0.0).count() < 20);
}

fn orthogonal(key: Key, gain: f32, shape: [usize; 2]) -> Vec<f32> {
    let [mut scratch, mut out] = [(); 2].map(|()| vec![f32::NAN; shape[0] * shape[1]]);
    fill_orthogonal(key, gain, shape, &mut scratch, &mut out);
    out
}

#[test]
fn orthogonal_matrices_are_orthogonal() {
    for (rows, cols) in [
        (1, 1),
        (1, 5),
        (5, 1),
        (2, 2),
        (7, 3),
        (3, 7),
        (33, 31),
        (127, 129),
    ] {
        let q = orthogonal(Key::init(1, 2), 1.5, [rows, cols]);
        let short = rows.min(cols);
        let at = |line: usize, i: usize| {
            let place = if rows < cols {
                line * cols + i
            } else {
                i * cols + line
            };
            f64::from(q[place])
        };
        for a in 0..short {
            for b in 0..short {
                let dot: f64 = (0..rows.max(cols)).map(|i| at(a, i) * at(b, i)).sum();
                let want = if a == b { 2.25 } else { 0.0 };
                assert!((dot - want).abs() < 3e-7, "{rows}x{cols}: {dot}, {want}");
            }
        }
    }
}

/// In three dimensions each element of a Haar matrix is uniform in [-1, 1] (Archimedes), also after
/// any fixed rotation; half of the determinants are -1; the trace has mean 0 and variance 1.
#[test]
fn orthogonal_matrices_are_evenly_distributed() {
    const DRAWS: usize = 20_000;
    let mut elements = vec![Vec::new(); 10];
    let (mut turned, mut trace, mut square) = (0, 0.0, 0.0);
    for seed in 0..DRAWS {
        let q = orthogonal(Key::init(seed as u64, 3), 1.0, [3, 3]);
        for (of, &v) in elements.iter_mut().zip(&q) {
            of.push(v);
        }
        // (2, 2, 1) / 3 from the left, (2, -1, 2) / 3 from the right.
        let (left, right) = ([2.0, 2.0, 1.0], [2.0, -1.0, 2.0]);
        let product = |i: usize| left[i / 3] * right[i % 3] * q[i] / 9.0;
        elements[9].push((0..9).map(product).sum());
        let minor = |a: usize, b: usize| q[3 + a] * q[6 + b] - q[3 + b] * q[6 + a];
        let determinant = q[0] * minor(1, 2) - q[1] * minor(0, 2) + q[2] * minor(0, 1);
        turned += usize::from(determinant < 0.0);
        let t = f64::from(q[0] + q[4] + q[8]);
        trace += t;
        square += t * t;
    }
    for (i, sample) in elements.iter().enumerate() {
        let distance = kolmogorov_smirnov(sample, |v| (v + 1.0) / 2.0);
        assert!(distance < KS_LIMIT, "element {i}: {distance}");
    }
    let n = DRAWS as f64;
    assert!((turned as f64 - n / 2.0).abs() < 4.0 * (n / 4.0).sqrt());
    assert!((trace / n).abs() < 4.0 / n.sqrt());
    assert!((square / n - 1.0).abs() < 8.0 / n.sqrt());
}
