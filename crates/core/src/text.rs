//! Numbers as text, and sorting, in a few bytes of code: what the standard library has for them is a
//! tenth of the WebAssembly file.

use std::collections::BinaryHeap;
use std::fmt::{self, Write};

/// A number to be printed with up to seven digits: `0.001`, `1e-7`.
pub struct Number(pub f32);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = f64::from(self.0);
        if value.is_nan() {
            return f.write_str("NaN");
        }
        if value.is_sign_negative() {
            f.write_str("-")?;
        }
        let size = value.abs();
        if size == 0.0 || size.is_infinite() {
            return f.write_str(if size == 0.0 { "0" } else { "inf" });
        }
        let mut exponent = 0;
        let mut scaled = size;
        while scaled >= 9.999_999_5 {
            scaled /= 10.0;
            exponent += 1;
        }
        while scaled < 0.999_999_95 {
            scaled *= 10.0;
            exponent -= 1;
        }
        let mut digits = (scaled * 1e6 + 0.5) as u64;
        let mut count = 7;
        while digits.is_multiple_of(10) && count > 1 {
            digits /= 10;
            count -= 1;
        }
        let far = !(-5..10).contains(&exponent);
        let whole = if far { 1 } else { exponent + 1 };
        if whole <= 0 {
            f.write_str("0.")?;
        }
        for _ in whole..0 {
            f.write_char('0')?;
        }
        for (place, digit) in (0..).zip(digits.to_string().chars()) {
            if place == whole && place > 0 {
                f.write_char('.')?;
            }
            f.write_char(digit)?;
        }
        for _ in count..whole {
            f.write_char('0')?;
        }
        match far {
            true => write!(f, "e{exponent}"),
            false => Ok(()),
        }
    }
}

/// Several numbers: `0.9, 0.999, 1e-7`.
pub fn numbers(values: &[f32]) -> String {
    let texts: Vec<_> = values.iter().map(|&v| Number(v)).collect();
    list(&texts)
}

/// Several things: `0, 2, 1`.
pub fn list(things: &[impl fmt::Display]) -> String {
    let texts: Vec<_> = things.iter().map(|thing| thing.to_string()).collect();
    texts.join(", ")
}

/// The items from the least to the greatest.
pub fn sorted<T: Ord>(items: Vec<T>) -> Vec<T> {
    BinaryHeap::from(items).into_sorted_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_they_were_written() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.1, "0.1"),
            (0.999, "0.999"),
            (9.999_999, "9.999999"),
            (9.999_999_9, "10"),
            (1e-7, "1e-7"),
            (1.5e-5, "0.000015"),
            (123_456.7, "123456.7"),
            (1e9, "1000000000"),
            (1.25e10, "1.25e10"),
            (3.402_823_5e38, "3.402823e38"),
            (1e-45, "1.401298e-45"),
            (f32::INFINITY, "inf"),
            (f32::NEG_INFINITY, "-inf"),
            (f32::NAN, "NaN"),
        ] {
            assert_eq!(Number(value).to_string(), text);
        }
    }

    #[test]
    fn every_float_is_read_back_to_seven_digits() {
        for bits in (1..0x7f80_0000u32).step_by(999_983) {
            let value = f32::from_bits(bits);
            let back: f64 = Number(value).to_string().parse().unwrap();
            assert!((back / f64::from(value) - 1.0).abs() < 6e-7, "{value}");
        }
    }
}
