//! The matrix product, with everything that may be fused into it.

use super::{floats, mismatch, Frame, Op, Rule};
use crate::autodiff::Backward;
use crate::error::Result;
use crate::ir::{Dim, Dims, Shape, Type, Value};
use gradus_kernels::gemm::{Epilogue, Product};
use gradus_kernels::mem::At;
use gradus_kernels::unary;

/// `op(a) . op(b)`; leading dimensions of `a` count as rows.
///
/// The graph as built uses the two transposition flags only; the rest is set by fusion.
/// Inputs: a, b, then bias if `bias`, then the saved value if `grad`.
/// Results: the product, then the pre-activation if `keep_pre`, then the column sums of op(b).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct MatMul {
    /// `a` is stored as `[k, m]`.
    pub trans_a: bool,
    /// `b` is stored as `[n, k]`.
    pub trans_b: bool,
    /// A row is added to every row of the product.
    pub bias: bool,
    /// Applied last.
    pub activation: Option<unary::Unary>,
    /// The value before the activation is a second result.
    pub keep_pre: bool,
    /// The product is multiplied by the derivative of this function at the saved value.
    pub grad: Option<unary::Unary>,
    /// The sums over k of op(b) are the last result: a bias gradient.
    pub column_sums: bool,
}

impl MatMul {
    /// A bare product.
    pub fn plain(trans_a: bool, trans_b: bool) -> Op {
        Op::MatMul(MatMul {
            trans_a,
            trans_b,
            ..Default::default()
        })
    }

    /// True when nothing has been fused into it.
    pub fn is_plain(&self) -> bool {
        let plain = MatMul {
            trans_a: self.trans_a,
            trans_b: self.trans_b,
            ..Default::default()
        };
        *self == plain
    }

    fn product(&self, a: &Dims, b: &Dims) -> Product {
        let (m, k) = match self.trans_a {
            true => (a.cols(), a.rows()),
            false => (a.rows(), a.cols()),
        };
        let n = if self.trans_b { b.rows() } else { b.cols() };
        Product {
            m,
            n,
            k,
            trans_a: self.trans_a,
            trans_b: self.trans_b,
        }
    }
}

impl Rule for MatMul {
    fn name(&self) -> String {
        let mut parts = Vec::new();
        for (set, part) in [
            (self.trans_a, "transposeA"),
            (self.trans_b, "transposeB"),
            (self.bias, "bias"),
        ] {
            if set {
                parts.push(part.to_string());
            }
        }
        if let Some(f) = &self.activation {
            parts.push(super::elementwise::describe(f));
        }
        if self.keep_pre {
            parts.push("pre".into());
        }
        if let Some(f) = &self.grad {
            parts.push(format!("{}'", super::elementwise::describe(f)));
        }
        if self.column_sums {
            parts.push("columnSums".into());
        }
        match parts.is_empty() {
            true => "matMul".into(),
            false => format!("matMul[{}]", parts.join(" ")),
        }
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let count = 2 + usize::from(self.bias) + usize::from(self.grad.is_some());
        if inputs.len() != count {
            return Err(mismatch!(format!("{count} inputs"), inputs));
        }
        let [a, b] = floats(&inputs[..2])?;
        let (a, b) = (&a.shape, &b.shape);
        if a.rank() < 2 || b.rank() != 2 || (self.trans_a && a.rank() != 2) {
            return Err(mismatch!("a matrix product [.., m, k] with [k, n]", inputs));
        }
        let (k_of_a, k_of_b, n) = match (self.trans_a, self.trans_b) {
            (false, false) => (a.last(), b.0[0], b.0[1]),
            (false, true) => (a.last(), b.0[1], b.0[0]),
            (true, false) => (a.0[0], b.0[0], b.0[1]),
            (true, true) => (a.0[0], b.0[1], b.0[0]),
        };
        if k_of_a != k_of_b {
            return Err(mismatch!(
                format!("a second factor with {k_of_a} rows"),
                inputs
            ));
        }
        let mut shape = match self.trans_a {
            true => Shape(vec![a.0[1]]),
            false => a.leading(),
        };
        shape.0.push(n);
        if self.bias && inputs[2].shape != Shape(vec![n]) {
            return Err(mismatch!(format!("a bias of shape [{n}]"), inputs));
        }
        if self.grad.is_some() && inputs[count - 1].shape != shape {
            return Err(mismatch!(format!("a saved value of shape {shape}"), inputs));
        }
        let mut outs = vec![Type::f32(shape.clone())];
        if self.keep_pre {
            outs.push(Type::f32(shape));
        }
        if self.column_sums {
            outs.push(Type::f32(Shape(vec![n])));
        }
        Ok(outs)
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (x, w) = (b.inputs[0], b.inputs[1]);
        let Some(dy) = b.grads[0] else {
            return Ok(Vec::new());
        };
        // The transposed factor of each product is a matrix already: w, or the dy of a matrix x.
        let dx = match (self.trans_a, self.trans_b) {
            _ if !b.wanted(0) => None,
            (false, _) => Some(product(b, false, !self.trans_b, dy, w)?),
            (true, _) => Some(product(b, self.trans_b, true, w, dy)?),
        };
        let dw = match (self.trans_a, self.trans_b) {
            _ if !b.wanted(1) => None,
            (_, false) => Some(product(b, !self.trans_a, false, x, dy)?),
            (_, true) => Some(product(b, true, self.trans_a, dy, x)?),
        };
        Ok(vec![dx, dw])
    }

    fn scratch(&self, ins: &[Dims], _outs: &[Dims]) -> usize {
        self.product(&ins[0], &ins[1]).scratch_len()
    }

    fn flops(&self, ins: &[Dims], _outs: &[Dims]) -> u64 {
        let p = self.product(&ins[0], &ins[1]);
        2 * (p.m * p.n * p.k) as u64
    }

    fn run(&self, frame: &mut Frame) {
        let product = self.product(&frame.ins[0].dims, &frame.ins[1].dims);
        let bias = if self.bias { frame.ins[2].at } else { At::NONE };
        let saved = match self.grad {
            Some(_) => frame.ins[frame.ins.len() - 1].at,
            None => At::NONE,
        };
        let pre = if self.keep_pre {
            frame.outs[1].at
        } else {
            At::NONE
        };
        let sums = match self.column_sums {
            true => frame.outs[frame.outs.len() - 1].at,
            false => At::NONE,
        };
        let ([a, b, bias, saved], [c, pre, sums, scratch]) = frame.memory.views(
            [frame.ins[0].at, frame.ins[1].at, bias, saved],
            [frame.outs[0].at, pre, sums, frame.scratch],
        );
        let epilogue = Epilogue {
            bias: self.bias.then_some(bias),
            activation: self.activation,
            pre: self.keep_pre.then_some(pre),
            grad: self.grad.map(|f| (f, saved)),
            column_sums_b: self.column_sums.then_some(sums),
        };
        product.run(a, b, c, scratch, epilogue);
    }
}

fn product(b: &mut Backward, trans_a: bool, trans_b: bool, l: Value, r: Value) -> Result<Value> {
    let l = if trans_a { b.as_matrix(l)? } else { l };
    let r = b.as_matrix(r)?;
    b.add(MatMul::plain(trans_a, trans_b), vec![l, r])
}

/// The shape of `shape` seen as a matrix: all leading dimensions in one.
pub(crate) fn matrix_shape(shape: &Shape) -> Option<Shape> {
    let rows: Option<Dim> = shape.leading().size();
    Some(Shape(vec![rows?, shape.last()]))
}
