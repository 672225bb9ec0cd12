//! Problems for any kind of algorithm, with a record of what was asked.

use thalweg::core::{CatalogEntry, SolverKind};
use thalweg::drivers::Blueprint;
use thalweg::{
    Answer, Batch, Bounds, Failure, FlatResult, Objective, OptimizeError, StartValues, UserError,
};

/// Residuals of a test problem; scalar algorithms see their sum of squares, likelihood algorithms its parts.
pub type Residuals = fn(&[f64]) -> Vec<f64>;

/// Residuals by point and number of the evaluation.
type Counting = Box<dyn Fn(&[f64], usize) -> Result<Vec<f64>, String>>;

pub struct Probe {
    pub kind: SolverKind,
    pub residuals: Counting,
    /// Every point at which the objective was evaluated, stencils of derivatives included.
    pub points: Vec<Vec<f64>>,
    pub n_outputs: usize,
}

impl Probe {
    pub fn new(kind: SolverKind, residuals: Residuals) -> Self {
        Probe::counting(kind, move |x, _| Ok(residuals(x)))
    }

    /// Residuals that depend on the number of the evaluation, or fail.
    pub fn counting(
        kind: SolverKind,
        residuals: impl Fn(&[f64], usize) -> Result<Vec<f64>, String> + 'static,
    ) -> Self {
        Probe { kind, residuals: Box::new(residuals), points: Vec::new(), n_outputs: 0 }
    }

    pub fn outputs(&mut self, x: &[f64]) -> Result<Vec<f64>, String> {
        self.points.push(x.to_vec());
        let residuals = (self.residuals)(x, self.points.len())?;
        Ok(match self.kind {
            SolverKind::Scalar => vec![residuals.iter().map(|r| r * r).sum()],
            SolverKind::LeastSquares => residuals,
            SolverKind::Likelihood => residuals.iter().map(|r| r * r).collect(),
        })
    }
}

impl Objective for Probe {
    fn kind(&self) -> SolverKind {
        self.kind
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    fn has_derivative(&self) -> bool {
        false
    }

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        let outputs = self.outputs(params).map_err(|message| failure(0, message))?;
        self.n_outputs = outputs.len();
        Ok(StartValues { outputs, ..Default::default() })
    }

    fn resume(&mut self, start: &StartValues) {
        self.n_outputs = start.outputs.len();
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        let Answer { outputs, .. } = answer;
        let m = self.n_outputs;
        for (i, x) in batch.iter().enumerate() {
            match self.outputs(x) {
                Ok(own) => outputs[i * m..(i + 1) * m].copy_from_slice(&own),
                Err(message) => failures.push(failure(i, message)),
            }
        }
    }
}

fn failure(index: usize, message: String) -> Failure {
    Failure { index, what: "fun", error: UserError::new(message) }
}

/// Every algorithm of the catalog.
pub fn catalog() -> &'static [CatalogEntry] {
    thalweg::algorithms::CATALOG
}

/// A run of `entry` from `start`; global algorithms get the box [-5, 10] around everything.
pub fn blueprint(entry: &CatalogEntry, start: &[f64]) -> Blueprint {
    let mut resolved = thalweg::resolve(entry.spec.name).expect("the catalog's own name");
    resolved.limits.max_evaluations = 2_000;
    let mut blueprint = Blueprint::new(entry.spec.features.kind, start.to_vec(), resolved);
    if entry.spec.features.needs_bounds {
        let n = start.len();
        blueprint.bounds = Bounds::new(vec![-5.0; n], vec![10.0; n]);
    }
    blueprint
}

/// Run it directly.
pub fn run(
    entry: &CatalogEntry,
    start: &[f64],
    residuals: Residuals,
) -> (Result<FlatResult, OptimizeError>, Probe) {
    let mut probe = Probe::new(entry.spec.features.kind, residuals);
    let result = blueprint(entry, start).run(&mut probe);
    (result, probe)
}

/// The result, or a panic that names the algorithm.
pub fn expect(entry: &CatalogEntry, result: Result<FlatResult, OptimizeError>) -> FlatResult {
    result.unwrap_or_else(|error| panic!("{}: {error}", entry.spec.name))
}

pub fn rosenbrock(x: &[f64]) -> Vec<f64> {
    let pairs = x.windows(2).flat_map(|w| [10.0 * (w[1] - w[0] * w[0]), 1.0 - w[0]]);
    pairs.collect()
}

/// A convex quadratic with its minimum at (1, 2, 3, ...).
pub fn shifted(x: &[f64]) -> Vec<f64> {
    x.iter().enumerate().map(|(i, x)| (i as f64 + 1.0).sqrt() * (x - i as f64 - 1.0)).collect()
}
