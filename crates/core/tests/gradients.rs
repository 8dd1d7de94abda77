//! Every operation's gradient against central differences, fused and not.

mod support;

use gradus_core::ops::*;
use gradus_kernels::binary::BinaryKind as K;
use gradus_kernels::mem::ints_mut;
use support::{check_gradient, numbers, shape, Bench};

fn away_from_zero(count: usize, seed: u32) -> Vec<f32> {
    numbers(count, seed)
        .iter()
        .map(|v| v + 0.2f32.copysign(*v))
        .collect()
}

fn positive(count: usize, seed: u32) -> Vec<f32> {
    numbers(count, seed).iter().map(|v| v.abs() + 0.5).collect()
}

#[test]
fn matrix_products_in_all_forms() {
    for (trans_a, trans_b) in [(false, false), (false, true), (true, false), (true, true)] {
        for (m, n, k) in [(1, 1, 1), (3, 5, 4), (7, 2, 9), (5, 33, 3)] {
            let a: &[usize] = if trans_a { &[k, m] } else { &[m, k] };
            let b: &[usize] = if trans_b { &[n, k] } else { &[k, n] };
            let xs = [(a, numbers(m * k, 1)), (b, numbers(k * n, 2))];
            check_gradient("matMul", &xs, 4e-3, |bench, x| {
                bench.add(MatMul::plain(trans_a, trans_b), x)
            });
        }
    }
}

#[test]
fn matrix_product_over_leading_dimensions() {
    let xs: [(&[usize], _); 2] = [(&[2, 3, 4], numbers(24, 1)), (&[4, 5], numbers(20, 2))];
    check_gradient("matMul", &xs, 4e-3, |bench, x| {
        bench.add(MatMul::plain(false, false), x)
    });
}

#[test]
fn two_dense_layers_with_each_activation() {
    for name in [
        "linear", "relu", "sigmoid", "tanh", "elu", "selu", "gelu", "silu", "mish", "softplus",
    ] {
        let xs: [(&[usize], _); 5] = [
            (&[6, 5], numbers(30, 1)),
            (&[5, 7], away_from_zero(35, 2)),
            (&[7], numbers(7, 3)),
            (&[7, 3], numbers(21, 4)),
            (&[3], numbers(3, 5)),
        ];
        check_gradient(name, &xs, 2e-2, |bench, x| {
            let mut value = x[0];
            for layer in 0..2 {
                value = bench.add(MatMul::plain(false, false), &[value, x[1 + 2 * layer]]);
                value = bench.binary(K::Add, value, x[2 + 2 * layer]);
                value = bench.unary(name, &[], value);
            }
            value
        });
    }
}

#[test]
fn elementwise_maths() {
    for name in [
        "neg", "square", "exp", "tanh", "sigmoid", "abs", "expm1", "softsign",
    ] {
        let xs: [(&[usize], _); 1] = [(&[3, 5], away_from_zero(15, 4))];
        check_gradient(name, &xs, 4e-3, |bench, x| bench.unary(name, &[], x[0]));
    }
    for name in ["sqrt", "rsqrt", "reciprocal", "log", "log1p"] {
        let xs: [(&[usize], _); 1] = [(&[3, 5], positive(15, 4))];
        check_gradient(name, &xs, 4e-3, |bench, x| bench.unary(name, &[], x[0]));
    }
}

#[test]
fn two_operand_arithmetic_with_broadcasting() {
    let shapes: [(&[usize], &[usize]); 7] = [
        (&[3, 4], &[3, 4]),
        (&[3, 4], &[4]),
        (&[3, 4], &[3, 1]),
        (&[3, 4], &[]),
        (&[1, 4], &[3, 1]),
        (&[2, 1, 4], &[3, 1]),
        (&[], &[5]),
    ];
    for (a, b) in shapes {
        let (na, nb) = (a.iter().product(), b.iter().product());
        for kind in [
            K::Add,
            K::Sub,
            K::Mul,
            K::Div,
            K::SquaredDifference,
            K::Pow,
            K::Max,
            K::Min,
        ] {
            let xs = [(a, positive(na, 8)), (b, positive(nb, 9))];
            check_gradient(kind.name(), &xs, 4e-3, |bench, x| {
                bench.binary(kind, x[0], x[1])
            });
        }
    }
}

#[test]
fn a_value_used_twice_gets_the_sum() {
    let xs: [(&[usize], _); 1] = [(&[4], numbers(4, 3))];
    check_gradient("x*x + x", &xs, 4e-3, |bench, x| {
        let square = bench.binary(K::Mul, x[0], x[0]);
        bench.binary(K::Add, square, x[0])
    });
}

#[test]
fn reductions() {
    use ReduceKind as R;
    for kind in [R::Sum, R::Mean, R::Max, R::Min, R::SumSquares, R::SumAbs] {
        for axes in [&[][..], &[0], &[1], &[-1], &[0, 2], &[1, 2], &[0, 1, 2]] {
            for keep_dims in [false, true] {
                let xs: [(&[usize], _); 1] = [(&[2, 3, 4], away_from_zero(24, 6))];
                check_gradient("reduce", &xs, 4e-3, |bench, x| {
                    bench.reduce(kind, axes, keep_dims, x[0])
                });
            }
        }
    }
}

#[test]
fn moving_numbers() {
    let xs: [(&[usize], _); 2] = [(&[2, 3, 4], numbers(24, 6)), (&[2, 2, 4], numbers(16, 7))];
    check_gradient("permute", &xs[..1], 4e-3, |bench, x| {
        bench.add(
            Op::Permute(Permute {
                axes: vec![2, 0, 1],
            }),
            x,
        )
    });
    check_gradient("reshape", &xs[..1], 4e-3, |bench, x| {
        bench.add(
            Op::Reshape(Reshape {
                shape: support::shape(&[6, 4]),
            }),
            x,
        )
    });
    check_gradient("concat", &xs, 4e-3, |bench, x| {
        bench.add(Op::Concat(Concat { axis: 1 }), x)
    });
    for (axis, from, to) in [(0, 0, 1), (1, 1, 3), (-1, 1, 2), (2, 0, 4)] {
        check_gradient("slice", &xs[..1], 4e-3, |bench, x| {
            bench.add(Op::Slice(Slice { axis, from, to }), x)
        });
    }
}

#[test]
fn softmax_its_logarithm_and_sparsemax() {
    for cols in [1, 2, 3, 10, 33] {
        let shape = [4, cols];
        let xs: [(&[usize], _); 1] = [(&shape, numbers(4 * cols, 6))];
        check_gradient("softmax", &xs, 4e-3, |bench, x| {
            bench.add(Op::Softmax(Softmax), x)
        });
        check_gradient("logSoftmax", &xs, 4e-3, |bench, x| {
            bench.add(Op::LogSoftmax(LogSoftmax), x)
        });
        check_gradient("sparsemax", &xs, 4e-3, |bench, x| {
            bench.add(Op::Sparsemax(Sparsemax), x)
        });
    }
}

#[test]
fn cross_entropy_against_labels_and_distributions() {
    for cols in [2, 3, 10, 31] {
        let shape = [5, cols];
        let xs: [(&[usize], _); 1] = [(&shape, numbers(5 * cols, 6))];
        check_gradient("sparse", &xs, 4e-3, |bench, x| {
            // Labels are whole numbers in the words of a variable, seen through an int32 input.
            let labels = bench.labels("labels", &[5]);
            let loss = bench.add(Op::SparseCrossEntropy(SparseCrossEntropy), &[x[0], labels]);
            // The arena holds zeros where nobody wrote: every label is class 0.
            loss
        });
        let targets: Vec<f32> = positive(5 * cols, 3);
        check_gradient("dense", &xs, 4e-3, |bench, x| {
            let (_, targets) = bench.variable(&shape, &targets);
            bench.add(Op::CrossEntropy(CrossEntropy), &[x[0], targets])
        });
    }
    let mut word = [0.0];
    ints_mut(&mut word)[0] = 1;
    assert_eq!(word[0].to_bits(), 1);
}

#[test]
fn batch_normalisation() {
    for (rows, channels) in [(2, 1), (5, 3), (7, 4), (33, 5)] {
        for (scale, center) in [(true, true), (true, false), (false, true), (false, false)] {
            let (s, c) = ([rows, channels], [channels]);
            let mut xs: Vec<(&[usize], Vec<f32>)> = vec![(&s, numbers(rows * channels, 6))];
            if scale {
                xs.push((&c, positive(channels, 7)));
            }
            if center {
                xs.push((&c, numbers(channels, 8)));
            }
            let op = BatchNorm {
                epsilon: 1e-2,
                scale,
                center,
            };
            check_gradient("batchNorm", &xs, 1e-2, |bench, x| {
                bench.add(Op::BatchNorm(op.clone()), x)
            });
            let op = Normalize {
                epsilon: 1e-2,
                scale,
                center,
            };
            check_gradient("normalize", &xs, 4e-3, |bench, x| {
                let (_, mean) = bench.variable(&c, &numbers(channels, 1));
                let (_, variance) = bench.variable(&c, &positive(channels, 2));
                let inputs = [&[x[0], mean, variance], &x[1..]].concat();
                bench.add(Op::Normalize(op.clone()), &inputs)
            });
        }
    }
}

#[test]
fn layer_normalisation() {
    for (rows, cols) in [(1, 1), (2, 3), (5, 4), (3, 9), (40, 5)] {
        for (scale, center) in [(true, true), (true, false), (false, true), (false, false)] {
            for rms in [false, true] {
                let (s, c) = ([rows, cols], [cols]);
                let mut xs: Vec<(&[usize], Vec<f32>)> = vec![(&s, numbers(rows * cols, 6))];
                if scale {
                    xs.push((&c, positive(cols, 7)));
                }
                if center {
                    xs.push((&c, numbers(cols, 8)));
                }
                let op = LayerNorm {
                    epsilon: 1e-2,
                    scale,
                    center,
                    rms,
                };
                check_gradient("layerNorm", &xs, 1e-2, |bench, x| {
                    bench.add(Op::LayerNorm(op.clone()), x)
                });
            }
        }
    }
}

#[test]
fn dropout_draws_the_same_mask_backwards() {
    let xs: [(&[usize], _); 1] = [(&[9, 7], away_from_zero(63, 6))];
    check_gradient("dropout", &xs, 4e-3, |bench, x| {
        bench.add(
            Op::Dropout(Dropout {
                rate: 0.4,
                stream: 2,
            }),
            x,
        )
    });
}

#[test]
fn random_numbers_stay_the_same_backwards() {
    let normal = Distribution::Normal {
        mean: 1.0,
        std: 0.5,
    };
    for distribution in [normal, Distribution::Keep { rate: 0.4 }] {
        let xs: [(&[usize], _); 1] = [(&[5, 3, 4], away_from_zero(60, 6))];
        check_gradient("random", &xs, 4e-3, |bench, x| {
            let op = Random {
                distribution,
                stream: 2,
                shape: shape(&[5, 1, 4]),
            };
            let noise = bench.add(Op::Random(op), &[]);
            bench.binary(K::Mul, x[0], noise)
        });
    }
}

#[test]
fn no_gradient_flows_through_a_stop() {
    let mut bench = Bench::default();
    let (_, x) = bench.variable(&[3], &[1.0, 2.0, 3.0]);
    let stopped = bench.add(Op::StopGradient(StopGradient), &[x]);
    let loss = bench.reduce(ReduceKind::Sum, &[], false, stopped);
    let grads = gradus_core::autodiff::differentiate(&mut bench.graph, loss, &[x]).unwrap();
    assert_eq!(grads, [None]);
}
