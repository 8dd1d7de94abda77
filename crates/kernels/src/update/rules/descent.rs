//! Gradient descent and its momentum.

use super::MOMENTUM;
use crate::lane::Lane;
use crate::param::Param;
use crate::update::{Rule, Step, MAX_CONSTS, MAX_SLOTS};

/// `w -= lr g`. Keras `sgd.py` without momentum.
pub struct Sgd;

impl Rule for Sgd {
    const NAME: &'static str = "sgd";
    const SLOTS: &'static [&'static str] = &[];
    const HYPER: &'static [Param] = &[];
    const OFTEN: bool = true;
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
    const OFTEN: bool = true;
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
    const OFTEN: bool = true;
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
