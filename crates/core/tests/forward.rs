//! What operations compute, against plain loops in float64; results never depend on what an
//! earlier run left in memory.

mod support;

use gradus_core::ir::Value;
use gradus_core::ops::*;
use gradus_kernels::binary::BinaryKind as K;
use support::{numbers, shape, Bench};

/// Runs a graph over one variable of this shape in an arena full of NaN.
fn run(extents: &[usize], x: &[f32], build: impl Fn(&mut Bench, Value) -> Value) -> Vec<f32> {
    let mut bench = Bench::default();
    let (_, value) = bench.variable(extents, x);
    let out = build(&mut bench, value);
    bench.output("out", out);
    let program = bench.program(1, true);
    bench.engine.store.memory().slabs[0]
        .as_mut_slice()
        .fill(f32::NAN);
    bench.run(program, 1);
    bench.engine.read_output(program, "out").unwrap()
}

fn close(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (f, e)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*f) - e).abs();
        assert!(
            error <= tolerance * e.abs().max(1.0),
            "{what}[{at}]: {f} for {e}"
        );
    }
}

/// All indices of a shape in row-major order.
fn indices(extents: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for &extent in extents {
        all = all
            .into_iter()
            .flat_map(|head| (0..extent).map(move |i| [&head[..], &[i]].concat()))
            .collect();
    }
    all
}

#[test]
fn reductions_over_any_axes() {
    use ReduceKind as R;
    let extents = [3, 4, 1, 5];
    let x = numbers(60, 1);
    for mask in 0u32..16 {
        let axes: Vec<i32> = (0..4).filter(|axis| mask >> axis & 1 == 1).collect();
        let every = if mask == 0 { 15 } else { mask };
        for kind in [
            R::Sum,
            R::Mean,
            R::Max,
            R::Min,
            R::Prod,
            R::SumSquares,
            R::SumAbs,
        ] {
            let kept: Vec<usize> = (0..4)
                .map(|axis| {
                    if every >> axis & 1 == 1 {
                        1
                    } else {
                        extents[axis]
                    }
                })
                .collect();
            let mut expected = Vec::new();
            for head in indices(&kept) {
                let group: Vec<f64> = indices(&extents)
                    .iter()
                    .zip(&x)
                    .filter(|(i, _)| (0..4).all(|a| every >> a & 1 == 1 || i[a] == head[a]))
                    .map(|(_, &v)| f64::from(v))
                    .collect();
                expected.push(match kind {
                    R::Sum => group.iter().sum(),
                    R::Mean => group.iter().sum::<f64>() / group.len() as f64,
                    R::Max => group.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                    R::Min => group.iter().copied().fold(f64::INFINITY, f64::min),
                    R::Prod => group.iter().product(),
                    R::SumSquares => group.iter().map(|v| v * v).sum(),
                    R::SumAbs => group.iter().map(|v| v.abs()).sum(),
                });
            }
            let found = run(&extents, &x, |bench, x| bench.reduce(kind, &axes, false, x));
            close(&found, &expected, 1e-6, &format!("{kind:?} over {axes:?}"));
        }
    }
}

#[test]
fn permutations_of_three_axes() {
    let extents = [2, 3, 5];
    let x = numbers(30, 2);
    for axes in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let out: Vec<usize> = axes.iter().map(|&a| extents[a]).collect();
        let mut expected = Vec::new();
        for index in indices(&out) {
            let mut from = [0; 3];
            for (axis, &at) in axes.iter().zip(&index) {
                from[*axis] = at;
            }
            expected.push(f64::from(x[(from[0] * 3 + from[1]) * 5 + from[2]]));
        }
        let axes = axes.to_vec();
        let found = run(&extents, &x, |b, x| {
            b.add(Op::Permute(Permute { axes: axes.clone() }), &[x])
        });
        close(&found, &expected, 0.0, "permute");
    }
}

#[test]
fn slices_put_together_again_are_the_whole() {
    let x = numbers(30, 3);
    for axis in [0i32, 1, 2, -1] {
        let extent = [2, 3, 5][axis.rem_euclid(3) as usize];
        for cut in 1..extent {
            let found = run(&[2, 3, 5], &x, |bench, x| {
                let head = bench.add(
                    Op::Slice(Slice {
                        axis,
                        from: 0,
                        to: cut,
                    }),
                    &[x],
                );
                let tail = bench.add(
                    Op::Slice(Slice {
                        axis,
                        from: cut,
                        to: extent,
                    }),
                    &[x],
                );
                bench.add(Op::Concat(Concat { axis }), &[head, tail])
            });
            assert_eq!(found, x);
        }
    }
}

#[test]
fn broadcasting_follows_numpy() {
    let x = numbers(12, 4);
    let row = numbers(4, 5);
    let expected: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, v)| f64::from(*v) - f64::from(row[i % 4]))
        .collect();
    let found = run(&[3, 4], &x, |bench, x| {
        let (_, row) = bench.variable(&[4], &row);
        bench.binary(K::Sub, x, row)
    });
    close(&found, &expected, 1e-6, "row");
    let column = numbers(3, 6);
    let expected: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, v)| f64::from(column[i / 4]) / f64::from(*v))
        .collect();
    let found = run(&[3, 4], &x, |bench, x| {
        let (_, column) = bench.variable(&[3, 1], &column);
        bench.binary(K::Div, column, x)
    });
    close(&found, &expected, 1e-5, "column");
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let refused = |build: &dyn Fn(&mut Bench)| {
        let mut bench = Bench::default();
        let error = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| build(&mut bench)));
        *error.unwrap_err().downcast::<String>().unwrap()
    };
    let add = refused(&|bench| {
        let (_, a) = bench.variable(&[3, 4], &[0.0; 12]);
        let (_, b) = bench.variable(&[3], &[0.0; 3]);
        bench.binary(K::Add, a, b);
    });
    assert_eq!(
        add,
        "add: expected two shapes that broadcast together, received [3, 4] and [3]."
    );
    let product = refused(&|bench| {
        let (_, a) = bench.variable(&[3, 4], &[0.0; 12]);
        let b = bench.input("x", &[0, 5]);
        bench.add(MatMul::plain(false, false), &[b, a]);
    });
    assert_eq!(
        product,
        "matMul: expected a second factor with 5 rows, received [batch, 5] and [3, 4]."
    );
    let reshape = refused(&|bench| {
        let x = bench.input("x", &[0, 6]);
        bench.add(
            Op::Reshape(Reshape {
                shape: support::shape(&[0, 5]),
            }),
            &[x],
        );
    });
    assert_eq!(
        reshape,
        "reshape: expected as many elements as [batch, 5], received [batch, 6]."
    );
}

#[test]
fn bytes_and_whole_numbers_become_floats() {
    use gradus_core::ir::{DType, Type};
    use gradus_kernels::mem::{bytes_mut, ints_mut};
    for (dtype, values) in [
        (DType::U8, [0, 255, 7, 128, 1]),
        (DType::I32, [0, -9, 7, 70000, 1]),
    ] {
        let mut bench = Bench::default();
        let ty = Type {
            shape: support::shape(&[0]),
            dtype,
        };
        let x = bench.add(
            Op::Input(Input {
                number: 0,
                name: "x".into(),
                ty,
            }),
            &[],
        );
        let out = bench.add(Op::Cast(Cast), &[x]);
        bench.output("out", out);
        let program = bench.program(5, true);
        let mut words = [0.0; 5];
        match dtype {
            DType::U8 => {
                bytes_mut(&mut words)
                    .iter_mut()
                    .zip(values)
                    .for_each(|(to, v)| *to = v as u8);
            }
            _ => ints_mut(&mut words).copy_from_slice(&values),
        }
        bench
            .engine
            .write_input(program, "x", &words[..dtype.words(5)])
            .unwrap();
        for batch in [5, 3] {
            bench.run(program, batch);
            let found = bench.engine.read_output(program, "out").unwrap();
            assert_eq!(
                found,
                values[..batch]
                    .iter()
                    .map(|&v| v as f32)
                    .collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn dropout_keeps_the_expected_share_and_mean() {
    let x = vec![1.0; 20_000];
    for rate in [0.1, 0.5, 0.9] {
        let out = run(&[20_000], &x, |bench, x| {
            bench.add(Op::Dropout(Dropout { rate, stream: 0 }), &[x])
        });
        let kept = out.iter().filter(|v| **v != 0.0).count() as f32 / 20_000.0;
        let spread = (rate * (1.0 - rate) / 20_000.0).sqrt();
        assert!(
            (kept - (1.0 - rate)).abs() < 4.0 * spread,
            "rate {rate}: kept {kept}"
        );
        // The rate is rounded to 1/65536, and so is the factor that makes up for it.
        let factor = 1.0 / (1.0 - (rate * 65536.0).round() / 65536.0);
        assert!(out.iter().all(|&v| v == 0.0 || (v - factor).abs() < 1e-5));
    }
}

/// Random numbers of `rows` rows of 5 from `row` on, once for each row and once for all.
fn random(distribution: Distribution, rows: usize, row: usize) -> (Vec<f32>, Vec<f32>) {
    let mut bench = Bench::default();
    for (name, extents) in [("own", [0, 5]), ("shared", [1, 5])] {
        let op = Random {
            distribution,
            stream: 2,
            shape: shape(&extents),
        };
        let value = bench.add(Op::Random(op), &[]);
        bench.output(name, value);
    }
    let program = bench.program(rows, true);
    let clock = Clock {
        step: 0,
        seed: 3,
        draw: 5,
        batch: rows,
        row,
    };
    bench.engine.run(program, clock).unwrap();
    let mut read = |name| bench.engine.read_output(program, name).unwrap();
    (read("own"), read("shared"))
}

#[test]
fn random_numbers_belong_to_their_rows() {
    let normal = Distribution::Normal {
        mean: 2.0,
        std: 0.5,
    };
    for distribution in [normal, Distribution::Keep { rate: 0.25 }] {
        let (whole, shared) = random(distribution, 40, 0);
        for row in [1, 7, 39] {
            let (first, same) = random(distribution, row, 0);
            assert_eq!(first, whole[..5 * row]);
            assert_eq!(same, shared);
            let (rest, same) = random(distribution, 40 - row, row);
            assert_eq!(rest, whole[5 * row..]);
            assert_eq!(same, shared);
        }
    }
}

#[test]
fn a_random_mask_is_what_dropout_does() {
    let (mask, _) = random(Distribution::Keep { rate: 0.4 }, 40, 0);
    let x = numbers(200, 1);
    let dropped = run(&[40, 5], &x, |bench, x| {
        let dropout = Dropout {
            rate: 0.4,
            stream: 2,
        };
        bench.add(Op::Dropout(dropout), &[x])
    });
    let product: Vec<f32> = x.iter().zip(&mask).map(|(a, b)| a * b).collect();
    assert_eq!(dropped, product);
}

#[test]
fn distributions_know_their_parameters() {
    let normal = Distribution::by_name(b"normal", &[1.0, 2.0]);
    let expected = Distribution::Normal {
        mean: 1.0,
        std: 2.0,
    };
    assert_eq!(normal, Some(expected));
    assert_eq!(Distribution::by_name(b"normal", &[1.0]), None);
    assert_eq!(Distribution::by_name(b"keep", &[1.0]), None);
    assert_eq!(Distribution::by_name(b"keep", &[f32::NAN]), None);
    assert_eq!(Distribution::by_name(b"uniform", &[0.0, 1.0]), None);
}
