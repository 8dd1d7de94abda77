//! Operations that draw random numbers. They are keyed by seed, draw and stream, and each element
//! takes the number of its place: the same can be had again, whatever the batch is.

use super::{floats, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{Dims, Shape, Type, Value};
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
    fn flops(&self, ins: &[Dims], _outs: &[Dims]) -> u64 {
        20 * ins[0].size() as u64
    }
    fn run(&self, frame: &mut Frame) {
        let (key, offset) = place(frame, self.stream);
        let ([x], [y]) = frame.views([0]);
        rng::dropout(x, y, self.rate, key, offset);
    }
}

/// What random numbers are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// A normal distribution.
    Normal {
        /// Its mean.
        mean: f32,
        /// Its standard deviation.
        std: f32,
    },
    /// What dropout makes of ones: a mask for axes that it does not tell apart.
    Keep {
        /// Probability of zero, in [0, 1).
        rate: f32,
    },
}

impl Distribution {
    /// The distribution of this name in the wire format, if the parameters are right.
    pub fn by_name(name: &[u8], params: &[f32]) -> Option<Self> {
        match (name, params) {
            (b"normal", &[mean, std]) => Some(Self::Normal { mean, std }),
            (b"keep", &[rate]) if (0.0..1.0).contains(&rate) => Some(Self::Keep { rate }),
            _ => None,
        }
    }
}

/// Random numbers. No gradient flows to them; they are kept where one flows through what they are
/// used with.
#[derive(Clone, Debug, PartialEq)]
pub struct Random {
    /// What they are drawn from.
    pub distribution: Distribution,
    /// Tells the layers of a model apart.
    pub stream: u32,
    /// How many.
    pub shape: Shape,
}

impl Rule for Random {
    fn name(&self) -> String {
        let kind = match self.distribution {
            Distribution::Normal { mean, std } => {
                format!("normal {} {}", Number(mean), Number(std))
            }
            Distribution::Keep { rate } => format!("keep {}", Number(rate)),
        };
        format!("random[{kind} stream {}]", self.stream)
    }
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let [] = floats(inputs)?;
        Ok(vec![Type::f32(self.shape.clone())])
    }
    fn flops(&self, _ins: &[Dims], outs: &[Dims]) -> u64 {
        40 * outs[0].size() as u64
    }
    fn run(&self, frame: &mut Frame) {
        let (key, offset) = place(frame, self.stream);
        // Numbers that all rows share are those of the first.
        let offset = match self.shape.0.iter().any(|dim| dim.symbol != 0) {
            true => offset,
            false => 0,
        };
        let ([], [out]) = frame.views([]);
        match self.distribution {
            Distribution::Normal { mean, std } => rng::fill_normal(key, mean, std, offset, out),
            Distribution::Keep { rate } => {
                out.fill(1.0);
                rng::dropout_inplace(out, rate, key, offset);
            }
        }
    }
}

/// The key of this call, and the place of the batch's first number in the numbers of all rows.
fn place(frame: &Frame, stream: u32) -> (Key, usize) {
    let clock = frame.clock;
    let numbers = frame.outs[0].dims.size();
    let key = Key::step(clock.seed, stream, clock.draw);
    (key, clock.row * (numbers / clock.batch))
}
