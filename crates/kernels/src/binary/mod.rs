//! Elementwise functions of two operands, with broadcasting.
//!
//! This file holds the table and runs a row over slices whose elements pair up simply; `broadcast`
//! reduces every other layout to that.

mod broadcast;
#[cfg(test)]
mod tests;

pub use broadcast::{broadcast, columns, rows, MAX_RANK};

use crate::lane::{F32x4, Lane};
use crate::math;
use crate::par;

/// One row of the table.
trait Op {
    /// The name users write, in camelCase.
    const NAME: &'static str;
    /// `f(a, b)`
    fn value<L: Lane>(a: L, b: L) -> L;
}

macro_rules! ops {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, |$a:ident, $b:ident| $value:expr;)*) => {
        /// The rows of the table. The number of a row is its code in compiled programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum BinaryKind {
            $($(#[$doc])* $kind,)*
        }

        mod ops {
            use super::*;
            $(pub struct $kind;
            impl Op for $kind {
                const NAME: &'static str = $name;
                #[inline(always)]
                fn value<L: Lane>($a: L, $b: L) -> L {
                    $value
                }
            })*
        }

        impl BinaryKind {
            /// All rows in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The name users write, in camelCase.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => ops::$kind::NAME,)*
                }
            }

            fn quads(self) -> Quads {
                match self {
                    $(Self::$kind => quads::<ops::$kind>,)*
                }
            }
        }
    };
}

ops! {
    /// a + b
    Add = "add", |a, b| a.add(b);
    /// a - b
    Sub = "sub", |a, b| a.sub(b);
    /// a b
    Mul = "mul", |a, b| a.mul(b);
    /// a / b
    Div = "div", |a, b| a.div(b);
    /// The smaller one; NaN if either is NaN.
    Min = "min", |a, b| a.min(b);
    /// The larger one; NaN if either is NaN.
    Max = "max", |a, b| a.max(b);
    /// a to the power b, with the special cases of C's `pow`.
    Pow = "pow", |a, b| math::pow(a, b);
    /// (a - b)^2
    SquaredDifference = "squaredDifference", |a, b| {
        let d = a.sub(b);
        d.mul(d)
    };
    /// 1 where a == b, else 0.
    Equal = "equal", |a, b| truth(a.eq(b));
    /// 0 where a == b, else 1.
    NotEqual = "notEqual", |a, b| L::select(a.eq(b), L::splat(0.0), L::constant(&1.0));
    /// 1 where a > b, else 0.
    Greater = "greater", |a, b| truth(a.gt(b));
    /// 1 where a >= b, else 0.
    GreaterEqual = "greaterEqual", |a, b| truth(a.ge(b));
    /// 1 where a < b, else 0.
    Less = "less", |a, b| truth(a.lt(b));
    /// 1 where a <= b, else 0.
    LessEqual = "lessEqual", |a, b| truth(a.le(b));
    /// 1 where neither is 0, else 0.
    And = "and", |a, b| {
        let zero = L::splat(0.0);
        L::select(L::mask_or(a.eq(zero), b.eq(zero)), zero, L::constant(&1.0))
    };
    /// 0 where both are 0, else 1.
    Or = "or", |a, b| {
        let zero = L::splat(0.0);
        L::select(L::mask_and(a.eq(zero), b.eq(zero)), zero, L::constant(&1.0))
    };
}

/// 1 or 0.
#[inline(always)]
fn truth<L: Lane>(mask: L::Mask) -> L {
    L::select(mask, L::constant(&1.0), L::splat(0.0))
}

impl BinaryKind {
    /// The row with code `code`.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The row called `name`.
    pub fn by_name(name: impl AsRef<[u8]>) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.name().as_bytes() == name.as_ref())
    }

    /// `out[i] = f(a[i], b[i])`. Panics when the lengths differ.
    #[inline(never)]
    pub fn apply(self, a: &[f32], b: &[f32], out: &mut [f32]) {
        self.pairs(Side::Slice(a), Side::Slice(b), out);
    }

    /// `a[i] = f(a[i], b[i])`. Panics when the lengths differ.
    #[inline(never)]
    pub fn apply_inplace(self, a: &mut [f32], b: &[f32]) {
        assert_eq!(a.len(), b.len());
        // SAFETY: both hold `a.len()` floats; the destination is one of the sources.
        unsafe { self.run([a.as_ptr(), b.as_ptr()], [1, 1], a.as_mut_ptr(), a.len()) }
    }

    /// `out[i] = f(a[i], b)`. Panics when the lengths differ.
    #[inline(never)]
    pub fn apply_scalar_right(self, a: &[f32], b: f32, out: &mut [f32]) {
        self.pairs(Side::Slice(a), Side::One(b), out);
    }

    /// `out[i] = f(a, b[i])`. Panics when the lengths differ.
    #[inline(never)]
    pub fn apply_scalar_left(self, a: f32, b: &[f32], out: &mut [f32]) {
        self.pairs(Side::One(a), Side::Slice(b), out);
    }

    /// `out[i] = f(a[i] or a, b[i] or b)`. Panics when the lengths differ.
    fn pairs(self, a: Side, b: Side, out: &mut [f32]) {
        if let (Self::Pow, Side::One(2.0)) = (self, b) {
            return Self::Mul.pairs(a, a, out);
        }
        let len = out.len();
        let (mut one_a, mut one_b) = ([0.0; 4], [0.0; 4]);
        let (pa, sa) = a.pointer(&mut one_a, len);
        let (pb, sb) = b.pointer(&mut one_b, len);
        // SAFETY: `pointer` checked that a slice has `len` floats; a single value stands for four
        // and is not stepped over; `out` overlaps neither.
        unsafe { self.run([pa, pb], [sa, sb], out.as_mut_ptr(), len) }
    }

    /// # Safety
    /// `len` floats must be readable at each source with step 1, four at one with step 0; `len` must
    /// be writable at `out`, which is equal to or apart from each source.
    unsafe fn run(self, from: [*const f32; 2], steps: [usize; 2], out: *mut f32, len: usize) {
        // SAFETY: spans do not overlap.
        let ends = unsafe { par::Across::new((from, out)) };
        par::spans(len, par::LINE, len / 4, |at| {
            let ([a, b], out) = ends.get();
            let i = at.start;
            // SAFETY: a part of what the caller vouches for; a single value is not stepped over.
            unsafe {
                let from = [a.add(i * steps[0]), b.add(i * steps[1])];
                self.run_span(from, steps, out.add(i), at.len());
            }
        });
    }

    /// # Safety
    /// As for `run`.
    unsafe fn run_span(self, from: [*const f32; 2], steps: [usize; 2], out: *mut f32, len: usize) {
        let quads = self.quads();
        let whole = len & !3;
        // SAFETY: `whole <= len`.
        unsafe { quads(from, steps, out, whole) };
        let rest = len - whole;
        if rest > 0 {
            let mut parts = [[0.0f32; 4]; 2];
            let mut result = [0.0f32; 4];
            for k in 0..2 {
                // SAFETY: a source with step 1 has `rest` floats beyond `whole`, one with step 0
                // has four; `parts` holds four each.
                unsafe {
                    let source = from[k].add(whole * steps[k]);
                    parts[k].as_mut_ptr().copy_from(source, rest);
                }
            }
            let parts = [parts[0].as_ptr(), parts[1].as_ptr()];
            // SAFETY: the arrays hold four floats each; `out` has `rest` beyond `whole`.
            unsafe {
                quads(parts, [1, 1], result.as_mut_ptr(), 4);
                out.add(whole).copy_from(result.as_ptr(), rest);
            }
        }
    }
}

/// One operand: as many values as the result, or one for all.
#[derive(Clone, Copy)]
enum Side<'a> {
    Slice(&'a [f32]),
    One(f32),
}

impl Side<'_> {
    /// Where to read from and the step, with `one` as room for a single value.
    fn pointer(&self, one: &mut [f32; 4], len: usize) -> (*const f32, usize) {
        match self {
            Side::Slice(values) => {
                assert_eq!(values.len(), len);
                (values.as_ptr(), 1)
            }
            Side::One(v) => {
                *one = [*v; 4];
                (one.as_ptr(), 0)
            }
        }
    }
}

type Quads = unsafe fn([*const f32; 2], [usize; 2], *mut f32, usize);

/// # Safety
/// As [`BinaryKind::run`], with `len` a multiple of four.
unsafe fn quads<O: Op>(from: [*const f32; 2], steps: [usize; 2], out: *mut f32, len: usize) {
    let [a, b] = from;
    let [step_a, step_b] = steps;
    for i in (0..len).step_by(4) {
        // SAFETY: `i + 4 <= len`; with step 0 the same four floats are read each time.
        unsafe {
            let a = F32x4::load_at(a.add(i * step_a));
            let b = F32x4::load_at(b.add(i * step_b));
            O::value(a, b).store_at(out.add(i));
        }
    }
}
