//! Steps of several parts: gradients gathered over calls, rules put together from operations, and
//! what follows an update.

mod support;

use gradus_core::compile::Passes;
use gradus_core::composed::Composed;
use gradus_core::ir::{Graph, Value};
use gradus_core::ops::*;
use gradus_core::train::{Accumulation, Clip, Method, Train, Trainable};
use gradus_core::wire::Message;
use gradus_kernels::update::UpdateKind;
use support::{numbers, Bench};

const LAMB: [f32; 3] = [0.9, 0.999, 1e-7];
const MUON: [f32; 10] = [
    0.95, 5.0, 1.0, 3.4445, -4.775, 2.0315, 0.2, 0.9, 0.999, 1e-7,
];

/// `mean((x w + b)^2)` of rows of 4, and a variable that the loss does not know.
struct Net {
    bench: Bench,
    loss: Value,
    rate: Value,
    kernel: u32,
    bias: u32,
    idle: u32,
}

fn net() -> Net {
    let mut bench = Bench::default();
    let x = bench.input("x", &[0, 4]);
    let rate = bench.input("rate", &[]);
    let (kernel, w) = bench.variable(&[4, 6], &numbers(24, 1));
    let (bias, b) = bench.variable(&[6], &numbers(6, 2));
    let (idle, _) = bench.variable(&[2], &[3.0, 3.0]);
    let y = bench.add(MatMul::plain(false, false), &[x, w]);
    let y = bench.binary(gradus_kernels::binary::BinaryKind::Add, y, b);
    let y = bench.unary("square", &[], y);
    let loss = bench.reduce(ReduceKind::Mean, &[], false, y);
    Net {
        bench,
        loss,
        rate,
        kernel,
        bias,
        idle,
    }
}

impl Net {
    fn slots(&mut self, variable: u32, count: usize) -> Vec<u32> {
        let store = &mut self.bench.engine.store;
        let shape = store.shape(variable).unwrap();
        let extents: Vec<usize> = shape.0.iter().map(|d| d.factor).collect();
        (0..count)
            .map(|_| store.create(&extents).unwrap())
            .collect()
    }

    /// What is trained, each variable with so many slots and, if wanted, an accumulator.
    fn trainables(&mut self, slots: [usize; 2], gathers: bool) -> Vec<Trainable> {
        let all = [
            (self.kernel, slots[0]),
            (self.bias, slots[1]),
            (self.idle, slots[1]),
        ];
        let mut trainables = Vec::new();
        for (variable, count) in all {
            trainables.push(Trainable {
                variable,
                rate_multiplier: 1.0,
                weight_decay: 0.0,
                slots: self.slots(variable, count),
                accumulator: gathers.then(|| self.slots(variable, 1)[0]),
            });
        }
        trainables
    }

    fn compile(
        &mut self,
        method: Method,
        hyper: &[f32],
        accumulation: Accumulation,
        trainables: &[Trainable],
        after: Vec<Graph>,
    ) -> u32 {
        let train = Train {
            loss: self.loss,
            learning_rate: self.rate,
            momentum: None,
            method,
            hyper: hyper.to_vec(),
            clip: Clip::GlobalNorm(5.0),
            accumulation,
            norms: None,
            trainables: trainables.to_vec(),
        };
        let message = Message {
            graph: self.bench.graph.clone(),
            train: Some(train),
            after,
        };
        let engine = &mut self.bench.engine;
        engine.insert(message, 4, Passes::default()).unwrap()
    }

    fn step(&mut self, program: u32, step: u32, rows: &[f32]) {
        let engine = &mut self.bench.engine;
        engine.write_input(program, "x", rows).unwrap();
        engine.write_input(program, "rate", &[0.1]).unwrap();
        let clock = Clock {
            step,
            seed: 1,
            draw: 0,
            batch: rows.len() / 4,
            row: 0,
        };
        engine.run(program, clock).unwrap();
    }

    fn data(&self, id: u32) -> Vec<f32> {
        self.bench.engine.store.data(id).unwrap().to_vec()
    }
}

fn sgd() -> Method {
    Method::by_name(b"sgd").unwrap()
}

/// A graph that assigns twice its value to each of these variables.
fn doubling(net: &Net, variables: &[u32]) -> Graph {
    let mut bench = Bench::default();
    for &id in variables {
        let shape = net.bench.engine.store.shape(id).unwrap();
        let v = bench.add(Op::Variable(Variable { id, shape }), &[]);
        let double = bench.unary("scale", &[2.0], v);
        bench.effect(Op::Assign(Assign::default()), &[v, double]);
    }
    bench.graph
}

#[test]
fn gathered_gradients_make_the_step_of_their_mean() {
    let mut whole = net();
    let trainables = whole.trainables([0, 0], false);
    let update = whole.compile(sgd(), &[], Accumulation::None, &trainables, vec![]);
    let mut parts = net();
    let trainables = parts.trainables([0, 0], true);
    let gather = parts.compile(sgd(), &[], Accumulation::Gather, &trainables, vec![]);
    let finish = parts.compile(sgd(), &[], Accumulation::Finish(4), &trainables, vec![]);
    for step in 1..4 {
        let rows = numbers(16, 10 + step);
        whole.step(update, step, &rows);
        let before = parts.data(parts.kernel);
        for row in rows[..12].chunks(4) {
            parts.step(gather, step, row);
            assert_eq!(parts.data(parts.kernel), before);
        }
        parts.step(finish, step, &rows[12..]);
        assert_ne!(parts.data(parts.kernel), before);
        for trainable in &trainables {
            let accumulator = parts.data(trainable.accumulator.unwrap());
            assert!(accumulator.iter().all(|&v| v == 0.0));
        }
        let pairs = whole.data(whole.kernel).into_iter();
        for (a, b) in pairs.zip(parts.data(parts.kernel)) {
            assert!((a - b).abs() < 1e-6, "{a} and {b}");
        }
    }
}

#[test]
fn what_follows_leaves_variables_alone_that_were_not_updated() {
    let mut net = net();
    let trainables = net.trainables([0, 0], false);
    let after = doubling(&net, &[net.bias, net.idle]);
    let program = net.compile(sgd(), &[], Accumulation::None, &trainables, vec![after]);
    net.step(program, 1, &[0.0; 16]);
    // Gradient descent: b - 0.1 * b / 3.
    let expected = numbers(6, 2).into_iter().map(|b| 2.0 * (b - 0.1 * b / 3.0));
    for (found, expected) in net.data(net.bias).into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} and {expected}");
    }
    assert_eq!(net.data(net.idle), [3.0, 3.0]);
}

#[test]
fn a_step_of_lamb_is_as_long_as_the_weights() {
    let mut net = net();
    let trainables = net.trainables([2, 2], false);
    let lamb = Method::Composed(Composed::Lamb);
    let program = net.compile(lamb, &LAMB, Accumulation::None, &trainables, vec![]);
    let before = net.data(net.kernel);
    net.step(program, 1, &numbers(16, 5));
    let norm = |v: &[f32]| v.iter().map(|v| v * v).sum::<f32>().sqrt();
    let after = net.data(net.kernel);
    let change: Vec<f32> = before.iter().zip(&after).map(|(a, b)| a - b).collect();
    assert!((norm(&change) / norm(&before) - 0.1).abs() < 1e-5);
    // Of no length, they move by the learning rate alone.
    net.bench
        .engine
        .store
        .data_mut(net.kernel)
        .unwrap()
        .fill(0.0);
    net.step(program, 2, &numbers(16, 6));
    assert!(net.data(net.kernel).iter().all(|w| w.is_finite()));
    assert!(norm(&net.data(net.kernel)) > 0.0);
}

#[test]
fn a_step_of_muon_is_nearly_orthogonal() {
    let mut net = net();
    let trainables = net.trainables([1, 2], false);
    let muon = Method::Composed(Composed::Muon);
    let program = net.compile(muon, &MUON, Accumulation::None, &trainables, vec![]);
    let before = net.data(net.kernel);
    net.step(program, 1, &numbers(16, 5));
    let scale = 0.1 * 6f32.sqrt() * 0.2;
    let after = net.data(net.kernel);
    let step: Vec<f32> = before
        .iter()
        .zip(&after)
        .map(|(a, b)| (a - b) / scale)
        .collect();
    for i in 0..4 {
        for j in 0..4 {
            let product: f32 = (0..6).map(|k| step[6 * i + k] * step[6 * j + k]).sum();
            let expected = if i == j { 1.0 } else { 0.0 };
            // Five steps of the quintic leave singular values between about 0.7 and 1.2.
            assert!((product - expected).abs() < 0.6, "{i} {j}: {product}");
        }
    }
}

#[test]
fn slots_of_composed_rules_never_become_denormal() {
    for (name, hyper, slots) in [("lamb", &LAMB[..], [2, 2]), ("muon", &MUON[..], [1, 2])] {
        let mut net = net();
        let trainables = net.trainables(slots, false);
        let method = Method::by_name(name.as_bytes()).unwrap();
        let program = net.compile(method, hyper, Accumulation::None, &trainables, vec![]);
        let slot = trainables[0].slots[0];
        net.bench.engine.store.data_mut(slot).unwrap().fill(8e-31);
        let (kernel, bias) = (net.kernel, net.bias);
        for step in 1..5 {
            // Without weights there is no gradient.
            for id in [kernel, bias] {
                net.bench.engine.store.data_mut(id).unwrap().fill(0.0);
            }
            net.step(program, step, &[0.0; 16]);
        }
        assert!(net.data(slot).iter().all(|&m| m == 0.0), "{name}");
    }
}

#[test]
fn no_part_of_a_step_allocates() {
    for (name, hyper, slots) in [("lamb", &LAMB[..], [2, 2]), ("muon", &MUON[..], [1, 2])] {
        let mut net = net();
        let trainables = net.trainables(slots, true);
        let method = Method::by_name(name.as_bytes()).unwrap();
        let after = || vec![doubling(&net, &[net.kernel]), doubling(&net, &[net.bias])];
        let (first, second) = (after(), after());
        let gather = net.compile(method, hyper, Accumulation::Gather, &trainables, first);
        let finish = net.compile(method, hyper, Accumulation::Finish(2), &trainables, second);
        let rows = numbers(16, 4);
        let steps = allocation_counter::measure(|| {
            for step in 1..20 {
                net.step(gather, step, &rows[..4 * (1 + step as usize % 4)]);
                net.step(finish, step, &rows);
            }
        });
        assert_eq!(steps.count_total, 0, "{name}");
    }
}

#[test]
fn freeing_a_program_frees_what_follows_it() {
    let mut net = net();
    let trainables = net.trainables([0, 0], false);
    let after = doubling(&net, &[net.bias]);
    let program = net.compile(sgd(), &[], Accumulation::None, &trainables, vec![after]);
    net.bench.engine.free_program(program);
    let clock = Clock {
        step: 1,
        seed: 1,
        draw: 0,
        batch: 1,
        row: 0,
    };
    assert!(net.bench.engine.run(program, clock).is_err());
    // Its number is free for another, which nothing follows.
    let again = net.compile(sgd(), &[], Accumulation::None, &trainables, vec![]);
    assert_eq!(again, program);
    let before = net.data(net.bias);
    net.step(again, 1, &[0.0; 16]);
    for (b, found) in before.into_iter().zip(net.data(net.bias)) {
        assert!((found - (b - 0.1 * b / 3.0)).abs() < 1e-6);
    }
}

#[test]
fn every_rule_has_a_method() {
    assert_eq!(
        Method::by_name(b"adam"),
        Some(Method::Row(UpdateKind::Adam))
    );
    assert_eq!(Method::by_name(b"none"), None);
}
