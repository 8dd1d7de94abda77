//! Packing: copies of a block of B (and of a strip of A) in the order in which tiles read them.
//!
//! A panel of B is `TILE_COLUMNS` columns wide: its k-th row follows its (k-1)-th. A last panel
//! of at most four columns is half as wide. Columns that are missing at the right edge are
//! filled with zeros; what tiles compute there is dropped.

use super::tile::{load, store, Place, TILE_COLUMNS};
use super::transpose::transpose4;
use crate::lane::{F32x4, Lane};

/// Width of the panel that holds the last `columns` (at most `TILE_COLUMNS`) columns.
pub fn panel_width(columns: usize) -> usize {
    if columns <= TILE_COLUMNS / 2 {
        TILE_COLUMNS / 2
    } else {
        TILE_COLUMNS
    }
}

/// Width of all panels for `columns` columns together.
pub fn padded_columns(columns: usize) -> usize {
    columns / TILE_COLUMNS * TILE_COLUMNS
        + match columns % TILE_COLUMNS {
            0 => 0,
            rest => panel_width(rest),
        }
}

/// Packs the last panel of a `[k, _]` matrix whose rows are `stride` apart: `columns` (below
/// `TILE_COLUMNS`) columns and zeros.
///
/// # Safety
/// `b` must be readable for k rows of `columns`, `out` writable for
/// `k * panel_width(columns)`.
pub unsafe fn edge(b: Place<*const f32>, k: usize, columns: usize, out: *mut f32) {
    let width = panel_width(columns);
    let zeros = F32x4::splat(0.0);
    for q in 0..k {
        // SAFETY: row q reads `columns` floats and writes `width`.
        unsafe {
            let to = out.add(q * width);
            store(zeros, to);
            store(zeros, to.add(width - 4));
            copy_few(b.start.add(q * b.stride), to, columns);
        }
    }
}

/// Packs `columns` columns of a matrix that is stored transposed, `[_, k]`, with its rows
/// `stride` apart, in the same order as `rows`.
///
/// # Safety
/// `b` must be readable for `columns` rows of k, `out` writable for
/// `k * padded_columns(columns)`.
pub unsafe fn transposed(b: Place<*const f32>, k: usize, columns: usize, out: *mut f32) {
    let mut done = 0;
    // SAFETY: reads rows below `columns` only; each panel writes its own part.
    unsafe {
        while done < columns {
            let count = (columns - done).min(TILE_COLUMNS);
            let width = panel_width(count);
            let panel = out.add(done * k);
            for half in (0..width).step_by(4) {
                let lines: [*const f32; 4] = core::array::from_fn(|j| {
                    b.start
                        .wrapping_add((done + (half + j).min(count - 1)) * b.stride)
                });
                let used = (count - half.min(count)).min(4);
                transpose_lines(lines, used, k, width, panel.add(half));
            }
            done += count;
        }
    }
}

/// Writes four lines of length k as four columns of a panel; lines from `used` on as zeros.
///
/// # Safety
/// The lines must be readable for k, `out` writable for k rows of four, `width` apart.
#[inline(always)]
unsafe fn transpose_lines(
    lines: [*const f32; 4],
    used: usize,
    k: usize,
    width: usize,
    out: *mut f32,
) {
    let mask: [f32; 4] = core::array::from_fn(|j| if j < used { 1.0 } else { 0.0 });
    // SAFETY: see above.
    unsafe {
        let mut q = 0;
        if used == 4 {
            while q + 4 <= k {
                let columns = transpose4(lines.map(|line| load(line.add(q))));
                for (t, column) in columns.into_iter().enumerate() {
                    store(column, out.add((q + t) * width));
                }
                q += 4;
            }
        }
        while q < k {
            for j in 0..4 {
                *out.add(q * width + j) = if mask[j] > 0.0 { *lines[j].add(q) } else { 0.0 };
            }
            q += 1;
        }
    }
}

/// Packs strips of A from a `[k, _]` matrix (A stored transposed): `count` strips of `rows` rows
/// (4 to 6) each, one after the other; within a strip the k-th group of `rows` follows the (k-1)-th.
///
/// Several strips at once, because they share cache lines of A. Returns where they are.
///
/// # Safety
/// `a` must be readable for k rows of `rows * count`, `out` writable for `k * rows * count`.
pub unsafe fn strips(
    a: Place<*const f32>,
    k: usize,
    rows: usize,
    count: usize,
    out: *mut f32,
) -> Place<*const f32> {
    // SAFETY: the caller's promise.
    unsafe {
        match rows {
            6 => strips_of::<6>(a, k, count, out),
            5 => strips_of::<5>(a, k, count, out),
            4 => strips_of::<4>(a, k, count, out),
            _ => unreachable!("strips of {rows} rows are not packed"),
        }
    }
    Place {
        start: out,
        stride: rows,
    }
}

/// Copies a strip of A, `rows` rows of k, to rows that are `stride` apart; returns where it is.
///
/// # Safety
/// `a` must be readable for `rows` rows of k, `out` writable for as many of `stride`, at least k.
pub unsafe fn rows(
    a: Place<*const f32>,
    k: usize,
    rows: usize,
    stride: usize,
    out: *mut f32,
) -> Place<*const f32> {
    for r in 0..rows {
        // SAFETY: the caller's promise.
        unsafe {
            core::ptr::copy_nonoverlapping(a.start.add(r * a.stride), out.add(r * stride), k)
        };
    }
    Place { start: out, stride }
}

/// # Safety
/// As `strips` with `rows` = R.
unsafe fn strips_of<const R: usize>(a: Place<*const f32>, k: usize, count: usize, out: *mut f32) {
    // SAFETY: group q of strip s reads and writes R floats within what `strips` asks for.
    unsafe {
        for q in 0..k {
            let row = a.start.add(q * a.stride);
            for s in 0..count {
                copy::<R>(row.add(s * R), out.add((s * k + q) * R));
            }
        }
    }
}

/// Copies the first `columns` (below `TILE_COLUMNS`) columns of some rows.
///
/// # Safety
/// `from` must be readable and `to` writable for `rows` rows of `columns`.
pub unsafe fn copy_columns(
    from: Place<*const f32>,
    to: Place<*mut f32>,
    rows: usize,
    columns: usize,
) {
    for r in 0..rows {
        // SAFETY: row r is one of those that the caller vouches for.
        unsafe {
            copy_few(
                from.start.add(r * from.stride),
                to.start.add(r * to.stride),
                columns,
            );
        }
    }
}

/// Copies 1 to 8 floats: the first and the last few, which may overlap.
///
/// # Safety
/// They must be readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy_few(from: *const f32, to: *mut f32, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if count >= 4 {
            copy::<4>(from, to);
            copy::<4>(from.add(count - 4), to.add(count - 4));
        } else if count >= 2 {
            copy::<2>(from, to);
            copy::<2>(from.add(count - 2), to.add(count - 2));
        } else {
            copy::<1>(from, to);
        }
    }
}

/// Adds the sum over k of every column of the packed panels to `sums`, in the order of k.
pub fn add_column_sums(packed: &[f32], k: usize, sums: &mut [f32]) {
    for (panel, sums) in sums.chunks_mut(TILE_COLUMNS).enumerate() {
        let width = panel_width(sums.len());
        let from = panel * TILE_COLUMNS * k;
        let (mut left, mut right) = (F32x4::splat(0.0), F32x4::splat(0.0));
        for row in packed[from..from + width * k].chunks_exact(width) {
            left = left.add(F32x4::load(row));
            right = right.add(F32x4::load(&row[width - 4..]));
        }
        let mut total = [0.0; TILE_COLUMNS];
        left.store(&mut total);
        right.store(&mut total[4..]);
        for (s, t) in sums.iter_mut().zip(total) {
            *s += t;
        }
    }
}

/// # Safety
/// N floats must be readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy<const N: usize>(from: *const f32, to: *mut f32) {
    // SAFETY: the caller's promise; alignment does not matter.
    unsafe {
        to.cast::<[f32; N]>()
            .write_unaligned(from.cast::<[f32; N]>().read_unaligned());
    }
}
