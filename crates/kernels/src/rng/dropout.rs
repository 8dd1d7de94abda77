//! Inverted dropout with a mask computed from its key, never stored.

use super::{Key, GROUP};
use crate::lane::{F32x4, Lane};

/// `y = x / (1 - rate)` where kept, 0 where dropped (also for NaN); applied to the gradient of `y`
/// with the same key and rate it gives the gradient of `x`.
///
/// `rate` is in [0, 1). `offset` is the index of `x[0]` in the whole tensor: parts done apart equal
/// a whole done at once. Panics when lengths differ or `rate` is out of range.
pub fn dropout(x: &[f32], y: &mut [f32], rate: f32, key: Key, offset: usize) {
    assert_eq!(x.len(), y.len());
    let mask = Mask::new(rate, key);
    let head = head(offset, x.len());
    let (x_head, x) = x.split_at(head);
    let (y_head, y) = y.split_at_mut(head);
    y_head.copy_from_slice(x_head);
    mask.apply_part(y_head, offset);

    let offset = offset + head;
    let cut = x.len() - x.len() % GROUP;
    let groups = x.chunks_exact(GROUP).zip(y.chunks_exact_mut(GROUP));
    for (i, (from, to)) in groups.enumerate() {
        mask.apply(from, to, offset / GROUP + i);
    }
    y[cut..].copy_from_slice(&x[cut..]);
    mask.apply_part(&mut y[cut..], offset + cut);
}

/// As [`dropout`], in place.
pub fn dropout_inplace(x: &mut [f32], rate: f32, key: Key, offset: usize) {
    let mask = Mask::new(rate, key);
    let (x_head, x) = x.split_at_mut(head(offset, x.len()));
    let start = offset + x_head.len();
    mask.apply_part(x_head, offset);

    let cut = x.len() - x.len() % GROUP;
    for (i, part) in x.chunks_exact_mut(GROUP).enumerate() {
        let from: [f32; GROUP] = part.try_into().expect("a whole group");
        mask.apply(&from, part, start / GROUP + i);
    }
    mask.apply_part(&mut x[cut..], start + cut);
}

/// How many of `len` elements from `offset` on come before the first whole group.
fn head(offset: usize, len: usize) -> usize {
    len.min(offset.next_multiple_of(GROUP) - offset)
}

struct Mask {
    key: Key,
    /// An element whose word is below is dropped.
    threshold: u32,
    scale: f32,
}

impl Mask {
    fn new(rate: f32, key: Key) -> Self {
        assert!(
            (0.0..1.0).contains(&rate),
            "dropout rate {rate} is not in [0, 1)"
        );
        let rate = f64::from(rate);
        Self {
            key,
            // At most 2^32 - 256, as the largest rate is 1 - 2^-24.
            threshold: (rate * (1u64 << 32) as f64) as u32,
            scale: (1.0 / (1.0 - rate)) as f32,
        }
    }

    /// A whole group.
    #[inline(always)]
    fn apply(&self, x: &[f32], y: &mut [f32], group: usize) {
        let scale = F32x4::splat(self.scale);
        let words = self.key.group_wide(group);
        for (i, word) in words.into_iter().enumerate() {
            let kept = F32x4::load(&x[4 * i..]).mul(scale);
            word.keep_if_ge(self.threshold, kept).store(&mut y[4 * i..]);
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
