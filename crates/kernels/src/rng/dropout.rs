//! Inverted dropout with a mask computed from its key, never stored.
//!
//! Half a random word decides over an element: rates are rounded to multiples of 2^-16, and the
//! scale is that of the rounded rate, so that the expected value is exact.

use super::Key;
use crate::lane::{F32x4, Lane};
use crate::par::{self, Parts};

/// `y = x / (1 - rate)` where kept, 0 where dropped (also for NaN); applied to the gradient of `y`
/// with the same key and rate it gives the gradient of `x`.
///
/// `rate` is in [0, 1), rounded to a multiple of 2^-16. `offset` is the index of `x[0]` in the whole tensor: parts done apart equal
/// a whole done at once. Panics when lengths differ or `rate` is out of range.
#[inline(never)]
pub fn dropout(x: &[f32], y: &mut [f32], rate: f32, key: Key, offset: usize) {
    assert_eq!(x.len(), y.len());
    let mask = Mask::new(rate, key);
    let y = Parts::new(y);
    par::spans(x.len(), GROUP, 2 * x.len(), |at| {
        // SAFETY: no two spans overlap.
        let y = unsafe { y.part(at.clone()) };
        mask.span(&x[at.clone()], y, offset + at.start);
    });
}

/// As [`dropout`], in place.
#[inline(never)]
pub fn dropout_inplace(x: &mut [f32], rate: f32, key: Key, offset: usize) {
    let mask = Mask::new(rate, key);
    let (x_head, x) = x.split_at_mut(head(offset, x.len()));
    let start = offset + x_head.len();
    mask.apply_part(x_head, offset);

    let cut = x.len() - x.len() % GROUP;
    for (i, part) in x.chunks_exact_mut(GROUP).enumerate() {
        let part: &mut [f32; GROUP] = part.try_into().expect(WHOLE);
        let from = *part;
        mask.apply(&from, part, start / GROUP + i);
    }
    mask.apply_part(&mut x[cut..], start + cut);
}

/// Elements decided at once: the halves of sixteen words.
const GROUP: usize = 2 * super::GROUP;

const WHOLE: &str = "chunks are whole groups";

/// How many of `len` elements from `offset` on come before the first whole group.
fn head(offset: usize, len: usize) -> usize {
    len.min(offset.next_multiple_of(GROUP) - offset)
}

struct Mask {
    key: Key,
    /// An element whose half word is below is dropped.
    threshold: u32,
    scale: f32,
}

impl Mask {
    fn new(rate: f32, key: Key) -> Self {
        // Printing the rate would bring float formatting along: 5 KB of the WebAssembly file.
        assert!((0.0..1.0).contains(&rate), "dropout rate is not in [0, 1)");
        const ONE: u32 = 1 << 16;
        // Rates next to 1 still keep a few.
        let threshold = ((rate * ONE as f32).round() as u32).min(ONE - 1);
        Self {
            key,
            threshold,
            scale: ONE as f32 / (ONE - threshold) as f32,
        }
    }

    /// Elements from `offset` of the whole tensor on.
    fn span(&self, x: &[f32], y: &mut [f32], offset: usize) {
        let head = head(offset, x.len());
        let (x_head, x) = x.split_at(head);
        let (y_head, y) = y.split_at_mut(head);
        y_head.copy_from_slice(x_head);
        self.apply_part(y_head, offset);

        let offset = offset + head;
        let cut = x.len() - x.len() % GROUP;
        let groups = x.chunks_exact(GROUP).zip(y.chunks_exact_mut(GROUP));
        for (i, (from, to)) in groups.enumerate() {
            let from = from.try_into().expect(WHOLE);
            self.apply(from, to.try_into().expect(WHOLE), offset / GROUP + i);
        }
        y[cut..].copy_from_slice(&x[cut..]);
        self.apply_part(&mut y[cut..], offset + cut);
    }

    /// A whole group.
    #[inline(always)]
    fn apply(&self, x: &[f32; GROUP], y: &mut [f32; GROUP], group: usize) {
        let scale = F32x4::splat(self.scale);
        let halves = self.key.group_wide(group).map(|word| word.halves());
        for (i, half) in halves.into_iter().flatten().enumerate() {
            let kept = F32x4::load(&x[4 * i..]).mul(scale);
            half.keep_if_ge(self.threshold, kept).store(&mut y[4 * i..]);
        }
    }

    /// Less than a group, all within one.
    fn apply_part(&self, x: &mut [f32], offset: usize) {
        if x.is_empty() {
            return;
        }
        let skip = offset % GROUP;
        let mut padded = [0.0; GROUP];
        padded[skip..skip + x.len()].copy_from_slice(x);
        let from = padded;
        self.apply(&from, &mut padded, offset / GROUP);
        x.copy_from_slice(&padded[skip..skip + x.len()]);
    }
}
