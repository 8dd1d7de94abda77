//! Many numbers to fewer (sum, mean, max, min, prod over axes) and back (expand).

use super::elementwise::strides;
use super::{floats, mismatch, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{Dim, Dims, Shape, Type, Value, MAX_RANK};
use crate::text::list;
use gradus_kernels::binary::BinaryKind;
use gradus_kernels::reduce::reduce_axis;

/// What is done with the numbers.
pub use gradus_kernels::reduce::Reduce as ReduceKind;

/// Every kind with its name in the wire format.
const KINDS: [(&str, ReduceKind); 7] = [
    ("sum", ReduceKind::Sum),
    ("mean", ReduceKind::Mean),
    ("max", ReduceKind::Max),
    ("min", ReduceKind::Min),
    ("prod", ReduceKind::Prod),
    ("sumSquares", ReduceKind::SumSquares),
    ("sumAbs", ReduceKind::SumAbs),
];

/// A reduction over some axes, in a fixed order.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduce {
    /// What is done.
    pub kind: ReduceKind,
    /// The axes; negative ones count from the end. None at all means every axis.
    pub axes: Vec<i32>,
    /// Whether reduced axes stay as extents of 1.
    pub keep_dims: bool,
}

impl Reduce {
    /// The kind of this name in the wire format.
    pub fn kind_by_name(name: &[u8]) -> Option<ReduceKind> {
        KINDS
            .iter()
            .find(|(known, _)| known.as_bytes() == name)
            .map(|&(_, kind)| kind)
    }

    fn kind_name(&self) -> &'static str {
        KINDS
            .iter()
            .find(|(_, kind)| *kind == self.kind)
            .map_or("", |(name, _)| name)
    }

    /// Which axes of a tensor of this rank are reduced, as a bit mask.
    pub fn mask(&self, rank: usize) -> Option<u32> {
        if self.axes.is_empty() {
            return Some((1 << rank) - 1);
        }
        self.axes.iter().try_fold(0, |mask, &axis| {
            let axis = if axis < 0 { axis + rank as i32 } else { axis };
            (0..rank as i32).contains(&axis).then(|| mask | 1 << axis)
        })
    }

    fn kept(&self, shape: &Shape, mask: u32) -> Shape {
        let dims = shape.0.iter().enumerate().filter_map(|(axis, &dim)| {
            match (mask >> axis & 1 == 1, self.keep_dims) {
                (false, _) => Some(dim),
                (true, true) => Some(Dim::fixed(1)),
                (true, false) => None,
            }
        });
        Shape(dims.collect())
    }
}

impl Rule for Reduce {
    fn name(&self) -> String {
        let keep = if self.keep_dims { " keepDims" } else { "" };
        format!("{}[{}{keep}]", self.kind_name(), list(&self.axes))
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x] = floats(inputs)?;
        match self.mask(x.shape.rank()) {
            Some(mask) => Ok(vec![Type::f32(self.kept(&x.shape, mask))]),
            None => Err(mismatch!(
                format!("an input with the axes {}", list(&self.axes)),
                inputs,
            )),
        }
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let (x, y) = (b.inputs[0], b.outs[0]);
        let shape = b.ty(x).shape.clone();
        let mask = self.mask(shape.rank()).unwrap_or_default();
        let kept = Reduce {
            keep_dims: true,
            ..self.clone()
        }
        .kept(&shape, mask);
        // A number spreads over any shape as it is.
        let dy = match b.ty(dy).shape.rank() {
            0 => dy,
            _ => b.reshape(dy, kept.clone())?,
        };
        let expand = |divide| {
            Op::Expand(Expand {
                shape: shape.clone(),
                divide,
            })
        };
        let dx = match self.kind {
            ReduceKind::Sum => b.add(expand(false), vec![dy])?,
            ReduceKind::Mean => b.add(expand(true), vec![dy])?,
            // Ties share the gradient evenly, as in JAX.
            ReduceKind::Max | ReduceKind::Min => {
                let y = b.reshape(y, kept)?;
                let hit = b.binary(BinaryKind::Equal, x, y)?;
                let count = Reduce {
                    kind: ReduceKind::Sum,
                    axes: self.axes.clone(),
                    keep_dims: true,
                };
                let count = b.add(Op::Reduce(count), vec![hit])?;
                let share = b.binary(BinaryKind::Div, dy, count)?;
                b.binary(BinaryKind::Mul, hit, share)?
            }
            ReduceKind::SumSquares => {
                let slope = b.unary("scale", &[2.0], x)?;
                b.binary(BinaryKind::Mul, slope, dy)?
            }
            ReduceKind::SumAbs => {
                let slope = b.unary("sign", &[], x)?;
                b.binary(BinaryKind::Mul, slope, dy)?
            }
            ReduceKind::Prod => return Err(b.not_differentiable("prod")),
        };
        Ok(vec![Some(dx)])
    }

    /// Two buffers to go back and forth between when several separate axes are reduced.
    fn scratch(&self, ins: &[Dims], _outs: &[Dims]) -> usize {
        let dims = ins[0].as_slice();
        let groups = Groups::of(dims, self.mask(dims.len()).unwrap_or_default());
        if groups.reduced() > 1 {
            2 * ins[0].size()
        } else {
            0
        }
    }

    fn flops(&self, ins: &[Dims], _outs: &[Dims]) -> u64 {
        ins[0].size() as u64
    }

    fn run(&self, frame: &mut Frame) {
        let dims = frame.ins[0].dims;
        let mask = self.mask(dims.as_slice().len()).unwrap_or_default();
        let mut groups = Groups::of(dims.as_slice(), mask);
        let ([x], [out, scratch]) = frame
            .memory
            .views([frame.ins[0].at], [frame.outs[0].at, frame.scratch]);
        if groups.reduced() <= 1 {
            let (_, axis, inner) = groups.take_last();
            return reduce_axis(self.kind, x, axis, inner, out);
        }
        // Squares and magnitudes are taken once; what follows are sums of them.
        let rest = match self.kind {
            ReduceKind::SumSquares | ReduceKind::SumAbs => ReduceKind::Sum,
            kind => kind,
        };
        let half = scratch.len() / 2;
        let (mut from, mut to) = scratch.split_at_mut(half);
        let (outer, axis, inner) = groups.take_last();
        let mut len = outer * inner;
        reduce_axis(self.kind, x, axis, inner, &mut from[..len]);
        while groups.reduced() > 1 {
            let (outer, axis, inner) = groups.take_last();
            reduce_axis(rest, &from[..len], axis, inner, &mut to[..outer * inner]);
            len = outer * inner;
            std::mem::swap(&mut from, &mut to);
        }
        let (_, axis, inner) = groups.take_last();
        reduce_axis(rest, &from[..len], axis, inner, out);
    }
}

/// Neighbouring axes that are treated alike, merged.
struct Groups {
    extents: [usize; MAX_RANK],
    reduced: [bool; MAX_RANK],
    len: usize,
}

impl Groups {
    fn of(dims: &[usize], mask: u32) -> Self {
        let mut groups = Groups {
            extents: [1; MAX_RANK],
            reduced: [false; MAX_RANK],
            len: 0,
        };
        for (axis, &extent) in dims.iter().enumerate() {
            let reduced = mask >> axis & 1 == 1;
            if groups.len == 0 || groups.reduced[groups.len - 1] != reduced {
                groups.len += 1;
                groups.reduced[groups.len - 1] = reduced;
            }
            groups.extents[groups.len - 1] *= extent;
        }
        groups
    }

    fn reduced(&self) -> usize {
        self.reduced[..self.len].iter().filter(|&&r| r).count()
    }

    /// The last reduced group as (outer, axis, inner); it counts as an extent of 1 afterwards.
    fn take_last(&mut self) -> (usize, usize, usize) {
        match self.reduced[..self.len].iter().rposition(|&r| r) {
            Some(at) => {
                let outer = self.extents[..at].iter().product();
                let inner = self.extents[at + 1..self.len].iter().product();
                let axis = std::mem::replace(&mut self.extents[at], 1);
                self.reduced[at] = false;
                (outer, axis, inner)
            }
            None => (1, 1, self.extents[..self.len].iter().product()),
        }
    }
}

/// Repeats an input along axes of extent 1 until it has the wanted shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Expand {
    /// The wanted shape.
    pub shape: Shape,
    /// Whether to divide by the number of repetitions: the gradient of a mean.
    pub divide: bool,
}

impl Rule for Expand {
    fn name(&self) -> String {
        format!("expand{}", if self.divide { "[divide]" } else { "" })
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x] = floats(inputs)?;
        match x.shape.broadcast(&self.shape) {
            Some(shape) if shape == self.shape => Ok(vec![Type::f32(shape)]),
            _ => Err(mismatch!(
                format!("an input that expands to {}", self.shape),
                inputs,
            )),
        }
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0].filter(|_| !self.divide) else {
            return Ok(Vec::new());
        };
        let x = b.inputs[0];
        Ok(vec![b.sum_to(dy, x, 0)?])
    }
    fn run(&self, frame: &mut Frame) {
        let (from, to) = (frame.ins[0].dims, frame.outs[0].dims);
        let strides = strides(&from, &to);
        let factor = match self.divide {
            true => from.size() as f32 / to.size() as f32,
            false => 1.0,
        };
        let factor = [factor];
        let ([x], [out]) = frame.views([0]);
        // x times a number, broadcast: exact when the number is 1.
        gradus_kernels::binary::broadcast(
            BinaryKind::Mul,
            x,
            &strides[..to.as_slice().len()],
            &factor,
            &[0; MAX_RANK][..to.as_slice().len()],
            out,
            to.as_slice(),
        );
    }
}
