//! Batch normalisation over all axes but the last, and the moving statistics that go with it.

use super::{assignable, floats, mismatch, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{Shape, Type, Value};
use crate::text::Number;
use gradus_kernels::binary::BinaryKind;
use gradus_kernels::mem::At;
use gradus_kernels::norm;

/// Normalises with the statistics of the batch. Inputs: x, gamma if `scale`, beta if `center`.
/// Results: y, mean, variance (biased, as in Keras).
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance.
    pub epsilon: f32,
    /// Gamma is given.
    pub scale: bool,
    /// Beta is given.
    pub center: bool,
}

fn channels(inputs: &[&Type], count: usize) -> Result<Shape> {
    let misfit = || mismatch!("x [.., channels] and statistics [channels]", inputs);
    let (x, rest) = inputs.split_first().ok_or_else(misfit)?;
    let channel = Shape(vec![x.shape.last()]);
    let fits = x.shape.rank() > 0 && inputs.len() == count;
    match fits && rest.iter().all(|t| t.shape == channel) {
        true => Ok(channel),
        false => Err(misfit()),
    }
}

fn flags(scale: bool, center: bool) -> &'static str {
    match (scale, center) {
        (true, true) => " scale center",
        (true, false) => " scale",
        (false, true) => " center",
        (false, false) => "",
    }
}

impl Rule for BatchNorm {
    fn name(&self) -> String {
        format!(
            "batchNorm[{}{}]",
            Number(self.epsilon),
            flags(self.scale, self.center)
        )
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let count = 1 + usize::from(self.scale) + usize::from(self.center);
        let channel = channels(inputs, count)?;
        let statistic = Type::f32(channel);
        Ok(vec![inputs[0].clone(), statistic.clone(), statistic])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        if b.grads[1].is_some() || b.grads[2].is_some() {
            return Err(b.not_differentiable("the statistics of batchNorm"));
        }
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let mut inputs = vec![b.inputs[0], dy, b.outs[1], b.outs[2]];
        if self.scale {
            inputs.push(b.inputs[1]);
        }
        let (epsilon, scale) = (self.epsilon, self.scale);
        let wants_input = b.wanted(0);
        let op = Op::BatchNormGrad(BatchNormGrad {
            epsilon,
            scale,
            wants_input,
        });
        let all = b.add(op, inputs)?.node;
        let mut grads = vec![Some(Value { node: all, port: 2 })];
        if self.scale {
            grads.push(Some(Value { node: all, port: 0 }));
        }
        if self.center {
            grads.push(Some(Value { node: all, port: 1 }));
        }
        Ok(grads)
    }
    fn flops(&self, ins: &[crate::ir::Dims], _outs: &[crate::ir::Dims]) -> u64 {
        6 * ins[0].size() as u64
    }
    fn run(&self, frame: &mut Frame) {
        let (gamma, beta) = optional(frame, 1, self.scale, self.center);
        let ([x, gamma, beta], [y, mean, variance]) = frame.memory.views(
            [frame.ins[0].at, gamma, beta],
            [frame.outs[0].at, frame.outs[1].at, frame.outs[2].at],
        );
        norm::moments(x, mean, variance);
        let gamma = self.scale.then_some(gamma);
        let beta = self.center.then_some(beta);
        norm::normalize(x, mean, variance, gamma, beta, self.epsilon, y);
    }
}

fn optional(frame: &Frame, first: usize, scale: bool, center: bool) -> (At, At) {
    let gamma = if scale { frame.ins[first].at } else { At::NONE };
    let beta = if center {
        frame.ins[first + usize::from(scale)].at
    } else {
        At::NONE
    };
    (gamma, beta)
}

/// Gradients through the statistics of the batch. Inputs: x, dy, mean, variance, gamma if `scale`.
/// Results: dgamma, dbeta, dx (empty work if not wanted).
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNormGrad {
    /// Added to the variance.
    pub epsilon: f32,
    /// Gamma is given.
    pub scale: bool,
    /// Whether dx is computed.
    pub wants_input: bool,
}

impl Rule for BatchNormGrad {
    fn name(&self) -> String {
        format!(
            "batchNorm'[{}{}]",
            Number(self.epsilon),
            flags(self.scale, false)
        )
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let statistics = [&[inputs[0]], &inputs[2..]].concat();
        let channel = channels(&statistics, 3 + usize::from(self.scale))?;
        let statistic = Type::f32(channel);
        Ok(vec![statistic.clone(), statistic, inputs[0].clone()])
    }
    fn flops(&self, ins: &[crate::ir::Dims], _outs: &[crate::ir::Dims]) -> u64 {
        10 * ins[0].size() as u64
    }
    fn run(&self, frame: &mut Frame) {
        let gamma = if self.scale {
            frame.ins[4].at
        } else {
            At::NONE
        };
        let ins = frame.ins;
        let ([x, dy, mean, variance, gamma], [dgamma, dbeta, dx]) = frame.memory.views(
            [ins[0].at, ins[1].at, ins[2].at, ins[3].at, gamma],
            [frame.outs[0].at, frame.outs[1].at, frame.outs[2].at],
        );
        norm::backward_reduce(x, dy, mean, variance, self.epsilon, dgamma, dbeta);
        if self.wants_input {
            let gamma = self.scale.then_some(gamma);
            norm::backward_input(
                x,
                dy,
                mean,
                variance,
                self.epsilon,
                gamma,
                dgamma,
                dbeta,
                dx,
            );
        }
    }
}

/// Normalises with given statistics. Inputs: x, mean, variance, gamma if `scale`, beta if `center`.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalize {
    /// Added to the variance.
    pub epsilon: f32,
    /// Gamma is given.
    pub scale: bool,
    /// Beta is given.
    pub center: bool,
}

impl Rule for Normalize {
    fn name(&self) -> String {
        format!(
            "normalize[{}{}]",
            Number(self.epsilon),
            flags(self.scale, self.center)
        )
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        channels(
            inputs,
            3 + usize::from(self.scale) + usize::from(self.center),
        )?;
        floats::<3>(&inputs[..3])?;
        Ok(vec![inputs[0].clone()])
    }
    /// For x, gamma and beta; the statistics count as given.
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let (x, mean, variance) = (b.inputs[0], b.inputs[1], b.inputs[2]);
        let shifted = b.unary("offset", &[self.epsilon], variance)?;
        let inverse = b.unary("rsqrt", &[], shifted)?;
        let mut grads = vec![None; b.inputs.len()];
        if b.wanted(0) {
            let factor = match self.scale {
                true => b.binary(BinaryKind::Mul, inverse, b.inputs[3])?,
                false => inverse,
            };
            grads[0] = Some(b.binary(BinaryKind::Mul, dy, factor)?);
        }
        if self.scale && b.wanted(3) {
            let centred = b.binary(BinaryKind::Sub, x, mean)?;
            let normal = b.binary(BinaryKind::Mul, centred, inverse)?;
            let product = b.binary(BinaryKind::Mul, dy, normal)?;
            grads[3] = b.sum_to(product, b.inputs[3], 3)?;
        }
        let beta = 3 + usize::from(self.scale);
        if self.center && b.wanted(beta) {
            grads[beta] = b.sum_to(dy, b.inputs[beta], beta)?;
        }
        Ok(grads)
    }
    fn run(&self, frame: &mut Frame) {
        let (gamma, beta) = optional(frame, 3, self.scale, self.center);
        let ins = frame.ins;
        let ([x, mean, variance, gamma, beta], [y]) = frame.memory.views(
            [ins[0].at, ins[1].at, ins[2].at, gamma, beta],
            [frame.outs[0].at],
        );
        let gamma = self.scale.then_some(gamma);
        let beta = self.center.then_some(beta);
        norm::normalize(x, mean, variance, gamma, beta, self.epsilon, y);
    }
}

/// `variable = variable * momentum + value * (1 - momentum)`. Inputs: the variable, the value.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateMoving {
    /// How much of the old value stays.
    pub momentum: f32,
}

impl Rule for UpdateMoving {
    fn name(&self) -> String {
        format!("updateMoving[{}]", Number(self.momentum))
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        assignable(inputs)
    }
    fn writes(&self) -> &[usize] {
        &[0]
    }
    fn run(&self, frame: &mut Frame) {
        let ([value], [moving]) = frame.memory.views([frame.ins[1].at], [frame.ins[0].at]);
        norm::update_moving(moving, value, self.momentum);
    }
}
