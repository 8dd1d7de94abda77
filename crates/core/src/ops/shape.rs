//! Moving numbers without reckoning: reshape, permute, concat, slice, stop gradient.

use super::{floats, mismatch, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{Dim, Shape, Type, Value};
use crate::text::list;

/// The same numbers in another shape; costs nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The wanted shape. One extent of 0 is inferred.
    pub shape: Shape,
}

impl Reshape {
    fn target(&self, from: &Shape) -> Option<Shape> {
        let size = from.size()?;
        let Some(open) = self.shape.0.iter().position(|d| d.factor == 0) else {
            return (self.shape.size()? == size).then(|| self.shape.clone());
        };
        let mut shape = self.shape.clone();
        shape.0[open] = Dim::fixed(1);
        let rest = shape.size()?;
        let fits = rest.factor != 0 && size.factor % rest.factor == 0;
        if !fits || (rest.symbol != 0 && rest.symbol != size.symbol) {
            return None;
        }
        let symbol = if rest.symbol == 0 { size.symbol } else { 0 };
        shape.0[open] = Dim {
            factor: size.factor / rest.factor,
            symbol,
        };
        Some(shape)
    }
}

impl Rule for Reshape {
    fn name(&self) -> String {
        "reshape".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x] = inputs else {
            return Err(mismatch!("1 input", inputs));
        };
        match self.target(&x.shape) {
            Some(shape) => Ok(vec![Type {
                shape,
                dtype: x.dtype,
            }]),
            None => Err(mismatch!(
                format!("as many elements as {}", self.shape),
                inputs,
            )),
        }
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let shape = b.ty(b.inputs[0]).shape.clone();
        Ok(vec![Some(b.reshape(dy, shape)?)])
    }
    fn is_view(&self) -> bool {
        true
    }
    fn run(&self, _frame: &mut Frame) {}
}

/// The same numbers, through which no gradient flows.
#[derive(Clone, Debug, PartialEq)]
pub struct StopGradient;

impl Rule for StopGradient {
    fn name(&self) -> String {
        "stopGradient".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x] = inputs else {
            return Err(mismatch!("1 input", inputs));
        };
        Ok(vec![(*x).clone()])
    }
    fn is_view(&self) -> bool {
        true
    }
    fn run(&self, _frame: &mut Frame) {}
}

/// Axes in another order: axis `i` of the result is axis `axes[i]` of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Permute {
    /// The order.
    pub axes: Vec<usize>,
}

impl Rule for Permute {
    fn name(&self) -> String {
        format!("permute[{}]", list(&self.axes))
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x] = floats(inputs)?;
        let rank = x.shape.rank();
        if self.axes.len() != rank || !(0..rank).all(|axis| self.axes.contains(&axis)) {
            return Err(mismatch!(
                format!(
                    "an input whose axes are a permutation of {}",
                    list(&self.axes)
                ),
                inputs
            ));
        }
        let dims = self.axes.iter().map(|&axis| x.shape.0[axis]);
        Ok(vec![Type::f32(Shape(dims.collect()))])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let mut axes = vec![0; self.axes.len()];
        for (to, &from) in self.axes.iter().enumerate() {
            axes[from] = to;
        }
        Ok(vec![Some(b.add(Op::Permute(Permute { axes }), vec![dy])?)])
    }
    fn run(&self, frame: &mut Frame) {
        let (from, to) = (frame.ins[0].dims, frame.outs[0].dims);
        let (from, to) = (from.as_slice(), to.as_slice());
        let mut strides = [0; crate::ir::MAX_RANK];
        for (stride, &axis) in strides.iter_mut().zip(&self.axes) {
            *stride = from[axis + 1..].iter().product();
        }
        let ([x], [out]) = frame.views([0]);
        let mut index = [0; crate::ir::MAX_RANK];
        let mut at = 0;
        for value in out {
            *value = x[at];
            for axis in (0..to.len()).rev() {
                index[axis] += 1;
                at += strides[axis];
                if index[axis] < to[axis] {
                    break;
                }
                at -= strides[axis] * to[axis];
                index[axis] = 0;
            }
        }
    }
}

/// Tensors one after the other along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Concat {
    /// The axis; negative ones count from the end.
    pub axis: i32,
}

fn axis_of(axis: i32, rank: usize) -> Option<usize> {
    let axis = if axis < 0 { axis + rank as i32 } else { axis };
    (0..rank as i32).contains(&axis).then_some(axis as usize)
}

impl Rule for Concat {
    fn name(&self) -> String {
        format!("concat[{}]", self.axis)
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let misfit = || mismatch!("inputs that differ in the joined, fixed axis only", inputs);
        let first = inputs.first().ok_or_else(misfit)?;
        let axis = axis_of(self.axis, first.shape.rank()).ok_or_else(misfit)?;
        let mut shape = first.shape.clone();
        shape.0[axis] = Dim::fixed(0);
        for input in inputs {
            let mut rest = input.shape.clone();
            if rest.rank() != shape.rank() || input.dtype != crate::ir::DType::F32 {
                return Err(misfit());
            }
            let own = std::mem::replace(&mut rest.0[axis], shape.0[axis]);
            if rest != shape || own.symbol != 0 {
                return Err(misfit());
            }
            shape.0[axis].factor += own.factor;
        }
        Ok(vec![Type::f32(shape)])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let axis = axis_of(self.axis, b.ty(dy).shape.rank()).unwrap_or_default();
        let mut from = 0;
        let mut grads = Vec::new();
        for input in 0..b.inputs.len() {
            let to = from + b.ty(b.inputs[input]).shape.0[axis].factor;
            grads.push(match b.wanted(input) {
                true => Some(b.add(
                    Op::Slice(Slice {
                        axis: axis as i32,
                        from,
                        to,
                    }),
                    vec![dy],
                )?),
                false => None,
            });
            from = to;
        }
        Ok(grads)
    }
    fn run(&self, frame: &mut Frame) {
        let to = frame.outs[0].dims;
        let axis = axis_of(self.axis, to.as_slice().len()).unwrap_or_default();
        let inner: usize = to.as_slice()[axis + 1..].iter().product();
        let width = to.as_slice()[axis] * inner;
        let mut start = 0;
        for input in frame.ins {
            let own = input.dims.as_slice()[axis] * inner;
            let ([x], [out]) = frame.memory.views([input.at], [frame.outs[0].at]);
            for (row, values) in x.chunks_exact(own.max(1)).enumerate() {
                out[row * width + start..][..own].copy_from_slice(values);
            }
            start += own;
        }
    }
}

/// A stretch of a fixed axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// The axis; negative ones count from the end.
    pub axis: i32,
    /// First index taken.
    pub from: usize,
    /// First index not taken.
    pub to: usize,
}

impl Rule for Slice {
    fn name(&self) -> String {
        format!("slice[{} {}..{}]", self.axis, self.from, self.to)
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x] = floats(inputs)?;
        let axis = axis_of(self.axis, x.shape.rank());
        let fits = |d: Dim| d.symbol == 0 && self.from < self.to && self.to <= d.factor;
        match axis {
            Some(axis) if fits(x.shape.0[axis]) => {
                let mut shape = x.shape.clone();
                shape.0[axis] = Dim::fixed(self.to - self.from);
                Ok(vec![Type::f32(shape)])
            }
            _ => Err(mismatch!(
                format!("an input that holds {}", self.name()),
                inputs,
            )),
        }
    }
    /// Zeros around the gradient.
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let whole = b.ty(b.inputs[0]).shape.clone();
        let axis = axis_of(self.axis, whole.rank()).unwrap_or_default();
        let extent = whole.0[axis].factor;
        let zero = b.constant(0.0)?;
        let mut parts = Vec::new();
        for (from, to) in [(0, self.from), (self.from, self.to), (self.to, extent)] {
            if (from, to) == (self.from, self.to) {
                parts.push(dy);
            } else if from < to {
                let mut shape = whole.clone();
                shape.0[axis] = Dim::fixed(to - from);
                parts.push(b.expand(zero, shape)?);
            }
        }
        Ok(vec![Some(
            b.add(Op::Concat(Concat { axis: axis as i32 }), parts)?,
        )])
    }
    fn run(&self, frame: &mut Frame) {
        let from = frame.ins[0].dims;
        let axis = axis_of(self.axis, from.as_slice().len()).unwrap_or_default();
        let inner: usize = from.as_slice()[axis + 1..].iter().product();
        let width = from.as_slice()[axis] * inner;
        let own = (self.to - self.from) * inner;
        let ([x], [out]) = frame.views([0]);
        for (row, values) in out.chunks_exact_mut(own.max(1)).enumerate() {
            values.copy_from_slice(&x[row * width + self.from * inner..][..own]);
        }
    }
}
