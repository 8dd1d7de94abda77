//! The activation table: each row written once as value and derivative.

/// An elementwise function with its parameters bound, for example elu with its alpha.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unary {
    /// Which row of the table.
    pub kind: UnaryKind,
    /// The row's parameters in the order it declares them; unused ones are 0.
    pub params: [f32; 3],
}

/// Which value the derivative is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saves {
    /// From the input `x`.
    Input,
    /// From the output `y`.
    Output,
    /// The derivative is constant or the function is not differentiated through its value.
    Nothing,
}

/// The rows (being written; see `Unary`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryKind {
    /// y = x
    Linear,
    /// y = max(x, 0)
    Relu,
}

impl Unary {
    /// What `backward` wants as `saved`.
    pub fn saves(&self) -> Saves {
        Saves::Output
    }
    /// `y = f(x)`
    pub fn apply(&self, x: &[f32], y: &mut [f32]) {
        y.copy_from_slice(x);
        self.apply_inplace(y);
    }
    /// `x = f(x)`
    pub fn apply_inplace(&self, x: &mut [f32]) {
        if self.kind == UnaryKind::Relu {
            for v in x {
                *v = v.max(0.0);
            }
        }
    }
    /// `dx = dy * f'` with `saved` as `saves()` says.
    pub fn backward(&self, saved: &[f32], dy: &[f32], dx: &mut [f32]) {
        dx.copy_from_slice(dy);
        self.backward_inplace(saved, dx);
    }
    /// `d = d * f'` with `saved` as `saves()` says.
    pub fn backward_inplace(&self, saved: &[f32], d: &mut [f32]) {
        if self.kind == UnaryKind::Relu {
            for (v, s) in d.iter_mut().zip(saved) {
                if *s <= 0.0 {
                    *v = 0.0;
                }
            }
        }
    }
}
