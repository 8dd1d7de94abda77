//! The list of rows: one line each, in the order of their codes, and the dispatch to a row's code.

use super::{plain, rectifiers, smooth, Param, Row, Unary};

/// Something to do with the row that a `Unary` names; `row` is called with that row's type, so that
/// a loop in it is compiled per row and the choice is made once.
pub trait Visitor {
    /// What the visit yields.
    type Found;
    /// Called with the row.
    fn row<R: Row>(self) -> Self::Found;
}

macro_rules! rows {
    ($($(#[$doc:meta])* $kind:ident = $row:ty,)*) => {
        /// The rows of the table. The number of a row is its code in compiled programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum UnaryKind {
            $($(#[$doc])* $kind,)*
        }

        impl UnaryKind {
            /// All rows in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The name users write, in camelCase.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => <$row>::NAME,)*
                }
            }

            /// The parameters, in order.
            pub fn params(self) -> &'static [Param] {
                match self {
                    $(Self::$kind => <$row>::PARAMS,)*
                }
            }
        }

        impl Unary {
            /// Calls `visitor` with the row's type.
            pub fn visit<V: Visitor>(&self, visitor: V) -> V::Found {
                if *self == Unary::from(UnaryKind::Relu) {
                    return visitor.row::<rectifiers::PlainRelu>();
                }
                match self.kind {
                    $(UnaryKind::$kind => visitor.row::<$row>(),)*
                }
            }
        }
    };
}

impl UnaryKind {
    /// The row with code `code`.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The row called `name`.
    pub fn by_name(name: impl AsRef<[u8]>) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.name().as_bytes() == name.as_ref())
    }
}

rows! {
    /// x
    Linear = plain::Linear,
    /// 1 / (1 + e^-x)
    Sigmoid = smooth::Sigmoid,
    /// Hyperbolic tangent.
    Tanh = smooth::Tanh,
    /// max(x, 0), in general with a slope below, a threshold and a largest value.
    Relu = rectifiers::Relu,
    /// x above 0, negativeSlope x below.
    LeakyRelu = rectifiers::LeakyRelu,
    /// x above 0, alpha (e^x - 1) below.
    Elu = smooth::Elu,
    /// elu with the two constants that keep mean 0 and variance 1.
    Selu = smooth::Selu,
    /// x Phi(x), Phi being the normal distribution function.
    Gelu = smooth::Gelu,
    /// gelu by its approximation with tanh.
    GeluTanh = smooth::GeluTanh,
    /// x sigmoid(x)
    Silu = smooth::Silu,
    /// x tanh(softplus(x))
    Mish = smooth::Mish,
    /// log(1 + e^x)
    Softplus = smooth::Softplus,
    /// x / (1 + |x|)
    Softsign = smooth::Softsign,
    /// min(max(x, 0), 6)
    Relu6 = rectifiers::Relu6,
    /// relu6(x + 3) / 6
    HardSigmoid = rectifiers::HardSigmoid,
    /// x hardSigmoid(x)
    HardSilu = rectifiers::HardSilu,
    /// x cut off at -1 and 1
    HardTanh = rectifiers::HardTanh,
    /// e^x as an activation
    Exponential = smooth::Exponential,
    /// x above 0, alpha (e^(x / alpha) - 1) below.
    Celu = smooth::Celu,
    /// log(sigmoid(x))
    LogSigmoid = smooth::LogSigmoid,
    /// (x + sqrt(x^2 + b)) / 2
    Squareplus = smooth::Squareplus,
    /// x - tanh(x)
    TanhShrink = smooth::TanhShrink,
    /// x moved towards 0 by a threshold, 0 within it.
    SoftShrink = rectifiers::SoftShrink,
    /// x outside a threshold, 0 within it.
    HardShrink = rectifiers::HardShrink,
    /// x above a threshold, else a fixed value.
    Threshold = rectifiers::Threshold,
    /// 0 up to -1, a parabola, x from 1 on
    SparsePlus = rectifiers::SparsePlus,
    /// (x + 1) / 2 cut off at 0 and 1
    SparseSigmoid = rectifiers::SparseSigmoid,
    /// -x
    Neg = plain::Neg,
    /// |x|
    Abs = plain::Abs,
    /// x^2
    Square = plain::Square,
    /// Square root.
    Sqrt = plain::Sqrt,
    /// 1 / sqrt(x)
    Rsqrt = plain::Rsqrt,
    /// 1 / x
    Reciprocal = plain::Reciprocal,
    /// e^x
    Exp = plain::Exp,
    /// Natural logarithm.
    Log = plain::Log,
    /// log(1 + x)
    Log1p = plain::Log1p,
    /// e^x - 1
    Expm1 = plain::Expm1,
    /// -1, 0 or 1
    Sign = plain::Sign,
    /// Nearest whole number, halves to even.
    Round = plain::Round,
    /// Largest whole number not above.
    Floor = plain::Floor,
    /// Smallest whole number not below.
    Ceil = plain::Ceil,
    /// min(max(x, min), max)
    Clip = plain::Clip,
    /// a x
    Scale = plain::Scale,
    /// x + b
    Offset = plain::Offset,
}
