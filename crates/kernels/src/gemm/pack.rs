//! Packing: copies of a block of B (and of a strip of A) in the order in which tiles read them.
//!
//! A panel of B is `TILE_COLUMNS` columns wide: its k-th row follows its (k-1)-th. A last panel
//! of at most four columns is half as wide. Columns that are missing at the right edge are
//! filled with zeros; what tiles compute there is dropped.

use super::tile::{Place, TILE_COLUMNS};
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

/// Packs `columns` columns of a `[k, _]` matrix whose rows are `stride` apart. Panel p starts at
/// `out + p * TILE_COLUMNS * k`.
///
/// # Safety
/// `b` must be readable for k rows of `columns`, `out` writable for
/// `k * padded_columns(columns)`.
pub unsafe fn rows(b: Place<*const f32>, k: usize, columns: usize, out: *mut f32) {
    /// Panels filled in one sweep, so that whole cache lines are used while they are there.
    const SWEEP: usize = 4;
    let full = columns / TILE_COLUMNS;
    let mut panel = 0;
    // SAFETY: full panels read `TILE_COLUMNS` columns below `columns` and write
    // their own `TILE_COLUMNS * k` floats; the last panel does so for its own width.
    unsafe {
        while panel + SWEEP <= full {
            sweep::<SWEEP>(b, k, panel, out);
            panel += SWEEP;
        }
        while panel < full {
            sweep::<1>(b, k, panel, out);
            panel += 1;
        }
        let rest = columns % TILE_COLUMNS;
        if rest > 0 {
            let width = panel_width(rest);
            let mut to = out.add(full * TILE_COLUMNS * k);
            let mut from = b.start.add(full * TILE_COLUMNS);
            for q in 0..k {
                for j in 0..width {
                    *to.add(j) = if j < rest { *from.add(j) } else { 0.0 };
                }
                to = to.add(width);
                if q + 1 < k {
                    from = from.add(b.stride);
                }
            }
        }
    }
}

/// # Safety
/// As `rows`, for the full panels `first .. first + N`.
#[inline(always)]
unsafe fn sweep<const N: usize>(b: Place<*const f32>, k: usize, first: usize, out: *mut f32) {
    // SAFETY: see `rows`.
    unsafe {
        let from = b.start.add(first * TILE_COLUMNS);
        let to = out.add(first * TILE_COLUMNS * k);
        for q in 0..k {
            let row = from.add(q * b.stride);
            for p in 0..N {
                let panel = to.add(p * TILE_COLUMNS * k + q * TILE_COLUMNS);
                copy4(row.add(p * TILE_COLUMNS), panel);
                copy4(row.add(p * TILE_COLUMNS + 4), panel.add(4));
            }
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
                let block: [[f32; 4]; 4] =
                    core::array::from_fn(|j| lines[j].add(q).cast::<[f32; 4]>().read_unaligned());
                let columns: [[f32; 4]; 4] =
                    core::array::from_fn(|t| core::array::from_fn(|j| block[j][t]));
                for (t, column) in columns.into_iter().enumerate() {
                    out.add((q + t) * width)
                        .cast::<[f32; 4]>()
                        .write_unaligned(column);
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

/// Packs `count` rows of a `[k, _]` matrix (A stored transposed) side by side: k-th group of
/// `count` follows the (k-1)-th.
///
/// # Safety
/// `a` must be readable for k rows of `count`, `out` writable for `k * count`.
pub unsafe fn strip(a: Place<*const f32>, k: usize, count: usize, out: *mut f32) {
    // SAFETY: see above.
    unsafe {
        for q in 0..k {
            for r in 0..count {
                *out.add(q * count + r) = *a.start.add(q * a.stride + r);
            }
        }
    }
}

/// Adds the sum over k of every column of the packed panels to `sums`, in the order of k.
pub fn add_column_sums(packed: &[f32], k: usize, sums: &mut [f32]) {
    let columns = sums.len();
    for (panel, sums) in sums.chunks_mut(TILE_COLUMNS).enumerate() {
        let width = panel_width(sums.len().min(columns));
        let from = panel * TILE_COLUMNS * k;
        let mut total = [0.0; TILE_COLUMNS];
        for row in packed[from..from + width * k].chunks_exact(width) {
            for (t, x) in total.iter_mut().zip(row) {
                *t += x;
            }
        }
        for (s, t) in sums.iter_mut().zip(total) {
            *s += t;
        }
    }
}

/// # Safety
/// Four floats must be readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy4(from: *const f32, to: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        F32x4::load(core::slice::from_raw_parts(from, 4))
            .store(core::slice::from_raw_parts_mut(to, 4));
    }
}
