//! A small workbench for tests: builds graphs over a store, runs them, checks gradients.
#![allow(dead_code)]

use gradus_core::autodiff::differentiate;
use gradus_core::compile::Passes;
use gradus_core::engine::Engine;
use gradus_core::ir::{DType, Dim, Graph, Shape, Type, Value};
use gradus_core::ops::*;
use gradus_core::wire::Message;
use gradus_kernels::binary::BinaryKind;
use gradus_kernels::unary;

/// A graph in the making and the engine it will run in.
#[derive(Default)]
pub struct Bench {
    pub engine: Engine,
    pub graph: Graph,
}

/// Numbers in (-1, 1) that look random and are the same every time.
pub fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) ^ 0x85eb_ca6b;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

/// A shape whose extents of 0 stand for the batch.
pub fn shape(extents: &[usize]) -> Shape {
    let dim = |&n: &usize| if n == 0 { Dim::batch() } else { Dim::fixed(n) };
    Shape(extents.iter().map(dim).collect())
}

impl Bench {
    pub fn add(&mut self, op: Op, inputs: &[Value]) -> Value {
        match self.graph.add(op, inputs.to_vec(), u32::MAX) {
            Ok(node) => Value::of(node),
            Err(error) => panic!("{error}"),
        }
    }

    pub fn effect(&mut self, op: Op, inputs: &[Value]) {
        let node = self.add(op, inputs).node;
        self.graph.effects.push(node);
    }

    pub fn input(&mut self, name: &str, extents: &[usize]) -> Value {
        let ty = Type::f32(shape(extents));
        self.add(
            Op::Input(Input {
                number: 0,
                name: name.into(),
                ty,
            }),
            &[],
        )
    }

    pub fn labels(&mut self, name: &str, extents: &[usize]) -> Value {
        let ty = Type {
            shape: shape(extents),
            dtype: DType::I32,
        };
        self.add(
            Op::Input(Input {
                number: 0,
                name: name.into(),
                ty,
            }),
            &[],
        )
    }

    /// A variable with these values; its number in the store and its value in the graph.
    pub fn variable(&mut self, extents: &[usize], values: &[f32]) -> (u32, Value) {
        let id = self.engine.store.create(extents).unwrap();
        self.engine
            .store
            .data_mut(id)
            .unwrap()
            .copy_from_slice(values);
        (id, self.read(id))
    }

    pub fn read(&mut self, id: u32) -> Value {
        let shape = self.engine.store.shape(id).unwrap();
        self.add(Op::Variable(Variable { id, shape }), &[])
    }

    pub fn unary(&mut self, name: &str, params: &[f32], x: Value) -> Value {
        let row = unary::Unary::by_name(name, params).unwrap();
        self.add(Op::Unary(Unary(row)), &[x])
    }

    pub fn binary(&mut self, kind: BinaryKind, a: Value, b: Value) -> Value {
        self.add(Op::Binary(Binary(kind)), &[a, b])
    }

    pub fn reduce(&mut self, kind: ReduceKind, axes: &[i32], keep_dims: bool, x: Value) -> Value {
        self.add(
            Op::Reduce(Reduce {
                kind,
                axes: axes.to_vec(),
                keep_dims,
            }),
            &[x],
        )
    }

    pub fn output(&mut self, name: &str, value: Value) {
        self.graph.outputs.push((name.into(), value));
    }

    /// Compiles the graph as it stands, without training.
    pub fn program(&mut self, capacity: usize, fuse: bool) -> u32 {
        let message = Message {
            graph: self.graph.clone(),
            train: None,
            after: Vec::new(),
        };
        match self.engine.insert(message, capacity, Passes { fuse }) {
            Ok(program) => program,
            Err(error) => panic!("{error}"),
        }
    }

    pub fn run(&mut self, program: u32, batch: usize) {
        let clock = Clock {
            step: 1,
            seed: 3,
            draw: 5,
            batch,
            row: 0,
        };
        self.engine.run(program, clock).unwrap();
    }
}

/// Compares the gradient of `sum(build(x) * weights)` for every x with central differences.
///
/// `xs` are the variables: extents and values. `tolerance` is relative to the largest entry.
pub fn check_gradient(
    what: &str,
    xs: &[(&[usize], Vec<f32>)],
    tolerance: f32,
    build: impl Fn(&mut Bench, &[Value]) -> Value,
) {
    let mut bench = Bench::default();
    let made: Vec<(u32, Value)> = xs.iter().map(|(s, v)| bench.variable(s, v)).collect();
    let values: Vec<Value> = made.iter().map(|m| m.1).collect();
    let out = build(&mut bench, &values);
    let extents: Vec<usize> = bench
        .graph
        .ty(out)
        .shape
        .0
        .iter()
        .map(|d| d.factor)
        .collect();
    let size = extents.iter().product();
    let (_, weights) = bench.variable(&extents, &numbers(size, 77));
    let product = bench.binary(BinaryKind::Mul, out, weights);
    let loss = bench.reduce(ReduceKind::Sum, &[], false, product);
    bench.output("loss", loss);
    let grads = differentiate(&mut bench.graph, loss, &values).unwrap();
    for (i, grad) in grads.iter().enumerate() {
        bench.output(
            &format!("g{i}"),
            grad.unwrap_or_else(|| panic!("{what}: no gradient {i}")),
        );
    }
    for fuse in [false, true] {
        let program = bench.program(1, fuse);
        for (i, (id, _)) in made.iter().enumerate() {
            bench.run(program, 1);
            let found = bench.engine.read_output(program, &format!("g{i}")).unwrap();
            let mut expected = Vec::new();
            for at in 0..found.len() {
                let h = 4e-3;
                let mut loss_at = |shift: f32| -> f64 {
                    let before = bench.engine.store.data(*id).unwrap()[at];
                    bench.engine.store.data_mut(*id).unwrap()[at] = before + shift;
                    bench.run(program, 1);
                    bench.engine.store.data_mut(*id).unwrap()[at] = before;
                    f64::from(bench.engine.read_output(program, "loss").unwrap()[0])
                };
                expected.push(((loss_at(h) - loss_at(-h)) / f64::from(2.0 * h)) as f32);
            }
            let scale = expected.iter().fold(1.0f32, |m, v| m.max(v.abs()));
            for (at, (f, e)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    (f - e).abs() <= tolerance * scale,
                    "{what}, input {i}, entry {at}, fuse {fuse}: gradient {f}, differences {e}"
                );
            }
        }
    }
}
