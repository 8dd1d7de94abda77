//! The rules themselves. `w`, `g` and slots are per weight; `lr` is the learning rate.

use super::{Rule, Step, MAX_CONSTS, MAX_SLOTS};
use crate::lane::Lane;
use crate::param::Param;

const MOMENTUM: Param = Param::rate("momentum", 0.9);

/// The number with up to seven decimals that `v` is the float of, if there is one, else `v`.
///
/// A beta2 written 0.999 is off by 1.3e-8 as float32, which is 1.3e-5 of the `1 - beta2` that counts.
fn as_written(v: f32) -> f64 {
    let short = (f64::from(v) * 1e7).round() / 1e7;
    if short as f32 == v {
        short
    } else {
        f64::from(v)
    }
}

/// `w -= lr g`. Keras `sgd.py` without momentum.
pub struct Sgd;

impl Rule for Sgd {
    const NAME: &'static str = "sgd";
    const SLOTS: &'static [&'static str] = &[];
    const HYPER: &'static [Param] = &[];
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        [-s.lr, 0.0, 0.0, 0.0, 0.0, 0.0]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        slots: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        (g.fma(c[0], w), slots)
    }
}

/// `v = momentum v - lr g; w += v`. Polyak 1964; Keras `sgd.py`.
pub struct Momentum;

impl Rule for Momentum {
    const NAME: &'static str = "momentum";
    const SLOTS: &'static [&'static str] = &["momentum"];
    const HYPER: &'static [Param] = &[MOMENTUM];
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        [-s.lr, s.hyper[0], 0.0, 0.0, 0.0, 0.0]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [v, b, d]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let v = v.fma(c[1], g.mul(c[0]));
        (w.add(v), [v, b, d])
    }
}

/// `v = momentum v - lr g; w += momentum v - lr g`. Sutskever et al. 2013; Keras `sgd.py`.
pub struct Nesterov;

impl Rule for Nesterov {
    const NAME: &'static str = "nesterov";
    const SLOTS: &'static [&'static str] = &["momentum"];
    const HYPER: &'static [Param] = &[MOMENTUM];
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        Momentum::consts(s)
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [v, b, d]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let down = g.mul(c[0]);
        let v = v.fma(c[1], down);
        (w.add(v.fma(c[1], down)), [v, b, d])
    }
}

/// Kingma and Ba 2015; Keras `adam.py`, whose epsilon is the paper's epsilon-hat.
pub struct Adam;

impl Rule for Adam {
    const NAME: &'static str = "adam";
    const SLOTS: &'static [&'static str] = &["momentum", "velocity"];
    const HYPER: &'static [Param] = &[
        Param::rate("beta1", 0.9),
        Param::rate("beta2", 0.999),
        Param::positive("epsilon", 1e-7),
    ];
    /// 2^-50: the square of anything smaller is below what `velocity` keeps, and epsilon outweighs it.
    const LEAST_GRADIENT: f32 = 8.881_784e-16;
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        let (b1, b2) = (as_written(s.hyper[0]), as_written(s.hyper[1]));
        let t = f64::from(s.step);
        let alpha = f64::from(s.lr) * (1.0 - b2.powf(t)).sqrt() / (1.0 - b1.powf(t));
        let (rest1, rest2) = ((1.0 - b1) as f32, (1.0 - b2) as f32);
        [-alpha as f32, rest1, rest2, s.hyper[2], 0.0, 0.0]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [m, v, d]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let m = g.sub(m).fma(c[1], m);
        let v = g.mul(g).sub(v).fma(c[2], v);
        let w = m.mul(c[0]).div(v.sqrt().add(c[3])).add(w);
        (w, [m, v, d])
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
