//! What changes variables: optimizer updates, clipping factors, assignment; norms of gradients.

use super::{assignable, mismatch, Frame, Rule};
use crate::error::Result;
use crate::ir::{DType, Dims, Shape, Type};
use crate::text::{numbers, Number};
use gradus_kernels::mem::At;
use gradus_kernels::norm;
use gradus_kernels::reduce;
use gradus_kernels::update::{copy_slot, Step, UpdateKind, MAX_HYPER};

/// Most slots an update rule keeps for a variable.
const MAX_SLOTS: usize = 3;

/// One step of an update rule on one variable.
///
/// Inputs: variable, gradient, learning rate, then the momentum if `momentum`, the gradient factor
/// if `scaled`, the slots.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The rule.
    pub rule: UpdateKind,
    /// Its hyperparameters in the rule's order.
    pub hyper: Vec<f32>,
    /// Multiplies the learning rate for this variable.
    pub rate_multiplier: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Gradients are cut to [-v, v] first.
    pub clip_value: Option<f32>,
    /// The first hyperparameter (momentum, beta1) is an input.
    pub momentum: bool,
    /// A factor for the gradient is an input.
    pub scaled: bool,
}

impl Update {
    fn first_slot(&self) -> usize {
        3 + usize::from(self.momentum) + usize::from(self.scaled)
    }
}

/// Positions of the written inputs: the variable, then the slots, for each possible first slot.
const WRITES: [[usize; 1 + MAX_SLOTS]; 3] = [[0, 3, 4, 5], [0, 4, 5, 6], [0, 5, 6, 7]];

impl Rule for Update {
    fn name(&self) -> String {
        let mut name = format!("update[{}({})", self.rule.name(), numbers(&self.hyper));
        if self.rate_multiplier != 1.0 {
            name += &format!(" rate*{}", Number(self.rate_multiplier));
        }
        if self.weight_decay != 0.0 {
            name += &format!(" decay {}", Number(self.weight_decay));
        }
        if let Some(limit) = self.clip_value {
            name += &format!(" clip {}", Number(limit));
        }
        name + "]"
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let slots = self.rule.slots().len();
        let expected = self.first_slot() + slots;
        let fits = inputs.len() == expected
            && self.hyper.len() == self.rule.hyper().len()
            && slots <= MAX_SLOTS
            && self.hyper.len() <= MAX_HYPER;
        if !fits {
            return Err(mismatch!(
                format!("{expected} inputs for {}", self.rule.name()),
                inputs,
            ));
        }
        let (scalars, slots) = inputs[2..].split_at(self.first_slot() - 2);
        let shape = &inputs[0].shape;
        if inputs[1].shape != *shape || slots.iter().any(|s| s.shape != *shape) {
            return Err(mismatch!(
                format!("gradient and slots of shape {shape}"),
                inputs,
            ));
        }
        match scalars.iter().all(|s| s.shape.rank() == 0) {
            true => Ok(Vec::new()),
            false => Err(mismatch!("scalar rates and factors", inputs)),
        }
    }
    fn writes(&self) -> &[usize] {
        &WRITES[self.first_slot() - 3][..1 + self.rule.slots().len()]
    }
    fn flops(&self, ins: &[Dims], _outs: &[Dims]) -> u64 {
        10 * ins[0].size() as u64
    }
    fn run(&self, frame: &mut Frame) {
        let ins = frame.ins;
        let scalar = |present: bool, at: usize| if present { ins[at].at } else { At::NONE };
        let slot = |i: usize| ins.get(self.first_slot() + i).map_or(At::NONE, |s| s.at);
        let momentum = scalar(self.momentum, 3);
        let factor = scalar(self.scaled, 3 + usize::from(self.momentum));
        let ([gradient, rate, momentum, factor], [weights, s0, s1, s2]) = frame.memory.views(
            [ins[1].at, ins[2].at, momentum, factor],
            [ins[0].at, slot(0), slot(1), slot(2)],
        );
        let mut hyper = [0.0; MAX_HYPER];
        hyper[..self.hyper.len()].copy_from_slice(&self.hyper);
        if let Some(&momentum) = momentum.first() {
            hyper[0] = momentum;
        }
        let step = Step {
            lr: rate[0] * self.rate_multiplier,
            step: frame.clock.step,
            grad_scale: factor.first().copied().unwrap_or(1.0),
            weight_decay: self.weight_decay,
            clip_value: self.clip_value,
            hyper: &hyper[..self.hyper.len()],
        };
        let mut slots = [s0, s1, s2];
        let count = self.rule.slots().len();
        self.rule
            .apply(&step, frame.memo, weights, gradient, &mut slots[..count]);
    }
}

/// The factor that brings the joint norm of all inputs down to `limit`: `min(1, limit / norm)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipScale {
    /// The largest norm let through.
    pub limit: f32,
    /// The norm is that of all gradients together: if it is not finite, no update may hide that.
    pub global: bool,
}

impl Rule for ClipScale {
    fn name(&self) -> String {
        format!(
            "clipScale[{}{}]",
            Number(self.limit),
            if self.global { " global" } else { "" }
        )
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        match inputs.is_empty() {
            true => Err(mismatch!("at least 1 gradient", inputs)),
            false => Ok(vec![Type::f32(Shape::scalar())]),
        }
    }
    fn flops(&self, ins: &[Dims], _outs: &[Dims]) -> u64 {
        ins.iter().map(|d| 2 * d.size() as u64).sum()
    }
    fn run(&self, frame: &mut Frame) {
        let mut squares = 0.0;
        for input in frame.ins {
            let ([gradient], []) = frame.memory.views([input.at], []);
            squares += reduce::sum_squares(gradient);
        }
        let norm = squares.sqrt();
        let limit = f64::from(self.limit);
        // Keras: a norm of NaN, or an infinite global norm, turns every gradient into NaN; an
        // infinite norm of one variable only its infinite entries (0 * Infinity).
        let factor = match norm.is_nan() || (self.global && !norm.is_finite()) {
            true => f64::NAN,
            false => limit / norm.max(limit),
        };
        let ([], [out]) = frame.views([]);
        out[0] = factor as f32;
    }
}

/// The Euclidean norm of each input, one after the other: `[inputs]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Norms;

impl Rule for Norms {
    fn name(&self) -> String {
        "norms".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        match !inputs.is_empty() && inputs.iter().all(|t| t.dtype == DType::F32) {
            true => Ok(vec![Type::f32(Shape::fixed(&[inputs.len()]))]),
            false => Err(mismatch!("at least 1 float32 input", inputs)),
        }
    }
    fn flops(&self, ins: &[Dims], _outs: &[Dims]) -> u64 {
        ins.iter().map(|d| 2 * d.size() as u64).sum()
    }
    fn run(&self, frame: &mut Frame) {
        for (i, input) in frame.ins.iter().enumerate() {
            let ([values], [out]) = frame.memory.views([input.at], [frame.outs[0].at]);
            out[i] = reduce::sum_squares(values).sqrt() as f32;
        }
    }
}

/// `variable = value`. Inputs: the variable, the value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assign {
    /// The variable decays from step to step: numbers next to 0 become 0 before they are denormal.
    pub flush: bool,
}

impl Rule for Assign {
    fn name(&self) -> String {
        if self.flush {
            "assign[flush]".into()
        } else {
            "assign".into()
        }
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        assignable(inputs)
    }
    fn writes(&self) -> &[usize] {
        &[0]
    }
    fn run(&self, frame: &mut Frame) {
        let ([value], [variable]) = frame.memory.views([frame.ins[1].at], [frame.ins[0].at]);
        if self.flush {
            copy_slot(value, variable);
        } else {
            variable.copy_from_slice(value);
        }
    }
}

/// The running average of a weight over the steps: `average = average * momentum + weight * (1 -
/// momentum)`, and at the first step the weight itself. Inputs: the average, the weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Average {
    /// How much of the average stays.
    pub momentum: f32,
    /// After every so many steps the weight becomes the average; 0 for never.
    pub overwrite: u32,
}

impl Rule for Average {
    fn name(&self) -> String {
        let momentum = Number(self.momentum);
        match self.overwrite {
            0 => format!("average[{momentum}]"),
            every => format!("average[{momentum} overwrite {every}]"),
        }
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        assignable(inputs)
    }
    fn writes(&self) -> &[usize] {
        &[0, 1]
    }
    fn run(&self, frame: &mut Frame) {
        let step = frame.clock.step;
        let ([], [average, weight]) = frame.memory.views([], [frame.ins[0].at, frame.ins[1].at]);
        let momentum = if step <= 1 { 0.0 } else { self.momentum };
        norm::update_moving(average, weight, momentum);
        if self.overwrite > 0 && step.is_multiple_of(self.overwrite) {
            weight.copy_from_slice(average);
        }
    }
}
