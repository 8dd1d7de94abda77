//! The operations: one file per family, each with shape rule, gradient rule, execution and cost
//! side by side. This file lists them and says what a rule is.

mod elementwise;
mod layer_norm;
mod loss;
mod matmul;
mod metric;
mod norm;
mod optimize;
mod random;
mod reduce;
mod shape;
mod softmax;
mod source;

pub use elementwise::{Binary, Cast, Unary, UnaryGrad};
pub use layer_norm::{LayerNorm, LayerNormGrad};
pub use loss::{CrossEntropy, CrossEntropyGrad, SparseCrossEntropy, SparseCrossEntropyGrad};
pub(crate) use matmul::matrix_shape;
pub use matmul::MatMul;
pub use metric::{Accumulate, ArgMax, InTopK};
pub use norm::{BatchNorm, BatchNormGrad, Normalize, UpdateMoving};
pub use optimize::{Assign, Average, ClipScale, Norms, Update};
pub use random::{Distribution, Dropout, Random};
pub use reduce::{Expand, Reduce, ReduceKind};
pub use shape::{Concat, Permute, Reshape, Slice, StopGradient};
pub use softmax::{LogSoftmax, LogSoftmaxGrad, Softmax, SoftmaxGrad, Sparsemax, SparsemaxGrad};
pub use source::{BiasCorrection, Const, Extent, Input, Variable};

use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{DType, Dims, Type, Value};
use crate::TRAINS;
use gradus_kernels::mem::{At, Memory};
use gradus_kernels::update::Memo;

macro_rules! operations {
    (predict { $($op:ident,)* } train { $($trained:ident,)* }) => {
        /// What a node does. Each variant's payload is a [`Rule`].
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum Op {
            $($op($op),)*
            $($trained($trained),)*
        }

        impl Op {
            /// The rules of this operation.
            pub fn rule(&self) -> &dyn Rule {
                match self {
                    $(Op::$op(op) => op,)*
                    $(Op::$trained(op) if TRAINS => op,)*
                    _ => unreachable!("an operation of training"),
                }
            }

            /// Its printed form, see [`Rule::name`]; empty in builds that only predict, where errors
            /// go without.
            pub fn name(&self) -> String {
                match self {
                    _ if !TRAINS => String::new(),
                    $(Op::$op(op) => op.name(),)*
                    $(Op::$trained(op) => op.name(),)*
                }
            }

            /// Arithmetic operations of a run, see [`Rule::flops`].
            pub fn flops(&self, ins: &[Dims], outs: &[Dims]) -> u64 {
                match self {
                    $(Op::$op(op) => op.flops(ins, outs),)*
                    $(Op::$trained(op) => op.flops(ins, outs),)*
                }
            }

            /// Adds its gradient, see [`Rule::gradient`].
            pub fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
                match self {
                    $(Op::$op(op) => op.gradient(b),)*
                    $(Op::$trained(op) => op.gradient(b),)*
                }
            }
        }
    };
}

// Those under `train` are left out of builds that only predict.
operations! {
    predict {
        Input,
        Variable,
        Const,
        Extent,
        MatMul,
        Unary,
        Binary,
        Reduce,
        Reshape,
        Permute,
        Concat,
        Slice,
        StopGradient,
        Softmax,
        LogSoftmax,
        Sparsemax,
        ArgMax,
        Normalize,
        LayerNorm,
    }
    train {
        Cast,
        BiasCorrection,
        UnaryGrad,
        SoftmaxGrad,
        LogSoftmaxGrad,
        SparsemaxGrad,
        SparseCrossEntropy,
        SparseCrossEntropyGrad,
        CrossEntropy,
        CrossEntropyGrad,
        InTopK,
        Accumulate,
        BatchNorm,
        BatchNormGrad,
        UpdateMoving,
        Dropout,
        Random,
        LayerNormGrad,
        Assign,
        Average,
        ClipScale,
        Norms,
        Update,
        Expand,
    }
}

/// What the compiler and the executor must know of an operation.
pub trait Rule {
    /// Printed form without operands: `matMul[transposeB]`.
    ///
    /// Reached by [`Op::name`] alone: in the table of a `dyn Rule` it would be part of every build.
    fn name(&self) -> String
    where
        Self: Sized;

    /// Types of the results from the types of the inputs; an error names what does not fit.
    /// The caller fills in the place of the error.
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>>;

    /// Adds nodes that compute the gradient of the inputs that are wanted ([`Backward::wanted`]).
    /// The default is an operation through which no gradient flows.
    ///
    /// Reached by [`Op::gradient`] alone, as `name` is.
    fn gradient(&self, _b: &mut Backward) -> Result<Vec<Option<Value>>>
    where
        Self: Sized,
    {
        Ok(Vec::new())
    }

    /// Which inputs are variables that the operation writes. Empty for pure operations.
    fn writes(&self) -> &[usize] {
        &[]
    }

    /// True when the first result is the first input's memory seen with another shape.
    fn is_view(&self) -> bool {
        false
    }

    /// Floats of working memory wanted during a run.
    ///
    /// Asked once, for the largest batch: what is given must be enough for every smaller one too,
    /// whichever way a smaller one is computed.
    fn scratch(&self, _ins: &[Dims], _outs: &[Dims]) -> usize {
        0
    }

    /// Arithmetic operations of a run, for reports.
    ///
    /// Reached by [`Op::flops`] alone, as `name` is.
    fn flops(&self, _ins: &[Dims], outs: &[Dims]) -> u64
    where
        Self: Sized,
    {
        outs.iter().map(|d| d.size() as u64).sum()
    }

    /// Does it. Allocates nothing.
    fn run(&self, frame: &mut Frame);
}

/// An operand in memory, with its extents in this call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Operand {
    /// Where it lies.
    pub at: At,
    /// Its extents.
    pub dims: Dims,
    /// Its elements.
    pub dtype: DType,
}

/// The numbers that change from call to call and are no tensors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Optimizer iteration, 1 for the first update.
    pub step: u32,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Number of the draw: another draw, other random numbers.
    pub draw: u32,
    /// Batch size of this call.
    pub batch: usize,
    /// Rows of earlier calls of the same draw: random numbers go on from there.
    pub row: usize,
}

/// What an operation sees while it runs.
pub struct Frame<'a> {
    /// All memory.
    pub memory: &'a mut Memory,
    /// The inputs.
    pub ins: &'a [Operand],
    /// The results.
    pub outs: &'a [Operand],
    /// Working memory as large as [`Rule::scratch`] asked for.
    pub scratch: At,
    /// Step, seed, draw.
    pub clock: &'a Clock,
    /// What updates keep for each other during a run.
    pub memo: &'a mut Memo,
}

impl<'a> Frame<'a> {
    /// Views of the inputs numbered by `reads`, and of all of the first `W` results.
    pub fn views<const R: usize, const W: usize>(
        &mut self,
        reads: [usize; R],
    ) -> ([&[f32]; R], [&mut [f32]; W]) {
        let (mut from, mut to) = ([At::NONE; R], [At::NONE; W]);
        for (at, &i) in from.iter_mut().zip(&reads) {
            *at = self.ins[i].at;
        }
        for (at, out) in to.iter_mut().zip(&self.outs[..W]) {
            *at = out.at;
        }
        self.memory.views(from, to)
    }
}

/// An error about inputs that do not fit; the place is filled in by the caller.
macro_rules! mismatch {
    ($expected:expr, $inputs:expr $(,)?) => {
        $crate::error::error!("", $expected, $crate::ops::received($inputs))
    };
}
use mismatch;

fn received(inputs: &[&Type]) -> String {
    let received: Vec<_> = inputs.iter().map(|t| t.to_string()).collect();
    received.join(" and ")
}

/// Checks the number of inputs and that all are float32.
fn floats<'t, const N: usize>(inputs: &[&'t Type]) -> Result<[&'t Type; N]> {
    let all: [&Type; N] = inputs
        .try_into()
        .map_err(|_| mismatch!(format!("{N} inputs"), inputs))?;
    match all.iter().all(|t| t.dtype == DType::F32) {
        true => Ok(all),
        false => Err(mismatch!("float32 inputs", inputs).hint("cast integer inputs first")),
    }
}

/// Checks the inputs of an operation that writes a value into a variable of the same shape.
fn assignable(inputs: &[&Type]) -> Result<Vec<Type>> {
    let [to, value] = floats(inputs)?;
    match to.shape == value.shape {
        true => Ok(Vec::new()),
        false => Err(mismatch!("a variable and a value of its shape", inputs)),
    }
}
