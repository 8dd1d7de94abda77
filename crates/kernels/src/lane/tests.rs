//! The lanes agree with each other, and their odder operations do what they say.

use super::*;

const AWKWARD: [f32; 14] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.5,
    -3.5,
    1e-40,
    f32::MIN_POSITIVE,
    f32::MAX,
    -1e30,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
];

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

#[test]
fn four_lanes_give_what_one_gives() {
    macro_rules! agree {
        ($a:ident, $b:ident: $($name:ident($($arg:ident),*)),*) => {
            $(
                let mut wide = [0.0; 4];
                F32x4::splat($a).$name($(F32x4::splat($arg)),*).store(&mut wide);
                let one = Lane::$name($a $(, $arg)*);
                assert!(wide.iter().all(|w| same(*w, one)), "{} {} {}", stringify!($name), $a, $b);
            )*
        };
    }
    for a in AWKWARD {
        for b in AWKWARD {
            agree!(a, b: add(b), sub(b), mul(b), div(b), min(b), max(b), pmin(b), pmax(b), copysign(b));
            agree!(a, b: fma(b, a), sqrt(), abs(), neg(), nearest(), floor(), ceil(), head());
            for (wide, one) in [
                (F32x4::splat(a).lt(F32x4::splat(b)), Lane::lt(a, b)),
                (F32x4::splat(a).le(F32x4::splat(b)), Lane::le(a, b)),
                (F32x4::splat(a).eq(F32x4::splat(b)), Lane::eq(a, b)),
            ] {
                let picked = F32x4::select(wide, F32x4::splat(1.0), F32x4::splat(0.0));
                assert_eq!(picked.sum() == 4.0, one);
            }
        }
    }
}

#[test]
fn nan_passes_as_documented() {
    for v in [Lane::min(1.0, f32::NAN), Lane::max(f32::NAN, 1.0)] {
        assert!(v.is_nan());
    }
    assert!(Lane::pmin(f32::NAN, 1.0).is_nan() && Lane::pmax(f32::NAN, 1.0).is_nan());
    assert!(Lane::pmin(1.0, f32::NAN) == 1.0 && Lane::pmax(1.0, f32::NAN) == 1.0);
    assert!(same(Lane::min(0.0, -0.0), -0.0) && same(Lane::max(-0.0, 0.0), 0.0));
}

#[test]
fn exponents_are_taken_apart_and_put_together() {
    for x in [f32::MIN_POSITIVE, 0.7, 0.8, 1.0, 1.4, 1.5, 3e10, f32::MAX] {
        let (m, e) = x.split_exponent();
        assert!((0.707..1.415).contains(&m), "{x}: {m}");
        assert_eq!(f64::from(m) * 2f64.powf(f64::from(e)), f64::from(x));
    }
    for k in [-126, -1, 0, 5, 127] {
        assert_eq!((k as f32).exp2_int(), 2f32.powi(k));
        assert_eq!(
            Lane::scale_by(1.5 * 2f32.powi(-k / 2), MAGIC + k as f32),
            1.5 * 2f32.powi(k - k / 2)
        );
    }
}

#[test]
fn heads_multiply_exactly() {
    for x in [0.1f32, 1.0 / 3.0, 12_345.679, 1e-15] {
        let head = Lane::head(x);
        assert_eq!(f64::from(head * head), f64::from(head) * f64::from(head));
        assert_eq!(f64::from(x - head), f64::from(x) - f64::from(head));
    }
}

#[test]
fn slices_of_any_length_are_mapped() {
    for n in [0, 1, 3, 4, 5, 7, 8, 9, 31] {
        let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let mut y = vec![0.0; n];
        map(&x, &mut y, |v| v.add(v));
        assert!(y.iter().zip(&x).all(|(y, x)| *y == 2.0 * x));
        let mut z = vec![0.0; n];
        zip(&x, &y, &mut z, |a, b| b.sub(a));
        assert_eq!(z, x);
        map_inplace(&mut z, |v| v.neg());
        assert!(z.iter().zip(&x).all(|(z, x)| *z == -x));
    }
}
