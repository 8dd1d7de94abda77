//! Elementwise functions of one operand: activations, and the plain maths that losses need.
//!
//! `kind` lists the rows; `smooth`, `rectifiers` and `plain` hold what each row says: its name,
//! parameters, value and derivative, written once over `Lane`. This file runs them over slices. In
//! every row NaN in gives NaN out, and at +-Infinity the value is the limit, where Keras may give
//! NaN (for example silu(-Infinity) is 0 here).

mod kind;
mod plain;
mod rectifiers;
mod smooth;
#[cfg(test)]
mod tests;

pub use crate::param::Param;
pub use kind::{UnaryKind, Visitor};

use crate::lane::{F32x4, Lane};
use crate::par;

/// 2^-96: inputs below it are 0 where a function is about a multiple of x, for the reason that
/// `Row::LEAST` gives.
const LEAST: f32 = 1.0 / (1u128 << 96) as f32;

/// How many parameters a row can have.
pub const MAX_PARAMS: usize = 3;

/// Which value the derivative is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saves {
    /// From the input `x`.
    Input,
    /// From the output `y`.
    Output,
    /// The derivative is constant or the function is not differentiated through its value.
    Nothing,
}

/// One row of the table. `p` holds the parameters in the order of `PARAMS`, then zeros.
pub trait Row {
    /// The name users write, in camelCase.
    const NAME: &'static str;
    /// The row's parameters.
    const PARAMS: &'static [Param] = &[];
    /// What `slope` is computed from.
    const SAVES: Saves;
    /// Inputs smaller than this count as 0, so that no denormal number appears on the way, which
    /// would cost several times the usual.
    const LEAST: f32 = 0.0;
    /// `f(x)`
    fn value<L: Lane>(x: L, p: &[L; MAX_PARAMS]) -> L;
    /// `f'`, from the value that `SAVES` names.
    fn slope<L: Lane>(saved: L, p: &[L; MAX_PARAMS]) -> L;
    /// Vectors per round: more than one only where there is so little to do that the loop would show.
    const VECTORS: usize = 1;
    /// Whether what `slope` is computed from may be below `LEAST`: an output never is, unless 0.
    const FLUSHES_SAVED: bool = Self::LEAST > 0.0 && matches!(Self::SAVES, Saves::Input);
}

/// 0 for what is below `least`, where `flushes` says so.
#[inline(always)]
fn flushed<L: Lane>(x: L, flushes: bool, least: L) -> L {
    if flushes {
        x.flush(least)
    } else {
        x
    }
}

/// An elementwise function with its parameters bound, for example elu with its alpha.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unary {
    /// Which row of the table.
    pub kind: UnaryKind,
    /// The row's parameters in the order it declares them; unused ones are 0.
    pub params: [f32; MAX_PARAMS],
}

impl From<UnaryKind> for Unary {
    /// The row with its default parameters.
    fn from(kind: UnaryKind) -> Self {
        let mut params = [0.0; MAX_PARAMS];
        for (p, declared) in params.iter_mut().zip(kind.params()) {
            *p = declared.default;
        }
        Self { kind, params }
    }
}

impl Unary {
    /// The row called `name` with the first parameters as given and the rest at their defaults.
    /// None when there is no such row, it has fewer parameters, or one is out of its range.
    pub fn by_name(name: impl AsRef<[u8]>, params: &[f32]) -> Option<Self> {
        Self::new(UnaryKind::by_name(name)?, params)
    }

    /// As [`Unary::by_name`] for a known row.
    pub fn new(kind: UnaryKind, params: &[f32]) -> Option<Self> {
        let mut unary = Self::from(kind);
        if params.len() > kind.params().len() {
            return None;
        }
        unary.params[..params.len()].copy_from_slice(params);
        let mut pairs = kind.params().iter().zip(unary.params);
        pairs
            .all(|(declared, v)| declared.allows(v))
            .then_some(unary)
    }

    /// What `backward` wants as `saved`.
    pub fn saves(&self) -> Saves {
        self.visit(FindSaves)
    }

    /// `y = f(x)`. Panics when the lengths differ.
    #[inline(never)]
    pub fn apply(&self, x: &[f32], y: &mut [f32]) {
        assert_eq!(x.len(), y.len());
        // SAFETY: both hold `x.len()` floats and do not overlap.
        unsafe { self.run(x.as_ptr(), y.as_mut_ptr(), x.len()) }
    }

    /// `x = f(x)`
    #[inline(never)]
    pub fn apply_inplace(&self, x: &mut [f32]) {
        // SAFETY: `x` holds `x.len()` floats; source and destination are the same.
        unsafe { self.run(x.as_ptr(), x.as_mut_ptr(), x.len()) }
    }

    /// `dx = dy * f'`, a plain IEEE product (0 * Infinity is NaN), with `saved` as `saves()` says;
    /// where that is `Nothing`, `saved` is not looked at. Panics when the lengths differ.
    #[inline(never)]
    pub fn backward(&self, saved: &[f32], dy: &[f32], dx: &mut [f32]) {
        assert_eq!(dy.len(), dx.len());
        let saved = self.saved_or(saved, dy.as_ptr(), dy.len());
        // SAFETY: all hold `dy.len()` floats and `dx` overlaps neither.
        unsafe { self.run_back(saved, dy.as_ptr(), dx.as_mut_ptr(), dy.len()) }
    }

    /// `d = d * f'`; otherwise as [`Unary::backward`].
    #[inline(never)]
    pub fn backward_inplace(&self, saved: &[f32], d: &mut [f32]) {
        let (dy, dx) = (d.as_ptr(), d.as_mut_ptr());
        let saved = self.saved_or(saved, dy, d.len());
        // SAFETY: all hold `d.len()` floats; source and destination are the same.
        unsafe { self.run_back(saved, dy, dx, d.len()) }
    }

    /// Where `slope` reads from: `saved`, or anything readable for rows that do not look.
    fn saved_or(&self, saved: &[f32], other: *const f32, len: usize) -> *const f32 {
        if self.saves() == Saves::Nothing {
            return other;
        }
        assert_eq!(saved.len(), len);
        saved.as_ptr()
    }

    /// # Safety
    /// `len` floats must be readable at `x` and writable at `y`; the two are equal or apart.
    unsafe fn run(&self, x: *const f32, y: *mut f32, len: usize) {
        // SAFETY: spans do not overlap.
        let ends = unsafe { par::Across::new((x, y)) };
        par::spans(len, par::LINE, self.nanos(len), |at| {
            let (x, y) = ends.get();
            // SAFETY: a part of what the caller vouches for.
            unsafe { self.run_span(x.add(at.start), y.add(at.start), at.len()) };
        });
    }

    /// About how long one thread takes for so many values.
    fn nanos(&self, len: usize) -> usize {
        use UnaryKind::*;
        match self.kind {
            Sigmoid | Tanh | Elu | Selu | Gelu | GeluTanh | Silu | Mish | Softplus
            | Exponential | Celu | LogSigmoid | TanhShrink | Exp | Log | Log1p | Expm1 => {
                len * 5 / 4
            }
            _ => len / 4,
        }
    }

    /// # Safety
    /// As for `run`.
    unsafe fn run_span(&self, x: *const f32, y: *mut f32, len: usize) {
        let quads = self.visit(FindValues);
        let whole = len & !3;
        // SAFETY: `whole` floats lie within both.
        unsafe { quads(&self.params, x, y, whole) };
        let rest = len - whole;
        if rest > 0 {
            let mut buffer = [0.0f32; 4];
            // SAFETY: `rest` < 4 floats lie beyond `whole` on both sides; the buffer holds four.
            unsafe {
                buffer.as_mut_ptr().copy_from(x.add(whole), rest);
                quads(&self.params, buffer.as_ptr(), buffer.as_mut_ptr(), 4);
                y.add(whole).copy_from(buffer.as_ptr(), rest);
            }
        }
    }

    /// # Safety
    /// `len` floats must be readable at `saved` and `dy` and writable at `dx`; `dx` is equal to or
    /// apart from each of the others.
    unsafe fn run_back(&self, saved: *const f32, dy: *const f32, dx: *mut f32, len: usize) {
        // SAFETY: spans do not overlap.
        let ends = unsafe { par::Across::new((saved, dy, dx)) };
        par::spans(len, par::LINE, len / 2, |at| {
            let (saved, dy, dx) = ends.get();
            let i = at.start;
            // SAFETY: a part of what the caller vouches for.
            unsafe { self.run_back_span(saved.add(i), dy.add(i), dx.add(i), at.len()) };
        });
    }

    /// # Safety
    /// As for `run_back`.
    unsafe fn run_back_span(&self, saved: *const f32, dy: *const f32, dx: *mut f32, len: usize) {
        let quads = self.visit(FindSlopes);
        let whole = len & !3;
        // SAFETY: `whole` floats lie within all three.
        unsafe { quads(&self.params, saved, dy, dx, whole) };
        let rest = len - whole;
        if rest > 0 {
            let (mut s, mut d) = ([0.0f32; 4], [0.0f32; 4]);
            // SAFETY: `rest` < 4 floats lie beyond `whole` everywhere; the buffers hold four.
            unsafe {
                s.as_mut_ptr().copy_from(saved.add(whole), rest);
                d.as_mut_ptr().copy_from(dy.add(whole), rest);
                quads(&self.params, s.as_ptr(), d.as_ptr(), d.as_mut_ptr(), 4);
                dx.add(whole).copy_from(d.as_ptr(), rest);
            }
        }
    }
}

type Values = unsafe fn(&[f32; MAX_PARAMS], *const f32, *mut f32, usize);
type Slopes = unsafe fn(&[f32; MAX_PARAMS], *const f32, *const f32, *mut f32, usize);

struct FindSaves;
struct FindValues;
struct FindSlopes;

impl Visitor for FindSaves {
    type Found = Saves;
    fn row<R: Row>(self) -> Saves {
        R::SAVES
    }
}

impl Visitor for FindValues {
    type Found = Values;
    fn row<R: Row>(self) -> Values {
        values::<R>
    }
}

impl Visitor for FindSlopes {
    type Found = Slopes;
    fn row<R: Row>(self) -> Slopes {
        slopes::<R>
    }
}

/// # Safety
/// `len`, a multiple of four, floats must be readable at `x` and writable at `y`.
unsafe fn values<R: Row>(p: &[f32; MAX_PARAMS], x: *const f32, y: *mut f32, len: usize) {
    let p = p.map(F32x4::splat);
    let least = F32x4::constant(&R::LEAST);
    let vector = |i: usize| {
        // SAFETY: called with `i + 4 <= len`.
        unsafe {
            let x = flushed(F32x4::load_at(x.add(i)), R::LEAST > 0.0, least);
            R::value(x, &p).store_at(y.add(i));
        }
    };
    let round = 4 * R::VECTORS;
    let rounds = len / round * round;
    for i in (0..rounds).step_by(round) {
        for v in 0..R::VECTORS {
            vector(i + 4 * v);
        }
    }
    if R::VECTORS > 1 {
        for i in (rounds..len).step_by(4) {
            vector(i);
        }
    }
}

/// # Safety
/// `len`, a multiple of four, floats must be readable at `saved` and `dy` and writable at `dx`.
unsafe fn slopes<R: Row>(
    p: &[f32; MAX_PARAMS],
    saved: *const f32,
    dy: *const f32,
    dx: *mut f32,
    len: usize,
) {
    let p = p.map(F32x4::splat);
    let least = F32x4::constant(&R::LEAST);
    for i in (0..len).step_by(4) {
        // SAFETY: `i + 4 <= len`.
        unsafe {
            let saved = flushed(F32x4::load_at(saved.add(i)), R::FLUSHES_SAVED, least);
            let slope = R::slope(saved, &p);
            F32x4::load_at(dy.add(i)).mul(slope).store_at(dx.add(i));
        }
    }
}
