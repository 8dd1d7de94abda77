//! The product against a naive f64 oracle, over all forms, odd sizes and every epilogue.

use super::{blocked, Epilogue, Product, Way};
use crate::unary::{Unary, UnaryKind};

const SIZES: [usize; 19] = [
    0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 31, 33, 64, 100, 127, 129, 300,
];
/// Reproducible values in [-1, 1), so that a failing case can be run again.
struct Source(u64);

impl Source {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn pick(&mut self, count: usize) -> usize {
        ((self.next() >> 33) % count as u64) as usize
    }
    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| (self.next() >> 40) as f32 / (1u32 << 23) as f32 - 1.0)
            .collect()
    }
}

/// op(A) * op(B) in f64.
fn oracle(p: &Product, a: &[f32], b: &[f32]) -> Vec<f64> {
    let mut c = vec![0.0; p.m * p.n];
    for i in 0..p.m {
        for j in 0..p.n {
            for q in 0..p.k {
                let x = if p.trans_a {
                    a[q * p.m + i]
                } else {
                    a[i * p.k + q]
                };
                let y = if p.trans_b {
                    b[j * p.k + q]
                } else {
                    b[q * p.n + j]
                };
                c[i * p.n + j] += f64::from(x) * f64::from(y);
            }
        }
    }
    c
}

fn assert_close(what: &str, p: &Product, got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    // Terms are below 1 in size: a sum of k of them is off by at most about k^2 eps / 2, and by
    // far less in practice.
    let tolerance = 4e-7 * (p.k as f64 + 4.0);
    for (at, (g, w)) in got.iter().zip(want).enumerate() {
        assert!(
            (f64::from(*g) - w).abs() <= tolerance,
            "{what} of {p:?}: element {at} is {g}, expected {w}"
        );
    }
}

/// Runs one shape with every form of epilogue. NaN-filled buffers show what is left unwritten.
fn check(p: Product, source: &mut Source) {
    let a = source.values(p.m * p.k);
    let b = source.values(p.k * p.n);
    let bias = source.values(p.n);
    let saved = source.values(p.m * p.n);
    let product = oracle(&p, &a, &b);
    let mut scratch = vec![f32::NAN; p.scratch_len()];
    let fresh = || vec![f32::NAN; p.m * p.n];

    let mut c = fresh();
    p.run(&a, &b, &mut c, &mut scratch, Epilogue::default());
    assert_close("product", &p, &c, &product);

    scratch.fill(f32::NAN);
    let mut sums = vec![f32::NAN; p.n];
    c.fill(f32::NAN);
    let epilogue = Epilogue {
        column_sums_b: Some(&mut sums),
        ..Epilogue::default()
    };
    p.run(&a, &b, &mut c, &mut scratch, epilogue);
    assert_close("product beside column sums", &p, &c, &product);
    let ones = Product {
        m: 1,
        trans_a: false,
        ..p
    };
    let want_sums = oracle(&ones, &vec![1.0; p.k], &b);
    assert_close("column sums", &p, &sums, &want_sums);

    let mut pre = fresh();
    c = fresh();
    let epilogue = Epilogue {
        bias: Some(&bias),
        pre: Some(&mut pre),
        activation: Some(UnaryKind::Relu.into()),
        ..Epilogue::default()
    };
    p.run(&a, &b, &mut c, &mut scratch, epilogue);
    let before: Vec<f64> = product
        .iter()
        .enumerate()
        .map(|(at, x)| x + f64::from(bias[at % p.n]))
        .collect();
    assert_close("pre", &p, &pre, &before);
    let after: Vec<f64> = before.iter().map(|x| x.max(0.0)).collect();
    assert_close("activation", &p, &c, &after);

    c = fresh();
    let epilogue = Epilogue {
        bias: Some(&bias),
        activation: Some(UnaryKind::Relu.into()),
        ..Epilogue::default()
    };
    p.run(&a, &b, &mut c, &mut scratch, epilogue);
    assert_close("activation without pre", &p, &c, &after);

    c = fresh();
    let epilogue = Epilogue {
        grad: Some((UnaryKind::Relu.into(), &saved)),
        ..Epilogue::default()
    };
    p.run(&a, &b, &mut c, &mut scratch, epilogue);
    let scaled: Vec<f64> = product
        .iter()
        .zip(&saved)
        .map(|(x, s)| if *s > 0.0 { *x } else { 0.0 })
        .collect();
    assert_close("grad", &p, &c, &scaled);
}

#[test]
fn agrees_with_the_oracle() {
    let mut source = Source(0x9e37_79b9_7f4a_7c15);
    for round in 0..600 {
        let [m, n, k] = [(); 3].map(|()| SIZES[source.pick(SIZES.len())]);
        check(
            Product {
                m,
                n,
                k,
                trans_a: round & 1 == 1,
                trans_b: round & 2 == 2,
            },
            &mut source,
        );
    }
}

/// Sizes beyond the cuts: several blocks of k and of columns, packed strips of A.
#[test]
fn agrees_with_the_oracle_across_cuts() {
    let mut source = Source(0x0123_4567_89ab_cdef);
    for (m, n, k) in [
        (1, 70, 1030),
        (3, 29, 600),
        (6, 203, 515),
        (7, 300, 1100),
        (131, 70, 517),
        (50, 211, 1300),
        (47, 70, 1024),
        (8, 64, 2048),
        (1, 5, 1030),
        (1, 300, 784),
        (1, 129, 257),
        (1, 1023, 37),
        (1, 2050, 530),
        (1, 40_000, 1),
        (9, 1, 1030),
    ] {
        for form in 0..4 {
            let p = Product {
                m,
                n,
                k,
                trans_a: form & 1 == 1,
                trans_b: form & 2 == 2,
            };
            check(p, &mut source);
        }
    }
}

/// A batch gives for each row what that row gives alone, bit for bit.
#[test]
fn rows_do_not_depend_on_their_neighbours() {
    let mut source = Source(0x5555_aaaa_1234_4321);
    for (m, n, k) in [
        (2, 16, 9),
        (4, 1, 21),
        (5, 37, 40),
        (19, 203, 531),
        (64, 10, 100),
        (7, 131, 515),
        (3, 1030, 70),
    ] {
        let batch = Product {
            m,
            n,
            k,
            trans_a: false,
            trans_b: false,
        };
        let a = source.values(m * k);
        let b = source.values(k * n);
        let run = |p: Product, a: &[f32]| {
            let mut c = vec![f32::NAN; p.m * p.n];
            let mut scratch = vec![f32::NAN; p.scratch_len()];
            p.run(a, &b, &mut c, &mut scratch, Epilogue::default());
            c
        };
        let together = run(batch, &a);
        for (row, a) in together.chunks_exact(n).zip(a.chunks_exact(k)) {
            let alone = run(Product { m: 1, ..batch }, a);
            assert!(
                row.iter()
                    .zip(&alone)
                    .all(|(x, y)| x.to_bits() == y.to_bits()),
                "{batch:?}: {row:?} in the batch, {alone:?} alone"
            );
        }
    }
}

#[test]
fn propagates_infinity_and_nan_through_relu() {
    let p = Product {
        m: 6,
        n: 9,
        k: 1,
        trans_a: false,
        trans_b: false,
    };
    let a = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1.0, -1.0, -0.0];
    let mut c = vec![0.0; p.m * p.n];
    let mut scratch = vec![0.0; p.scratch_len()];
    let epilogue = Epilogue {
        activation: Some(UnaryKind::Relu.into()),
        ..Epilogue::default()
    };
    p.run(&a, &[1.0; 9], &mut c, &mut scratch, epilogue);
    for (row, x) in c.chunks_exact(p.n).zip(a) {
        for y in row {
            assert!(if x.is_nan() {
                y.is_nan()
            } else {
                *y == x.max(0.0)
            });
        }
    }
}

/// The activation in registers gives what the table gives, and so does any other activation.
#[test]
fn activations_agree_with_the_table() {
    let mut source = Source(0x7777_0000_1111_2222);
    for (m, n, k) in [
        (1, 13, 20),
        (1, 134, 300),
        (4, 30, 8),
        (33, 70, 40),
        (40, 3, 16),
    ] {
        for kind in [UnaryKind::Relu, UnaryKind::Tanh, UnaryKind::Linear] {
            let p = Product {
                m,
                n,
                k,
                trans_a: false,
                trans_b: true,
            };
            let (a, b) = (source.values(m * k), source.values(k * n));
            let mut scratch = vec![f32::NAN; p.scratch_len()];
            let mut plain = vec![f32::NAN; m * n];
            p.run(&a, &b, &mut plain, &mut scratch, Epilogue::default());
            let mut fused = vec![f32::NAN; m * n];
            let epilogue = Epilogue {
                activation: Some(kind.into()),
                ..Epilogue::default()
            };
            p.run(&a, &b, &mut fused, &mut scratch, epilogue);
            Unary::from(kind).apply_inplace(&mut plain);
            assert_eq!(plain, fused, "{kind:?} after {p:?}");
        }
    }
}

#[test]
fn keeps_nan_met_by_zero() {
    for (trans_a, trans_b) in [(false, false), (true, false), (false, true), (true, true)] {
        let p = Product {
            m: 7,
            n: 11,
            k: 5,
            trans_a,
            trans_b,
        };
        let mut b = vec![1.0; p.k * p.n];
        b[0] = f32::NAN;
        let mut c = vec![0.0; p.m * p.n];
        let mut scratch = vec![0.0; p.scratch_len()];
        let a = vec![0.0; p.m * p.k];
        p.run(&a, &b, &mut c, &mut scratch, Epilogue::default());
        for (at, v) in c.iter().enumerate() {
            assert_eq!(v.is_nan(), at % p.n == 0, "{p:?}, element {at}");
        }
    }
}

#[test]
#[should_panic(expected = "A must hold m * k values")]
fn rejects_a_wrong_length() {
    let p = Product {
        m: 2,
        n: 2,
        k: 2,
        trans_a: false,
        trans_b: false,
    };
    p.run(
        &[0.0; 3],
        &[0.0; 4],
        &mut [0.0; 4],
        &mut [],
        Epilogue::default(),
    );
}

const FLAGS: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

#[test]
fn scratch_is_enough_for_smaller_products_too() {
    let sizes = [
        1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 255, 256, 257,
        260, 300, 500, 511, 512, 513, 520, 700, 1000, 1023, 1024, 1025, 1030, 1600, 3000,
    ];
    for (trans_a, trans_b) in FLAGS {
        let len = |m, n, k| {
            let p = Product {
                m,
                n,
                k,
                trans_a,
                trans_b,
            };
            if let Way::Blocked = p.way() {
                assert!(p.scratch_len() >= blocked::exact_scratch_len(&p), "{p:?}");
            }
            p.scratch_len()
        };
        for (&one, &other) in sizes.iter().flat_map(|a| sizes.iter().map(move |b| (a, b))) {
            let mut before = [0; 3];
            for &size in &sizes {
                let now = [
                    len(size, one, other),
                    len(one, size, other),
                    len(one, other, size),
                ];
                for (more, fewer) in now.iter().zip(before) {
                    assert!(*more >= fewer, "{size} beside {one} and {other}");
                }
                before = now;
            }
        }
    }
}

#[test]
fn small_products_run_in_the_scratch_of_large_ones() {
    // The last batch is short: of rows, or of k in the gradient of a kernel.
    let pairs = [
        ((2, 1, 3), (1, 1, 3)),
        ((4, 16, 9), (3, 16, 9)),
        ((40, 37, 520), (40, 37, 500)),
        ((200, 300, 520), (200, 300, 512)),
    ];
    for (trans_a, trans_b) in FLAGS {
        for (large, small) in pairs {
            let product = |(m, n, k)| Product {
                m,
                n,
                k,
                trans_a,
                trans_b,
            };
            let (large, p) = (product(large), product(small));
            let (a, b) = (vec![1.0; p.m * p.k], vec![1.0; p.k * p.n]);
            let mut c = vec![f32::NAN; p.m * p.n];
            let mut scratch = vec![f32::NAN; large.scratch_len()];
            p.run(&a, &b, &mut c, &mut scratch, Epilogue::default());
            assert!(c.iter().all(|&x| x == p.k as f32), "{p:?}");
        }
    }
}

/// Where a product is large enough, every thread has as many pieces of it.
#[test]
fn pieces_come_out_even() {
    let shapes = [
        (128, 784, 300, false),
        (128, 300, 100, false),
        (128, 10, 100, false),
        (300, 128, 100, false),
        (784, 128, 300, true),
        (1024, 1024, 1024, false),
    ];
    for (m, k, n, packs_a) in shapes {
        let p = Product {
            m,
            n,
            k,
            trans_a: packs_a,
            trans_b: false,
        };
        for threads in [2, 4] {
            let nanos = m * k * n / 20;
            let (down, across) = blocked::pieces(&p, nanos, threads, packs_a, 32);
            assert!((1..=m).contains(&down) && (1..=n).contains(&across));
            // No more of them than it is worth, but for one each.
            assert!(down * across <= (nanos / 20_000).max(threads).next_multiple_of(threads));
            if threads == 2 {
                assert_eq!(down * across % threads, 0, "{p:?}: {down} x {across}");
            }
        }
    }
}
