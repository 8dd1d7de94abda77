//! The normal distribution's quantile function in f64, the same bits everywhere.

use std::f64::consts::{LN_2, SQRT_2};

/// Natural logarithm of a positive normal number, to about 1e-16 of max(1, |result|).
///
/// The standard library's may differ between platforms; this one is plain arithmetic.
pub(super) fn ln(x: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    let bits = x.to_bits();
    let mut e = (bits >> 52) as i32 - 1023;
    let mut m = f64::from_bits((bits & MANTISSA) | 1.0f64.to_bits());
    if m > SQRT_2 {
        m *= 0.5;
        e += 1;
    }
    // ln m = 2 artanh((m - 1) / (m + 1)) = 2 s (1 + s^2/3 + s^4/5 + ...), |s| < 0.172.
    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    let mut series = 0.0;
    for k in (0..11).rev() {
        series = series * s2 + 1.0 / f64::from(2 * k + 1);
    }
    f64::from(e) * LN_2 + 2.0 * s * series
}

/// Value below which a standard normal number lies with probability `p` in (0, 1).
///
/// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied
/// Statistics 37 (1988), PPND16: relative error about 1e-16.
pub(super) fn quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * horner(r, &CENTRE_NUM) / horner(r, &CENTRE_DEN);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-ln(tail)).sqrt();
    let x = if r <= 5.0 {
        horner(r - 1.6, &TAIL_NUM) / horner(r - 1.6, &TAIL_DEN)
    } else {
        horner(r - 5.0, &FAR_NUM) / horner(r - 5.0, &FAR_DEN)
    };
    if q < 0.0 {
        -x
    } else {
        x
    }
}

/// Polynomial with the coefficient of the highest power first.
fn horner(x: f64, coefficients: &[f64; 8]) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

const CENTRE_NUM: [f64; 8] = [
    2509.0809287301227,
    33430.57558358813,
    67265.7709270087,
    45921.95393154987,
    13731.69376550946,
    1971.5909503065513,
    133.14166789178438,
    3.3871328727963665,
];
const CENTRE_DEN: [f64; 8] = [
    5226.495278852854,
    28729.085735721943,
    39307.89580009271,
    21213.794301586597,
    5394.196021424751,
    687.1870074920579,
    42.31333070160091,
    1.0,
];
const TAIL_NUM: [f64; 8] = [
    0.0007745450142783414,
    0.022723844989269184,
    0.2417807251774506,
    1.2704582524523684,
    3.6478483247632045,
    5.769497221460691,
    4.630337846156546,
    1.4234371107496835,
];
const TAIL_DEN: [f64; 8] = [
    1.0507500716444169e-09,
    0.0005475938084995345,
    0.015198666563616457,
    0.14810397642748008,
    0.6897673349851,
    1.6763848301838038,
    2.053191626637759,
    1.0,
];
const FAR_NUM: [f64; 8] = [
    2.0103343992922881e-07,
    2.7115555687434876e-05,
    0.0012426609473880784,
    0.026532189526576124,
    0.29656057182850487,
    1.7848265399172913,
    5.463784911164114,
    6.657904643501103,
];
const FAR_DEN: [f64; 8] = [
    2.0442631033899397e-15,
    1.421511758316446e-07,
    1.8463183175100548e-05,
    0.0007868691311456133,
    0.014875361290850615,
    0.1369298809227358,
    0.599832206555888,
    1.0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_agrees_with_the_standard_library() {
        let mut x = 1e-10;
        while x < 1e10 {
            let want = f64::ln(x);
            assert!((ln(x) - want).abs() <= 4e-16 * want.abs().max(1.0), "{x}");
            x *= 1.000_37;
        }
        assert_eq!(ln(1.0), 0.0);
    }

    /// Values of Python's `statistics.NormalDist().inv_cdf` and of AS 241's own test.
    #[test]
    fn quantile_known_values() {
        let cases = [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_814),
            (1e-20, -9.262_340_089_798_408),
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.022_750_131_948_179_21, -2.0),
            (0.977_249_868_051_820_8, 2.0),
        ];
        for (p, want) in cases {
            let got = quantile(p);
            assert!(
                (got - want).abs() <= 1e-14 * f64::abs(want).max(1.0),
                "{p}: {got} {want}"
            );
        }
    }

    #[test]
    fn quantile_is_odd_and_rises() {
        let mut last = f64::NEG_INFINITY;
        for i in 1..4096 {
            let p = f64::from(i) / 4096.0;
            assert_eq!(quantile(p), -quantile(1.0 - p));
            assert!(quantile(p) > last);
            last = quantile(p);
        }
    }
}
