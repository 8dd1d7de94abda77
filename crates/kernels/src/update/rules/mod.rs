//! The rules themselves. `w`, `g` and slots are per weight; `lr` is the learning rate.

use crate::param::Param;

mod adam;
mod adaptive;
mod descent;
mod ftrl;
mod lion;

pub use adam::{Adam, AdamW, Adamax, Amsgrad, Nadam};
pub use adaptive::{
    Adadelta, Adagrad, Rmsprop, RmspropCentered, RmspropCenteredMomentum, RmspropMomentum,
};
pub use descent::{Momentum, Nesterov, Sgd};
pub use ftrl::{Ftrl, FtrlPower};
pub use lion::Lion;

#[cfg(test)]
pub(super) use adam::nadam_product;

const MOMENTUM: Param = Param::rate("momentum", 0.9);

/// 2^-50: where a slot keeps squares, the square of a smaller gradient is below what it keeps.
const LEAST_SQUARED: f32 = 8.881_784e-16;

/// `base^exponent` by squaring: of the library's `pow`, which takes any exponent, a small network
/// would notice the time. Relative error below `exponent` times f64's epsilon.
pub(super) fn power(mut base: f64, mut exponent: u32) -> f64 {
    let mut result = 1.0;
    while exponent > 0 {
        // Without a branch: its outcome changes from step to step.
        result *= [1.0, base][exponent as usize & 1];
        base *= base;
        exponent >>= 1;
    }
    result
}

/// The number with up to seven decimals that `v` is the float of, if there is one, else `v`.
///
/// A beta2 written 0.999 is off by 1.3e-8 as float32, which is 1.3e-5 of the `1 - beta2` that counts.
pub(super) fn as_written(v: f32) -> f64 {
    let short = (f64::from(v) * 1e7).round_ties_even() / 1e7;
    if short as f32 == v {
        short
    } else {
        f64::from(v)
    }
}

/// 1 - v, for a decay rate as it was written.
pub(super) fn rest(v: f32) -> f32 {
    (1.0 - as_written(v)) as f32
}
