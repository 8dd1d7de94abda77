//! Normalisation of each row of the last axis by itself.

use super::{mismatch, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{DType, Dims, Shape, Type, Value};
use crate::text::Number;
use gradus_kernels::mem::At;
use gradus_kernels::norm::{self, Slopes};

/// Layer normalisation over the last axis. Inputs: x, gamma if `scale`, beta if `center`.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    /// Added to the variance.
    pub epsilon: f32,
    /// Gamma is given.
    pub scale: bool,
    /// Beta is given.
    pub center: bool,
    /// The mean counts as 0: the row is divided by its root mean square.
    pub rms: bool,
}

/// The shape of the parameters for x, the first of `count` inputs; the others have it.
fn parameter(inputs: &[&Type], count: usize) -> Result<Shape> {
    let misfit = || mismatch!("x [.., features] and parameters [features]", inputs);
    let (x, rest) = inputs.split_first().ok_or_else(misfit)?;
    let shape = Shape(vec![x.shape.last()]);
    let fits = x.shape.rank() > 0 && inputs.len() == count;
    let floats = inputs.iter().all(|t| t.dtype == DType::F32);
    match fits && floats && rest.iter().all(|t| t.shape == shape) {
        true => Ok(shape),
        false => Err(misfit()),
    }
}

impl Rule for LayerNorm {
    fn name(&self) -> String {
        let flags = [
            (self.rms, " rms"),
            (self.scale, " scale"),
            (self.center, " center"),
        ];
        let given: String = flags.iter().filter(|f| f.0).map(|f| f.1).collect();
        format!("layerNorm[{}{given}]", Number(self.epsilon))
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let count = 1 + usize::from(self.scale) + usize::from(self.center);
        parameter(inputs, count)?;
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let mut inputs = vec![b.inputs[0], dy];
        if self.scale {
            inputs.push(b.inputs[1]);
        }
        let node = b
            .add(Op::LayerNormGrad(LayerNormGrad(self.clone())), inputs)?
            .node;
        let mut grads = vec![Some(Value { node, port: 0 })];
        if self.scale {
            grads.push(Some(Value { node, port: 1 }));
        }
        if self.center {
            grads.push(Some(Value { node, port: 2 }));
        }
        Ok(grads)
    }
    fn flops(&self, ins: &[Dims], _outs: &[Dims]) -> u64 {
        8 * ins[0].size() as u64
    }
    fn run(&self, frame: &mut Frame) {
        let at = |given: bool, i: usize| if given { frame.ins[i].at } else { At::NONE };
        let (gamma, beta) = (
            at(self.scale, 1),
            at(self.center, 1 + usize::from(self.scale)),
        );
        let cols = frame.ins[0].dims.cols();
        let ([x, gamma, beta], [y]) = frame
            .memory
            .views([frame.ins[0].at, gamma, beta], [frame.outs[0].at]);
        let gamma = self.scale.then_some(gamma);
        let beta = self.center.then_some(beta);
        norm::normalize_rows(x, gamma, beta, self.epsilon, self.rms, cols, y);
    }
}

/// Gradients of [`LayerNorm`]. Inputs: x, dy, gamma if `scale`. Results: dx and, with parameters,
/// dgamma and dbeta.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNormGrad(pub LayerNorm);

impl LayerNormGrad {
    fn has_parameters(&self) -> bool {
        self.0.scale || self.0.center
    }
}

impl Rule for LayerNormGrad {
    fn name(&self) -> String {
        self.0.name().replacen('[', "'[", 1)
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let without_dy = [
            &inputs[..1.min(inputs.len())],
            inputs.get(2..).unwrap_or(&[]),
        ]
        .concat();
        let shape = parameter(&without_dy, 1 + usize::from(self.0.scale))?;
        if inputs.get(1).is_none_or(|dy| dy.shape != inputs[0].shape) {
            return Err(mismatch!("x and a gradient of its shape", inputs));
        }
        let mut results = vec![inputs[0].clone()];
        if self.has_parameters() {
            results.extend([Type::f32(shape.clone()), Type::f32(shape)]);
        }
        Ok(results)
    }
    fn scratch(&self, ins: &[Dims], _outs: &[Dims]) -> usize {
        2 * ins[0].cols() * usize::from(self.has_parameters())
    }
    fn flops(&self, ins: &[Dims], _outs: &[Dims]) -> u64 {
        16 * ins[0].size() as u64
    }
    fn run(&self, frame: &mut Frame) {
        let LayerNorm {
            epsilon,
            scale,
            rms,
            ..
        } = self.0;
        let (ins, outs) = (frame.ins, frame.outs);
        let given = self.has_parameters();
        let gamma = if scale { ins[2].at } else { At::NONE };
        let out = |i: usize| if given { outs[i].at } else { At::NONE };
        let scratch = if given { frame.scratch } else { At::NONE };
        let cols = ins[0].dims.cols();
        let ([x, dy, gamma], [dx, dgamma, dbeta, scratch]) = frame.memory.views(
            [ins[0].at, ins[1].at, gamma],
            [outs[0].at, out(1), out(2), scratch],
        );
        let slopes = given.then(|| Slopes {
            dgamma,
            dbeta,
            scratch: &mut scratch[..2 * cols],
        });
        let gamma = scale.then_some(gamma);
        norm::normalize_rows_backward(x, dy, gamma, epsilon, rms, cols, dx, slopes);
    }
}
