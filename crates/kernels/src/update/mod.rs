//! The optimizer table: each update rule written once over `Lane`, run in place in one pass.
//!
//! A rule is a type that implements `Rule` and a line in the list at `rules!`. Formulas are those of
//! Keras 3, file by file `keras/src/optimizers/*.py`. Everything that does not depend on the weight,
//! such as bias corrections, is computed once per step in f64.
//!
//! Denormals do not last where values decay: a weight below 2^-126 becomes 0, and a slot already
//! below 2^-100, so that its product with 1 - beta stays normal as well. Not in every step, where
//! looking for them would take a third of Adam's time: see `FADING`.

mod rules;
#[cfg(test)]
mod tests;

use crate::lane::{F32x4, Lane};
use crate::par::{self, Parts};
use crate::param::Param;

/// The most slots a rule can have.
pub const MAX_SLOTS: usize = 3;
/// How many constants a rule can derive from its hyperparameters.
pub const MAX_CONSTS: usize = 6;

/// Slots smaller than this count as 0 (2^-100).
const LEAST_SLOT: f32 = 7.888_609e-31;

/// What is next to 0 becomes 0 in every so many steps. In between a slot that keeps a third from step
/// to step falls from 2^-100 to 2^-126, the least normal number.
const FADING: u32 = 16;
/// So many weights are looked through while they are in the first cache.
const FADED: usize = 1024;

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

/// The most hyperparameters a rule can have.
pub const MAX_HYPER: usize = 8;

/// What a rule made of a step, kept for the next variable: powers in f64 take longer than a small
/// variable.
#[derive(Default)]
pub struct Memo {
    of: Option<(UpdateKind, u32, f32, [f32; MAX_HYPER])>,
    consts: [f32; MAX_CONSTS],
}

impl Memo {
    fn consts(&mut self, kind: UpdateKind, make: Consts, s: &Step) -> &[f32; MAX_CONSTS] {
        let mut hyper = [0.0; MAX_HYPER];
        hyper[..s.hyper.len()].copy_from_slice(s.hyper);
        let of = Some((kind, s.step, s.lr, hyper));
        if self.of != of {
            self.consts = make(s);
            self.of = of;
        }
        &self.consts
    }
}

/// One row of the table.
pub trait Rule {
    /// The name users write, in camelCase.
    const NAME: &'static str;
    /// What the rule remembers per weight; what it starts from is the caller's choice.
    const SLOTS: &'static [&'static str];
    /// Its hyperparameters.
    const HYPER: &'static [Param];
    /// Gradients smaller than this count as 0: their products would vanish in what the slots keep.
    const LEAST_GRADIENT: f32 = LEAST_SLOT;
    /// Whether it is used so often without decay that such steps get a loop of their own.
    const OFTEN: bool = false;
    /// What `step` needs of learning rate, step and hyperparameters, and of nothing else.
    fn consts(s: &Step) -> [f32; MAX_CONSTS];
    /// The new weight and slots.
    fn step<L: Lane>(c: &[L; MAX_CONSTS], w: L, g: L, slots: [L; MAX_SLOTS])
        -> (L, [L; MAX_SLOTS]);
}

/// `1 - beta^step`, in which `beta` is the decimal number that was written for it.
pub fn bias_correction(beta: f32, step: u32) -> f64 {
    1.0 - rules::power(rules::as_written(beta), step)
}

/// `1 - beta`, in which `beta` is the decimal number that was written for it.
pub fn rest(beta: f32) -> f32 {
    rules::rest(beta)
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
            /// `memo` is kept from variable to variable. Panics when a length differs from that of
            /// `w`, or the number of slots or hyperparameters is not the rule's.
            #[inline(never)]
            pub fn apply(
                self,
                s: &Step,
                memo: &mut Memo,
                w: &mut [f32],
                g: &[f32],
                slots: &mut [&mut [f32]],
            ) {
                assert_eq!(g.len(), w.len());
                assert_eq!(slots.len(), self.slots().len());
                assert_eq!(s.hyper.len(), self.hyper().len());
                assert!(slots.iter().all(|slot| slot.len() == w.len()));
                let (consts, quads, least_gradient) = match self {
                    $(Self::$kind => functions::<rules::$kind>(s),)*
                };
                let consts = memo.consts(self, consts, s);
                // SAFETY: gradients and slots are as long as the weights, and there are as many
                // slots as the rule has.
                unsafe { run_with(quads, consts, least_gradient, s, w, g, slots) };
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
    /// Adam over the greatest velocity so far.
    Amsgrad,
    /// Adam over the greatest gradient, which fades.
    Adamax,
    /// Adam with Nesterov's momentum.
    Nadam,
    /// Steps that shrink with all squared gradients so far.
    Adagrad,
    /// Gradients over the root of their mean square.
    Rmsprop,
    /// RMSprop with momentum.
    RmspropMomentum,
    /// RMSprop over the variance of gradients.
    RmspropCentered,
    /// RMSprop with momentum over the variance of gradients.
    RmspropCenteredMomentum,
    /// Steps as large as steps usually are.
    Adadelta,
    /// The sign of a mean gradient.
    Lion,
    /// Follow the regularised leader.
    Ftrl,
    /// The same with any power of the sum of squares.
    FtrlPower,
}

impl UpdateKind {
    /// The rule with code `code`.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The rule called `name`.
    pub fn by_name(name: impl AsRef<[u8]>) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.name().as_bytes() == name.as_ref())
    }
}

/// Copies what a rule remembers, without what is next to 0.
///
/// Panics when the lengths differ.
pub fn copy_slot(from: &[f32], to: &mut [f32]) {
    to.copy_from_slice(from);
    fade(to, LEAST_SLOT);
}

/// Makes 0 of what is smaller than `least`.
#[inline(never)]
fn fade(values: &mut [f32], least: f32) {
    let (quads, rest) = values.as_chunks_mut::<4>();
    let four = F32x4::splat(least);
    for quad in quads {
        F32x4::load(quad).flush(four).store(quad);
    }
    for x in rest {
        *x = x.flush(least);
    }
}

/// What is the same for every rule: gradient scaling and clipping, decay, vanished gradients.
///
/// What counts as 0 comes from memory, too: V8 builds a constant anew each time round a loop. Here
/// it stays in a register, which `Lane::constant` in `flush` would not do (8 % slower, measured).
struct Common {
    grad_scale: F32x4,
    clip: F32x4,
    decay: F32x4,
    least_gradient: F32x4,
}

impl Common {
    #[inline(always)]
    fn step<R: Rule, const DECAYS: bool, const CLIPS: bool>(
        &self,
        c: &[F32x4; MAX_CONSTS],
        mut w: F32x4,
        mut g: F32x4,
        slots: [F32x4; MAX_SLOTS],
    ) -> (F32x4, [F32x4; MAX_SLOTS]) {
        if CLIPS {
            g = g.mul(self.grad_scale);
            g = g.pmax(self.clip.neg()).pmin(self.clip);
        }
        if DECAYS {
            w = w.sub(w.mul(self.decay));
        }
        R::step(c, w, g.flush(self.least_gradient), slots)
    }
}

/// What a rule does in this step, and the gradients it takes for 0. Loops that leave out what does
/// nothing are 10 % faster.
fn functions<R: Rule>(s: &Step) -> (Consts, Quads, f32) {
    let clips = s.grad_scale != 1.0 || s.clip_value.is_some();
    let quads: Quads = match (clips, s.weight_decay != 0.0) {
        (false, false) if R::OFTEN => quads::<R, false, false>,
        (false, _) => quads::<R, true, false>,
        (true, _) => quads::<R, true, true>,
    };
    (R::consts, quads, R::LEAST_GRADIENT)
}

type Consts = fn(&Step) -> [f32; MAX_CONSTS];
type Quads =
    unsafe fn(&[F32x4; MAX_CONSTS], &Common, *mut f32, *const f32, [*mut f32; MAX_SLOTS], usize);

/// # Safety
/// `g` and `slots` are as long as `w`, and there are the slots that `quads` wants.
#[inline(never)]
unsafe fn run_with(
    quads: Quads,
    consts: &[f32; MAX_CONSTS],
    least_gradient: f32,
    s: &Step,
    w: &mut [f32],
    g: &[f32],
    slots: &mut [&mut [f32]],
) {
    let c = consts.map(F32x4::splat);
    let common = Common {
        grad_scale: F32x4::splat(s.grad_scale),
        clip: F32x4::splat(s.clip_value.unwrap_or(f32::INFINITY)),
        decay: F32x4::splat((f64::from(s.weight_decay) * f64::from(s.lr)) as f32),
        least_gradient: F32x4::splat(least_gradient),
    };
    let fades = s.step.is_multiple_of(FADING);
    let piece = if fades { FADED } else { usize::MAX };
    let len = w.len();
    let w = Parts::new(w);
    let mut all = [None; MAX_SLOTS];
    for (all, slot) in all.iter_mut().zip(slots) {
        *all = Some(Parts::new(slot));
    }
    par::spans(len, par::LINE, len, |span| {
        for start in span.clone().step_by(piece) {
            let at = start..start.saturating_add(piece).min(span.end);
            // SAFETY: no two spans overlap, nor do pieces of one.
            let w = unsafe { w.part(at.clone()) };
            // SAFETY: as above.
            let mut slots = all.map(|slot| slot.map(|slot| unsafe { slot.part(at.clone()) }));
            // SAFETY: as the caller promises.
            unsafe { run_piece(quads, &c, &common, w, &g[at], &mut slots) };
            if fades {
                fade(w, f32::MIN_POSITIVE);
                for slot in slots.into_iter().flatten() {
                    fade(slot, LEAST_SLOT);
                }
            }
        }
    });
}

/// # Safety
/// As for `run_with`.
unsafe fn run_piece(
    quads: Quads,
    c: &[F32x4; MAX_CONSTS],
    common: &Common,
    w: &mut [f32],
    g: &[f32],
    slots: &mut [Option<&mut [f32]>; MAX_SLOTS],
) {
    let whole = w.len() & !3;
    let at = slots.each_mut().map(|slot| match slot {
        Some(slot) => slot.as_mut_ptr(),
        None => core::ptr::null_mut(),
    });
    // SAFETY: as the caller promises.
    unsafe { quads(c, common, w.as_mut_ptr(), g.as_ptr(), at, whole) };
    let rest = w.len() - whole;
    if rest > 0 {
        let mut parts = [[0.0f32; 4]; 2 + MAX_SLOTS];
        let [w_part, g_part, slot_parts @ ..] = &mut parts;
        w_part[..rest].copy_from_slice(&w[whole..]);
        g_part[..rest].copy_from_slice(&g[whole..]);
        for (part, slot) in slot_parts.iter_mut().zip(slots.iter().flatten()) {
            part[..rest].copy_from_slice(&slot[whole..]);
        }
        let at = slot_parts.each_mut().map(|part| part.as_mut_ptr());
        // SAFETY: each part holds four floats.
        unsafe { quads(c, common, w_part.as_mut_ptr(), g_part.as_ptr(), at, 4) };
        w[whole..].copy_from_slice(&w_part[..rest]);
        for (part, slot) in slot_parts.iter().zip(slots.iter_mut().flatten()) {
            slot[whole..].copy_from_slice(&part[..rest]);
        }
    }
}

/// # Safety
/// `len`, a multiple of four, floats must be readable at `g` and writable at `w` and the first
/// slots, as many as the rule has; none overlap.
unsafe fn quads<R: Rule, const DECAYS: bool, const CLIPS: bool>(
    c: &[F32x4; MAX_CONSTS],
    common: &Common,
    w: *mut f32,
    g: *const f32,
    slots: [*mut f32; MAX_SLOTS],
    len: usize,
) {
    let used = R::SLOTS.len();
    let c = *c;
    for i in (0..len).step_by(4) {
        let mut old = [F32x4::splat(0.0); MAX_SLOTS];
        for k in 0..used {
            // SAFETY: `i + 4 <= len`.
            old[k] = unsafe { F32x4::load_at(slots[k].add(i)) };
        }
        // SAFETY: as above.
        let (w0, g0) = unsafe { (F32x4::load_at(w.add(i)), F32x4::load_at(g.add(i))) };
        let (w1, new) = common.step::<R, DECAYS, CLIPS>(&c, w0, g0, old);
        // SAFETY: as above.
        unsafe { w1.store_at(w.add(i)) };
        for k in 0..used {
            // SAFETY: as above.
            unsafe { new[k].store_at(slots[k].add(i)) };
        }
    }
}
