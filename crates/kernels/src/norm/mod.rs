//! Batch normalisation over `[rows, channels]`, channels last; normalisation of rows is in `rows.rs`.
//!
//! `y = (x - mean) * (gamma / sqrt(var + eps)) + beta`. Keras computes
//! `x * inv + (beta - mean * inv)`, which saves a subtraction but loses digits when the mean is
//! large beside the deviation; the two agree to rounding otherwise.

mod backward;
mod moments;
mod rows;
#[cfg(test)]
mod tests;

pub use backward::{backward_input, backward_input_frozen, backward_reduce};
pub use moments::{moments, update_moving};
pub use rows::{normalize_rows, normalize_rows_backward, Slopes};

use crate::lane::Lane;
use crate::par::Parts;
use crate::reduce::{fetch, strips, Strip};

/// Normalises `x` `[rows, channels]` into `y`; without `gamma` it is 1, without `beta` 0.
///
/// Panics unless all channel vectors are of one length and `x` and `y` are whole rows of it.
#[inline(never)]
pub fn normalize(
    x: &[f32],
    mean: &[f32],
    var: &[f32],
    gamma: Option<&[f32]>,
    beta: Option<&[f32]>,
    eps: f32,
    y: &mut [f32],
) {
    let channels = mean.len();
    let rows = rows(x.len(), channels);
    assert!(y.len() == x.len() && var.len() == channels);
    assert!(fits(gamma, channels) && fits(beta, channels));
    let y = Parts::new(y);
    let work = Normalize {
        x,
        mean,
        var,
        gamma,
        beta,
        eps,
        y,
        rows,
    };
    // SAFETY: every matrix has `channels` columns, every vector as many entries.
    unsafe { strips::<4>(channels, x.len() / 2, &work) };
}

struct Normalize<'a> {
    x: &'a [f32],
    mean: &'a [f32],
    var: &'a [f32],
    gamma: Option<&'a [f32]>,
    beta: Option<&'a [f32]>,
    eps: f32,
    y: Parts<'a>,
    rows: usize,
}

impl Strip for Normalize<'_> {
    #[inline(always)]
    unsafe fn strip<L: Lane, const W: usize>(&self, column: usize) {
        let channels = self.mean.len();
        let places: [usize; W] = core::array::from_fn(|j| column + j * L::LANES);
        // SAFETY: the columns lie inside the channel vectors.
        let mean = places.map(|c| unsafe { fetch::<L>(self.mean, c) });
        // SAFETY: as above.
        let scale = places.map(|c| unsafe { scale::<L>(self.var, self.gamma, self.eps, c) });
        // SAFETY: as above.
        let shift = places.map(|c| unsafe { fetch_or::<L>(self.beta, 0.0, c) });
        for row in 0..self.rows {
            for j in 0..W {
                let at = row * channels + places[j];
                // SAFETY: the row is one of the matrix, the columns lie inside it.
                unsafe {
                    let centred = fetch::<L>(self.x, at).sub(mean[j]);
                    put_part(self.y, at, centred.fma(scale[j], shift[j]));
                }
            }
        }
    }
}

/// Number of rows of `channels` in `len` values.
fn rows(len: usize, channels: usize) -> usize {
    assert!(
        channels > 0 && len.is_multiple_of(channels),
        "{len} values are no rows of {channels} channels"
    );
    len / channels
}

fn fits(vector: Option<&[f32]>, channels: usize) -> bool {
    vector.is_none_or(|v| v.len() == channels)
}

/// `1 / sqrt(var + eps)` from channel `at` on.
///
/// # Safety
/// `at + L::LANES <= var.len()`.
#[inline(always)]
unsafe fn inverse_deviation<L: Lane>(var: &[f32], eps: f32, at: usize) -> L {
    // SAFETY: in bounds, as the caller promises.
    let var = unsafe { fetch::<L>(var, at) };
    L::splat(1.0).div(var.add(L::splat(eps)).sqrt())
}

/// `gamma / sqrt(var + eps)` from channel `at` on.
///
/// # Safety
/// `at + L::LANES <= var.len()`, which is also the length of `gamma`.
#[inline(always)]
unsafe fn scale<L: Lane>(var: &[f32], gamma: Option<&[f32]>, eps: f32, at: usize) -> L {
    // SAFETY: in bounds, as the caller promises.
    unsafe { inverse_deviation::<L>(var, eps, at).mul(fetch_or(gamma, 1.0, at)) }
}

/// `L::LANES` values from `at` on, or all `otherwise`.
///
/// # Safety
/// `at + L::LANES` is at most the length of the vector, if there is one.
#[inline(always)]
unsafe fn fetch_or<L: Lane>(vector: Option<&[f32]>, otherwise: f32, at: usize) -> L {
    match vector {
        // SAFETY: in bounds, as the caller promises.
        Some(v) => unsafe { fetch(v, at) },
        None => L::splat(otherwise),
    }
}

/// Writes `L::LANES` values from place `at` on.
///
/// # Safety
/// `at + L::LANES <= y.len()`.
#[inline(always)]
unsafe fn put<L: Lane>(y: &mut [f32], at: usize, v: L) {
    debug_assert!(at + L::LANES <= y.len());
    // SAFETY: in bounds, as the caller promises.
    v.store(unsafe { y.get_unchecked_mut(at..at + L::LANES) });
}

/// As [`put`], into what several threads fill.
///
/// # Safety
/// `at + L::LANES <= y.len()`, and nobody else uses these places.
#[inline(always)]
unsafe fn put_part<L: Lane>(y: Parts, at: usize, v: L) {
    debug_assert!(at + L::LANES <= y.len());
    // SAFETY: in bounds and nobody else's, as the caller promises.
    v.store(unsafe { core::slice::from_raw_parts_mut(y.as_mut_ptr().add(at), L::LANES) });
}
