//! Normalisation of each row by itself: layer normalisation (Ba, Kiros and Hinton, 2016) and, with
//! `rms`, its relative that does not subtract the mean (Zhang and Sennrich, 2019).
//!
//! `y = (x - mean) / sqrt(variance + eps) * gamma + beta`. The mean is a float32 and a rest, and the
//! variance that of the differences from it, so that a mean that is large beside the deviation
//! costs no digits.

use super::{fetch_or, fits, put, rows};
use crate::lane::{F32x4, Lane};
use crate::par::{self, Parts};
use crate::reduce::{fetch, Terms};

/// Columns summed in float32 before the sum goes on in float64.
const BLOCK: usize = 128;

/// Rows whose shares of the parameters' gradients are added up before they join the total.
const ROWS: usize = 32;

/// Normalises each row of `cols` values of `x` into `y`; without `gamma` it is 1, without `beta` 0.
///
/// Panics unless `x` and `y` are whole rows of one number, and the vectors of `cols` values.
#[inline(never)]
pub fn normalize_rows(
    x: &[f32],
    gamma: Option<&[f32]>,
    beta: Option<&[f32]>,
    eps: f32,
    rms: bool,
    cols: usize,
    y: &mut [f32],
) {
    let count = rows(x.len(), cols);
    assert!(y.len() == x.len() && fits(gamma, cols) && fits(beta, cols));
    let y = Parts::new(y);
    par::spans(count, 1, 2 * x.len(), |rows| {
        for i in rows {
            let at = i * cols..(i + 1) * cols;
            let row = Row::of(&x[at.clone()], eps, rms);
            // SAFETY: no two spans overlap.
            let y = unsafe { y.part(at) };
            let mut step = Forward {
                row,
                gamma,
                beta,
                y,
            };
            along(cols, &mut step);
        }
    });
}

/// Gradients of the parameters of [`normalize_rows`], and working memory for as many again.
pub struct Slopes<'a> {
    /// Gradient of `gamma`.
    pub dgamma: &'a mut [f32],
    /// Gradient of `beta`.
    pub dbeta: &'a mut [f32],
    /// Overwritten.
    pub scratch: &'a mut [f32],
}

/// Gradients of [`normalize_rows`]: of the input, and of the parameters where `slopes` are given.
///
/// With `g = dy * gamma` and `xhat` the normalised row:
/// `dx = (g - mean(g) - xhat * mean(g * xhat)) / sqrt(variance + eps)`, without `mean(g)` for `rms`;
/// `dgamma = sum(dy * xhat)` and `dbeta = sum(dy)` over the rows.
///
/// Panics unless `x`, `dy` and `dx` are whole rows of one number, all vectors of `cols` values and
/// the scratch of twice as many.
#[allow(clippy::too_many_arguments)]
#[inline(never)]
pub fn normalize_rows_backward(
    x: &[f32],
    dy: &[f32],
    gamma: Option<&[f32]>,
    eps: f32,
    rms: bool,
    cols: usize,
    dx: &mut [f32],
    mut slopes: Option<Slopes>,
) {
    rows(x.len(), cols);
    assert!(dy.len() == x.len() && dx.len() == x.len() && fits(gamma, cols));
    if let Some(slopes) = &mut slopes {
        assert!(slopes.dgamma.len() == cols && slopes.dbeta.len() == cols);
        assert_eq!(slopes.scratch.len(), 2 * cols);
        slopes.dgamma.fill(0.0);
        slopes.dbeta.fill(0.0);
    }
    for ((x, dy), dx) in x
        .chunks(ROWS * cols)
        .zip(dy.chunks(ROWS * cols))
        .zip(dx.chunks_mut(ROWS * cols))
    {
        if let Some(slopes) = &mut slopes {
            slopes.scratch.fill(0.0);
        }
        for ((x, dy), dx) in x
            .chunks_exact(cols)
            .zip(dy.chunks_exact(cols))
            .zip(dx.chunks_exact_mut(cols))
        {
            let row = Row::of(x, eps, rms);
            let [own, along_row] = sums::<2>(cols, &Pulls { row, dy, gamma });
            let count = cols as f64;
            let mut step = Backward {
                row,
                dy,
                gamma,
                mean: if rms { 0.0 } else { (own / count) as f32 },
                slope: (along_row / count) as f32,
                dx,
                shares: slopes.as_mut().map(|slopes| &mut *slopes.scratch),
            };
            along(cols, &mut step);
        }
        if let Some(slopes) = &mut slopes {
            let totals = slopes.dgamma.iter_mut().chain(slopes.dbeta.iter_mut());
            for (total, share) in totals.zip(slopes.scratch.iter()) {
                *total += share;
            }
        }
    }
}

/// A row and what it is normalised with.
#[derive(Clone, Copy)]
struct Row<'a> {
    x: &'a [f32],
    mean: f32,
    /// What the mean has beyond float32.
    rest: f32,
    /// One over the deviation.
    inverse: f32,
}

impl<'a> Row<'a> {
    #[inline(always)]
    fn of(x: &'a [f32], eps: f32, rms: bool) -> Self {
        let count = x.len() as f64;
        let mean = match rms {
            true => 0.0,
            false => (sums::<2>(x.len(), &Powers { x, mean: 0.0 })[0] / count) as f32,
        };
        let [first, second] = sums::<2>(x.len(), &Powers { x, mean });
        let rest = if rms { 0.0 } else { first / count };
        // Rounding may push a variance of nothing below 0, but never hides a NaN.
        let squares = second - (first * rest).min(second);
        Self {
            x,
            mean,
            rest: rest as f32,
            inverse: (1.0 / (squares / count + f64::from(eps)).sqrt()) as f32,
        }
    }

    /// The normalised values from column `at` on.
    ///
    /// # Safety
    /// `at + L::LANES` is at most the length of the row.
    #[inline(always)]
    unsafe fn normal<L: Lane>(&self, at: usize) -> L {
        // SAFETY: in bounds, as the caller promises.
        let x = unsafe { fetch::<L>(self.x, at) };
        let centred = x.sub(L::splat(self.mean)).sub(L::splat(self.rest));
        centred.mul(L::splat(self.inverse))
    }
}

/// The first and second power of the differences from a mean.
struct Powers<'a> {
    x: &'a [f32],
    mean: f32,
}

impl Terms<2> for Powers<'_> {
    #[inline(always)]
    unsafe fn terms<L: Lane>(&self, at: usize, _: usize) -> [L; 2] {
        // SAFETY: in bounds, as the caller promises.
        let d = unsafe { fetch::<L>(self.x, at) }.sub(L::splat(self.mean));
        [d, d.mul(d)]
    }
}

/// What the gradient of a row's input subtracts: `g` and `g * xhat`.
struct Pulls<'a> {
    row: Row<'a>,
    dy: &'a [f32],
    gamma: Option<&'a [f32]>,
}

impl Terms<2> for Pulls<'_> {
    #[inline(always)]
    unsafe fn terms<L: Lane>(&self, at: usize, _: usize) -> [L; 2] {
        // SAFETY: in bounds, as the caller promises.
        unsafe {
            let g = fetch::<L>(self.dy, at).mul(fetch_or(self.gamma, 1.0, at));
            [g, g.mul(self.row.normal(at))]
        }
    }
}

/// Sums terms of all columns of a row.
#[inline(always)]
fn sums<const S: usize>(cols: usize, terms: &impl Terms<S>) -> [f64; S] {
    let mut total = [0.0; S];
    let whole = cols & !7;
    let mut at = 0;
    while at < whole {
        let end = whole.min(at + BLOCK);
        let mut block = [[F32x4::splat(0.0); S]; 2];
        while at < end {
            for (j, sums) in block.iter_mut().enumerate() {
                // SAFETY: eight columns from `at` on lie before `whole`.
                let terms = unsafe { terms.terms::<F32x4>(at + 4 * j, at + 4 * j) };
                for (sum, term) in sums.iter_mut().zip(terms) {
                    *sum = sum.add(term);
                }
            }
            at += 8;
        }
        for (s, total) in total.iter_mut().enumerate() {
            *total += f64::from(block[0][s].add(block[1][s]).sum());
        }
    }
    for at in whole..cols {
        // SAFETY: a column of the row.
        let terms = unsafe { terms.terms::<f32>(at, at) };
        for (total, term) in total.iter_mut().zip(terms) {
            *total += f64::from(term);
        }
    }
    total
}

/// Work on a few columns of a row.
trait Step {
    /// # Safety
    /// `at + L::LANES` is at most the length of the row.
    unsafe fn step<L: Lane>(&mut self, at: usize);
}

/// Hands each column of a row to `work` once.
#[inline(always)]
fn along(cols: usize, work: &mut impl Step) {
    let whole = cols & !3;
    for at in (0..whole).step_by(4) {
        // SAFETY: four columns from `at` on lie before `whole`.
        unsafe { work.step::<F32x4>(at) };
    }
    for at in whole..cols {
        // SAFETY: a column of the row.
        unsafe { work.step::<f32>(at) };
    }
}

struct Forward<'a> {
    row: Row<'a>,
    gamma: Option<&'a [f32]>,
    beta: Option<&'a [f32]>,
    y: &'a mut [f32],
}

impl Step for Forward<'_> {
    #[inline(always)]
    unsafe fn step<L: Lane>(&mut self, at: usize) {
        // SAFETY: in bounds, as the caller promises; all vectors are as long as the row.
        unsafe {
            let scaled = self.row.normal::<L>(at).mul(fetch_or(self.gamma, 1.0, at));
            put(self.y, at, scaled.add(fetch_or(self.beta, 0.0, at)));
        }
    }
}

struct Backward<'a> {
    row: Row<'a>,
    dy: &'a [f32],
    gamma: Option<&'a [f32]>,
    /// Mean of `g`.
    mean: f32,
    /// Mean of `g * xhat`.
    slope: f32,
    dx: &'a mut [f32],
    /// Shares of `dgamma`, then of `dbeta`.
    shares: Option<&'a mut [f32]>,
}

impl Step for Backward<'_> {
    #[inline(always)]
    unsafe fn step<L: Lane>(&mut self, at: usize) {
        let cols = self.dx.len();
        // SAFETY: in bounds, as the caller promises; the shares are two rows.
        unsafe {
            let (dy, normal) = (fetch::<L>(self.dy, at), self.row.normal::<L>(at));
            let own = dy
                .mul(fetch_or(self.gamma, 1.0, at))
                .sub(L::splat(self.mean));
            let pull = own.sub(normal.mul(L::splat(self.slope)));
            put(self.dx, at, pull.mul(L::splat(self.row.inverse)));
            if let Some(shares) = &mut self.shares {
                let dgamma = fetch::<L>(shares, at).add(dy.mul(normal));
                put(shares, at, dgamma);
                let dbeta = fetch::<L>(shares, cols + at).add(dy);
                put(shares, cols + at, dbeta);
            }
        }
    }
}
