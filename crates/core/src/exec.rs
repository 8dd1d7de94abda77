//! A program: a planned graph ready to run. A run allocates nothing.

use crate::error::{error, Result};
use crate::ir::{Bindings, Dims, Graph, Type, BATCH};
use crate::ops::{Clock, Frame, Op, Operand};
use crate::plan::{plan, Place};
use gradus_kernels::mem::{At, Memory};
use gradus_kernels::update::Memo;
use std::fmt;

/// A node's operands in their places; the extents in `ins` and `outs` are those of the last batch.
struct Step {
    ins: Vec<Operand>,
    outs: Vec<Operand>,
    scratch: At,
}

/// One step per node, in order, bound to a batch size; then the programs that follow it.
pub struct Program {
    graph: Graph,
    places: Vec<Vec<Place>>,
    steps: Vec<Step>,
    arena: usize,
    capacity: usize,
    batch: usize,
    after: Vec<Program>,
}

impl Program {
    /// Plans memory for batches of up to `capacity` rows.
    pub fn new(graph: Graph, capacity: usize) -> Result<Self> {
        let plan = plan(&graph, &bindings(capacity))?;
        let operand = |place: &Place| Operand {
            at: At::new(place.slab, place.offset, 0),
            ..Operand::default()
        };
        let mut steps = Vec::with_capacity(graph.nodes.len());
        for (id, node) in graph.nodes.iter().enumerate() {
            let place = |v: &crate::ir::Value| &plan.places[v.node as usize][v.port as usize];
            let (offset, len) = plan.scratch[id];
            steps.push(Step {
                ins: node.inputs.iter().map(|v| operand(place(v))).collect(),
                outs: plan.places[id].iter().map(operand).collect(),
                scratch: At::new(0, offset, len),
            });
        }
        let mut program = Self {
            graph,
            places: plan.places,
            steps,
            arena: plan.arena,
            capacity,
            batch: 0,
            after: Vec::new(),
        };
        program.bind(capacity);
        Ok(program)
    }

    /// Has another program run after this one in every call.
    pub fn then(&mut self, program: Program) {
        self.after.push(program);
    }

    /// Floats of the arena it needs, with those that run after it.
    pub fn arena(&self) -> usize {
        let others = self.after.iter().map(Program::arena);
        others.fold(self.arena, usize::max)
    }

    /// Largest batch it can take.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The graph as it runs.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Fills in all extents for a batch size.
    fn bind(&mut self, batch: usize) {
        if self.batch == batch {
            return;
        }
        self.batch = batch;
        let bindings = bindings(batch);
        for (step, node) in self.steps.iter_mut().zip(&self.graph.nodes) {
            let types = node
                .inputs
                .iter()
                .map(|&v| self.graph.ty(v))
                .chain(&node.outs);
            for (operand, ty) in step.ins.iter_mut().chain(&mut step.outs).zip(types) {
                operand.dims = ty.shape.resolve(&bindings);
                operand.dtype = ty.dtype;
                operand.at.len = ty.dtype.words(operand.dims.size());
            }
        }
    }

    /// Runs all steps over a batch; `memory.slabs[0]` is the arena.
    pub fn run(&mut self, memory: &mut Memory, clock: Clock) -> Result<()> {
        if clock.batch == 0 || clock.batch > self.capacity {
            return Err(error!(
                "run",
                format!("a batch of 1 to {} rows", self.capacity),
                clock.batch.to_string(),
            ));
        }
        self.bind(clock.batch);
        let mut memo = Memo::default();
        for (step, node) in self.steps.iter().zip(&self.graph.nodes) {
            // Half of a small network: what is there before.
            if matches!(node.op, Op::Input(_) | Op::Variable(_)) {
                continue;
            }
            node.op.rule().run(&mut Frame {
                memory,
                ins: &step.ins,
                outs: &step.outs,
                scratch: step.scratch,
                clock: &clock,
                memo: &mut memo,
            });
        }
        for program in &mut self.after {
            program.run(memory, clock)?;
        }
        Ok(())
    }

    /// The number of the input of this name.
    pub fn input_named(&self, name: &str) -> Option<u32> {
        self.graph.nodes.iter().find_map(|node| match &node.op {
            Op::Input(input) if input.name == name => Some(input.number),
            _ => None,
        })
    }

    /// The number of the output of this name.
    pub fn output_named(&self, name: &str) -> Option<u32> {
        let mut outputs = self.graph.outputs.iter();
        outputs
            .position(|(known, _)| known == name)
            .map(|n| n as u32)
    }

    /// Where the caller writes an input, and its type.
    pub fn input(&self, number: u32) -> Option<(&Place, &Type)> {
        let mut nodes = self.graph.nodes.iter().zip(&self.places);
        nodes.find_map(|(node, places)| match &node.op {
            Op::Input(input) if input.number == number => Some((places.first()?, &input.ty)),
            _ => None,
        })
    }

    /// Where an output lies after a run, and its type.
    pub fn output(&self, number: u32) -> Option<(&Place, &Type)> {
        let (_, value) = self.graph.outputs.get(number as usize)?;
        let place = &self.places[value.node as usize][value.port as usize];
        Some((place, self.graph.ty(*value)))
    }

    /// The extents of a type at the batch of the last run, before the first at full capacity.
    pub fn dims(&self, ty: &Type) -> Dims {
        ty.shape.resolve(&bindings(self.batch))
    }

    /// Arithmetic operations of a run at full capacity.
    pub fn flops(&self) -> u64 {
        let bindings = bindings(self.capacity);
        let cost = |node: &crate::ir::Node| {
            let ins: Vec<_> = node
                .inputs
                .iter()
                .map(|&v| self.graph.ty(v).shape.resolve(&bindings))
                .collect();
            let outs: Vec<_> = node
                .outs
                .iter()
                .map(|t| t.shape.resolve(&bindings))
                .collect();
            node.op.flops(&ins, &outs)
        };
        let others: u64 = self.after.iter().map(Program::flops).sum();
        others + self.graph.nodes.iter().map(cost).sum::<u64>()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.graph)?;
        let mut others = self.after.iter();
        others.try_for_each(|program| write!(f, "then\n{program}"))
    }
}

fn bindings(batch: usize) -> Bindings {
    let mut bindings = [1; crate::ir::SYMBOLS];
    bindings[BATCH as usize] = batch;
    bindings
}
