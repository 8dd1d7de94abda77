//! Matrix product with fused epilogues. This file holds the public interface, its checks and the
//! choice of a way; `tile` does the arithmetic.
//!
//! The result depends on sizes and data only. Every element is summed in the order of k, in
//! blocks whose length follows from k alone, so a row of C does not depend on the rows beside it
//! (but for a single row times a transposed B, see `small::dots`).

use crate::unary::Unary;
use finish::Finisher;

mod blocked;
mod finish;
mod limit;
mod pack;
mod small;
mod streamed;
mod tile;
mod transpose;

pub use limit::{multiply_add_limit, MULTIPLY_ADD_LIMIT_FLOPS};

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
    /// A is stored as `[k,m]` instead of `[m,k]`. Only in builds that train.
    pub trans_a: bool,
    /// B is stored as `[n,k]` instead of `[k,n]`.
    pub trans_b: bool,
}

/// What happens to C beyond the product, in the order of the fields.
#[derive(Debug, Default)]
pub struct Epilogue<'a> {
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
    pub column_sums_b: Option<&'a mut [f32]>,
}

/// The ways to compute a product.
enum Way {
    /// One column: as one row times the transpose.
    Flipped,
    /// Few rows: B is read in place.
    Direct,
    /// One row times transposed B, which a single column always is.
    Dots,
    /// Everything else.
    Blocked,
}

impl Product {
    /// How many floats of scratch memory are enough for `run`.
    ///
    /// Never fewer than for a product with fewer rows, columns or a shorter k: the memory is planned
    /// for the largest batch, and smaller ones run in it.
    pub fn scratch_len(&self) -> usize {
        if self.m == 0 || self.n == 0 || self.k == 0 {
            return 0;
        }
        match self.way() {
            Way::Flipped => self.flipped().scratch_len(),
            Way::Direct => small::scratch_len(self),
            Way::Dots => 0,
            Way::Blocked => blocked::scratch_len(self),
        }
    }

    fn way(&self) -> Way {
        if self.n == 1 && self.m > 1 {
            Way::Flipped
        } else if self.m == 1 && (self.n == 1 || self.trans_b) {
            Way::Dots
        } else if self.m <= tile::TILE_ROWS && !self.trans_b {
            Way::Direct
        } else {
            Way::Blocked
        }
    }

    /// The product that gives the transpose of C, for vectors: what is stored stays the same.
    fn flipped(&self) -> Product {
        debug_assert!(self.n == 1);
        Product {
            m: 1,
            n: self.m,
            k: self.k,
            trans_a: false,
            trans_b: !self.trans_a,
        }
    }

    /// Computes the product. Allocates nothing; what `scratch` holds before does not matter.
    ///
    /// NaN and infinity propagate as IEEE 754 says: `0 * NaN` is NaN. Panics when a length does
    /// not fit the sizes (`scratch` may be longer than `scratch_len`).
    #[inline(never)]
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
        if let Some(sums) = &epilogue.column_sums_b {
            assert_eq!(sums.len(), n, "gemm: column sums must hold n values");
        }
        let mut finisher = Finisher::new(epilogue);
        if m == 0 || n == 0 || k == 0 {
            finisher.without_product(self, b, c);
            return;
        }
        // SAFETY: the lengths were checked above and no size is 0.
        unsafe {
            match self.way() {
                Way::Direct => small::direct(self, a, b, c, scratch, &finisher),
                Way::Dots => small::dots(self, a, b, c, &finisher),
                Way::Flipped => {
                    finisher.flip(b);
                    let flipped = self.flipped();
                    if flipped.trans_b {
                        small::dots(&flipped, b, a, c, &finisher);
                    } else {
                        small::direct(&flipped, b, a, c, scratch, &finisher);
                    }
                }
                Way::Blocked => blocked::run(self, a, b, c, scratch, &finisher),
            }
        }
    }
}
