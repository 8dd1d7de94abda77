//! Rows of few columns, four at a time, one in each lane: nothing is summed across lanes and no lane
//! is wasted.

use super::pick;
use crate::lane::{F32x4, Lane};
use crate::math::{exp, log1p};

/// The most columns taken this way.
pub(super) const FEW: usize = 16;

/// Four rows of a matrix. After the last row it is repeated: work done twice, alike.
struct Quad {
    cols: usize,
    starts: [usize; 4],
}

impl Quad {
    /// All of the `rows` rows, and how many of each four are not repeated.
    fn all(rows: usize, cols: usize) -> impl Iterator<Item = (usize, usize, Self)> {
        assert!(cols <= FEW);
        (0..rows).step_by(4).map(move |first| {
            let starts = [0, 1, 2, 3].map(|i| (first + i).min(rows - 1) * cols);
            (first, (rows - first).min(4), Self { cols, starts })
        })
    }

    /// One column of the four rows.
    #[inline(always)]
    fn get(&self, x: &[f32], column: usize) -> F32x4 {
        F32x4::load(&self.starts.map(|start| x[start + column]))
    }

    #[inline(always)]
    fn put(&self, y: &mut [f32], column: usize, v: F32x4) {
        for (start, v) in self.starts.into_iter().zip(array(v)) {
            y[start + column] = v;
        }
    }

    #[inline(never)]
    fn stats(&self, x: &[f32]) -> Stats {
        let (zero, one) = (F32x4::splat(0.0), F32x4::constant(&1.0));
        let mut exps = [zero; FEW];
        let exps_here = &mut exps[..self.cols];
        let mut largest = F32x4::splat(f32::NEG_INFINITY);
        for (c, v) in exps_here.iter_mut().enumerate() {
            *v = self.get(x, c);
            largest = largest.max(*v);
        }
        let (mut ties, mut rest) = (zero, zero);
        for v in exps_here {
            let is_max = v.eq(largest);
            *v = exp(v.sub(largest));
            ties = ties.add(F32x4::select(is_max, one, zero));
            rest = rest.add(F32x4::select(is_max, zero, *v));
        }
        Stats {
            largest,
            others: ties.sub(one).add(rest),
            exps,
        }
    }
}

/// As `RowStats`, of four rows.
struct Stats {
    largest: F32x4,
    /// Sum of `exp(x - largest)` but for one largest value's 1.
    others: F32x4,
    exps: [F32x4; FEW],
}

impl Stats {
    #[inline(always)]
    fn sum(&self) -> F32x4 {
        self.others.add(F32x4::constant(&1.0))
    }

    #[inline(always)]
    fn log_sum(&self) -> F32x4 {
        log1p(self.others)
    }

    /// Probability of not being one given largest value.
    #[inline(always)]
    fn against_largest(&self) -> F32x4 {
        self.others.div(self.sum())
    }
}

pub(super) fn softmax(x: &[f32], y: &mut [f32], cols: usize) {
    for (_, _, quad) in Quad::all(x.len() / cols, cols) {
        let stats = quad.stats(x);
        let scale = F32x4::constant(&1.0).div(stats.sum());
        for (c, e) in stats.exps[..cols].iter().enumerate() {
            quad.put(y, c, e.mul(scale));
        }
    }
}

pub(super) fn sparse_cross_entropy(x: &[f32], labels: &[i32], cols: usize, loss: &mut [f32]) {
    for (first, count, quad) in Quad::all(labels.len(), cols) {
        let mut at_label = [f32::NAN; 4];
        for (i, at) in at_label.iter_mut().enumerate().take(count) {
            *at = pick(&x[quad.starts[i]..][..cols], labels[first + i]).unwrap_or(f32::NAN);
        }
        let stats = quad.stats(x);
        let gap = stats.largest.sub(F32x4::load(&at_label));
        let losses = array(gap.add(stats.log_sum()));
        loss[first..first + count].copy_from_slice(&losses[..count]);
    }
}

pub(super) fn sparse_cross_entropy_backward(
    x: &[f32],
    labels: &[i32],
    dloss: &[f32],
    cols: usize,
    dx: &mut [f32],
) {
    let rows = labels.len();
    for (first, count, quad) in Quad::all(rows, cols) {
        let stats = quad.stats(x);
        let g = slopes(dloss, first);
        let scale = g.div(stats.sum());
        for (c, e) in stats.exps[..cols].iter().enumerate() {
            quad.put(dx, c, e.mul(scale));
        }
        let largest = array(stats.largest);
        let at_largest = array(stats.against_largest().mul(g));
        for i in 0..count {
            let dx = &mut dx[quad.starts[i]..][..cols];
            let label = labels[first + i];
            match pick(&x[quad.starts[i]..][..cols], label) {
                Some(v) if v == largest[i] => dx[label as usize] = -at_largest[i],
                Some(_) => dx[label as usize] -= dloss[first + i],
                None => dx.fill(f32::NAN),
            }
        }
    }
}

pub(super) fn cross_entropy(x: &[f32], y: &[f32], cols: usize, loss: &mut [f32]) {
    let zero = F32x4::splat(0.0);
    for (first, count, quad) in Quad::all(loss.len(), cols) {
        let stats = quad.stats(x);
        let log_sum = stats.log_sum();
        let mut sum = zero;
        for c in 0..cols {
            let weight = quad.get(y, c);
            let minus_log = stats.largest.sub(quad.get(x, c)).add(log_sum);
            let term = weight.mul(minus_log);
            sum = sum.add(F32x4::select(weight.eq(zero), zero, term));
        }
        loss[first..first + count].copy_from_slice(&array(sum)[..count]);
    }
}

pub(super) fn cross_entropy_backward(
    x: &[f32],
    y: &[f32],
    dloss: &[f32],
    cols: usize,
    dx: &mut [f32],
) {
    for (first, _, quad) in Quad::all(dloss.len(), cols) {
        let stats = quad.stats(x);
        let g = slopes(dloss, first);
        let weight = (0..cols).fold(F32x4::splat(0.0), |sum, c| sum.add(quad.get(y, c)));
        let scale = weight.div(stats.sum());
        let against = weight.mul(stats.against_largest());
        for (c, e) in stats.exps[..cols].iter().enumerate() {
            let labels = quad.get(y, c);
            let plain = e.mul(scale).sub(labels);
            // As for wide rows: (S - y) - S (1 - p) where p may be near 1.
            let exact = weight.sub(labels).sub(against);
            let is_max = quad.get(x, c).eq(stats.largest);
            quad.put(dx, c, F32x4::select(is_max, exact, plain).mul(g));
        }
    }
}

/// The slopes of four rows' losses, the last one repeated.
#[inline(always)]
fn slopes(dloss: &[f32], first: usize) -> F32x4 {
    F32x4::load(&[0, 1, 2, 3].map(|i| dloss[(first + i).min(dloss.len() - 1)]))
}

#[inline(always)]
fn array(v: F32x4) -> [f32; 4] {
    let mut lanes = [0.0; 4];
    v.store(&mut lanes);
    lanes
}
