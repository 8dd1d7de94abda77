//! How the tables declare a row's parameters: name, default and range.

/// A named number with its default and the range it must lie in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// The name users write, in camelCase.
    pub name: &'static str,
    /// What it is when not given.
    pub default: f32,
    /// The smallest value, itself allowed unless `above` says otherwise.
    pub min: f32,
    /// The largest value, itself allowed unless `below` says otherwise.
    pub max: f32,
    /// The value must be greater than `min`.
    pub above: bool,
    /// The value must be less than `max`.
    pub below: bool,
}

impl Param {
    /// A parameter that may be any finite number.
    pub const fn any(name: &'static str, default: f32) -> Self {
        Self::within(name, default, -f32::MAX, f32::MAX)
    }

    /// A parameter that may be any number or an infinity.
    pub const fn unbounded(name: &'static str, default: f32) -> Self {
        Self::within(name, default, f32::NEG_INFINITY, f32::INFINITY)
    }

    /// A parameter that may be 0 or any larger finite number.
    pub const fn not_negative(name: &'static str, default: f32) -> Self {
        Self::within(name, default, 0.0, f32::MAX)
    }

    /// A parameter that may be any finite number above 0.
    pub const fn positive(name: &'static str, default: f32) -> Self {
        Self {
            above: true,
            ..Self::not_negative(name, default)
        }
    }

    /// A parameter in `min..=max`.
    pub const fn within(name: &'static str, default: f32, min: f32, max: f32) -> Self {
        Self {
            name,
            default,
            min,
            max,
            above: false,
            below: false,
        }
    }

    /// A parameter in `0.0..1.0`, such as a decay rate.
    pub const fn rate(name: &'static str, default: f32) -> Self {
        Self {
            below: true,
            ..Self::within(name, default, 0.0, 1.0)
        }
    }

    /// Whether the range holds `v`; NaN lies in no range.
    pub fn allows(&self, v: f32) -> bool {
        let low = if self.above {
            v > self.min
        } else {
            v >= self.min
        };
        let high = if self.below {
            v < self.max
        } else {
            v <= self.max
        };
        low && high
    }
}
