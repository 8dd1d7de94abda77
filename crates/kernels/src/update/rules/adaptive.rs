//! Gradients over the root of what their squares were: Adagrad, RMSprop, Adadelta.

use super::{rest, LEAST_SQUARED, MOMENTUM};
use crate::lane::Lane;
use crate::param::Param;
use crate::update::{Rule, Step, MAX_CONSTS, MAX_SLOTS};

const EPSILON: Param = Param::positive("epsilon", 1e-7);

/// `a += g^2; w -= lr g / sqrt(a + epsilon)`. Duchi et al. 2011; Keras `adagrad.py`.
pub struct Adagrad;

impl Rule for Adagrad {
    const NAME: &'static str = "adagrad";
    const SLOTS: &'static [&'static str] = &["accumulator"];
    const HYPER: &'static [Param] = &[EPSILON];
    const LEAST_GRADIENT: f32 = LEAST_SQUARED;
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        [-s.lr, s.hyper[0], 0.0, 0.0, 0.0, 0.0]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [a, b, d]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let a = g.fma(g, a);
        let w = g.mul(c[0]).div(a.add(c[1]).sqrt()).add(w);
        (w, [a, b, d])
    }
}

/// `v = rho v + (1 - rho) g^2; w -= lr g / sqrt(v + epsilon)`. Hinton 2012; Keras `rmsprop.py`.
///
/// With `CENTERED` the square of the mean gradient is taken off `v` below the root. With `MOMENTUM`
/// the step is `p = momentum p + lr g / sqrt(...)`; momentum is the first hyperparameter then.
pub struct RmspropFamily<const MOMENTUM: bool, const CENTERED: bool>;

/// RMSprop.
pub type Rmsprop = RmspropFamily<false, false>;
/// RMSprop with momentum.
pub type RmspropMomentum = RmspropFamily<true, false>;
/// RMSprop over the variance of gradients.
pub type RmspropCentered = RmspropFamily<false, true>;
/// Both.
pub type RmspropCenteredMomentum = RmspropFamily<true, true>;

const RHO: Param = Param::rate("rho", 0.9);

impl<const WITH_MOMENTUM: bool, const CENTERED: bool> Rule
    for RmspropFamily<WITH_MOMENTUM, CENTERED>
{
    const NAME: &'static str = match (WITH_MOMENTUM, CENTERED) {
        (false, false) => "rmsprop",
        (true, false) => "rmspropMomentum",
        (false, true) => "rmspropCentered",
        (true, true) => "rmspropCenteredMomentum",
    };
    const SLOTS: &'static [&'static str] = match (WITH_MOMENTUM, CENTERED) {
        (false, false) => &["velocity"],
        (true, false) => &["velocity", "momentum"],
        (false, true) => &["velocity", "averageGradient"],
        (true, true) => &["velocity", "momentum", "averageGradient"],
    };
    const HYPER: &'static [Param] = if WITH_MOMENTUM {
        &[MOMENTUM, RHO, EPSILON]
    } else {
        &[RHO, EPSILON]
    };
    const LEAST_GRADIENT: f32 = LEAST_SQUARED;
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        let (momentum, rho, epsilon) = match *s.hyper {
            [momentum, rho, epsilon] => (momentum, rho, epsilon),
            _ => (0.0, s.hyper[0], s.hyper[1]),
        };
        [s.lr, rest(rho), epsilon, momentum, 0.0, 0.0]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [v, mut p, mut mean]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        if CENTERED && !WITH_MOMENTUM {
            (p, mean) = (mean, p);
        }
        let v = g.mul(g).sub(v).fma(c[1], v);
        let mut variance = v;
        if CENTERED {
            mean = g.sub(mean).fma(c[1], mean);
            // Below 0 by rounding only.
            variance = mean.neg().fma(mean, v).pmax(L::splat(0.0));
        }
        let mut down = g.mul(c[0]).div(variance.add(c[2]).sqrt());
        if WITH_MOMENTUM {
            p = p.fma(c[3], down);
            down = p;
        }
        if CENTERED && !WITH_MOMENTUM {
            (p, mean) = (mean, p);
        }
        (w.sub(down), [v, p, mean])
    }
}

/// `d = g sqrt(s + epsilon) / sqrt(a + epsilon)`, where `a` and `s` are running means of `g^2` and of
/// `d^2`; `w -= lr d`. Zeiler 2012; Keras `adadelta.py`.
pub struct Adadelta;

impl Rule for Adadelta {
    const NAME: &'static str = "adadelta";
    const SLOTS: &'static [&'static str] = &["accumulatedGrad", "accumulatedDeltaVar"];
    const HYPER: &'static [Param] = &[Param::rate("rho", 0.95), EPSILON];
    const LEAST_GRADIENT: f32 = LEAST_SQUARED;
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        [-s.lr, rest(s.hyper[0]), s.hyper[1], 0.0, 0.0, 0.0]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [a, s, d]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let a = g.mul(g).sub(a).fma(c[1], a);
        let delta = g.mul(s.add(c[2]).sqrt()).div(a.add(c[2]).sqrt());
        let s = delta.mul(delta).sub(s).fma(c[1], s);
        (delta.fma(c[0], w), [a, s, d])
    }
}
