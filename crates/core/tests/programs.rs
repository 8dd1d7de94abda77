//! Whole programs: training steps, short batches, fused and not, memory, order of effects.

mod support;
#[path = "support/wire.rs"]
mod writer;

use gradus_core::compile::Passes;
use gradus_core::ir::Value;
use gradus_core::ops::*;
use gradus_core::train::{Accumulation, Clip, Method, Train, Trainable};
use gradus_core::wire::Message;
use gradus_kernels::binary::BinaryKind as K;
use gradus_kernels::update::UpdateKind;
use support::{numbers, Bench};

/// A classifier 5-8-3 with a chosen activation, its loss, and everything needed to train it.
struct Classifier {
    bench: Bench,
    loss: Value,
    rate: Value,
    weights: Vec<u32>,
    /// Where the norms of gradients go, if they are wanted.
    norms: Option<u32>,
}

fn classifier(activation: &str) -> Classifier {
    let mut bench = Bench::default();
    let x = bench.input("x", &[0, 5]);
    let targets = bench.input("t", &[0, 3]);
    let rate = bench.input("rate", &[]);
    let (w1, w1_value) = bench.variable(&[5, 8], &numbers(40, 1));
    let (b1, b1_value) = bench.variable(&[8], &numbers(8, 2));
    let (w2, w2_value) = bench.variable(&[8, 3], &numbers(24, 3));
    let hidden = bench.add(MatMul::plain(false, false), &[x, w1_value]);
    let hidden = bench.binary(K::Add, hidden, b1_value);
    let hidden = bench.unary(activation, &[], hidden);
    let logits = bench.add(MatMul::plain(false, false), &[hidden, w2_value]);
    let loss = bench.add(Op::CrossEntropy(CrossEntropy), &[logits, targets]);
    let loss = bench.reduce(ReduceKind::Mean, &[], false, loss);
    bench.output("loss", loss);
    bench.output("logits", logits);
    Classifier {
        bench,
        loss,
        rate,
        weights: vec![w1, b1, w2],
        norms: None,
    }
}

impl Classifier {
    fn train(&mut self, rule: &str, clip: Clip, capacity: usize, passes: Passes) -> u32 {
        let rule = UpdateKind::by_name(rule).unwrap();
        let hyper: Vec<f32> = rule.hyper().iter().map(|h| h.default).collect();
        let mut trainables = Vec::new();
        for &variable in &self.weights {
            let extents: Vec<usize> = self
                .bench
                .engine
                .store
                .shape(variable)
                .unwrap()
                .0
                .iter()
                .map(|d| d.factor)
                .collect();
            let slots = rule
                .slots()
                .iter()
                .map(|_| self.bench.engine.store.create(&extents).unwrap())
                .collect();
            trainables.push(Trainable {
                variable,
                rate_multiplier: 1.0,
                weight_decay: 0.0,
                slots,
                accumulator: None,
            });
        }
        let train = Train {
            loss: self.loss,
            learning_rate: self.rate,
            momentum: None,
            method: Method::Row(rule),
            hyper,
            clip,
            accumulation: Accumulation::None,
            norms: self.norms,
            trainables,
        };
        let message = Message {
            graph: self.bench.graph.clone(),
            train: Some(train),
            after: Vec::new(),
        };
        self.bench.engine.insert(message, capacity, passes).unwrap()
    }

    fn feed(&mut self, program: u32, batch: usize) {
        let engine = &mut self.bench.engine;
        engine
            .write_input(program, "x", &numbers(5 * batch, 11))
            .unwrap();
        let mut targets = vec![0.0; 3 * batch];
        targets.iter_mut().step_by(3).for_each(|t| *t = 1.0);
        engine.write_input(program, "t", &targets).unwrap();
        engine.write_input(program, "rate", &[0.05]).unwrap();
    }

    fn step(&mut self, program: u32, batch: usize) -> f32 {
        self.feed(program, batch);
        self.bench.run(program, batch);
        self.bench.engine.read_output(program, "loss").unwrap()[0]
    }

    fn all_weights(&self) -> Vec<f32> {
        let store = &self.bench.engine.store;
        self.weights
            .iter()
            .flat_map(|&id| store.data(id).unwrap().to_vec())
            .collect()
    }
}

#[test]
fn training_lowers_the_loss_with_every_rule() {
    for rule in ["sgd", "momentum", "nesterov", "adam", "adamW"] {
        let mut net = classifier("tanh");
        let program = net.train(rule, Clip::None, 16, Passes::default());
        let first = net.step(program, 16);
        let last = (0..60).map(|_| net.step(program, 16)).last().unwrap();
        assert!(last < 0.7 * first, "{rule}: {first} -> {last}");
    }
}

#[test]
fn fusion_changes_no_more_than_rounding() {
    for activation in ["relu", "tanh", "gelu", "silu", "selu", "linear"] {
        let mut results = Vec::new();
        for fuse in [false, true] {
            let mut net = classifier(activation);
            let program = net.train("adam", Clip::GlobalNorm(0.5), 9, Passes { fuse });
            for _ in 0..5 {
                net.step(program, 9);
            }
            results.push(net.all_weights());
        }
        for (plain, fused) in results[0].iter().zip(&results[1]) {
            assert!(
                (plain - fused).abs() <= 2e-5,
                "{activation}: {plain} {fused}"
            );
        }
    }
}

#[test]
fn norms_of_gradients_are_those_before_clipping_and_change_nothing() {
    for (rule, clip) in [
        ("adam", Clip::GlobalNorm(0.01)),
        ("sgd", Clip::Norm(0.01)),
        ("sgd", Clip::None),
    ] {
        let mut plain = classifier("relu");
        let mut watched = classifier("relu");
        watched.norms = Some(watched.bench.engine.store.create(&[3]).unwrap());
        let before = plain.all_weights();
        let program = plain.train(rule, clip, 9, Passes::default());
        let observed = watched.train(rule, clip, 9, Passes::default());
        // What plain gradient descent takes off the weights, for the expected norms.
        let mut descent = classifier("relu");
        let step = descent.train("sgd", Clip::None, 9, Passes::default());
        descent.step(step, 7);
        let gradient: Vec<f32> = before
            .iter()
            .zip(descent.all_weights())
            .map(|(old, new)| (old - new) / 0.05)
            .collect();
        assert_eq!(plain.step(program, 7), watched.step(observed, 7));
        assert_eq!(plain.all_weights(), watched.all_weights());
        let store = &watched.bench.engine.store;
        let norms = store.data(watched.norms.unwrap()).unwrap();
        for (norm, part) in norms
            .iter()
            .zip([&gradient[..40], &gradient[40..48], &gradient[48..]])
        {
            let expected = part.iter().map(|g| g * g).sum::<f32>().sqrt();
            assert!(
                (norm - expected).abs() < 1e-4 * expected,
                "{norm} {expected}"
            );
        }
    }
}

#[test]
fn fusion_leaves_no_elementwise_pass_over_a_product() {
    for activation in ["relu", "gelu"] {
        let mut net = classifier(activation);
        let program = net.train("sgd", Clip::None, 4, Passes::default());
        let dump = net
            .bench
            .engine
            .program(program)
            .unwrap()
            .graph()
            .to_string();
        for left in [
            "add(",
            &format!("{activation}("),
            &format!("{activation}'("),
            "sum[",
        ] {
            let alone = dump.lines().any(|line| line.contains(&format!("= {left}")));
            assert!(!alone, "{left} was not fused:\n{dump}");
        }
    }
}

#[test]
fn a_short_batch_is_the_same_as_a_program_of_that_size() {
    let mut wide = classifier("relu");
    let mut exact = classifier("relu");
    let wide_program = wide.train("momentum", Clip::None, 64, Passes::default());
    let exact_program = exact.train("momentum", Clip::None, 7, Passes::default());
    // A full batch first, so that what it leaves behind would show.
    let before = wide.all_weights();
    wide.step(wide_program, 64);
    for (id, values) in wide.weights.clone().into_iter().zip([40, 8, 24]) {
        let start: usize = match values {
            40 => 0,
            8 => 40,
            _ => 48,
        };
        let data = wide.bench.engine.store.data_mut(id).unwrap();
        data.copy_from_slice(&before[start..start + values]);
    }
    let slots = 4..=6;
    for id in slots {
        wide.bench.engine.store.data_mut(id).unwrap().fill(0.0);
    }
    assert_eq!(wide.step(wide_program, 7), exact.step(exact_program, 7));
    assert_eq!(wide.all_weights(), exact.all_weights());
}

/// The last batch of an epoch may need another way through a product than the others.
#[test]
fn every_shorter_batch_runs() {
    for (capacity, inputs, units) in [(9, 3, 1), (7, 9, 16), (520, 6, 37)] {
        let mut bench = Bench::default();
        let x = bench.input("x", &[0, inputs]);
        let (_, kernel) = bench.variable(&[inputs, units], &vec![1.0; inputs * units]);
        let y = bench.add(MatMul::plain(false, false), &[x, kernel]);
        // As in the gradient of a kernel: the batch is what is summed over.
        let squares = bench.add(MatMul::plain(true, false), &[x, y]);
        bench.output("y", y);
        bench.output("squares", squares);
        let program = bench.program(capacity, true);
        for batch in 1..=capacity {
            bench.run(program, batch);
        }
    }
}

#[test]
fn a_batch_beyond_the_capacity_is_refused() {
    let mut net = classifier("relu");
    let program = net.train("sgd", Clip::None, 4, Passes::default());
    for batch in [0, 5] {
        let clock = Clock {
            step: 1,
            seed: 0,
            draw: 0,
            batch,
            row: 0,
        };
        let error = net
            .bench
            .engine
            .run(program, clock)
            .unwrap_err()
            .to_string();
        assert!(error.contains("expected a batch of 1 to 4 rows"), "{error}");
    }
}

#[test]
fn readers_of_a_variable_run_before_its_writers() {
    let mut bench = Bench::default();
    let (id, v) = bench.variable(&[2], &[1.0, 2.0]);
    let (_, other) = bench.variable(&[2], &[10.0, 20.0]);
    // Written first, read later, in the order of construction.
    bench.effect(Op::Assign(Assign::default()), &[v, other]);
    let double = bench.unary("scale", &[2.0], v);
    bench.output("double", double);
    let program = bench.program(1, true);
    bench.run(program, 1);
    assert_eq!(
        bench.engine.read_output(program, "double").unwrap(),
        [2.0, 4.0]
    );
    assert_eq!(bench.engine.store.data(id).unwrap(), [10.0, 20.0]);
}

#[test]
fn programs_share_variables() {
    let mut bench = Bench::default();
    let (id, v) = bench.variable(&[1], &[3.0]);
    let more = bench.unary("offset", &[1.0], v);
    bench.effect(Op::Assign(Assign::default()), &[v, more]);
    let count = bench.program(1, true);
    bench.graph = Default::default();
    let v = bench.read(id);
    let double = bench.unary("scale", &[2.0], v);
    bench.output("double", double);
    let read = bench.program(1, true);
    for expected in [8.0, 10.0, 12.0] {
        bench.run(count, 1);
        bench.run(read, 1);
        assert_eq!(
            bench.engine.read_output(read, "double").unwrap(),
            [expected]
        );
    }
}

#[test]
fn a_running_mean_over_batches_is_the_mean_of_all() {
    let mut bench = Bench::default();
    let x = bench.input("x", &[0]);
    let w = bench.input("w", &[0]);
    let (plain, plain_value) = bench.variable(&[4], &[0.0; 4]);
    let (weighted, weighted_value) = bench.variable(&[4], &[0.0; 4]);
    bench.effect(Op::Accumulate(Accumulate), &[plain_value, x]);
    bench.effect(Op::Accumulate(Accumulate), &[weighted_value, x, w]);
    let program = bench.program(10, true);
    let (mut sum, mut weighted_sum, mut weights) = (0.0, 0.0, 0.0);
    let mut count = 0.0;
    for batch in [10, 3, 7, 1] {
        let (xs, ws) = (
            numbers(batch, batch as u32),
            numbers(batch, 50 + batch as u32),
        );
        let ws: Vec<f32> = ws.iter().map(|w| w.abs()).collect();
        bench.engine.write_input(program, "x", &xs).unwrap();
        bench.engine.write_input(program, "w", &ws).unwrap();
        bench.run(program, batch);
        for (x, w) in xs.iter().zip(&ws) {
            sum += f64::from(*x);
            weighted_sum += f64::from(*x) * f64::from(*w);
            weights += f64::from(*w);
            count += 1.0;
        }
    }
    let mean = |id| {
        let s: Vec<f64> = bench
            .engine
            .store
            .data(id)
            .unwrap()
            .iter()
            .map(|&v| f64::from(v))
            .collect();
        (s[0] + s[1]) / (s[2] + s[3])
    };
    assert!((mean(plain) - sum / count).abs() < 1e-9);
    assert!((mean(weighted) - weighted_sum / weights).abs() < 1e-9);
}

#[test]
fn the_arena_is_used_again() {
    let mut net = classifier("relu");
    let program = net.train("sgd", Clip::None, 1024, Passes::default());
    let program = net.bench.engine.program(program).unwrap();
    let every_value: usize = program
        .graph()
        .nodes
        .iter()
        .filter(|n| !matches!(n.op, Op::Variable(_)))
        .flat_map(|n| &n.outs)
        .map(|t| t.shape.resolve(&[1, 1024, 1]).size())
        .sum();
    assert!(
        program.arena() < every_value,
        "{} of {every_value}",
        program.arena()
    );
}

#[test]
fn what_an_earlier_run_left_in_memory_does_not_matter() {
    for activation in ["relu", "mish"] {
        let mut results = Vec::new();
        for poison in [0.0, f32::NAN] {
            let mut net = classifier(activation);
            let program = net.train("nesterov", Clip::Norm(1.0), 7, Passes::default());
            for batch in [7, 3, 7] {
                net.bench.engine.store.memory().slabs[0]
                    .as_mut_slice()
                    .fill(poison);
                net.step(program, batch);
            }
            results.push(net.all_weights());
        }
        assert_eq!(results[0], results[1], "{activation}");
        assert!(results[0].iter().all(|w| w.is_finite()));
    }
}

#[test]
fn clipping_bounds_what_a_step_can_change() {
    // Plain gradient descent with rate 1: the change is the clipped gradient itself.
    for (clip, bound) in [
        (Clip::GlobalNorm(0.01), 0.01),
        (Clip::Value(0.001), 0.001 * 72f64.sqrt()),
    ] {
        let mut net = classifier("relu");
        let program = net.train("sgd", clip, 8, Passes::default());
        let before = net.all_weights();
        net.feed(program, 8);
        net.bench
            .engine
            .write_input(program, "rate", &[1.0])
            .unwrap();
        net.bench.run(program, 8);
        let squares: f64 = before
            .iter()
            .zip(net.all_weights())
            .map(|(a, b)| f64::from(a - b) * f64::from(a - b))
            .sum();
        assert!(
            squares.sqrt() <= bound * 1.0001 && squares > 0.0,
            "{clip:?}: {}",
            squares.sqrt()
        );
    }
}

#[test]
fn a_layer_of_dropout_and_normalisation_prints_like_this() {
    let mut bench = Bench::default();
    let x = bench.input("x", &[0, 4]);
    let (_, gamma) = bench.variable(&[4], &[1.0; 4]);
    let (_, beta) = bench.variable(&[4], &[0.0; 4]);
    let (_, moving) = bench.variable(&[4], &[0.0; 4]);
    let op = BatchNorm {
        epsilon: 0.001,
        scale: true,
        center: true,
    };
    let y = bench.add(Op::BatchNorm(op), &[x, gamma, beta]);
    let mean = Value {
        node: y.node,
        port: 1,
    };
    bench.effect(
        Op::UpdateMoving(UpdateMoving { momentum: 0.99 }),
        &[moving, mean],
    );
    let y = bench.add(
        Op::Dropout(Dropout {
            rate: 0.25,
            stream: 3,
        }),
        &[y],
    );
    let y = bench.unary("elu", &[0.5], y);
    bench.output("y", y);
    let program = bench.program(2, true);
    insta::assert_snapshot!(bench.engine.program(program).unwrap().graph().to_string());
}
