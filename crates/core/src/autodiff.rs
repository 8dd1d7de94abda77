//! Reverse-mode differentiation: walks the graph backwards and asks each operation for its
//! gradient. It knows no operation by name.

use crate::error::{error, Error, Result};
use crate::ir::{Graph, NodeId, Shape, Type, Value};
use crate::ops::{Const, Expand, Op, Reduce, ReduceKind, Reshape};
use gradus_kernels::binary::BinaryKind;
use gradus_kernels::unary;

/// Adds nodes that compute the gradient of the scalar `loss` for each of `wrt`.
///
/// A value that the loss does not depend on gets no gradient.
pub fn differentiate(g: &mut Graph, loss: Value, wrt: &[Value]) -> Result<Vec<Option<Value>>> {
    if !matches!(g.ty(loss), Type { shape, .. } if shape.rank() == 0) {
        let received = g.ty(loss).to_string();
        return Err(error!("loss", "a single number to differentiate", received,));
    }
    let depends = depending_on(g, wrt);
    // Those of the nodes before `loss` by node, then by result.
    let mut grads = Gradients::default();
    if !depends[loss.node as usize] {
        return Ok(vec![None; wrt.len()]);
    }
    let origin = g.node(loss.node).origin;
    grads.insert(
        loss,
        Value::of(g.add(Op::Const(Const(1.0)), vec![], origin)?),
    );
    for id in (0..=loss.node).rev() {
        let node = g.node(id);
        if !depends[id as usize] || node.inputs.is_empty() || node.outs.is_empty() {
            continue;
        }
        let outs: Vec<Value> = (0..node.outs.len() as u32)
            .map(|port| Value { node: id, port })
            .collect();
        let out_grads: Vec<Option<Value>> = outs.iter().map(|v| grads.get(*v)).collect();
        if out_grads.iter().all(Option::is_none) {
            continue;
        }
        let (op, inputs, origin) = (node.op.clone(), node.inputs.clone(), node.origin);
        let wanted = inputs.iter().map(|v| depends[v.node as usize]).collect();
        let mut backward = Backward {
            graph: g,
            inputs,
            outs,
            grads: out_grads,
            wanted,
            origin,
        };
        let found = op.gradient(&mut backward)?;
        let Backward { inputs, wanted, .. } = backward;
        for ((input, wanted), grad) in inputs.into_iter().zip(wanted).zip(found) {
            let (true, Some(grad)) = (wanted, grad) else {
                continue;
            };
            let sum = match grads.get(input) {
                None => grad,
                Some(before) => {
                    let add = Op::Binary(crate::ops::Binary(BinaryKind::Add));
                    Value::of(g.add(add, vec![before, grad], origin)?)
                }
            };
            grads.insert(input, sum);
        }
    }
    Ok(wrt.iter().map(|v| grads.get(*v)).collect())
}

/// The gradients of values. A graph's are few: a list by node serves.
#[derive(Default)]
struct Gradients(Vec<Vec<Option<Value>>>);

impl Gradients {
    fn get(&self, of: Value) -> Option<Value> {
        *self.0.get(of.node as usize)?.get(of.port as usize)?
    }

    fn insert(&mut self, of: Value, gradient: Value) {
        let (node, port) = (of.node as usize, of.port as usize);
        if self.0.len() <= node {
            self.0.resize(node + 1, Vec::new());
        }
        let ports = &mut self.0[node];
        if ports.len() <= port {
            ports.resize(port + 1, None);
        }
        ports[port] = Some(gradient);
    }
}

/// Which nodes depend on any of the values.
fn depending_on(g: &Graph, values: &[Value]) -> Vec<bool> {
    let mut depends = vec![false; g.nodes.len()];
    for (id, node) in g.nodes.iter().enumerate() {
        depends[id] = values.iter().any(|v| v.node as usize == id)
            || node.inputs.iter().any(|v| depends[v.node as usize]);
    }
    depends
}

/// What an operation sees when it is asked for its gradient, and what it builds with.
pub struct Backward<'g> {
    graph: &'g mut Graph,
    /// Inputs of the node.
    pub inputs: Vec<Value>,
    /// Results of the node.
    pub outs: Vec<Value>,
    /// Gradients of the results, where there are any.
    pub grads: Vec<Option<Value>>,
    wanted: Vec<bool>,
    origin: NodeId,
}

impl Backward<'_> {
    /// Whether the gradient of input `i` is needed.
    pub fn wanted(&self, i: usize) -> bool {
        self.wanted[i]
    }

    /// The type of a value.
    pub fn ty(&self, value: Value) -> &Type {
        self.graph.ty(value)
    }

    /// Adds a node; its first result.
    pub fn add(&mut self, op: Op, inputs: Vec<Value>) -> Result<Value> {
        Ok(Value::of(self.graph.add(op, inputs, self.origin)?))
    }

    /// A number.
    pub fn constant(&mut self, value: f32) -> Result<Value> {
        self.add(Op::Const(Const(value)), vec![])
    }

    /// A row of the activation table by name.
    pub fn unary(&mut self, name: &str, params: &[f32], x: Value) -> Result<Value> {
        let row = unary::Unary::by_name(name, params)
            .ok_or_else(|| error!("gradient", "a row of the activation table", name))?;
        self.add(Op::Unary(crate::ops::Unary(row)), vec![x])
    }

    /// Two-operand arithmetic.
    pub fn binary(&mut self, kind: BinaryKind, a: Value, b: Value) -> Result<Value> {
        self.add(Op::Binary(crate::ops::Binary(kind)), vec![a, b])
    }

    /// Another shape for the same numbers; nothing is added where it fits already.
    pub fn reshape(&mut self, x: Value, shape: Shape) -> Result<Value> {
        match self.ty(x).shape == shape {
            true => Ok(x),
            false => self.add(Op::Reshape(Reshape { shape }), vec![x]),
        }
    }

    /// Repeats along extents of 1.
    pub fn expand(&mut self, x: Value, shape: Shape) -> Result<Value> {
        self.add(
            Op::Expand(Expand {
                shape,
                divide: false,
            }),
            vec![x],
        )
    }

    /// All leading dimensions in one.
    pub fn as_matrix(&mut self, x: Value) -> Result<Value> {
        match crate::ops::matrix_shape(&self.ty(x).shape) {
            Some(shape) => self.reshape(x, shape),
            None => Err(error!(
                "gradient",
                "one symbolic dimension",
                self.ty(x).to_string(),
            )),
        }
    }

    /// Sums a gradient over what broadcasting repeated, to the shape of `like` (input `i`).
    pub fn sum_to(&mut self, grad: Value, like: Value, i: usize) -> Result<Option<Value>> {
        if !self.wanted(i) {
            return Ok(None);
        }
        let (from, to) = (self.ty(grad).shape.clone(), self.ty(like).shape.clone());
        if from == to {
            return Ok(Some(grad));
        }
        // The gradient may itself still be narrower than the result it belongs to.
        if from.rank() < to.rank()
            || from
                .0
                .iter()
                .rev()
                .zip(to.0.iter().rev())
                .any(|(f, t)| f.is_one() && !t.is_one())
        {
            return Ok(Some(self.expand(grad, to)?));
        }
        let missing = from.rank() - to.rank();
        let axes: Vec<i32> = (0..from.rank())
            .filter(|&axis| {
                axis < missing || (to.0[axis - missing].is_one() && !from.0[axis].is_one())
            })
            .map(|axis| axis as i32)
            .collect();
        let sum = Op::Reduce(Reduce {
            kind: ReduceKind::Sum,
            axes,
            keep_dims: false,
        });
        let sum = self.add(sum, vec![grad])?;
        Ok(Some(self.reshape(sum, to)?))
    }

    /// The error of an operation that has no gradient.
    pub fn not_differentiable(&self, what: &str) -> Error {
        let origin = self
            .graph
            .origins
            .get(self.origin as usize)
            .cloned()
            .unwrap_or_default();
        error!(
            origin,
            "operations with a gradient between weights and loss", what,
        )
        .hint("put stopGradient before it, or build the loss from other operations")
    }
}
