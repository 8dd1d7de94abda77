//! Cross-entropy of softmax, from logits: one value per row.

use super::{floats, mismatch, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{DType, Type, Value};
use gradus_kernels::mem::ints;
use gradus_kernels::softmax;

/// Against whole-number labels: logits `[.., c]`, labels `[..]` int32.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseCrossEntropy;

/// Gradient for the logits. Inputs: logits, labels, gradient per row.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseCrossEntropyGrad;

fn check_sparse(inputs: &[&Type]) -> Result<()> {
    match inputs {
        [x, labels, ..]
            if x.dtype == DType::F32
                && labels.dtype == DType::I32
                && x.shape.rank() > 0
                && x.shape.leading() == labels.shape =>
        {
            Ok(())
        }
        _ => Err(mismatch!(
            "logits [.., classes] and int32 labels [..]",
            inputs,
        )),
    }
}

impl Rule for SparseCrossEntropy {
    fn name(&self) -> String {
        "sparseCrossEntropy".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        check_sparse(inputs)?;
        Ok(vec![Type::f32(inputs[1].shape.clone())])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let inputs = vec![b.inputs[0], b.inputs[1], dy];
        Ok(vec![Some(b.add(
            Op::SparseCrossEntropyGrad(SparseCrossEntropyGrad),
            inputs,
        )?)])
    }
    fn run(&self, frame: &mut Frame) {
        let cols = frame.ins[0].dims.cols();
        let ([x, labels], [loss]) = frame.views([0, 1]);
        softmax::sparse_cross_entropy(x, ints(labels), cols, loss);
    }
}

impl Rule for SparseCrossEntropyGrad {
    fn name(&self) -> String {
        "sparseCrossEntropy'".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        check_sparse(inputs)?;
        match inputs {
            [x, labels, dy] if dy.shape == labels.shape => Ok(vec![(*x).clone()]),
            _ => Err(mismatch!("one gradient per row", inputs)),
        }
    }
    fn run(&self, frame: &mut Frame) {
        let cols = frame.ins[0].dims.cols();
        let ([x, labels, dloss], [dx]) = frame.views([0, 1, 2]);
        softmax::sparse_cross_entropy_backward(x, ints(labels), dloss, cols, dx);
    }
}

/// Against a distribution per row: logits and targets `[.., c]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossEntropy;

/// Gradient for the logits. Inputs: logits, targets, gradient per row.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossEntropyGrad;

impl Rule for CrossEntropy {
    fn name(&self) -> String {
        "crossEntropy".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x, targets] = floats(inputs)?;
        match x.shape == targets.shape && x.shape.rank() > 0 {
            true => Ok(vec![Type::f32(x.shape.leading())]),
            false => Err(mismatch!("logits and targets of one shape", inputs)),
        }
    }
    /// The targets count as given: no gradient flows to them.
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        let inputs = vec![b.inputs[0], b.inputs[1], dy];
        Ok(vec![Some(
            b.add(Op::CrossEntropyGrad(CrossEntropyGrad), inputs)?,
        )])
    }
    fn run(&self, frame: &mut Frame) {
        let cols = frame.ins[0].dims.cols();
        let ([x, targets], [loss]) = frame.views([0, 1]);
        softmax::cross_entropy(x, targets, cols, loss);
    }
}

impl Rule for CrossEntropyGrad {
    fn name(&self) -> String {
        "crossEntropy'".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x, targets, dy] = floats(inputs)?;
        match x.shape == targets.shape && dy.shape == x.shape.leading() {
            true => Ok(vec![x.clone()]),
            false => Err(mismatch!(
                "logits and targets of one shape, a gradient per row",
                inputs,
            )),
        }
    }
    fn run(&self, frame: &mut Frame) {
        let cols = frame.ins[0].dims.cols();
        let ([x, targets, dloss], [dx]) = frame.views([0, 1, 2]);
        softmax::cross_entropy_backward(x, targets, dloss, cols, dx);
    }
}
