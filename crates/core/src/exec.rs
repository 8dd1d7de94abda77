//! A program: a planned graph ready to run. A run allocates nothing.

use crate::error::{Error, Result};
use crate::ir::{Bindings, Graph, Shape, BATCH};
use crate::ops::{Clock, Frame, Op, Operand};
use crate::plan::{plan, Place};
use gradus_kernels::mem::{At, Memory};
use gradus_kernels::update::Memo;
use std::fmt;

/// A node with its operands' places; the extents in `ins` and `outs` are those of the last batch.
struct Step {
    op: Op,
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
                op: node.op.clone(),
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
            return Err(Error::new(
                "run",
                format!("a batch of 1 to {} rows", self.capacity),
                clock.batch.to_string(),
            ));
        }
        self.bind(clock.batch);
        let mut memo = Memo::default();
        for step in &self.steps {
            step.op.rule().run(&mut Frame {
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

    /// Where the caller writes an input.
    pub fn input(&self, name: &str) -> Option<&Place> {
        self.places[self.input_node(name)?].first()
    }

    /// How many 32-bit words an input takes at full capacity.
    pub fn input_len(&self, name: &str) -> Option<usize> {
        let ty = self.graph.nodes[self.input_node(name)?].outs.first()?;
        let dims = ty.shape.resolve(&bindings(self.capacity));
        Some(ty.dtype.words(dims.size()))
    }

    fn input_node(&self, name: &str) -> Option<usize> {
        let named = |op: &Op| matches!(op, Op::Input(input) if input.name == name);
        self.graph.nodes.iter().position(|n| named(&n.op))
    }

    /// Where an output lies after a run, and its shape.
    pub fn output(&self, name: &str) -> Option<(&Place, &Shape)> {
        let (_, value) = self.graph.outputs.iter().find(|(known, _)| known == name)?;
        let place = &self.places[value.node as usize][value.port as usize];
        Some((place, &self.graph.ty(*value).shape))
    }

    /// The extents of an output at the batch of the last run.
    pub fn output_dims(&self, name: &str) -> Option<Vec<usize>> {
        let (_, shape) = self.output(name)?;
        Some(shape.resolve(&bindings(self.batch)).as_slice().to_vec())
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
            node.op.rule().flops(&ins, &outs)
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
