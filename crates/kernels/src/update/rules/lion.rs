//! Lion: steps of one size, in the direction of a sign.

use super::rest;
use crate::lane::Lane;
use crate::param::Param;
use crate::update::{Rule, Step, MAX_CONSTS, MAX_SLOTS};

/// `w -= lr sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g`. Chen et al. 2023; Keras
/// `lion.py`.
pub struct Lion;

impl Rule for Lion {
    const NAME: &'static str = "lion";
    const SLOTS: &'static [&'static str] = &["momentum"];
    const HYPER: &'static [Param] = &[
        Param {
            above: true,
            ..Param::within("beta1", 0.9, 0.0, 1.0)
        },
        Param::rate("beta2", 0.99),
    ];
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        let (rest1, rest2) = (rest(s.hyper[0]), rest(s.hyper[1]));
        [s.lr, rest1, rest2, s.hyper[0], 0.0, 0.0]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [m, b, d]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let direction = m.fma(c[3], g.mul(c[1]));
        // 0 has no direction, and a NaN stays.
        let some = direction.abs().gt(L::splat(0.0));
        let down = L::select(some, c[0].copysign(direction), direction);
        let m = g.sub(m).fma(c[2], m);
        (w.sub(down), [m, b, d])
    }
}
