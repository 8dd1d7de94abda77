//! One number in, one number out: activations and plain maths, two-operand arithmetic with
//! broadcasting, conversion to float32. The formulas themselves are tables of the kernels.

use super::{floats, mismatch, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{DType, Dims, Type, Value, MAX_RANK};
use crate::text::numbers;
use gradus_kernels::binary::{self, BinaryKind};
use gradus_kernels::mem;
use gradus_kernels::unary::{self, Saves};

/// A row of the activation table applied to every element.
#[derive(Clone, Debug, PartialEq)]
pub struct Unary(pub unary::Unary);

/// `dy` times the derivative of a row of the activation table.
///
/// Inputs: the saved value (x or y, as the row asks for), dy.
#[derive(Clone, Debug, PartialEq)]
pub struct UnaryGrad(pub unary::Unary);

/// A function with its parameters as text, unless they are the defaults: `elu(0.5)`.
pub(crate) fn describe(f: &unary::Unary) -> String {
    let declared = f.kind.params();
    let params = &f.params[..declared.len()];
    match params
        .iter()
        .zip(declared)
        .all(|(given, param)| *given == param.default)
    {
        true => f.kind.name().to_string(),
        false => {
            format!("{}({})", f.kind.name(), numbers(params))
        }
    }
}

impl Rule for Unary {
    fn name(&self) -> String {
        describe(&self.0)
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x] = floats(inputs)?;
        Ok(vec![x.clone()])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let saved = match self.0.saves() {
            Saves::Input => b.inputs[0],
            Saves::Output => b.outs[0],
            Saves::Nothing => dy,
        };
        let dx = b.add(Op::UnaryGrad(UnaryGrad(self.0)), vec![saved, dy])?;
        Ok(vec![Some(dx)])
    }
    fn run(&self, frame: &mut Frame) {
        let ([x], [y]) = frame.views([0]);
        self.0.apply(x, y);
    }
}

impl Rule for UnaryGrad {
    fn name(&self) -> String {
        format!("{}'", describe(&self.0))
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [saved, dy] = floats(inputs)?;
        match saved.shape == dy.shape {
            true => Ok(vec![dy.clone()]),
            false => Err(mismatch!("two inputs of one shape", inputs)),
        }
    }
    fn run(&self, frame: &mut Frame) {
        let ([saved, dy], [dx]) = frame.views([0, 1]);
        self.0.backward(saved, dy, dx);
    }
}

/// Two-operand arithmetic with NumPy's broadcasting.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary(pub BinaryKind);

impl Rule for Binary {
    fn name(&self) -> String {
        self.0.name().to_string()
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [a, b] = floats(inputs)?;
        match a.shape.broadcast(&b.shape) {
            Some(shape) => Ok(vec![Type::f32(shape)]),
            None => Err(mismatch!("two shapes that broadcast together", inputs)),
        }
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(g) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let (x, y, out) = (b.inputs[0], b.inputs[1], b.outs[0]);
        use BinaryKind as K;
        let (dx, dy) = match self.0 {
            K::Add => (g, g),
            K::Sub => (
                g,
                if b.wanted(1) {
                    b.unary("neg", &[], g)?
                } else {
                    g
                },
            ),
            K::Mul => {
                let dx = if b.wanted(0) {
                    b.binary(K::Mul, g, y)?
                } else {
                    g
                };
                (
                    dx,
                    if b.wanted(1) {
                        b.binary(K::Mul, g, x)?
                    } else {
                        g
                    },
                )
            }
            K::Div => {
                let dx = b.binary(K::Div, g, y)?;
                let scaled = b.binary(K::Mul, dx, out)?;
                (dx, b.unary("neg", &[], scaled)?)
            }
            K::SquaredDifference => {
                let difference = b.binary(K::Sub, x, y)?;
                let product = b.binary(K::Mul, g, difference)?;
                (
                    b.unary("scale", &[2.0], product)?,
                    b.unary("scale", &[-2.0], product)?,
                )
            }
            K::Pow => {
                let one_less = b.unary("offset", &[-1.0], y)?;
                let power = b.binary(K::Pow, x, one_less)?;
                let slope = b.binary(K::Mul, y, power)?;
                let log = b.unary("log", &[], x)?;
                let rise = b.binary(K::Mul, out, log)?;
                (b.binary(K::Mul, g, slope)?, b.binary(K::Mul, g, rise)?)
            }
            // Half of the gradient to each side of a tie, as in JAX and PyTorch.
            K::Max | K::Min => {
                let wins = if self.0 == K::Max {
                    K::Greater
                } else {
                    K::Less
                };
                let tie = b.binary(K::Equal, x, y)?;
                let half = b.unary("scale", &[0.5], tie)?;
                let mut share = |left, right| -> Result<Value> {
                    let won = b.binary(wins, left, right)?;
                    let weight = b.binary(K::Add, won, half)?;
                    b.binary(K::Mul, g, weight)
                };
                (share(x, y)?, share(y, x)?)
            }
            _ => return Ok(Vec::new()),
        };
        Ok(vec![b.sum_to(dx, x, 0)?, b.sum_to(dy, y, 1)?])
    }

    fn run(&self, frame: &mut Frame) {
        let out_dims = frame.outs[0].dims;
        let rank = out_dims.as_slice().len();
        let a_strides = strides(&frame.ins[0].dims, &out_dims);
        let b_strides = strides(&frame.ins[1].dims, &out_dims);
        let ([a, b], [out]) = frame.views([0, 1]);
        binary::broadcast(
            self.0,
            a,
            &a_strides[..rank],
            b,
            &b_strides[..rank],
            out,
            out_dims.as_slice(),
        );
    }
}

/// Strides in elements that walk `from` along the axes of `to`; 0 where it is repeated.
pub(super) fn strides(from: &Dims, to: &Dims) -> [usize; MAX_RANK] {
    let (from, to) = (from.as_slice(), to.as_slice());
    let mut strides = [0; MAX_RANK];
    let mut step = 1;
    for (axis, &extent) in from.iter().enumerate().rev() {
        let target = axis + to.len() - from.len();
        if extent == to[target] && extent != 1 {
            strides[target] = step;
        }
        step *= extent;
    }
    strides
}

/// Bytes or whole numbers to float32.
#[derive(Clone, Debug, PartialEq)]
pub struct Cast;

impl Rule for Cast {
    fn name(&self) -> String {
        "cast".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        match inputs {
            [x] => Ok(vec![Type::f32(x.shape.clone())]),
            _ => Err(mismatch!("1 input", inputs)),
        }
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        Ok(vec![
            b.grads[0].filter(|_| b.ty(b.inputs[0]).dtype == DType::F32)
        ])
    }
    fn run(&self, frame: &mut Frame) {
        let count = frame.ins[0].dims.size();
        let is_bytes = frame.ins[0].dtype == DType::U8;
        let is_ints = frame.ins[0].dtype == DType::I32;
        let ([x], [y]) = frame.views([0]);
        if is_bytes {
            mem::bytes_to_floats(&mem::bytes(x)[..count], y);
        } else if is_ints {
            mem::ints_to_floats(mem::ints(x), y);
        } else {
            y.copy_from_slice(x);
        }
    }
}
