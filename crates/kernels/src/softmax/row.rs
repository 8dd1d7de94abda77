//! Going along a row: vectors, the last of which overlaps the one before, so that no row needs
//! padding; and what softmax must know of a row.

use crate::lane::Lane;
use crate::math::{exp, log1p};

/// Columns summed in float32 before the sum goes on in float64.
const BLOCK: usize = 128;

/// `L::LANES` values from place `at` on.
#[inline(always)]
pub(super) fn fetch<L: Lane>(x: &[f32], at: usize) -> L {
    L::load(&x[at..at + L::LANES])
}

/// Writes `L::LANES` values from place `at` on.
#[inline(always)]
pub(super) fn put<L: Lane>(y: &mut [f32], at: usize, v: L) {
    v.store(&mut y[at..at + L::LANES]);
}

/// Which lanes of a vector no vector before has held.
pub(super) enum Fresh<L: Lane> {
    All,
    Lanes(L::Mask),
}

impl<L: Lane> Fresh<L> {
    /// `fresh` in the fresh lanes, `stale` in the others.
    #[inline(always)]
    pub(super) fn pick(&self, fresh: L, stale: L) -> L {
        match self {
            Fresh::All => fresh,
            Fresh::Lanes(mask) => L::select(*mask, fresh, stale),
        }
    }
}

/// The last vector of a row of `cols` columns, if some are left over: its place and fresh lanes.
#[inline(always)]
fn last<L: Lane>(cols: usize) -> Option<(usize, Fresh<L>)> {
    let left = cols % L::LANES;
    if left == 0 {
        return None;
    }
    let index = L::load(&[0.0, 1.0, 2.0, 3.0]);
    let fresh = index.ge(L::splat((L::LANES - left) as f32));
    Some((cols - L::LANES, Fresh::Lanes(fresh)))
}

/// Calls `f` with the place of each vector of a row. `cols` is at least `L::LANES`.
#[inline(always)]
pub(super) fn sweep<L: Lane>(cols: usize, mut f: impl FnMut(usize, Fresh<L>)) {
    for at in (0..=cols - L::LANES).step_by(L::LANES) {
        f(at, Fresh::All);
    }
    if let Some((at, fresh)) = last(cols) {
        f(at, fresh);
    }
}

/// Sums what `f` makes of each vector of a row; `f` may write, as long as twice is as once.
/// `cols` is at least `L::LANES`.
#[inline(always)]
pub(super) fn sum_row<L: Lane, const S: usize>(
    cols: usize,
    mut f: impl FnMut(usize) -> [L; S],
) -> [f64; S] {
    let mut total = [0.0; S];
    let whole = cols - cols % L::LANES;
    let mut at = 0;
    while at < whole {
        let end = whole.min(at + BLOCK);
        let mut block = [L::splat(0.0); S];
        while at < end {
            for (sum, v) in block.iter_mut().zip(f(at)) {
                *sum = sum.add(v);
            }
            at += L::LANES;
        }
        for (sum, v) in total.iter_mut().zip(block) {
            *sum += f64::from(v.sum());
        }
    }
    if let Some((at, fresh)) = last::<L>(cols) {
        for (sum, v) in total.iter_mut().zip(f(at)) {
            *sum += f64::from(fresh.pick(v, L::splat(0.0)).sum());
        }
    }
    total
}

/// The largest value; NaN if any is NaN.
#[inline(always)]
pub(super) fn row_max<L: Lane>(x: &[f32]) -> f32 {
    let mut largest = L::load(x);
    sweep::<L>(x.len(), |at, _| largest = largest.max(fetch(x, at)));
    largest.max_lane()
}

/// What a row's softmax is made of: the sum of `exp(x - largest)`, without the 1 that a largest
/// value adds to it, so that a small rest is not lost beside it.
pub(super) struct RowStats {
    /// The largest value.
    pub(super) largest: f32,
    /// The sum over all other values.
    others: f64,
}

impl RowStats {
    #[inline(never)]
    pub(super) fn of<L: Lane>(x: &[f32]) -> Self {
        Self::noting::<L>(x, |_, _| {})
    }

    /// As `of`, writing each `exp(x - largest)` to its place in `y`.
    #[inline(never)]
    pub(super) fn writing<L: Lane>(x: &[f32], y: &mut [f32]) -> Self {
        Self::noting::<L>(x, |at, e| put(y, at, e))
    }

    /// As `of`, handing each `exp(x - largest)` and its place to `note`.
    #[inline(always)]
    fn noting<L: Lane>(x: &[f32], mut note: impl FnMut(usize, L)) -> Self {
        let largest = row_max::<L>(x);
        let m = L::splat(largest);
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let [ties, rest] = sum_row::<L, 2>(x.len(), |at| {
            let v = fetch::<L>(x, at);
            let e = exp(v.sub(m));
            note(at, e);
            let is_max = v.eq(m);
            [L::select(is_max, one, zero), L::select(is_max, zero, e)]
        });
        Self {
            largest,
            others: ties - 1.0 + rest,
        }
    }

    /// Sum of all `exp(x - largest)`.
    #[inline(always)]
    pub(super) fn sum(&self) -> f64 {
        1.0 + self.others
    }

    /// Probability of not being one given largest value.
    #[inline(always)]
    pub(super) fn against_largest(&self) -> f64 {
        self.others / self.sum()
    }

    /// Logarithm of `sum`.
    #[inline(never)]
    pub(super) fn log_sum(&self) -> f32 {
        log1p(self.others as f32)
    }
}
