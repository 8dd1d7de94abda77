//! Adam and what was made of it: running means of gradients over the size they usually have.

use super::{as_written, power, rest, LEAST_SQUARED};
use crate::lane::Lane;
use crate::param::Param;
use crate::update::{Rule, Step, MAX_CONSTS, MAX_SLOTS};

const BETAS_AND_EPSILON: &[Param] = &[
    Param::rate("beta1", 0.9),
    Param::rate("beta2", 0.999),
    Param::positive("epsilon", 1e-7),
];

/// Kingma and Ba 2015; Keras `adam.py`, whose epsilon is the paper's epsilon-hat. With `GREATEST`
/// the greatest velocity so far counts, not the present one: AMSGrad, Reddi et al. 2018.
pub struct AdamFamily<const GREATEST: bool>;

/// Adam.
pub type Adam = AdamFamily<false>;
/// Adam with `amsgrad`.
pub type Amsgrad = AdamFamily<true>;

impl<const GREATEST: bool> Rule for AdamFamily<GREATEST> {
    const NAME: &'static str = if GREATEST { "amsgrad" } else { "adam" };
    const SLOTS: &'static [&'static str] = if GREATEST {
        &["momentum", "velocity", "velocityHat"]
    } else {
        &["momentum", "velocity"]
    };
    const HYPER: &'static [Param] = BETAS_AND_EPSILON;
    const LEAST_GRADIENT: f32 = LEAST_SQUARED;
    const OFTEN: bool = !GREATEST;
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        let (b1, b2) = (as_written(s.hyper[0]), as_written(s.hyper[1]));
        let t = s.step;
        let alpha = f64::from(s.lr) * (1.0 - power(b2, t)).sqrt() / (1.0 - power(b1, t));
        let (rest1, rest2) = ((1.0 - b1) as f32, (1.0 - b2) as f32);
        [-alpha as f32, rest1, rest2, s.hyper[2], 0.0, 0.0]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [m, v, greatest]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let m = g.sub(m).fma(c[1], m);
        let v = g.mul(g).sub(v).fma(c[2], v);
        let greatest = if GREATEST { greatest.max(v) } else { greatest };
        let size = if GREATEST { greatest } else { v };
        let w = m.mul(c[0]).div(size.sqrt().add(c[3])).add(w);
        (w, [m, v, greatest])
    }
}

/// Loshchilov and Hutter 2019; Keras `adamw.py`. The decay itself is the caller's `weight_decay`.
pub struct AdamW;

impl Rule for AdamW {
    const NAME: &'static str = "adamW";
    const SLOTS: &'static [&'static str] = Adam::SLOTS;
    const HYPER: &'static [Param] = Adam::HYPER;
    const LEAST_GRADIENT: f32 = Adam::LEAST_GRADIENT;
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        Adam::consts(s)
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        slots: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        Adam::step(c, w, g, slots)
    }
}

/// `u = max(beta2 u, |g|)` in place of Adam's velocity. Kingma and Ba 2015, section 7.1; Keras
/// `adamax.py`.
pub struct Adamax;

impl Rule for Adamax {
    const NAME: &'static str = "adamax";
    const SLOTS: &'static [&'static str] = &["momentum", "norm"];
    const HYPER: &'static [Param] = BETAS_AND_EPSILON;
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        let b1 = as_written(s.hyper[0]);
        let alpha = f64::from(s.lr) / (1.0 - power(b1, s.step));
        let rest1 = rest(s.hyper[0]);
        [-alpha as f32, rest1, s.hyper[1], s.hyper[2], 0.0, 0.0]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [m, u, d]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let m = g.sub(m).fma(c[1], m);
        let u = u.mul(c[2]).max(g.abs());
        let w = m.mul(c[0]).div(u.add(c[3])).add(w);
        (w, [m, u, d])
    }
}

/// Adam with Nesterov's momentum, whose share u(t) = beta1 (1 - 0.96^t / 2) grows with the step.
/// Dozat 2015 and 2016; Keras `nadam.py`.
pub struct Nadam;

/// u(1) u(2) ... u(t). The second factors come to rest: past t = 900 they are 1 in f64.
pub fn nadam_product(b1: f64, t: u32) -> f64 {
    let power = power(b1, t);
    // Too small to count in 1 - product.
    if power < f64::EPSILON / 4.0 {
        return 0.0;
    }
    let mut fade = 1.0;
    let mut product = power;
    for _ in 0..t.min(900) {
        fade *= 0.96;
        product *= 1.0 - 0.5 * fade;
    }
    product
}

impl Rule for Nadam {
    const NAME: &'static str = "nadam";
    const SLOTS: &'static [&'static str] = &["momentum", "velocity"];
    const HYPER: &'static [Param] = BETAS_AND_EPSILON;
    const LEAST_GRADIENT: f32 = LEAST_SQUARED;
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        let (b1, b2) = (as_written(s.hyper[0]), as_written(s.hyper[1]));
        let (lr, t) = (f64::from(s.lr), s.step);
        let share = |t: u32| b1 * (1.0 - 0.5 * power(0.96, t));
        let product = nadam_product(b1, s.step);
        let next = share(t + 1);
        let of_mean = lr * next / (1.0 - product * next);
        let of_gradient = lr * (1.0 - share(t)) / (1.0 - product);
        [
            -of_mean as f32,
            -of_gradient as f32,
            (1.0 - b1) as f32,
            (1.0 - b2) as f32,
            (1.0 / (1.0 - power(b2, t))) as f32,
            s.hyper[2],
        ]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [m, v, d]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let m = g.sub(m).fma(c[2], m);
        let v = g.mul(g).sub(v).fma(c[3], v);
        let down = m.fma(c[0], g.mul(c[1]));
        let w = down.div(v.mul(c[4]).sqrt().add(c[5])).add(w);
        (w, [m, v, d])
    }
}
