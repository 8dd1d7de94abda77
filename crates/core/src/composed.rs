//! Update rules that are no loop over single weights: they need norms or products of matrices, and
//! are put together from the graph's operations. Formulas are those of Keras 3.

use crate::error::{error, Result};
use crate::ir::{Graph, NodeId, Shape, Value};
use crate::ops::{
    Assign, BiasCorrection, Binary, Const, Expand, MatMul, Op, Permute, Reduce, ReduceKind, Unary,
};
use gradus_kernels::binary::BinaryKind;
use gradus_kernels::unary;
use gradus_kernels::update::{rest, UpdateKind};

/// A rule of this file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Composed {
    /// You et al. 2019; Keras `lamb.py`. Hyperparameters: beta1, beta2, epsilon. Slots: momentum,
    /// velocity.
    Lamb,
    /// Jordan et al. 2024, Liu et al. 2025; Keras `muon.py`. Hyperparameters: momentum, steps of the
    /// iteration, 1 for Nesterov's momentum, its three coefficients, rmsRate (0 for none), then
    /// beta1, beta2 and epsilon of the Adam that updates variables with two slots. Slots: momentum.
    Muon,
}

/// Added to a norm before something is divided by it.
const LEAST_NORM: f32 = 1e-7;

impl Composed {
    /// The rule of that name.
    pub fn by_name(name: &[u8]) -> Option<Self> {
        match name {
            b"lamb" => Some(Self::Lamb),
            b"muon" => Some(Self::Muon),
            _ => None,
        }
    }

    /// The row of the update table that does it for a variable with so many slots, if one does.
    pub fn row(self, hyper: &[f32], slots: usize) -> Option<(UpdateKind, Vec<f32>)> {
        match (self, slots, hyper) {
            (Self::Muon, 2, [_, _, _, _, _, _, _, adam @ ..]) => {
                Some((UpdateKind::Adam, adam.to_vec()))
            }
            _ => None,
        }
    }

    /// Adds the nodes that update one variable.
    #[allow(clippy::too_many_arguments)]
    pub fn update(
        self,
        b: &mut Build,
        weight: Value,
        grad: Value,
        rate: Value,
        decay: f32,
        hyper: &[f32],
        slots: &[Value],
    ) -> Result<()> {
        let decayed = b.decayed(weight, rate, decay)?;
        let shape = &b.graph.ty(weight).shape;
        let fits = slots.iter().all(|&slot| b.graph.ty(slot).shape == *shape);
        let step = match (self, hyper, slots) {
            (Self::Lamb, &[beta1, beta2, epsilon], &[momentum, velocity]) if fits => {
                let m = b.blended(momentum, grad, beta1)?;
                let square = b.unary("square", &[], grad)?;
                let v = b.blended(velocity, square, beta2)?;
                b.remember(momentum, m)?;
                b.remember(velocity, v)?;
                lamb(b, decayed, rate, [m, v], [beta1, beta2, epsilon])?
            }
            (Self::Muon, &[momentum, steps, nesterov, x1, x3, x5, rms, ..], &[slot])
                if fits && shape.rank() == 2 =>
            {
                let shape = shape.clone();
                let kept = b.unary("scale", &[momentum - 1.0], slot)?;
                let change = b.binary(BinaryKind::Add, grad, kept)?;
                let m = b.binary(BinaryKind::Add, slot, change)?;
                b.remember(slot, m)?;
                let ahead = match nesterov != 0.0 {
                    true => {
                        let share = b.unary("scale", &[momentum], m)?;
                        b.binary(BinaryKind::Add, grad, share)?
                    }
                    false => m,
                };
                let direction = orthogonal(b, ahead, &shape, steps as usize, [x1, x3, x5])?;
                let step = b.binary(BinaryKind::Mul, direction, rate)?;
                let side = shape.0.iter().map(|d| d.factor).max().unwrap_or(1);
                match rms == 0.0 {
                    true => step,
                    false => b.unary("scale", &[(side as f32).sqrt() * rms], step)?,
                }
            }
            _ => {
                return Err(error!(
                    "optimizer",
                    "the hyperparameters and slots of the rule",
                    format!("{} and {}", hyper.len(), slots.len()),
                ))
            }
        };
        let new = b.binary(BinaryKind::Sub, decayed, step)?;
        b.assign(weight, new)
    }
}

/// Adam's step, as long as the weights: times their norm over its own.
fn lamb(
    b: &mut Build,
    weight: Value,
    rate: Value,
    [m, v]: [Value; 2],
    [beta1, beta2, epsilon]: [f32; 3],
) -> Result<Value> {
    let first = b.add(Op::BiasCorrection(BiasCorrection { beta: beta1 }), vec![])?;
    let second = b.add(Op::BiasCorrection(BiasCorrection { beta: beta2 }), vec![])?;
    let m = b.binary(BinaryKind::Div, m, first)?;
    let v = b.binary(BinaryKind::Div, v, second)?;
    let size = b.unary("sqrt", &[], v)?;
    let size = b.unary("offset", &[epsilon], size)?;
    let step = b.binary(BinaryKind::Div, m, size)?;
    let (weights, steps) = (b.norm(weight)?, b.norm(step)?);
    // 1 where either norm is 0: adding what is missing to 0 keeps the quotient finite.
    let zero = b.constant(0.0)?;
    let no_weights = b.binary(BinaryKind::Equal, weights, zero)?;
    let no_steps = b.binary(BinaryKind::Equal, steps, zero)?;
    let either = b.binary(BinaryKind::Max, no_weights, no_steps)?;
    let divisor = b.binary(BinaryKind::Add, steps, no_steps)?;
    let ratio = b.binary(BinaryKind::Div, weights, divisor)?;
    let one = b.constant(1.0)?;
    let neither = b.binary(BinaryKind::Sub, one, either)?;
    let ratio = b.binary(BinaryKind::Mul, ratio, neither)?;
    let ratio = b.binary(BinaryKind::Add, ratio, either)?;
    let factor = b.binary(BinaryKind::Mul, ratio, rate)?;
    b.binary(BinaryKind::Mul, step, factor)
}

/// Nearly the orthogonal matrix that is nearest to `x`: steps of a Newton-Schulz iteration.
fn orthogonal(
    b: &mut Build,
    x: Value,
    shape: &Shape,
    steps: usize,
    [x1, x3, x5]: [f32; 3],
) -> Result<Value> {
    let tall = shape.0[0].factor > shape.0[1].factor;
    let mut x = if tall { b.transposed(x)? } else { x };
    let norm = b.norm(x)?;
    let norm = b.unary("offset", &[LEAST_NORM], norm)?;
    x = b.binary(BinaryKind::Div, x, norm)?;
    for _ in 0..steps {
        let square = b.add(MatMul::plain(false, true), vec![x, x])?;
        let fourth = b.add(MatMul::plain(false, false), vec![square, square])?;
        let square = b.unary("scale", &[x3], square)?;
        let fourth = b.unary("scale", &[x5], fourth)?;
        let sum = b.binary(BinaryKind::Add, square, fourth)?;
        let rest = b.add(MatMul::plain(false, false), vec![sum, x])?;
        let own = b.unary("scale", &[x1], x)?;
        x = b.binary(BinaryKind::Add, own, rest)?;
    }
    if tall {
        b.transposed(x)
    } else {
        Ok(x)
    }
}

/// Adds the nodes of updates to a graph.
pub struct Build<'g> {
    /// The graph that grows.
    pub graph: &'g mut Graph,
    /// What the nodes are for.
    pub origin: NodeId,
}

impl Build<'_> {
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
            .ok_or_else(|| error!("optimizer", "a row of the activation table", name))?;
        self.add(Op::Unary(Unary(row)), vec![x])
    }

    /// Two-operand arithmetic.
    pub fn binary(&mut self, kind: BinaryKind, a: Value, b: Value) -> Result<Value> {
        self.add(Op::Binary(Binary(kind)), vec![a, b])
    }

    /// Writes a value into a variable after everything has read it.
    pub fn assign(&mut self, variable: Value, value: Value) -> Result<()> {
        self.write(Assign { flush: false }, variable, value)
    }

    /// The same for a slot that fades where gradients are 0.
    fn remember(&mut self, slot: Value, value: Value) -> Result<()> {
        self.write(Assign { flush: true }, slot, value)
    }

    fn write(&mut self, assign: Assign, variable: Value, value: Value) -> Result<()> {
        let inputs = vec![variable, value];
        let node = self.graph.add(Op::Assign(assign), inputs, self.origin)?;
        self.graph.effects.push(node);
        Ok(())
    }

    /// As many zeros.
    pub fn zeros_like(&mut self, x: Value) -> Result<Value> {
        let shape = self.graph.ty(x).shape.clone();
        let zero = self.constant(0.0)?;
        let divide = false;
        self.add(Op::Expand(Expand { shape, divide }), vec![zero])
    }

    /// `x * factor`, or `x` where that is the same.
    pub fn scaled(&mut self, x: Value, factor: f32) -> Result<Value> {
        match factor == 1.0 {
            true => Ok(x),
            false => self.unary("scale", &[factor], x),
        }
    }

    /// A gradient times its factor, then cut.
    pub fn clipped(
        &mut self,
        grad: Value,
        factor: Option<Value>,
        limit: Option<f32>,
    ) -> Result<Value> {
        let mut grad = grad;
        if let Some(factor) = factor {
            grad = self.binary(BinaryKind::Mul, grad, factor)?;
        }
        match limit {
            Some(limit) => self.unary("clip", &[-limit, limit], grad),
            None => Ok(grad),
        }
    }

    /// `w - w * decay * rate`
    fn decayed(&mut self, weight: Value, rate: Value, decay: f32) -> Result<Value> {
        if decay == 0.0 {
            return Ok(weight);
        }
        let loss = self.unary("scale", &[decay], weight)?;
        let loss = self.binary(BinaryKind::Mul, loss, rate)?;
        self.binary(BinaryKind::Sub, weight, loss)
    }

    /// `mean + (x - mean) * (1 - beta)`
    fn blended(&mut self, mean: Value, x: Value, beta: f32) -> Result<Value> {
        let change = self.binary(BinaryKind::Sub, x, mean)?;
        let change = self.unary("scale", &[rest(beta)], change)?;
        self.binary(BinaryKind::Add, mean, change)
    }

    /// The root of the sum of squares, a number.
    fn norm(&mut self, x: Value) -> Result<Value> {
        let sum = Op::Reduce(Reduce {
            kind: ReduceKind::SumSquares,
            axes: vec![],
            keep_dims: false,
        });
        let sum = self.add(sum, vec![x])?;
        self.unary("sqrt", &[], sum)
    }

    fn transposed(&mut self, x: Value) -> Result<Value> {
        self.add(Op::Permute(Permute { axes: vec![1, 0] }), vec![x])
    }
}
