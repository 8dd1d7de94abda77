//! Mean and variance per channel, and their moving averages.

use super::rows;
use crate::lane::{F32x4, Lane};
use crate::par::{self, Parts};
use crate::reduce::{fetch, strips, Strip};

/// Rows whose moments are taken together, about a mean of their own.
const TILE: usize = 128;

/// Every so many rows of a tile one is looked at to guess its mean.
const SAMPLE: usize = 8;

/// Rows summed before the sum joins the tile's.
const BLOCK: usize = 16;

/// Mean and variance (divided by the number of rows, as in Keras) of each channel of `x`
/// `[rows, mean.len()]`. Without rows all are NaN.
///
/// Each tile of rows is summed as differences from a guess of its mean, so that a large mean costs
/// no digits, and the tiles are combined in float64 (Chan, Golub and LeVeque, 1979). The guess is
/// the mean of every eighth row; it can be off by more than a few deviations only where the
/// deviation is as large.
///
/// Panics unless `mean` and `var` are of one length and `x` is whole rows of it.
#[inline(never)]
pub fn moments(x: &[f32], mean: &mut [f32], var: &mut [f32]) {
    let channels = mean.len();
    let rows = rows(x.len(), channels);
    assert_eq!(var.len(), channels);
    let (mean, var) = (Parts::new(mean), Parts::new(var));
    let work = Moments { x, rows, mean, var };
    // SAFETY: `x` has `channels` columns, each vector as many entries.
    unsafe { strips::<4>(channels, x.len(), &work) };
}

struct Moments<'a> {
    x: &'a [f32],
    rows: usize,
    mean: Parts<'a>,
    var: Parts<'a>,
}

impl Strip for Moments<'_> {
    #[inline(always)]
    unsafe fn strip<L: Lane, const W: usize>(&self, column: usize) {
        let mut total = [[Spread::default(); 4]; W];
        for from in (0..self.rows).step_by(TILE) {
            let to = self.rows.min(from + TILE);
            // SAFETY: rows of the matrix; the columns lie inside it, as the caller promises.
            let tile = unsafe { self.tile::<L, W>(column, from, to) };
            for (total, sums) in total.iter_mut().zip(tile) {
                let [guess, first, second] = sums.map(lanes);
                for lane in 0..L::LANES {
                    total[lane].join(to - from, guess[lane], first[lane], second[lane]);
                }
            }
        }
        for (j, total) in total.iter().enumerate() {
            for (lane, spread) in total.iter().enumerate().take(L::LANES) {
                let channel = column + j * L::LANES + lane;
                let put = |all: &Parts, value: f64| {
                    // SAFETY: nobody else works on this channel.
                    unsafe { all.part(channel..channel + 1).fill(value as f32) };
                };
                put(&self.mean, spread.mean());
                put(&self.var, spread.squares / spread.count);
            }
        }
    }
}

impl Moments<'_> {
    /// A guess of the mean, and the sums of the differences from it and of their squares.
    ///
    /// # Safety
    /// `from < to`, and both the rows and the `W * L::LANES` columns lie inside `x`.
    #[inline(always)]
    unsafe fn tile<L: Lane, const W: usize>(
        &self,
        column: usize,
        from: usize,
        to: usize,
    ) -> [[L; 3]; W] {
        let channels = self.mean.len();
        let zero = L::splat(0.0);
        // SAFETY: called with rows and columns inside the matrix.
        let value = |row: usize, j: usize| unsafe {
            fetch::<L>(self.x, row * channels + column + j * L::LANES)
        };
        let mut guess = [zero; W];
        for row in (from..to).step_by(SAMPLE) {
            for (j, g) in guess.iter_mut().enumerate() {
                *g = g.add(value(row, j));
            }
        }
        let samples = L::splat((to - from).div_ceil(SAMPLE) as f32);
        let guess = guess.map(|g| g.div(samples));

        let mut sums = guess.map(|g| [g, zero, zero]);
        for block in (from..to).step_by(BLOCK) {
            let mut part = [[zero; 2]; W];
            for row in block..to.min(block + BLOCK) {
                for (j, [first, second]) in part.iter_mut().enumerate() {
                    let d = value(row, j).sub(guess[j]);
                    *first = first.add(d);
                    *second = d.fma(d, *second);
                }
            }
            for (sums, [first, second]) in sums.iter_mut().zip(part) {
                sums[1] = sums[1].add(first);
                sums[2] = sums[2].add(second);
            }
        }
        sums
    }
}

/// The lanes in front, zeros behind.
#[inline(always)]
fn lanes<L: Lane>(v: L) -> [f32; 4] {
    let mut lanes = [0.0; 4];
    v.store(&mut lanes);
    lanes
}

/// Count, mean and sum of squared differences from the mean of some values.
#[derive(Clone, Copy, Default)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    /// Joins `rows` values, from the sums of their differences from `guess` and of the squares.
    ///
    /// Not inlined: its sixteen copies would be most of the kernel, and it runs once per tile.
    #[inline(never)]
    fn join(&mut self, rows: usize, guess: f32, first: f32, second: f32) {
        let [guess, first, second] = [guess, first, second].map(f64::from);
        let joining = rows as f64;
        let offset = first / joining;
        // Rounding may push a variance of nothing below 0, but never hides a NaN.
        let squares = second - (first * offset).min(second);
        let count = self.count + joining;
        let delta = guess + offset - self.mean;
        self.squares += squares + delta * delta * (self.count * joining / count);
        self.mean += delta * (joining / count);
        self.count = count;
    }

    fn mean(&self) -> f64 {
        if self.count == 0.0 {
            f64::NAN
        } else {
            self.mean
        }
    }
}

/// `moving = moving * momentum + batch * (1 - momentum)`; results below 2^-126 become 0.
///
/// Panics when the lengths differ.
#[inline(never)]
pub fn update_moving(moving: &mut [f32], batch: &[f32], momentum: f32) {
    assert_eq!(moving.len(), batch.len());
    let moving = Parts::new(moving);
    par::spans(batch.len(), par::LINE, batch.len() / 2, |at| {
        // SAFETY: no two spans overlap.
        blend_all(unsafe { moving.part(at.clone()) }, &batch[at], momentum);
    });
}

fn blend_all(moving: &mut [f32], batch: &[f32], momentum: f32) {
    let cut = moving.len() & !3;
    let (wide, rest) = moving.split_at_mut(cut);
    for (m, b) in wide.chunks_exact_mut(4).zip(batch.chunks_exact(4)) {
        blend::<F32x4>(m, b, momentum);
    }
    for (m, b) in rest.chunks_exact_mut(1).zip(batch[cut..].chunks_exact(1)) {
        blend::<f32>(m, b, momentum);
    }
}

#[inline(always)]
fn blend<L: Lane>(moving: &mut [f32], batch: &[f32], momentum: f32) {
    let old = L::load(moving).mul(L::splat(momentum));
    let new = old.add(L::load(batch).mul(L::splat(1.0 - momentum)));
    new.flush(L::constant(&f32::MIN_POSITIVE)).store(moving);
}
