//! Operations that draw random numbers. They are keyed by seed, draw and stream, so that the same
//! mask can be had again.

use super::{floats, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{Type, Value};
use crate::text::Number;
use gradus_kernels::rng::{self, Key};

/// Inverted dropout: zero with probability `rate`, else `x / (1 - rate)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// Probability of zero, in [0, 1).
    pub rate: f32,
    /// Tells the layers of a model apart.
    pub stream: u32,
}

impl Rule for Dropout {
    fn name(&self) -> String {
        format!("dropout[{} stream {}]", Number(self.rate), self.stream)
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [x] = floats(inputs)?;
        Ok(vec![x.clone()])
    }
    /// The same mask, drawn again instead of kept.
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        Ok(vec![Some(b.add(Op::Dropout(self.clone()), vec![dy])?)])
    }
    fn flops(&self, ins: &[crate::ir::Dims], _outs: &[crate::ir::Dims]) -> u64 {
        20 * ins[0].size() as u64
    }
    fn run(&self, frame: &mut Frame) {
        let key = Key::step(frame.clock.seed, self.stream, frame.clock.draw);
        let ([x], [y]) = frame.views([0]);
        rng::dropout(x, y, self.rate, key, 0);
    }
}
