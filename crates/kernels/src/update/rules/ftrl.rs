//! Follow the regularised leader.

use super::LEAST_SQUARED;
use crate::lane::Lane;
use crate::math::pow;
use crate::param::Param;
use crate::update::{Rule, Step, MAX_CONSTS, MAX_SLOTS};

/// McMahan et al. 2013, algorithm 1, with shrinkage; Keras `ftrl.py`. With p = -learningRatePower:
///
/// ```text
/// n' = n + g^2
/// z += g + 2 shrinkage w - (n'^p - n^p) / lr * w
/// w  = lr (clip(z, -l1, l1) - z) / (n'^p + 2 l2 lr + beta)
/// ```
///
/// Where |z| <= l1, w is 0 even if the divisor is 0 as well (Keras: NaN). A step with a learning
/// rate of 0, which divides by it, changes nothing. Without `ANY_POWER` p is 1/2.
pub struct FtrlFamily<const ANY_POWER: bool>;

/// FTRL whose steps shrink with the root of the sum of squared gradients.
pub type Ftrl = FtrlFamily<false>;
/// FTRL with any `learningRatePower`.
pub type FtrlPower = FtrlFamily<true>;

impl<const ANY_POWER: bool> Rule for FtrlFamily<ANY_POWER> {
    const NAME: &'static str = if ANY_POWER { "ftrlPower" } else { "ftrl" };
    const SLOTS: &'static [&'static str] = &["accumulator", "linear"];
    const HYPER: &'static [Param] = &[
        Param::within("learningRatePower", -0.5, -f32::MAX, 0.0),
        Param::not_negative("l1RegularizationStrength", 0.0),
        Param::not_negative("l2RegularizationStrength", 0.0),
        Param::not_negative("l2ShrinkageRegularizationStrength", 0.0),
        Param::not_negative("beta", 0.0),
    ];
    const LEAST_GRADIENT: f32 = LEAST_SQUARED;
    fn consts(s: &Step) -> [f32; MAX_CONSTS] {
        let [power, l1, l2, shrinkage, beta] = [0, 1, 2, 3, 4].map(|i| s.hyper[i]);
        let damping = 2.0 * l2 * s.lr + beta;
        [s.lr, 1.0 / s.lr, l1, damping, 2.0 * shrinkage, -power]
    }
    #[inline(always)]
    fn step<L: Lane>(
        c: &[L; MAX_CONSTS],
        w: L,
        g: L,
        [n, z, d]: [L; MAX_SLOTS],
    ) -> (L, [L; MAX_SLOTS]) {
        let [rate, inverse_rate, l1, damping, shrinkage, power] = *c;
        let square = g.mul(g);
        let sum = n.add(square);
        let (root, growth) = if ANY_POWER {
            let root = pow(sum, power);
            (root, root.sub(pow(n, power)))
        } else {
            // The difference of roots, without cancellation; 0 where both are 0.
            let root = sum.sqrt();
            let both = root.add(n.sqrt());
            (root, square.div(both.pmax(L::constant(&f32::MIN_POSITIVE))))
        };
        let linear = w
            .fma(shrinkage, g)
            .sub(growth.mul(inverse_rate).mul(w))
            .add(z);
        let beyond = linear.abs().sub(l1);
        // Not `beyond > 0`, so that a NaN stays.
        let zero = linear.abs().le(l1);
        let size = beyond.mul(rate).div(root.add(damping));
        let new = L::select(zero, L::splat(0.0), size.copysign(linear).neg());
        let new = L::select(linear.eq(linear), new, linear);
        let still = rate.eq(L::splat(0.0));
        let keep = |old: L, new: L| L::select(still, old, new);
        (keep(w, new), [keep(n, sum), keep(z, linear), d])
    }
}
