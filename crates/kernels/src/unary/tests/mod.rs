//! The table against f64 over all of float32, in both kinds of lane, and the slice code around it.

mod edges;
mod reference;

use super::*;
use crate::lane::fused::Fused;
use crate::math::oracle::{sweep, ulp};
use reference::Reference;

/// Results below this may be 0: the rows let exponentials below 2^-126 be 0.
const FLUSH: f64 = 3e-36;

/// The worst errors of value and slope of each row, in ulp, measured by both tests below (8.6 million
/// floats a row, strict and fused) and rounded up to tenths. Where a row of `reference::all` states a factor
/// they are in units of it, and where it states a slack, slopes within that do not count.
const MEASURED: &[(&str, f64, f64)] = &[
    ("linear", 0.0, 0.0),
    ("sigmoid", 1.6, 1.8),
    ("tanh", 1.3, 1.6),
    ("relu", 0.5, 0.0),
    ("leakyRelu", 0.5, 0.0),
    ("elu", 2.0, 1.4),
    ("selu", 2.5, 1.3),
    ("celu", 1.3, 0.8),
    ("gelu", 3.5, 3.4),
    ("geluTanh", 2.5, 2.6),
    ("silu", 1.6, 3.4),
    ("mish", 3.8, 3.9),
    ("softplus", 1.7, 2.3),
    ("softsign", 1.5, 3.5),
    ("relu6", 0.0, 0.0),
    ("hardSigmoid", 1.4, 0.4),
    ("hardSilu", 2.5, 1.4),
    ("hardTanh", 0.0, 0.0),
    ("exponential", 1.2, 1.2),
    ("logSigmoid", 1.7, 2.5),
    ("squareplus", 2.2, 4.0),
    ("tanhShrink", 3.7, 3.4),
    ("softShrink", 0.5, 0.0),
    ("hardShrink", 0.0, 0.0),
    ("threshold", 0.0, 0.0),
    ("sparsePlus", 2.0, 0.5),
    ("sparseSigmoid", 0.5, 0.0),
    ("neg", 0.0, 0.0),
    ("abs", 0.0, 0.0),
    ("square", 0.5, 0.0),
    ("sqrt", 0.5, 1.5),
    ("rsqrt", 1.0, 3.6),
    ("reciprocal", 0.5, 2.0),
    ("exp", 1.2, 1.2),
    ("log", 0.9, 0.5),
    ("log1p", 1.0, 1.6),
    ("expm1", 1.4, 1.8),
    ("sign", 0.0, 0.0),
    ("round", 0.0, 0.0),
    ("floor", 0.0, 0.0),
    ("ceil", 0.0, 0.0),
    ("clip", 0.0, 0.0),
    ("scale", 0.5, 0.0),
    ("offset", 0.5, 0.0),
];

fn measured(kind: UnaryKind) -> [f64; 2] {
    let row = MEASURED.iter().find(|row| row.0 == kind.name());
    let &(_, value, slope) = row.expect("a measured row");
    [value, slope]
}

#[test]
fn names_and_codes_are_unique() {
    for (i, kind) in UnaryKind::ALL.iter().enumerate() {
        assert_eq!(UnaryKind::from_code(i as u8), Some(*kind));
        assert_eq!(*kind as usize, i);
        assert_eq!(UnaryKind::by_name(kind.name()), Some(*kind));
        assert_eq!(Unary::by_name(kind.name(), &[]), Some(Unary::from(*kind)));
        assert!(kind.params().iter().all(|p| p.allows(p.default)));
    }
    assert_eq!(UnaryKind::from_code(UnaryKind::ALL.len() as u8), None);
}

#[test]
fn parameters_are_checked() {
    assert_eq!(
        Unary::by_name("elu", &[0.5]).map(|u| u.params[0]),
        Some(0.5)
    );
    assert_eq!(Unary::by_name("elu", &[-1.0]), None);
    assert_eq!(Unary::by_name("elu", &[f32::NAN]), None);
    assert_eq!(Unary::by_name("elu", &[1.0, 2.0]), None);
    assert_eq!(Unary::by_name("celu", &[0.0]), None);
    assert_eq!(Unary::by_name("eLU", &[]), None);
}

/// One row's value and slope in lane `L`.
struct At<L>(L, [f32; MAX_PARAMS]);

impl<L: Lane> Visitor for At<L> {
    type Found = (L, L);
    fn row<R: Row>(self) -> (L, L) {
        let p = self.1.map(L::splat);
        let least = L::splat(R::LEAST);
        let y = R::value(flushed(self.0, R::LEAST > 0.0, least), &p);
        let saved = if R::SAVES == Saves::Output { y } else { self.0 };
        (y, R::slope(flushed(saved, R::FLUSHES_SAVED, least), &p))
    }
}

/// Below which inputs count as 0.
struct Least;

impl Visitor for Least {
    type Found = f32;
    fn row<R: Row>(self) -> f32 {
        R::LEAST
    }
}

/// The worst error seen, in ulp, and where.
#[derive(Default)]
struct Worst(f64, f32);

impl Worst {
    fn see(&mut self, error: f64, x: f32) {
        if error > self.0 {
            *self = Self(error, x);
        }
    }
}

/// Whether value and slope are within their bounds at every `step`-th float and at the
/// edges of `sweep`; prints the largest errors.
fn check(r: &Reference, step: usize) -> bool {
    let mut worst: [Worst; 4] = Default::default();
    let least = r.unary.visit(Least);
    sweep(step, |x| {
        let params = r.unary.params;
        let p = params.map(f64::from);
        // What a row does not look at counts as 0.
        let wide = if x.abs() < least { 0.0 } else { f64::from(x) };
        let strict = r.unary.visit(At(x, params));
        let four = r.unary.visit(At(F32x4::splat(x), params));
        let fused = r.unary.visit(At(Fused(x), params));
        for (one, four) in [(strict.0, four.0), (strict.1, four.1)] {
            let mut lanes = [0.0f32; 4];
            four.store(&mut lanes);
            for v in lanes {
                let same = v.to_bits() == one.to_bits() || v.is_nan() && one.is_nan();
                assert!(
                    same,
                    "{} at {x:e}: {v:e} in four lanes, {one:e} in one",
                    r.name()
                );
            }
        }
        let allowed = r.tolerance(wide);
        for (k, (y, slope)) in [strict, (fused.0 .0, fused.1 .0)].into_iter().enumerate() {
            worst[k].see(ulp(y, (r.value)(wide, p), FLUSH) / allowed.value_factor, x);
            let want = (r.slope)(wide, p);
            if !r.is_kink(x) && (f64::from(slope) - want).abs() > allowed.slope_slack {
                worst[2 + k].see(ulp(slope, want, FLUSH) / allowed.slope_factor, x);
            }
        }
    });
    let [a, b, c, d] = &worst;
    println!(
        "{:14} value {:.2} at {:e}, fused {:.2} at {:e}; slope {:.2} at {:e}, fused {:.2} at {:e}",
        r.name(),
        a.0,
        a.1,
        b.0,
        b.1,
        c.0,
        c.1,
        d.0,
        d.1
    );
    let [value, slope] = measured(r.unary.kind);
    a.0.max(b.0) <= value && c.0.max(d.0) <= slope
}

#[test]
fn every_row_has_a_reference() {
    for kind in UnaryKind::ALL {
        assert!(
            reference::all().iter().any(|r| r.unary.kind == *kind),
            "{}",
            kind.name()
        );
    }
}

#[test]
fn values_and_slopes_sampled() {
    let mut good = true;
    for r in reference::all() {
        good &= check(&r, 29_989);
    }
    assert!(good);
}

#[test]
#[ignore = "takes minutes"]
fn values_and_slopes_dense() {
    let mut good = true;
    for r in reference::all() {
        good &= check(&r, 499);
    }
    assert!(good);
}

/// The f64 slopes themselves, by central differences.
#[test]
fn reference_slopes_are_derivatives() {
    for r in reference::all() {
        let p = r.unary.params.map(f64::from);
        for i in -60..=60 {
            let x = f64::from(i) * 0.153 + 0.0371;
            let h = 1e-5;
            let (low, high) = ((r.value)(x - h, p), (r.value)(x + h, p));
            let want = (high - low) / (2.0 * h);
            let got = (r.slope)(x, p);
            let near_jump = (got - want).abs() > 1e3;
            if want.is_nan() && got.is_nan() || near_jump || low.is_nan() {
                continue;
            }
            assert!(
                (got - want).abs() < 1e-5 * (1.0 + got.abs()),
                "{} at {x}: {got}, {want}",
                r.name()
            );
        }
    }
}

/// What a row gives for a number depends neither on where it stands nor on its neighbours, and the
/// four ways to call it agree.
#[test]
fn results_do_not_depend_on_position() {
    let x: Vec<f32> = (0..160)
        .map(|i| ((i * 37 % 160) as f32 - 80.0) * 0.11)
        .collect();
    let dy: Vec<f32> = (0..160).map(|i| (i as f32 * 0.7).sin()).collect();
    for r in reference::all() {
        let u = r.unary;
        let mut y = vec![0.0; x.len()];
        u.apply(&x, &mut y);
        let saved = if u.saves() == Saves::Output { &y } else { &x };
        let mut dx = vec![0.0; x.len()];
        u.backward(saved, &dy, &mut dx);
        let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        for n in [1, 3, 4, 5, 7, 8, 9, 31, 33, 127] {
            for start in [0, 1, 2, 3, 17] {
                let part = start..start + n;
                let mut a = vec![0.0; n];
                u.apply(&x[part.clone()], &mut a);
                assert_eq!(bits(&a), bits(&y[part.clone()]), "{}", r.name());
                let mut b = x[part.clone()].to_vec();
                u.apply_inplace(&mut b);
                assert_eq!(bits(&b), bits(&a), "{}", r.name());
                u.backward(&saved[part.clone()], &dy[part.clone()], &mut a);
                assert_eq!(bits(&a), bits(&dx[part.clone()]), "{}", r.name());
                let mut b = dy[part.clone()].to_vec();
                u.backward_inplace(&saved[part.clone()], &mut b);
                assert_eq!(bits(&b), bits(&a), "{}", r.name());
            }
        }
    }
}

#[test]
#[should_panic(expected = "left == right")]
fn backward_checks_lengths() {
    Unary::from(UnaryKind::Tanh).backward(&[0.0; 3], &[0.0; 4], &mut [0.0; 4]);
}
