//! Broadcasting: any layout of two operands, cut into runs that the plain kernels take.

use super::{BinaryKind, Side};

/// The largest number of dimensions `broadcast` takes.
pub const MAX_RANK: usize = 8;

/// Runs shorter than this are gathered into blocks first.
const SHORT: usize = 64;
/// Floats gathered at a time.
const BLOCK: usize = 256;

/// `out[r, c] = f(a[r, c], row[c])`, where `row` is as long as a row of `a` and `out`.
///
/// Panics when the lengths of `a` and `out` differ or are no multiple of `row`'s.
#[inline(never)]
pub fn rows(kind: BinaryKind, a: &[f32], row: &[f32], out: &mut [f32]) {
    let cols = row.len();
    assert!(a.len() == out.len() && (cols > 0 || a.is_empty()));
    let count = a.len().checked_div(cols).unwrap_or(0);
    broadcast(kind, a, &[cols, 1], row, &[0, 1], out, &[count, cols]);
}

/// `out[r, c] = f(a[r, c], column[r])`, where `column` has one value for each row of `a` and `out`.
///
/// Panics when the lengths of `a` and `out` differ or are no multiple of `column`'s.
#[inline(never)]
pub fn columns(kind: BinaryKind, a: &[f32], column: &[f32], out: &mut [f32]) {
    let count = column.len();
    assert!(a.len() == out.len() && (count > 0 || a.is_empty()));
    let cols = a.len().checked_div(count).unwrap_or(0);
    broadcast(kind, a, &[cols, 1], column, &[1, 0], out, &[count, cols]);
}

/// `out = f(a, b)` with both operands read through strides (in elements, 0 along an axis that is
/// broadcast), `out` contiguous and of shape `out_shape`.
///
/// Panics when the ranks differ or exceed [`MAX_RANK`], when `out` is not of that shape, or when a
/// stride leads out of its operand.
#[inline(never)]
pub fn broadcast(
    kind: BinaryKind,
    a: &[f32],
    a_strides: &[usize],
    b: &[f32],
    b_strides: &[usize],
    out: &mut [f32],
    out_shape: &[usize],
) {
    let rank = out_shape.len();
    assert!(rank <= MAX_RANK && a_strides.len() == rank && b_strides.len() == rank);
    assert_eq!(out.len(), out_shape.iter().product::<usize>());
    if out.is_empty() {
        return;
    }
    let shape = Collapsed::new(out_shape, [a_strides, b_strides]);
    for (k, operand) in [a, b].into_iter().enumerate() {
        let last: usize = shape
            .axes()
            .map(|axis| (axis.len - 1) * axis.strides[k])
            .sum();
        assert!(last < operand.len());
    }
    let inner = shape.inner();
    if inner.strides.iter().all(|&s| s <= 1) && (inner.len >= SHORT || shape.rank == 1) {
        let mut walk = Walk::new(1);
        for run in out.chunks_exact_mut(inner.len) {
            let [at_a, at_b] = walk.at;
            kind.pairs(inner.side(a, at_a, 0), inner.side(b, at_b, 1), run);
            walk.step(&shape);
        }
        return;
    }
    gathered(kind, [a, b], &shape, out);
}

/// The general road: blocks of the operands are put in order first, then paired.
fn gathered(kind: BinaryKind, from: [&[f32]; 2], shape: &Collapsed, out: &mut [f32]) {
    let inner = shape.inner();
    let mut buffers = [[0.0f32; BLOCK]; 2];
    let ways = [shape.way(0), shape.way(1)];
    // Whole rows where they fit, else parts of one row.
    let part = inner.len.min(BLOCK);
    let block = BLOCK / part * part;
    let mut walk = Walk::new(1);
    let (mut done, mut column) = (0, 0);
    while done < out.len() {
        let end = if part < inner.len {
            done + BLOCK.min(inner.len - column)
        } else {
            out.len().min(done + block)
        };
        for start in (done..end).step_by(part) {
            let to = start - done..part.min(end - start) + start - done;
            for k in 0..2 {
                if ways[k] == Way::Gather || ways[k] == Way::Once && (done == 0 || part < inner.len)
                {
                    let stride = inner.strides[k];
                    let source = &from[k][walk.at[k] + column * stride..];
                    put(&mut buffers[k][to.clone()], source, stride);
                }
            }
            column += to.len();
            if column == inner.len {
                column = 0;
                walk.step(shape);
            }
        }
        let side = |k: usize| match ways[k] {
            Way::AsIs => Side::Slice(&from[k][done..end]),
            _ => Side::Slice(&buffers[k][..end - done]),
        };
        kind.pairs(side(0), side(1), &mut out[done..end]);
        done = end;
    }
}

/// How an operand comes to the kernels.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// It lies in the order of the result.
    AsIs,
    /// Every row of the result takes the same row of it: the first block does for all.
    Once,
    Gather,
}

/// `to[i] = from[i * stride]`
fn put(to: &mut [f32], from: &[f32], stride: usize) {
    if stride == 0 {
        to.fill(from[0]);
        return;
    }
    for (t, f) in to.iter_mut().zip(from.iter().step_by(stride)) {
        *t = *f;
    }
}

/// One axis of the result and how each operand moves along it.
#[derive(Clone, Copy, Default)]
struct Axis {
    len: usize,
    strides: [usize; 2],
}

impl Axis {
    /// An operand's part along this axis from `at` on; its stride is 0 or 1.
    fn side<'a>(&self, operand: &'a [f32], at: usize, k: usize) -> Side<'a> {
        if self.strides[k] == 0 {
            Side::One(operand[at])
        } else {
            Side::Slice(&operand[at..at + self.len])
        }
    }
}

/// The result's axes without those of length 1, and with neighbours merged where both operands run
/// through them as through one.
struct Collapsed {
    axes: [Axis; MAX_RANK],
    rank: usize,
}

impl Collapsed {
    fn new(shape: &[usize], strides: [&[usize]; 2]) -> Self {
        let mut axes = [Axis {
            len: 1,
            strides: [1, 1],
        }; MAX_RANK];
        let mut rank = 0;
        for (i, &len) in shape.iter().enumerate() {
            if len == 1 {
                continue;
            }
            let axis = Axis {
                len,
                strides: [strides[0][i], strides[1][i]],
            };
            if rank > 0 {
                let outer: &mut Axis = &mut axes[rank - 1];
                if (0..2).all(|k| outer.strides[k] == axis.strides[k] * len) {
                    *outer = Axis {
                        len: outer.len * len,
                        ..axis
                    };
                    continue;
                }
            }
            axes[rank] = axis;
            rank += 1;
        }
        Self {
            axes,
            rank: rank.max(1),
        }
    }

    fn axes(&self) -> impl DoubleEndedIterator<Item = &Axis> {
        self.axes[..self.rank].iter()
    }

    fn inner(&self) -> Axis {
        self.axes[self.rank - 1]
    }

    fn way(&self, k: usize) -> Way {
        let mut next = 1;
        let in_order = self.axes().rev().all(|axis| {
            let fits = axis.strides[k] == next;
            next *= axis.len;
            fits
        });
        if in_order {
            Way::AsIs
        } else if self.axes().rev().skip(1).all(|axis| axis.strides[k] == 0) {
            Way::Once
        } else {
            Way::Gather
        }
    }
}

/// A walk over all but the last `skip` axes, row by row, with each operand's position.
struct Walk {
    index: [usize; MAX_RANK],
    skip: usize,
    at: [usize; 2],
}

impl Walk {
    fn new(skip: usize) -> Self {
        Self {
            index: [0; MAX_RANK],
            skip,
            at: [0, 0],
        }
    }

    fn step(&mut self, shape: &Collapsed) {
        for i in (0..shape.rank - self.skip).rev() {
            let axis = shape.axes[i];
            self.index[i] += 1;
            for k in 0..2 {
                self.at[k] += axis.strides[k];
            }
            if self.index[i] < axis.len {
                return;
            }
            self.index[i] = 0;
            for k in 0..2 {
                self.at[k] -= axis.strides[k] * axis.len;
            }
        }
    }
}
