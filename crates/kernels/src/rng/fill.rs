//! Filling a tensor, or a part of one, from a distribution.
//!
//! `offset` is the index of `out[0]` in the whole tensor: parts filled apart equal a whole filled
//! at once.

use super::{normal::quantile, open_unit_f64, unit, Key, GROUP};

/// Probability that a standard normal number lies below -2.
const BELOW_MINUS_TWO: f64 = 0.022_750_131_948_179_21;

/// Uniform in [`lo`, `hi`); all `lo` when the two are equal.
#[inline(never)]
pub fn fill_uniform(key: Key, lo: f32, hi: f32, offset: usize, out: &mut [f32]) {
    let (base, width) = (f64::from(lo), f64::from(hi) - f64::from(lo));
    // Rounding to f32 could reach `hi`.
    let last = if lo < hi { below(hi) } else { lo };
    fill(key, offset, out, |word| {
        ((base + f64::from(unit(word)) * width) as f32).min(last)
    });
}

/// Normal with the given mean and standard deviation; reaches to about 6.3 deviations.
#[inline(never)]
pub fn fill_normal(key: Key, mean: f32, std: f32, offset: usize, out: &mut [f32]) {
    let (mean, std) = (f64::from(mean), f64::from(std));
    fill(key, offset, out, |word| {
        (mean + std * quantile(open_unit_f64(word))) as f32
    });
}

/// Normal, given that it lies within two standard deviations of the mean.
///
/// `std` is that of the normal before cutting; what is left has 0.8796 of it. Drawn by inverting
/// the distribution function, so that each element takes one random word and none is rejected.
#[inline(never)]
pub fn fill_truncated_normal(key: Key, mean: f32, std: f32, offset: usize, out: &mut [f32]) {
    let (mean, std) = (f64::from(mean), f64::from(std));
    let share = 1.0 - 2.0 * BELOW_MINUS_TWO;
    fill(key, offset, out, |word| {
        let z = quantile(BELOW_MINUS_TWO + share * open_unit_f64(word));
        (mean + std * z.clamp(-2.0, 2.0)) as f32
    });
}

/// A random matrix `[rows, cols]` with orthonormal columns, or rows where it is wide, times `gain`:
/// evenly distributed among all such matrices (Haar).
///
/// That is what the QR decomposition of a normal matrix gives when R's diagonal is positive. Its
/// reflections can be drawn without that matrix, since each meets fresh normal numbers. Stewart,
/// "The efficient generation of random orthogonal matrices with an application to condition
/// estimators", SIAM Journal on Numerical Analysis 17 (1980).
///
/// `scratch` is as long as `out`; both hold `rows * cols` floats, else it panics.
#[inline(never)]
pub fn fill_orthogonal(
    key: Key,
    gain: f32,
    [rows, cols]: [usize; 2],
    scratch: &mut [f32],
    out: &mut [f32],
) {
    assert_eq!([out.len(), scratch.len()], [rows * cols; 2]);
    let (long, short) = (rows.max(cols), rows.min(cols));
    fill_normal(key, 0.0, 1.0, 0, scratch);
    // Makes of each normal vector, from its own place on, the normal of the mirror that turns it
    // into the first axis.
    let mirror = |(k, normal): (usize, &mut [f32])| {
        let normal = &mut normal[k..];
        let first = f64::from(normal[0]);
        let sign = if first < 0.0 { -1.0 } else { 1.0 };
        normal[0] = (first + sign * squares(normal).sqrt()) as f32;
        (-sign, 2.0 / squares(normal))
    };
    let mirrors: Vec<(f64, f64)> = scratch
        .chunks_exact_mut(long)
        .enumerate()
        .map(mirror)
        .collect();
    let mut column = vec![0.0f64; long];
    for j in 0..short {
        column.fill(0.0);
        column[j] = mirrors[j].0 * f64::from(gain);
        for k in (0..=j).rev() {
            let normal = &scratch[k * long..][k..long];
            let part = &mut column[k..];
            let pairs = part.iter().zip(normal);
            let dot: f64 = pairs.map(|(c, &v)| c * f64::from(v)).sum();
            let step = dot * mirrors[k].1;
            for (c, &v) in part.iter_mut().zip(normal) {
                *c -= step * f64::from(v);
            }
        }
        let (start, stride) = if rows < cols {
            (j * long, 1)
        } else {
            (j, short)
        };
        for (to, from) in out[start..].iter_mut().step_by(stride).zip(&column) {
            *to = *from as f32;
        }
    }
}

fn squares(x: &[f32]) -> f64 {
    x.iter().map(|&v| f64::from(v) * f64::from(v)).sum()
}

/// The largest float32 below a finite `v`.
fn below(v: f32) -> f32 {
    let bits = v.to_bits();
    f32::from_bits(if v > 0.0 {
        bits - 1
    } else if v < 0.0 {
        bits + 1
    } else {
        0x8000_0001
    })
}

fn fill(key: Key, offset: usize, out: &mut [f32], value: impl Fn(u32) -> f32) {
    let (mut at, mut rest) = (offset, out);
    while !rest.is_empty() {
        let skip = at % GROUP;
        let here = rest.len().min(GROUP - skip);
        let (part, after) = rest.split_at_mut(here);
        for (v, &word) in part.iter_mut().zip(&key.group(at / GROUP)[skip..]) {
            *v = value(word);
        }
        at += here;
        rest = after;
    }
}
