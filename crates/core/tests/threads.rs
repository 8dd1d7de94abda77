//! The same bits on any number of threads: a net whose kernels are large enough to be shared, trained
//! alone and then with helpers, on threads of the system.
//!
//! One test in a process of its own, since the pool is the process's.

mod support;

use gradus_core::compile::Passes;
use gradus_core::engine::POOL;
use gradus_core::ir::Value;
use gradus_core::ops::*;
use gradus_core::train::{Accumulation, Clip, Method, Train, Trainable};
use gradus_core::wire::Message;
use gradus_kernels::binary::BinaryKind;
use std::thread;
use support::{numbers, Bench};

const BATCH: usize = 160;
const WIDTHS: [usize; 4] = [203, 260, 133, 24];

struct Layers {
    bench: Bench,
    trainables: Vec<Trainable>,
    seed: u32,
}

impl Layers {
    fn weight(&mut self, extents: &[usize], scale: f32, offset: f32) -> Value {
        self.seed += 1;
        let size = extents.iter().product();
        let values: Vec<f32> = numbers(size, self.seed)
            .iter()
            .map(|v| v * scale + offset)
            .collect();
        let (variable, value) = self.bench.variable(extents, &values);
        let store = &mut self.bench.engine.store;
        let slots = (0..2).map(|_| store.create(extents).unwrap()).collect();
        self.trainables.push(Trainable {
            variable,
            rate_multiplier: 1.0,
            weight_decay: 0.01,
            slots,
            accumulator: None,
        });
        value
    }

    fn dense(&mut self, x: Value, from: usize, to: usize) -> Value {
        let kernel = self.weight(&[from, to], 0.1, 0.0);
        let bias = self.weight(&[to], 0.1, 0.0);
        let y = self.bench.add(MatMul::plain(false, false), &[x, kernel]);
        self.bench.binary(BinaryKind::Add, y, bias)
    }

    fn normalised(&mut self, x: Value, width: usize, rows: bool) -> Value {
        let gamma = self.weight(&[width], 0.1, 1.0);
        let beta = self.weight(&[width], 0.1, 0.0);
        let op = if rows {
            Op::LayerNorm(LayerNorm {
                epsilon: 1e-3,
                scale: true,
                center: true,
                rms: false,
            })
        } else {
            Op::BatchNorm(BatchNorm {
                epsilon: 1e-3,
                scale: true,
                center: true,
            })
        };
        self.bench.add(op, &[x, gamma, beta])
    }
}

/// All weights after some steps of a fresh net, as bits.
fn train(steps: u32) -> Vec<u32> {
    let mut net = Layers {
        bench: Bench::default(),
        trainables: Vec::new(),
        seed: 0,
    };
    let x = net.bench.input("x", &[0, WIDTHS[0]]);
    let labels = net.bench.labels("y", &[0]);
    let rate = net.bench.input("rate", &[]);
    let mut value = net.dense(x, WIDTHS[0], WIDTHS[1]);
    value = net.normalised(value, WIDTHS[1], false);
    value = net.bench.unary("gelu", &[], value);
    let dropout = |rate, stream| Op::Dropout(Dropout { rate, stream });
    value = net.bench.add(dropout(0.2, 1), &[value]);
    value = net.dense(value, WIDTHS[1], WIDTHS[2]);
    value = net.bench.unary("elu", &[], value);
    value = net.normalised(value, WIDTHS[2], true);
    let logits = net.dense(value, WIDTHS[2], WIDTHS[3]);
    let losses = net.bench.add(
        Op::SparseCrossEntropy(SparseCrossEntropy),
        &[logits, labels],
    );
    let loss = net.bench.reduce(ReduceKind::Mean, &[], false, losses);
    net.bench.output("loss", loss);
    let message = Message {
        graph: net.bench.graph.clone(),
        train: Some(Train {
            loss,
            learning_rate: rate,
            momentum: None,
            method: Method::by_name(b"adamW").unwrap(),
            hyper: vec![0.9, 0.999, 1e-7],
            clip: Clip::GlobalNorm(0.5),
            accumulation: Accumulation::None,
            norms: None,
            trainables: net.trainables.clone(),
        }),
        after: Vec::new(),
    };
    let engine = &mut net.bench.engine;
    let program = engine.insert(message, BATCH, Passes::default()).unwrap();
    engine.write_input(program, "rate", &[1e-3]).unwrap();
    for step in 1..=steps {
        // Short batches in between.
        let batch = if step % 4 == 0 { BATCH - 37 } else { BATCH };
        let rows = numbers(batch * WIDTHS[0], 1000 + step);
        let labels: Vec<f32> = (0..batch as u32)
            .map(|i| f32::from_bits((i * 7 + step) % WIDTHS[3] as u32))
            .collect();
        engine.write_input(program, "x", &rows).unwrap();
        engine.write_input(program, "y", &labels).unwrap();
        let clock = Clock {
            step,
            seed: 9,
            draw: step,
            row: 0,
            batch,
        };
        engine.run(program, clock).unwrap();
    }
    let loss = engine.read_output(program, "loss").unwrap()[0];
    assert!(loss.is_finite());
    let bits = |t: &Trainable| -> Vec<u32> {
        let data = engine.store.data(t.variable).unwrap();
        data.iter().map(|v| v.to_bits()).collect()
    };
    net.trainables.iter().flat_map(bits).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let steps = 40;
    let alone = train(steps);
    assert_eq!(POOL.jobs(), 0);
    let mut helpers = 0;
    for threads in [2, 3, 4, 8] {
        while helpers + 1 < threads {
            thread::spawn(|| POOL.serve());
            helpers += 1;
        }
        while POOL.helpers() < helpers {
            thread::yield_now();
        }
        let before = POOL.jobs();
        assert!(train(steps) == alone, "{threads} threads give other bits");
        assert!(
            POOL.jobs() > before + steps,
            "{threads} threads had nothing to share"
        );
    }
    POOL.close();
}
