//! Options that are functions of the user's: what they are asked during a run, and what they may answer.
//!
//! An algorithm never calls such a function itself: it asks [`Problem::call`], and the driver of the run decides where the user's
//! code runs.

use std::fmt;
use std::sync::Arc;

use crate::{OptionField, OptionKind, OptionValue, Problem, Stop, UserError};

/// Where a search on models stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchState {
    /// The radius of the trust region, in the units of the parameters.
    pub upper_trustregion_radius: f64,
    /// Its lower limit.
    pub lower_trustregion_radius: f64,
    /// The number of the iteration; 0 for the first points.
    pub n_iterations: u64,
    /// The restarts until now.
    pub n_resets: u64,
}

/// What an option's function is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// How many evaluations make the value at a point: one whole number, at least 1.
    Repeats(SearchState),
    /// The n + 1 vertices of the first simplex around this start, one after the other: n (n + 1) finite numbers.
    FirstSimplex(Vec<f64>),
}

impl Question {
    /// What the answer has to be, in words.
    pub fn expectation(&self) -> String {
        match self {
            Question::Repeats(_) => "a whole number that is at least 1".to_string(),
            Question::FirstSimplex(x0) => {
                format!("{} vertices with {} finite coordinates each", x0.len() + 1, x0.len())
            }
        }
    }

    /// The error of a function that answers with something else.
    pub fn wrong(&self, found: impl fmt::Display) -> UserError {
        let expected = self.expectation();
        UserError::new(format!(
            "the function returned {found}, but has to return {expected}; it was given {self}"
        ))
    }

    /// What the answer is, if it is not one to the question.
    fn complaint(&self, answer: &[f64]) -> Option<String> {
        match self {
            Question::Repeats(_) => match *answer {
                [count] if count >= 1.0 && count.fract() == 0.0 && count <= MOST_REPEATS => None,
                [count] => Some(count.to_string()),
                _ => Some(format!("{} numbers", answer.len())),
            },
            Question::FirstSimplex(x0) => {
                let n = x0.len();
                if answer.len() != n * (n + 1) {
                    return Some(format!("{} numbers", answer.len()));
                }
                let vertices = answer.chunks_exact(n).enumerate();
                let mut wrong = vertices.filter(|(_, x)| !x.iter().all(|x| x.is_finite()));
                wrong.next().map(|(i, x)| format!("{x:?} as vertex {i}"))
            }
        }
    }
}

/// More evaluations of one point than this are a mistake.
const MOST_REPEATS: f64 = 1e9;

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Question::Repeats(state) => write!(
                f,
                "upper_trustregion_radius={:?}, lower_trustregion_radius={:?}, n_iterations={}, n_resets={}",
                state.upper_trustregion_radius,
                state.lower_trustregion_radius,
                state.n_iterations,
                state.n_resets
            ),
            Question::FirstSimplex(x0) => write!(f, "{x0:?}"),
        }
    }
}

/// The names of what an option's function takes, for messages and documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// The fields of a [`SearchState`].
    SearchState,
    /// The start.
    Start,
}

impl Signature {
    /// The arguments in words.
    pub fn arguments(self) -> &'static str {
        match self {
            Signature::SearchState => {
                "upper_trustregion_radius, lower_trustregion_radius, n_iterations and n_resets"
            }
            Signature::Start => "the start",
        }
    }
}

type Body = dyn Fn(&Question) -> Result<Vec<f64>, UserError> + Send + Sync;

/// A function of the user's that stands for the value of an option. It has to give the same answer to the same question: runs are
/// repeated, from logs for instance.
#[derive(Clone)]
pub struct OptionFunction {
    name: Arc<str>,
    body: Arc<Body>,
}

impl OptionFunction {
    /// A function with the name that messages and logs call it by.
    pub fn new(
        name: &str,
        body: impl Fn(&Question) -> Result<Vec<f64>, UserError> + Send + Sync + 'static,
    ) -> Self {
        OptionFunction { name: name.into(), body: Arc::new(body) }
    }

    /// The name that messages and logs call it by.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The same function, not one that does the same.
impl PartialEq for OptionFunction {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.body, &other.body)
    }
}

impl fmt::Debug for OptionFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OptionFunction({})", self.name)
    }
}

/// One call of an option's function.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionCall {
    /// The option.
    pub option: &'static str,
    /// Its function.
    pub function: OptionFunction,
    /// What it is asked.
    pub question: Question,
}

impl OptionCall {
    /// Call the function and check what it returns. Only drivers do this, where the user's code may run.
    ///
    /// # Errors
    /// The function failed, or the answer is not one to the question.
    pub fn answer(&self) -> Result<Vec<f64>, UserError> {
        let answer = (self.function.body)(&self.question).map_err(|e| e.of(self.option))?;
        match self.question.complaint(&answer) {
            None => Ok(answer),
            Some(found) => Err(self.question.wrong(found).of(self.option)),
        }
    }
}

/// How many evaluations make the value at a point.
///
/// ```
/// use thalweg_core::{Repeats, SearchState};
/// let always = Repeats::from(3);
/// // The noise matters more and more as the steps become shorter.
/// let more = Repeats::by(|state| if state.upper_trustregion_radius > 0.01 { 1 } else { 10 });
/// assert_ne!(always, more);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Repeats {
    /// Always this many.
    Count(u64),
    /// As a function says.
    By(OptionFunction),
}

impl Repeats {
    /// As a function of where the search stands says.
    pub fn by(count: impl Fn(&SearchState) -> u64 + Send + Sync + 'static) -> Self {
        Repeats::By(OptionFunction::new("closure", move |question| match question {
            Question::Repeats(state) => Ok(vec![count(state) as f64]),
            other => Err(wrong_question(other)),
        }))
    }

    /// How many there are to be for the value of this option now.
    ///
    /// # Errors
    /// [`Stop`] when the function fails or answers with something else.
    pub fn count(
        &self,
        problem: &mut Problem<'_>,
        option: &'static str,
        state: SearchState,
    ) -> Result<usize, Stop> {
        match self {
            Repeats::Count(count) => Ok(*count as usize),
            Repeats::By(function) => {
                let answer = problem.call(option, function, Question::Repeats(state))?;
                Ok(answer[0] as usize)
            }
        }
    }
}

/// The error of a function that is asked what it was not made for.
pub fn wrong_question(question: &Question) -> UserError {
    UserError::new(format!("the function was not made for the question {question}"))
}

impl From<u64> for Repeats {
    fn from(count: u64) -> Self {
        Repeats::Count(count)
    }
}

impl From<Repeats> for OptionValue {
    fn from(repeats: Repeats) -> Self {
        repeats.to_value()
    }
}

impl OptionField for Repeats {
    const KIND: OptionKind = OptionKind::OrFunction(&u64::KIND, Signature::SearchState);

    fn to_value(&self) -> OptionValue {
        match self {
            Repeats::Count(count) => count.to_value(),
            Repeats::By(function) => OptionValue::Function(function.clone()),
        }
    }

    fn from_value(value: &OptionValue) -> Option<Self> {
        match value {
            OptionValue::Function(function) => Some(Repeats::By(function.clone())),
            other => u64::from_value(other).map(Repeats::Count),
        }
    }

    fn numbers(&self) -> Vec<f64> {
        match self {
            Repeats::Count(count) => count.numbers(),
            Repeats::By(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::read_field;
    use crate::testing::FunctionOracle;
    use crate::{OptionSpec, ProblemSpec, Range};

    const STATE: SearchState = SearchState {
        upper_trustregion_radius: 0.5,
        lower_trustregion_radius: 0.1,
        n_iterations: 7,
        n_resets: 2,
    };

    fn answer(question: Question, answer: Vec<f64>) -> Result<Vec<f64>, String> {
        let function = OptionFunction::new("f", move |_| Ok(answer.clone()));
        let call = OptionCall { option: "opt", function, question };
        call.answer().map_err(|error| {
            assert_eq!(error.function.as_deref(), Some("opt"));
            error.message
        })
    }

    #[test]
    fn counts_are_whole_and_positive() {
        assert_eq!(answer(Question::Repeats(STATE), vec![3.0]), Ok(vec![3.0]));
        for (wrong, said) in [
            (vec![0.0], "0"),
            (vec![1.5], "1.5"),
            (vec![f64::NAN], "NaN"),
            (vec![f64::INFINITY], "inf"),
            (vec![1.0, 2.0], "2 numbers"),
        ] {
            let expected = format!(
                "the function returned {said}, but has to return a whole number that is at least 1; it was given \
                 upper_trustregion_radius=0.5, lower_trustregion_radius=0.1, n_iterations=7, n_resets=2"
            );
            assert_eq!(answer(Question::Repeats(STATE), wrong), Err(expected));
        }
    }

    #[test]
    fn a_simplex_has_one_finite_vertex_more_than_variables() {
        let ask = |vertices: Vec<f64>| answer(Question::FirstSimplex(vec![1.0, 2.0]), vertices);
        assert!(ask(vec![0.0; 6]).is_ok());
        let infinite = vec![0.0, 0.0, 0.0, f64::INFINITY, 0.0, 0.0];
        for (wrong, said) in [(vec![0.0; 4], "4 numbers"), (infinite, "[0.0, inf] as vertex 1")] {
            let expected = format!(
                "the function returned {said}, but has to return 3 vertices with 2 finite coordinates each; it was given \
                 [1.0, 2.0]"
            );
            assert_eq!(ask(wrong), Err(expected));
        }
    }

    #[test]
    fn repeats_ask_the_function_through_the_oracle() {
        let spec = ProblemSpec::unconstrained(1);
        let mut oracle = FunctionOracle::scalar(|x| x[0]);
        let mut problem = Problem::new(&mut oracle, &spec);
        assert_eq!(Repeats::from(4).count(&mut problem, "opt", STATE), Ok(4));
        let by = Repeats::by(|state| state.n_iterations - state.n_resets);
        assert_eq!(by.count(&mut problem, "opt", STATE), Ok(5));
        let never = Repeats::by(|_| 0).count(&mut problem, "opt", STATE);
        assert!(matches!(never, Err(Stop::Failed(message)) if message.contains("returned 0, but")));
        let other = OptionFunction::new("f", |question| Err(wrong_question(question)));
        let other = Repeats::By(other).count(&mut problem, "opt", STATE);
        assert!(matches!(other, Err(Stop::Failed(message)) if message.contains("not made for")));
    }

    #[test]
    fn functions_are_values_of_options() {
        let kind = <Option<Repeats>>::KIND;
        let expected = "a whole number or a function of upper_trustregion_radius, lower_trustregion_radius, n_iterations and \
                        n_resets or none";
        assert_eq!(kind.expectation(), expected);
        let range = Range { min: 1.0, ..Range::ALL };
        let spec = OptionSpec { name: "opt", doc: "", kind, range, overrides: "" };
        let read = |value: OptionValue| read_field::<Option<Repeats>>("alg", &spec, &value);
        let by = Repeats::by(|_| 2);
        assert_eq!(read(by.to_value()), Ok(Some(by.clone())));
        assert_ne!(read(by.to_value()), Ok(Some(Repeats::by(|_| 2))));
        assert_eq!(by.to_value().to_string(), "function closure");
        assert_eq!(read(OptionValue::Integer(3)), Ok(Some(Repeats::Count(3))));
        assert_eq!(read(OptionValue::None), Ok(None));
        let error = read(OptionValue::Integer(-1)).unwrap_err().to_string();
        assert_eq!(error, "option 'opt' of alg is -1, but has to be at least 1.0");
        let error = read("often".into()).unwrap_err().to_string();
        assert_eq!(error, format!("option 'opt' of alg is \"often\", but has to be {expected}"));
    }
}
