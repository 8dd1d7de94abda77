//! Softmax, its logarithm and sparsemax over the last axis.

use super::{floats, mismatch, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{Type, Value};
use gradus_kernels::softmax;

macro_rules! row_function {
    ($(#[$doc:meta])* $forward:ident $name:literal $run:path, $backward:ident $back_run:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $forward;

        /// Gradient from the result and its gradient.
        #[derive(Clone, Debug, PartialEq)]
        pub struct $backward;

        impl Rule for $forward {
            fn name(&self) -> String {
                $name.into()
            }
            fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
                let [x] = floats(inputs)?;
                match x.shape.rank() {
                    0 => Err(mismatch!("at least 1 dimension", inputs)),
                    _ => Ok(vec![x.clone()]),
                }
            }
            fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
                let Some(dy) = b.grads[0] else { return Ok(Vec::new()) };
                let y = b.outs[0];
                Ok(vec![Some(b.add(Op::$backward($backward), vec![y, dy])?)])
            }
            fn run(&self, frame: &mut Frame) {
                let cols = frame.outs[0].dims.cols();
                let ([x], [y]) = frame.views([0]);
                $run(x, y, cols);
            }
        }

        impl Rule for $backward {
            fn name(&self) -> String {
                concat!($name, "'").into()
            }
            fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
                let [y, dy] = floats(inputs)?;
                match y.shape == dy.shape {
                    true => Ok(vec![y.clone()]),
                    false => Err(mismatch!("two inputs of one shape", inputs)),
                }
            }
            fn run(&self, frame: &mut Frame) {
                let cols = frame.outs[0].dims.cols();
                let ([y, dy], [dx]) = frame.views([0, 1]);
                $back_run(y, dy, dx, cols);
            }
        }
    };
}

row_function!(
    /// `exp(x) / sum(exp(x))` over the last axis.
    Softmax "softmax" softmax::softmax, SoftmaxGrad softmax::softmax_backward
);
row_function!(
    /// `x - log(sum(exp(x)))` over the last axis.
    LogSoftmax "logSoftmax" softmax::log_softmax, LogSoftmaxGrad softmax::log_softmax_backward
);
row_function!(
    /// The nearest point of the simplex, over the last axis.
    Sparsemax "sparsemax" softmax::sparsemax, SparsemaxGrad softmax::sparsemax_backward
);
