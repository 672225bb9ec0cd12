//! Derivatives that an algorithm reports, in the user's terms.
//!
//! Algorithms know derivatives with respect to scaled coordinates `x`, of an objective that is minimized. If every
//! coordinate moves only the parameter that it stands for, `u_i = f_i x_i + o_i`, then with the sign `s` (-1 when
//! maximizing)
//!
//! gradient and Jacobian: `s g_i / f_i`; Hessian: `s H_ij / (f_i f_j)`; its inverse: `s f_i f_j B_ij`.
//!
//! Entries of parameters that did not move are NaN: nobody knows them. Where constraints tie parameters to each other, the
//! derivatives with respect to coordinates do not determine those with respect to parameters; then the outputs stay as
//! they are, under names that say so.

use thalweg_core::Extra;
use thalweg_space::Space;

use crate::result::Extras;

/// The outputs that are derivatives, and their names in the algorithm's terms.
pub(crate) const DERIVATIVES: [(&str, &str); 4] = [
    ("gradient", "internal_gradient"),
    ("jacobian", "internal_jacobian"),
    ("hessian", "internal_hessian"),
    ("hessian_inverse", "internal_hessian_inverse"),
];

/// Converts derivatives among the outputs of an algorithm, or renames them where that is not possible.
pub(crate) fn convert(extras: &mut Extras, space: &Space, maximize: bool) {
    if space.is_identity() && !maximize {
        return;
    }
    let terms = space.factors().map(|factors| Terms {
        positions: (0..space.n_free()).map(|k| space.user_position(k)).collect(),
        factors,
        n_user: space.n_user(),
        sign: if maximize { -1.0 } else { 1.0 },
    });
    for (name, internal_name) in DERIVATIVES {
        let Some(extra) = extras.remove(name) else { continue };
        match terms.as_ref().and_then(|terms| terms.convert(name, &extra)) {
            Some(converted) => extras.insert(name.into(), converted),
            None => extras.insert(internal_name.into(), extra),
        };
    }
}

/// What turns derivatives with respect to coordinates into those with respect to parameters.
struct Terms {
    positions: Vec<usize>,
    factors: Vec<f64>,
    n_user: usize,
    sign: f64,
}

impl Terms {
    /// `None` if the output does not have one entry per coordinate.
    fn convert(&self, name: &str, extra: &Extra) -> Option<Extra> {
        let n = self.factors.len();
        match (name, extra) {
            ("gradient", Extra::Vector(gradient)) if gradient.len() == n => {
                Some(Extra::Vector(self.rows(gradient)))
            }
            ("jacobian", Extra::Matrix(rows, columns)) if *columns == n => {
                Some(Extra::Matrix(self.rows(rows), self.n_user))
            }
            ("hessian" | "hessian_inverse", Extra::Matrix(entries, columns))
                if *columns == n && entries.len() == n * n =>
            {
                Some(Extra::Matrix(self.square(entries, name == "hessian"), self.n_user))
            }
            _ => None,
        }
    }

    fn rows(&self, rows: &[f64]) -> Vec<f64> {
        let n = self.factors.len();
        let mut converted = vec![f64::NAN; rows.len() / n * self.n_user];
        for (row, user) in rows.chunks_exact(n).zip(converted.chunks_exact_mut(self.n_user)) {
            for (k, entry) in row.iter().enumerate() {
                user[self.positions[k]] = self.sign * entry / self.factors[k];
            }
        }
        converted
    }

    fn square(&self, entries: &[f64], divide: bool) -> Vec<f64> {
        let n = self.factors.len();
        let mut converted = vec![f64::NAN; self.n_user * self.n_user];
        for (place, entry) in entries.iter().enumerate() {
            let (i, j) = (place / n, place % n);
            let size = self.factors[i] * self.factors[j];
            let value = if divide { entry / size } else { entry * size };
            converted[self.positions[i] * self.n_user + self.positions[j]] = self.sign * value;
        }
        converted
    }
}

#[cfg(test)]
mod tests {
    use thalweg_space::{Bounds, BuildOptions, Constraint, ConstraintKind, Scaling};

    use std::collections::BTreeMap;

    use super::*;

    /// Three parameters, the second fixed; the factors of the others are 2 and 4.
    fn scaled() -> Space {
        let fixed = Constraint::new(0, ConstraintKind::Fixed { positions: vec![1], value: None });
        let (names, none) = (|i: usize| i.to_string(), Bounds::none());
        let start = [2.0, 5.0, 4.0];
        let space = Space::build(&start, &names, &none, &[fixed], BuildOptions::default()).unwrap();
        space.with_scaling(&Scaling::default(), &none, None, &names).unwrap()
    }

    /// Equal numbers, or both NaN.
    fn assert_same(extra: Option<&Extra>, expected: &[f64]) {
        let (Some(Extra::Vector(found)) | Some(Extra::Matrix(found, _))) = extra else {
            panic!("{extra:?}")
        };
        let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
        assert!(found.len() == expected.len() && found.iter().zip(expected).all(same), "{found:?}");
    }

    #[test]
    fn every_derivative_has_its_factor_and_sign() {
        let nan = f64::NAN;
        for (maximize, s) in [(false, 1.0), (true, -1.0)] {
            let mut extras = BTreeMap::from([
                ("gradient".into(), Extra::Vector(vec![1.0, 2.0])),
                ("jacobian".into(), Extra::Matrix(vec![1.0, 2.0, 3.0, 4.0], 2)),
                ("hessian".into(), Extra::Matrix(vec![4.0, 8.0, 8.0, 16.0], 2)),
                ("hessian_inverse".into(), Extra::Matrix(vec![1.0, 0.5, 0.5, 1.0], 2)),
                ("radius".into(), Extra::Number(3.0)),
            ]);
            convert(&mut extras, &scaled(), maximize);
            assert_same(extras.get("gradient"), &[s * 0.5, nan, s * 0.5]);
            let jacobian = [s * 0.5, nan, s * 0.5, s * 1.5, nan, s * 1.0];
            assert_same(extras.get("jacobian"), &jacobian);
            let hessian = [s, nan, s, nan, nan, nan, s, nan, s];
            assert_same(extras.get("hessian"), &hessian);
            let inverse = [s * 4.0, nan, s * 4.0, nan, nan, nan, s * 4.0, nan, s * 16.0];
            assert_same(extras.get("hessian_inverse"), &inverse);
            assert_eq!(extras.get("radius"), Some(&Extra::Number(3.0)));
            assert_eq!(extras.len(), 5);
        }
    }

    #[test]
    fn what_has_no_entry_per_coordinate_stays_with_the_algorithm() {
        let mut extras = BTreeMap::from([("gradient".into(), Extra::Vector(vec![1.0, 2.0, 3.0]))]);
        convert(&mut extras, &scaled(), false);
        let kept = Extra::Vector(vec![1.0, 2.0, 3.0]);
        assert_eq!(extras, BTreeMap::from([("internal_gradient".into(), kept)]));
    }
}
