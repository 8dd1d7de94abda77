//! What metrics are made of: argmax, top-k hits, running sums. No gradient flows through these.

use super::{floats, mismatch, Frame, Rule};
use crate::error::Result;
use crate::ir::{DType, Shape, Type};
use gradus_kernels::mem::ints;
use gradus_kernels::{reduce, softmax};

/// Index of the largest entry of each row, the first one of equals, as float32.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgMax;

impl Rule for ArgMax {
    fn name(&self) -> String {
        "argMax".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x] = floats(inputs)?;
        match x.shape.rank() {
            0 => Err(mismatch!("at least 1 dimension", inputs)),
            _ => Ok(vec![Type::f32(x.shape.leading())]),
        }
    }
    fn run(&self, frame: &mut Frame) {
        let cols = frame.ins[0].dims.cols();
        let ([x], [out]) = frame.views([0]);
        reduce::argmax_rows(x, cols, out);
    }
}

/// 1 where the label is among the `k` largest predictions of its row, else 0.
#[derive(Clone, Debug, PartialEq)]
pub struct InTopK {
    /// How many predictions count.
    pub k: usize,
}

impl Rule for InTopK {
    fn name(&self) -> String {
        format!("inTopK[{}]", self.k)
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        match inputs {
            [x, labels]
                if x.dtype == DType::F32
                    && labels.dtype == DType::I32
                    && x.shape.rank() > 0
                    && x.shape.leading() == labels.shape =>
            {
                Ok(vec![Type::f32(labels.shape.clone())])
            }
            _ => Err(mismatch!(
                "predictions [.., classes] and int32 labels [..]",
                inputs,
            )),
        }
    }
    fn run(&self, frame: &mut Frame) {
        let cols = frame.ins[0].dims.cols();
        let ([x, labels], [out]) = frame.views([0, 1]);
        softmax::in_top_k(x, ints(labels), cols, self.k, out);
    }
}

/// Adds values and their weights to a running, compensated sum held in a variable of 4 numbers:
/// sum, its compensation, weight, its compensation.
///
/// Inputs: the variable, the values, optionally a weight for each value.
#[derive(Clone, Debug, PartialEq)]
pub struct Accumulate;

impl Rule for Accumulate {
    fn name(&self) -> String {
        "accumulate".into()
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let state = Shape::fixed(&[4]);
        match inputs {
            [to, _] if to.shape == state => Ok(Vec::new()),
            [to, values, weights] if to.shape == state && values.shape == weights.shape => {
                Ok(Vec::new())
            }
            _ => Err(mismatch!(
                "a variable [4], values, and weights of the same shape",
                inputs,
            )),
        }
    }
    fn writes(&self) -> &[usize] {
        &[0]
    }
    fn run(&self, frame: &mut Frame) {
        let weights = frame.ins.get(2).map(|w| w.at);
        let reads = [frame.ins[1].at, weights.unwrap_or_default()];
        let ([values, given], [state]) = frame.memory.views(reads, [frame.ins[0].at]);
        reduce::accumulate_all(state, values, weights.map(|_| given));
    }
}
