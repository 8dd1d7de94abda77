//! What is done to C after the product: partly in the tile's registers, partly on row segments
//! while they are still in cache.

use super::tile::Finish;
use super::{Epilogue, Product};
use crate::lane::Lane;
use crate::par::Parts;
use crate::unary::{Unary, UnaryKind};
use core::ops::Range;

/// An epilogue, divided into what tiles do and what follows them.
///
/// Tiles add the bias and apply relu when nobody wants the values before it. The
/// rest calls the activation table, which works on slices.
pub struct Finisher<'a> {
    bias: Option<&'a [f32]>,
    offset: Option<f32>,
    relu: bool,
    pre: Option<Parts<'a>>,
    activation: Option<Unary>,
    grad: Option<(Unary, &'a [f32])>,
    column_sums_b: Option<Parts<'a>>,
}

impl<'a> Finisher<'a> {
    pub fn new(epilogue: Epilogue<'a>) -> Self {
        let activation = epilogue.activation.filter(|f| f.kind != UnaryKind::Linear);
        let relu = epilogue.pre.is_none() && activation == Some(UnaryKind::Relu.into());
        Self {
            bias: epilogue.bias,
            offset: None,
            relu,
            pre: epilogue.pre.map(Parts::new),
            activation: activation.filter(|_| !relu),
            grad: epilogue.grad,
            column_sums_b: epilogue.column_sums_b.map(|sums| {
                sums.fill(0.0);
                Parts::new(sums)
            }),
        }
    }

    /// The wanted sums of these columns of op(B), if any, to add to.
    ///
    /// # Safety
    /// They must be in nobody else's hands.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn column_sums(&self, columns: Range<usize>) -> Option<&mut [f32]> {
        // SAFETY: the caller's promise.
        self.column_sums_b
            .as_ref()
            .map(|sums| unsafe { sums.part(columns) })
    }

    /// What tiles do that start at `column`, for the block of k that is (not) the first or last.
    pub fn in_registers(&self, first: bool, last: bool, column: usize) -> Finish {
        Finish {
            add: !first,
            bias: match self.bias {
                Some(bias) if last => bias[column..].as_ptr(),
                _ => core::ptr::null(),
            },
            relu: self.relu && last,
        }
    }

    /// As `in_registers` for a single element.
    pub fn one(&self, sum: f32, column: usize) -> f32 {
        let mut x = sum;
        if let Some(bias) = self.bias {
            x += bias[column];
        }
        if self.relu {
            x = x.pmax(0.0);
        }
        x
    }

    /// For a C of one column that is computed as one row: the bias becomes one number for all of
    /// C, and the only column sum is that of `b`.
    pub fn flip(&mut self, b: &[f32]) {
        self.offset = self.bias.take().map(|bias| bias[0]);
        if let Some(sums) = self.column_sums_b.take() {
            // SAFETY: only this thread knows of them so far, and it forgets them here.
            unsafe { sums.part(0..1).fill(b.iter().sum()) };
        }
        if self.relu {
            self.relu = false;
            self.activation = Some(UnaryKind::Relu.into());
        }
    }

    /// All of C for a product with a size of 0.
    pub fn without_product(&self, p: &Product, b: &[f32], c: &mut [f32]) {
        // SAFETY: nobody else has them.
        if let Some(sums) = unsafe { self.column_sums(0..p.n) } {
            for (at, x) in b.iter().enumerate() {
                sums[if p.trans_b { at / p.k } else { at % p.n }] += x;
            }
        }
        for (column, x) in c.iter_mut().enumerate() {
            *x = self.one(0.0, column % p.n);
        }
        // SAFETY: all of C and of what belongs to it is this thread's.
        unsafe { self.rows(Parts::new(c), p.n, 0..p.m, 0..p.n) };
    }

    /// Whether `rows` has anything to do.
    pub fn idle(&self) -> bool {
        self.offset.is_none()
            && self.pre.is_none()
            && self.activation.is_none()
            && self.grad.is_none()
    }

    /// Finishes a part of C (`n` columns wide) whose sums are complete.
    ///
    /// # Safety
    /// Nobody else may use this part of C while it runs; others may finish other parts.
    pub unsafe fn rows(&self, c: Parts, n: usize, rows: Range<usize>, columns: Range<usize>) {
        if self.idle() {
            return;
        }
        // SAFETY: the caller's promise; segments lie within the part.
        unsafe {
            if columns.len() == n {
                self.segment(c, rows.start * n..rows.end * n);
            } else {
                for r in rows {
                    self.segment(c, r * n + columns.start..r * n + columns.end);
                }
            }
        }
    }

    /// # Safety
    /// As for `rows`, of this part.
    unsafe fn segment(&self, c: Parts, at: Range<usize>) {
        // SAFETY: the caller's promise.
        let c = unsafe { c.part(at.clone()) };
        if let Some(offset) = self.offset {
            c.iter_mut().for_each(|x| *x += offset);
        }
        if let Some(pre) = &self.pre {
            // SAFETY: as for C, which has the same shape.
            unsafe { pre.part(at.clone()) }.copy_from_slice(c);
        }
        if let Some(activation) = self.activation {
            activation.apply_inplace(c);
        }
        if let Some((function, saved)) = self.grad.filter(|_| crate::TRAINS) {
            function.backward_inplace(&saved[at], c);
        }
    }
}
