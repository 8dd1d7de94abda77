//! The optimizer table: each update rule written once over `Lane`, run in place in one pass.
//!
//! A rule is a type that implements `Rule` and a line in the list at `rules!`. Formulas are those of
//! Keras 3, file by file `keras/src/optimizers/*.py`. Everything that does not depend on the weight,
//! such as bias corrections, is computed once per call in f64.
//!
//! Denormals never arise where values decay: a weight below 2^-126 becomes 0, and so do gradients and
//! slots below 2^-100 already, so that their products with 1 - beta stay normal as well.

mod rules;
#[cfg(test)]
mod tests;

use crate::lane::{F32x4, Lane};
use crate::param::Param;

/// The most slots a rule can have.
pub const MAX_SLOTS: usize = 3;
/// How many constants a rule can derive from its hyperparameters.
pub const MAX_CONSTS: usize = 6;

/// Gradients and slots smaller than this count as 0 (2^-100).
const FLUSH: f32 = 7.888_609e-31;

/// What one step of training hands to every variable.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Learning rate.
    pub lr: f32,
    /// Number of this step, from 1.
    pub step: u32,
    /// Every gradient is multiplied by this first: a clipping by norm, or an average.
    pub grad_scale: f32,
    /// Decoupled weight decay, `w -= w * weight_decay * lr` before the update; 0 is none.
    pub weight_decay: f32,
    /// Gradients (after `grad_scale`) are cut to `-c..=c`.
    pub clip_value: Option<f32>,
    /// Hyperparameters in the rule's order.
    pub hyper: &'a [f32],
}

/// One row of the table.
pub trait Rule {
    /// The name users write, in camelCase.
    const NAME: &'static str;
    /// What the rule remembers per weight, all 0 at first.
    const SLOTS: &'static [&'static str];
    /// Its hyperparameters.
    const HYPER: &'static [Param];
    /// What `step` needs of the hyperparameters, computed once per call.
    fn consts(s: &Step) -> [f32; MAX_CONSTS];
    /// The new weight and slots.
    fn step<L: Lane>(c: &[L; MAX_CONSTS], w: L, g: L, slots: [L; MAX_SLOTS])
        -> (L, [L; MAX_SLOTS]);
}

macro_rules! rules {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// The rules of the table. The number of a rule is its code in compiled programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum UpdateKind {
            $($(#[$doc])* $kind,)*
        }

        impl UpdateKind {
            /// All rules in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The name users write, in camelCase.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => rules::$kind::NAME,)*
                }
            }

            /// What the rule remembers per weight, by name.
            pub fn slots(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => rules::$kind::SLOTS,)*
                }
            }

            /// The hyperparameters, in order.
            pub fn hyper(self) -> &'static [Param] {
                match self {
                    $(Self::$kind => rules::$kind::HYPER,)*
                }
            }

            /// Updates the weights `w` and the slots in place from the gradients `g`.
            ///
            /// Panics when a length differs from that of `w`, or the number of slots or
            /// hyperparameters is not the rule's.
            pub fn apply(self, s: &Step, w: &mut [f32], g: &[f32], slots: &mut [&mut [f32]]) {
                assert_eq!(g.len(), w.len());
                assert_eq!(slots.len(), self.slots().len());
                assert_eq!(s.hyper.len(), self.hyper().len());
                assert!(slots.iter().all(|slot| slot.len() == w.len()));
                match self {
                    $(Self::$kind => run::<rules::$kind>(s, w, g, slots),)*
                }
            }
        }
    };
}

rules! {
    /// Stochastic gradient descent.
    Sgd,
    /// SGD with momentum.
    Momentum,
    /// SGD with Nesterov's momentum.
    Nesterov,
    /// Adam.
    Adam,
    /// Adam with decoupled weight decay (which every rule has: it differs in the default only).
    AdamW,
}

impl UpdateKind {
    /// The rule with code `code`.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The rule called `name`.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// 0 where `|v| < least`, else `v`; NaN stays.
#[inline(always)]
fn flush<L: Lane>(v: L, least: f32) -> L {
    L::select(v.abs().lt(L::splat(least)), L::splat(0.0), v)
}

/// What is the same for every rule: gradient scaling and clipping, decay, flushing.
struct Common {
    grad_scale: F32x4,
    clip: F32x4,
    decay: F32x4,
}

impl Common {
    #[inline(always)]
    fn step<R: Rule>(
        &self,
        c: &[F32x4; MAX_CONSTS],
        w: F32x4,
        g: F32x4,
        slots: [F32x4; MAX_SLOTS],
    ) -> (F32x4, [F32x4; MAX_SLOTS]) {
        let g = g.mul(self.grad_scale);
        let g = flush(g.pmax(self.clip.neg()).pmin(self.clip), FLUSH);
        let w = w.sub(w.mul(self.decay));
        let (w, slots) = R::step(c, w, g, slots);
        (
            flush(w, f32::MIN_POSITIVE),
            slots.map(|slot| flush(slot, FLUSH)),
        )
    }
}

fn run<R: Rule>(s: &Step, w: &mut [f32], g: &[f32], slots: &mut [&mut [f32]]) {
    let c = R::consts(s).map(F32x4::splat);
    let common = Common {
        grad_scale: F32x4::splat(s.grad_scale),
        clip: F32x4::splat(s.clip_value.unwrap_or(f32::INFINITY)),
        decay: F32x4::splat((f64::from(s.weight_decay) * f64::from(s.lr)) as f32),
    };
    let used = R::SLOTS.len();
    let whole = w.len() & !3;
    let mut at = [core::ptr::null_mut(); MAX_SLOTS];
    for (a, slot) in at.iter_mut().zip(slots.iter_mut()) {
        *a = slot.as_mut_ptr();
    }
    for i in (0..whole).step_by(4) {
        let mut old = [F32x4::splat(0.0); MAX_SLOTS];
        for k in 0..used {
            // SAFETY: `apply` checked that every slot is as long as `w`, and `i + 4 <= w.len()`.
            old[k] = unsafe { F32x4::load_at(at[k].add(i)) };
        }
        // SAFETY: `i + 4 <= w.len() == g.len()`.
        let (w0, g0) = unsafe {
            (
                F32x4::load_at(w.as_ptr().add(i)),
                F32x4::load_at(g.as_ptr().add(i)),
            )
        };
        let (w1, new) = common.step::<R>(&c, w0, g0, old);
        // SAFETY: as above.
        unsafe { w1.store_at(w.as_mut_ptr().add(i)) };
        for k in 0..used {
            // SAFETY: as above.
            unsafe { new[k].store_at(at[k].add(i)) };
        }
    }
    if whole < w.len() {
        let mut old = [F32x4::splat(0.0); MAX_SLOTS];
        for (o, slot) in old.iter_mut().zip(slots.iter()) {
            *o = crate::lane::load_part(&slot[whole..]);
        }
        let (w0, g0) = (
            crate::lane::load_part(&w[whole..]),
            crate::lane::load_part(&g[whole..]),
        );
        let (w1, new) = common.step::<R>(&c, w0, g0, old);
        w1.store_part(&mut w[whole..]);
        for (n, slot) in new.iter().zip(slots.iter_mut()) {
            n.store_part(&mut slot[whole..]);
        }
    }
}
