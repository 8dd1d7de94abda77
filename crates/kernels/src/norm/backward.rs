//! Gradients of batch normalisation.
//!
//! With `n` rows and `xhat = (x - mean) / sqrt(var + eps)`: `dbeta = sum(dy)`,
//! `dgamma = sum(dy * xhat)`, and, as mean and variance depend on `x` too (Ioffe and Szegedy, 2015,
//! section 3), `dx = gamma / sqrt(var + eps) * (dy - dbeta / n - xhat * dgamma / n)`.

use super::{fits, inverse_deviation, put_part, rows, scale};
use crate::lane::Lane;
use crate::par::Parts;
use crate::reduce::{column_sums, fetch, strips, Strip, Terms};

/// Sums over the rows of `x` and `dy` `[rows, channels]`: `dgamma` and `dbeta`.
///
/// Panics unless all channel vectors are of one length and `x` and `dy` are whole rows of it.
#[inline(never)]
pub fn backward_reduce(
    x: &[f32],
    dy: &[f32],
    mean: &[f32],
    var: &[f32],
    eps: f32,
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let channels = mean.len();
    let rows = rows(x.len(), channels);
    assert!(dy.len() == x.len() && var.len() == channels);
    assert!(dgamma.len() == channels && dbeta.len() == channels);
    let terms = Slopes { x, dy, mean };
    // SAFETY: `x` and `dy` have `rows * channels` elements, `mean` has `channels`.
    unsafe { column_sums::<2, 4, _>(&terms, rows, channels, [&mut *dgamma, dbeta]) };
    for (slope, &var) in dgamma.iter_mut().zip(var) {
        *slope /= (var + eps).sqrt();
    }
}

struct Slopes<'a> {
    x: &'a [f32],
    dy: &'a [f32],
    mean: &'a [f32],
}

impl Terms<2> for Slopes<'_> {
    #[inline(always)]
    unsafe fn terms<L: Lane>(&self, at: usize, column: usize) -> [L; 2] {
        // SAFETY: inside the matrices, and the column is a channel, as the caller promises.
        unsafe {
            let dy = fetch::<L>(self.dy, at);
            let centred = fetch::<L>(self.x, at).sub(fetch(self.mean, column));
            [dy.mul(centred), dy]
        }
    }
}

/// Gradient by the input where mean and variance are those of `x` itself (training).
///
/// `dgamma` and `dbeta` are what [`backward_reduce`] gives. Panics unless all channel vectors are
/// of one length and `x`, `dy` and `dx` are whole rows of it.
#[allow(clippy::too_many_arguments)]
#[inline(never)]
pub fn backward_input(
    x: &[f32],
    dy: &[f32],
    mean: &[f32],
    var: &[f32],
    eps: f32,
    gamma: Option<&[f32]>,
    dgamma: &[f32],
    dbeta: &[f32],
    dx: &mut [f32],
) {
    let channels = mean.len();
    let rows = rows(x.len(), channels);
    assert!(dy.len() == x.len() && dx.len() == x.len());
    assert!(var.len() == channels && fits(gamma, channels));
    assert!(dgamma.len() == channels && dbeta.len() == channels);
    let dx = Parts::new(dx);
    let work = Trained {
        x,
        dy,
        mean,
        var,
        eps,
        gamma,
        dgamma,
        dbeta,
        dx,
        rows,
    };
    // SAFETY: every matrix has `channels` columns, every vector as many entries.
    unsafe { strips::<4>(channels, dy.len() / 2, &work) };
}

struct Trained<'a> {
    x: &'a [f32],
    dy: &'a [f32],
    mean: &'a [f32],
    var: &'a [f32],
    eps: f32,
    gamma: Option<&'a [f32]>,
    dgamma: &'a [f32],
    dbeta: &'a [f32],
    dx: Parts<'a>,
    rows: usize,
}

impl Strip for Trained<'_> {
    #[inline(always)]
    unsafe fn strip<L: Lane, const W: usize>(&self, column: usize) {
        let channels = self.mean.len();
        let share = L::splat(1.0 / self.rows as f32);
        let places: [usize; W] = core::array::from_fn(|j| column + j * L::LANES);
        // SAFETY: the columns lie inside the channel vectors.
        let mean = places.map(|c| unsafe { fetch::<L>(self.mean, c) });
        // SAFETY: as above.
        let scale = places.map(|c| unsafe { scale::<L>(self.var, self.gamma, self.eps, c) });
        // SAFETY: as above.
        let offset = places.map(|c| unsafe { fetch::<L>(self.dbeta, c).mul(share) });
        // SAFETY: as above.
        let slope = places.map(|c| unsafe {
            let inverse = inverse_deviation::<L>(self.var, self.eps, c);
            fetch::<L>(self.dgamma, c).mul(share).mul(inverse)
        });
        for row in 0..self.rows {
            for j in 0..W {
                let at = row * channels + places[j];
                // SAFETY: the row is one of the matrices, the columns lie inside them.
                unsafe {
                    let centred = fetch::<L>(self.x, at).sub(mean[j]);
                    let own = fetch::<L>(self.dy, at).sub(offset[j]);
                    put_part(self.dx, at, own.sub(centred.mul(slope[j])).mul(scale[j]));
                }
            }
        }
    }
}

/// Gradient by the input where mean and variance are constants (inference, frozen layers):
/// `dx = dy * gamma / sqrt(var + eps)`.
///
/// Panics unless `gamma` and `var` are of one length and `dy` and `dx` are whole rows of it.
#[inline(never)]
pub fn backward_input_frozen(
    dy: &[f32],
    var: &[f32],
    eps: f32,
    gamma: Option<&[f32]>,
    dx: &mut [f32],
) {
    let channels = var.len();
    let rows = rows(dy.len(), channels);
    assert!(dx.len() == dy.len() && fits(gamma, channels));
    let dx = Parts::new(dx);
    let work = Frozen {
        dy,
        var,
        eps,
        gamma,
        dx,
        rows,
    };
    // SAFETY: both matrices have `channels` columns, each vector as many entries.
    unsafe { strips::<4>(channels, dy.len() / 2, &work) };
}

struct Frozen<'a> {
    dy: &'a [f32],
    var: &'a [f32],
    eps: f32,
    gamma: Option<&'a [f32]>,
    dx: Parts<'a>,
    rows: usize,
}

impl Strip for Frozen<'_> {
    #[inline(always)]
    unsafe fn strip<L: Lane, const W: usize>(&self, column: usize) {
        let channels = self.var.len();
        let places: [usize; W] = core::array::from_fn(|j| column + j * L::LANES);
        // SAFETY: the columns lie inside the channel vectors.
        let scale = places.map(|c| unsafe { scale::<L>(self.var, self.gamma, self.eps, c) });
        for row in 0..self.rows {
            for j in 0..W {
                let at = row * channels + places[j];
                // SAFETY: the row is one of the matrices, the columns lie inside them.
                unsafe { put_part(self.dx, at, fetch::<L>(self.dy, at).mul(scale[j])) };
            }
        }
    }
}
