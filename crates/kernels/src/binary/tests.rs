//! The table and its broadcasting against plain loops.

use super::*;
use crate::math::oracle::ulp;

/// Numbers that repeat in no simple period, with a few zeros and equal pairs among them.
fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 24) as f32 - 128.0) / 16.0
    };
    (0..n).map(|_| next()).collect()
}

/// What each row means, in f64.
fn reference(kind: BinaryKind, a: f64, b: f64) -> f64 {
    let truth = |t: bool| f64::from(u8::from(t));
    match kind {
        BinaryKind::Add => a + b,
        BinaryKind::Sub => a - b,
        BinaryKind::Mul => a * b,
        BinaryKind::Div => a / b,
        BinaryKind::Min if a.is_nan() || b.is_nan() => f64::NAN,
        BinaryKind::Max if a.is_nan() || b.is_nan() => f64::NAN,
        BinaryKind::Min => a.min(b),
        BinaryKind::Max => a.max(b),
        BinaryKind::Pow => a.powf(b),
        BinaryKind::SquaredDifference => (a - b) * (a - b),
        BinaryKind::Equal => truth(a == b),
        BinaryKind::NotEqual => truth(a != b),
        BinaryKind::Greater => truth(a > b),
        BinaryKind::GreaterEqual => truth(a >= b),
        BinaryKind::Less => truth(a < b),
        BinaryKind::LessEqual => truth(a <= b),
        BinaryKind::And => truth(a != 0.0 && b != 0.0),
        BinaryKind::Or => truth(a != 0.0 || b != 0.0),
    }
}

#[test]
fn names_and_codes_are_unique() {
    for (i, kind) in BinaryKind::ALL.iter().enumerate() {
        assert_eq!(BinaryKind::from_code(i as u8), Some(*kind));
        assert_eq!(BinaryKind::by_name(kind.name()), Some(*kind));
    }
}

#[test]
fn rows_mean_what_they_say() {
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        2.0,
        -2.5,
        3.5,
        1e30,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    for kind in BinaryKind::ALL {
        for a in special {
            for b in special {
                let mut out = [0.0];
                kind.apply(&[a], &[b], &mut out);
                let want = reference(*kind, a.into(), b.into());
                assert!(
                    ulp(out[0], want, 0.0) <= 4.0,
                    "{} {a} {b}: {}, {want}",
                    kind.name(),
                    out[0]
                );
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_position_or_form() {
    let (a, b) = (numbers(160, 1), numbers(160, 2));
    let same = |x: &[f32], y: &[f32]| {
        x.iter()
            .zip(y)
            .all(|(x, y)| x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan())
    };
    for kind in BinaryKind::ALL {
        let mut all = vec![0.0; 160];
        kind.apply(&a, &b, &mut all);
        for n in [1, 3, 4, 5, 7, 8, 9, 31, 33, 127] {
            for start in [0, 1, 2, 3, 17] {
                let part = start..start + n;
                let mut out = vec![0.0; n];
                kind.apply(&a[part.clone()], &b[part.clone()], &mut out);
                assert!(same(&out, &all[part.clone()]));
                let mut out = a[part.clone()].to_vec();
                kind.apply_inplace(&mut out, &b[part.clone()]);
                assert!(same(&out, &all[part]));
            }
            let mut out = vec![0.0; n];
            let mut whole = vec![0.0; n];
            // Not 2, where pow is a product.
            kind.apply_scalar_right(&a[..n], 1.25, &mut out);
            kind.apply(&a[..n], &vec![1.25; n], &mut whole);
            assert!(same(&out, &whole));
            kind.apply_scalar_left(2.0, &b[..n], &mut out);
            kind.apply(&vec![2.0; n], &b[..n], &mut whole);
            assert!(same(&out, &whole));
        }
    }
    let mut squares = vec![0.0; 160];
    BinaryKind::Pow.apply_scalar_right(&a, 2.0, &mut squares);
    assert!(squares.iter().zip(&a).all(|(s, a)| *s == a * a));
}

#[test]
fn broadcasts_rows_and_columns() {
    for (count, cols) in [
        (1, 1),
        (3, 5),
        (7, 33),
        (130, 3),
        (2, 300),
        (0, 4),
        (50, 16),
    ] {
        let (a, row, column) = (
            numbers(count * cols, 3),
            numbers(cols, 4),
            numbers(count, 5),
        );
        let mut out = vec![0.0; a.len()];
        rows(BinaryKind::Sub, &a, &row, &mut out);
        assert!(out
            .iter()
            .enumerate()
            .all(|(i, v)| *v == a[i] - row[i % cols]));
        columns(BinaryKind::Sub, &a, &column, &mut out);
        assert!(out
            .iter()
            .enumerate()
            .all(|(i, v)| *v == a[i] - column[i / cols]));
    }
}

/// One element at a time, with every index worked out anew.
fn naive(
    kind: BinaryKind,
    a: &[f32],
    sa: &[usize],
    b: &[f32],
    sb: &[usize],
    shape: &[usize],
) -> Vec<f32> {
    let total = shape.iter().product();
    (0..total)
        .map(|flat: usize| {
            let (mut rest, mut at) = (flat, [0, 0]);
            for axis in (0..shape.len()).rev() {
                let index = rest % shape[axis];
                rest /= shape[axis];
                at[0] += index * sa[axis];
                at[1] += index * sb[axis];
            }
            let mut out = [0.0];
            kind.apply(&[a[at[0]]], &[b[at[1]]], &mut out);
            out[0]
        })
        .collect()
}

#[test]
fn broadcasts_any_layout() {
    let mut state = 7u32;
    let mut pick = |n: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % n
    };
    for round in 0..4000 {
        let rank = pick(MAX_RANK + 1);
        let lengths: &[usize] = match rank {
            0..=2 => &[1, 2, 5, 63, 64, 100, 300],
            3 => &[1, 2, 3, 5, 17, 40],
            _ => &[1, 2, 3],
        };
        let shape: Vec<usize> = (0..rank).map(|_| lengths[pick(lengths.len())]).collect();
        // Each operand: some axes broadcast, the rest laid out in order or shuffled.
        let mut layout = || {
            let mut order: Vec<usize> = (0..rank).rev().collect();
            if pick(3) == 0 {
                (1..rank).for_each(|i| order.swap(i, pick(i + 1)));
            }
            let mut strides = vec![0; rank];
            let mut next = 1;
            for axis in order {
                if pick(3) > 0 {
                    strides[axis] = next;
                    next *= shape[axis];
                }
            }
            (strides, next)
        };
        let ((sa, len_a), (sb, len_b)) = (layout(), layout());
        let (a, b) = (numbers(len_a, round), numbers(len_b, round + 9999));
        let mut out = vec![0.0; shape.iter().product()];
        broadcast(BinaryKind::Sub, &a, &sa, &b, &sb, &mut out, &shape);
        let want = naive(BinaryKind::Sub, &a, &sa, &b, &sb, &shape);
        assert_eq!(out, want, "shape {shape:?}, strides {sa:?} and {sb:?}");
    }
}

#[test]
fn broadcast_takes_empty_shapes() {
    broadcast(
        BinaryKind::Add,
        &[],
        &[0, 1],
        &[1.0],
        &[0, 0],
        &mut [],
        &[0, 3],
    );
}

#[test]
#[should_panic(expected = "last < operand.len()")]
fn broadcast_checks_strides() {
    broadcast(
        BinaryKind::Add,
        &[0.0; 5],
        &[3, 1],
        &[0.0],
        &[0, 0],
        &mut [0.0; 6],
        &[2, 3],
    );
}
