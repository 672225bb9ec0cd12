//! Numbers with a derivative: formulas that are written once give exact derivatives as well (forward automatic differentiation).

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A value and its derivative in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Dual {
    pub value: f64,
    pub slope: f64,
}

impl Dual {
    pub const fn constant(value: f64) -> Self {
        Dual { value, slope: 0.0 }
    }

    /// A function of a number, by its value and its derivative.
    fn chain(self, value: f64, derivative: f64) -> Self {
        // A slope of zero stays zero even where the derivative is infinite.
        let slope = if self.slope == 0.0 { 0.0 } else { derivative * self.slope };
        Dual { value, slope }
    }

    pub fn powi(self, n: i32) -> Self {
        self.chain(self.value.powi(n), f64::from(n) * self.value.powi(n - 1))
    }

    pub fn powf(self, exponent: f64) -> Self {
        self.chain(self.value.powf(exponent), exponent * self.value.powf(exponent - 1.0))
    }

    pub fn square(self) -> Self {
        self * self
    }

    pub fn exp(self) -> Self {
        let value = self.value.exp();
        self.chain(value, value)
    }

    pub fn ln(self) -> Self {
        self.chain(self.value.ln(), 1.0 / self.value)
    }

    pub fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, 0.5 / root)
    }

    pub fn sin(self) -> Self {
        let (sin, cos) = self.value.sin_cos();
        self.chain(sin, cos)
    }

    pub fn cos(self) -> Self {
        let (sin, cos) = self.value.sin_cos();
        self.chain(cos, -sin)
    }

    pub fn atan(self) -> Self {
        self.chain(self.value.atan(), 1.0 / (1.0 + self.value * self.value))
    }

    pub fn abs(self) -> Self {
        self.chain(self.value.abs(), self.value.signum())
    }
}

impl Neg for Dual {
    type Output = Dual;
    fn neg(self) -> Dual {
        Dual { value: -self.value, slope: -self.slope }
    }
}

impl Add for Dual {
    type Output = Dual;
    fn add(self, other: Dual) -> Dual {
        Dual { value: self.value + other.value, slope: self.slope + other.slope }
    }
}

impl Sub for Dual {
    type Output = Dual;
    fn sub(self, other: Dual) -> Dual {
        Dual { value: self.value - other.value, slope: self.slope - other.slope }
    }
}

impl Mul for Dual {
    type Output = Dual;
    fn mul(self, other: Dual) -> Dual {
        let slope = self.slope * other.value + self.value * other.slope;
        Dual { value: self.value * other.value, slope }
    }
}

impl Div for Dual {
    type Output = Dual;
    fn div(self, other: Dual) -> Dual {
        let value = self.value / other.value;
        Dual { value, slope: (self.slope - value * other.slope) / other.value }
    }
}

/// The operations with plain numbers on either side.
macro_rules! with_numbers {
    ($($operation:ident $method:ident)*) => {$(
        impl $operation<f64> for Dual {
            type Output = Dual;
            fn $method(self, other: f64) -> Dual {
                $operation::$method(self, Dual::constant(other))
            }
        }

        impl $operation<Dual> for f64 {
            type Output = Dual;
            fn $method(self, other: Dual) -> Dual {
                $operation::$method(Dual::constant(self), other)
            }
        }
    )*};
}

with_numbers!(Add add Sub sub Mul mul Div div);

impl std::iter::Sum for Dual {
    fn sum<I: Iterator<Item = Dual>>(terms: I) -> Dual {
        terms.fold(Dual::default(), Add::add)
    }
}

impl std::iter::Product for Dual {
    fn product<I: Iterator<Item = Dual>>(factors: I) -> Dual {
        factors.fold(Dual::constant(1.0), Mul::mul)
    }
}

/// The value of a formula at a point.
pub(crate) fn value_of<R>(x: &[f64], formula: impl FnOnce(&[Dual]) -> R) -> R {
    let x: Vec<Dual> = x.iter().map(|x| Dual::constant(*x)).collect();
    formula(&x)
}

/// Calls `each` with the number of every parameter and the parameters with the derivatives in its direction.
pub(crate) fn in_each_direction(x: &[f64], mut each: impl FnMut(usize, &[Dual])) {
    let mut x: Vec<Dual> = x.iter().map(|x| Dual::constant(*x)).collect();
    for j in 0..x.len() {
        x[j].slope = 1.0;
        each(j, &x);
        x[j].slope = 0.0;
    }
}
