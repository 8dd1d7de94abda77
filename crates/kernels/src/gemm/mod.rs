//! Matrix product with fused epilogues. This file holds the public interface and its checks.

use crate::unary::Unary;

#[cfg(test)]
mod tests;

/// `C[m,n] = op(A)[m,k] * op(B)[k,n]`, all row-major and without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Rows of C.
    pub m: usize,
    /// Columns of C.
    pub n: usize,
    /// Length of each sum. 0 gives zeros.
    pub k: usize,
    /// A is stored as `[k,m]` instead of `[m,k]`.
    pub trans_a: bool,
    /// B is stored as `[n,k]` instead of `[k,n]`.
    pub trans_b: bool,
}

/// What happens to C beyond the product, in the order of the fields.
#[derive(Debug, Default)]
pub struct Epilogue<'a> {
    /// Add to what C holds instead of overwriting it.
    pub accumulate: bool,
    /// Length n: added to every row.
    pub bias: Option<&'a [f32]>,
    /// `[m,n]`: receives the values as they are before the activation.
    pub pre: Option<&'a mut [f32]>,
    /// Applied to every element.
    pub activation: Option<Unary>,
    /// Multiplies by the derivative of this function; the values are what its
    /// `backward` wants as `saved`, `[m,n]`.
    pub grad: Option<(Unary, &'a [f32])>,
    /// Length n: receives the sum over k of op(B), which is the bias gradient when B is dZ.
    /// Overwritten, also with `accumulate`.
    pub column_sums_b: Option<&'a mut [f32]>,
}

impl Product {
    /// How many floats of scratch memory `run` needs.
    pub fn scratch_len(&self) -> usize {
        0
    }

    /// Computes the product. Allocates nothing; what `scratch` holds before does not matter.
    ///
    /// NaN and infinity propagate as IEEE 754 says: `0 * NaN` is NaN. Panics when a length does
    /// not fit the sizes (`scratch` may be longer than `scratch_len`).
    pub fn run(
        &self,
        a: &[f32],
        b: &[f32],
        c: &mut [f32],
        scratch: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
        let (m, n, k) = (self.m, self.n, self.k);
        assert_eq!(a.len(), m * k, "gemm: A must hold m * k values");
        assert_eq!(b.len(), k * n, "gemm: B must hold k * n values");
        assert_eq!(c.len(), m * n, "gemm: C must hold m * n values");
        assert!(
            scratch.len() >= self.scratch_len(),
            "gemm: scratch too short"
        );
        if let Some(bias) = epilogue.bias {
            assert_eq!(bias.len(), n, "gemm: the bias must hold n values");
        }
        if let Some(pre) = &epilogue.pre {
            assert_eq!(pre.len(), m * n, "gemm: pre must hold m * n values");
        }
        if let Some((_, saved)) = &epilogue.grad {
            assert_eq!(saved.len(), m * n, "gemm: saved must hold m * n values");
        }
        if let Some(sums) = epilogue.column_sums_b {
            assert_eq!(sums.len(), n, "gemm: column sums must hold n values");
            for (j, s) in sums.iter_mut().enumerate() {
                *s = (0..k)
                    .map(|p| {
                        if self.trans_b {
                            b[j * k + p]
                        } else {
                            b[p * n + j]
                        }
                    })
                    .sum();
            }
        }
        if !epilogue.accumulate {
            c.fill(0.0);
        }
        if n == 0 {
            return;
        }
        for (i, row) in c.chunks_exact_mut(n).enumerate() {
            for p in 0..k {
                let x = if self.trans_a {
                    a[p * m + i]
                } else {
                    a[i * k + p]
                };
                if self.trans_b {
                    for (j, v) in row.iter_mut().enumerate() {
                        *v += x * b[j * k + p];
                    }
                } else {
                    for (v, y) in row.iter_mut().zip(&b[p * n..]) {
                        *v += x * y;
                    }
                }
            }
            if let Some(bias) = epilogue.bias {
                for (v, s) in row.iter_mut().zip(bias) {
                    *v += s;
                }
            }
        }
        if let Some(pre) = epilogue.pre {
            pre.copy_from_slice(c);
        }
        if let Some(activation) = epilogue.activation {
            activation.apply_inplace(c);
        }
        if let Some((function, saved)) = epilogue.grad {
            function.backward_inplace(saved, c);
        }
    }
}
