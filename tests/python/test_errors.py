"""Every error with the text that a user reads."""

import functools

import numpy as np
import pytest
import thalweg as om
from thalweg import exceptions


def sphere(x):
    return x @ x


def residuals(x):
    return x


START = np.ones(2)


def tell_too_few(optimizer):
    while len(optimizer.ask()) == 1:
        optimizer.tell(2.0)
    optimizer.tell([1.0])


def tell_after_the_end(optimizer):
    answers = {"fun": 0.0, "jac": np.zeros(2), "fun_and_jac": (0.0, np.zeros(2))}
    while (request := optimizer.ask()) is not None:
        optimizer.tell([answers[request.want] for _ in request.params])
    optimizer.tell(1.0)


LEAST_SQUARES = om.mark.least_squares(residuals)


def call(fun=sphere, params=START, algorithm="scipy_lbfgsb", **kwargs):
    return functools.partial(om.minimize, fun, params, algorithm, **kwargs)


def fails(*args, **kwargs):
    raise RuntimeError("broken model")


MISSING_AND_ALIASES = [
    (
        lambda: om.minimize(params=START, algorithm="lbfgsb"),
        "MissingInputError",
        "Missing objective function",
    ),
    (
        lambda: om.minimize(sphere, algorithm="lbfgsb"),
        "MissingInputError",
        "keyword argument `params`",
    ),
    (lambda: om.minimize(sphere, START), "MissingInputError", "keyword argument `algorithm`"),
    (call(x0=START), "AliasError", "x0 is an alias for params"),
    (call(method="BFGS"), "AliasError", "method is an alias for algorithm"),
    (call(args=(1,), fun_kwargs={"a": 1}), "AliasError", "args is an alternative to fun_kwargs"),
    (call(args=(1, 2)), "AliasError", r"takes only 0 arguments"),
    (
        lambda: om.minimize(sphere, x0=START, method="BFG"),
        "InvalidAlgorithmError",
        r"Did you mean \['BFGS'",
    ),
    (
        lambda: om.minimize(sphere, x0=START, method="trust-constr"),
        "UnsupportedAlgorithmError",
        r"^The method trust-constr is not there yet in thalweg\. (?!.*'trust-constr')",
    ),
    (
        lambda: om.minimize(sphere, x0=START, method="COBYQA"),
        "UnsupportedAlgorithmError",
        "COBYQA is not there yet",
    ),
    (call(jac=True, fun_and_jac=sphere), "AliasError", "jac=True"),
    (
        lambda: om.minimize(params=START, algorithm="lbfgsb", fun_and_jac=[sphere, sphere]),
        "UnsupportedArgumentError",
        "`fun` is needed when `fun_and_jac` is a list",
    ),
    (
        call(boundz=1),
        "TypeError",
        r"minimize\(\) got an unexpected keyword argument 'boundz'. Did you mean \['bounds'",
    ),
]

UNSUPPORTED = [
    (call(options={}), "UnsupportedArgumentError", "algo_options argument instead"),
    (call(tol=1e-3), "UnsupportedArgumentError", "algo_options or a configured algorithm"),
    (
        call(logging=True),
        "InvalidArgumentError",
        "logging must be the path of a file, .*, None or False, not True. It does not say where",
    ),
    (call(scaling=3), "InvalidScalingError", "Scaling must be True, False, thalweg.ScalingOptions"),
]

TYPES = [
    (
        call(algo_options=1),
        "InvalidArgumentError",
        "algo_options must be a dictionary or None, not 1",
    ),
    (call(jac=1), "InvalidArgumentError", "jac must be a function or a list of functions, not 1"),
    (call(fun=3), "InvalidArgumentError", "fun must be a function, not 3"),
    (call(collect_history=1), "InvalidArgumentError", "collect_history must be a boolean, not 1"),
    (call(skip_checks="no"), "InvalidArgumentError", "skip_checks must be a boolean"),
    (call(callback=1), "InvalidArgumentError", "callback must be a function or None, not 1"),
    (call(fun_kwargs=1), "InvalidArgumentError", "fun_kwargs must be a dictionary or None"),
    (call(error_handling="x"), "InvalidArgumentError", "'x' is not a valid error_handling"),
    (call(error_penalty=1), "InvalidArgumentError", "error_penalty must be a dictionary or None"),
    (call(error_penalty={"constan": 1}), "InvalidArgumentError", "invalid key 'constan'"),
    (
        call(error_penalty={"slope": "x"}),
        "InvalidArgumentError",
        "must be a finite number, not 'x'",
    ),
    (
        lambda: om.maximize(sphere, START, "lbfgsb", error_penalty={"slope": 1.0}),
        "InvalidArgumentError",
        "must be negative in a maximization",
    ),
    (call(jac={"valu": sphere}), "InvalidArgumentError", "Invalid keys in jac"),
]

ALGORITHMS = [
    (
        call(algorithm="scipy_lbfgsbb"),
        "InvalidAlgorithmError",
        r"Invalid algorithm: scipy_lbfgsbb. Did you mean \['scipy_lbfgsb'",
    ),
    (call(algorithm="tranquilo"), "UnsupportedAlgorithmError", "tranquilo is not there yet"),
    (call(algorithm=3), "InvalidAlgorithmError", "Invalid algorithm of type int"),
    (
        call(algo_options={"stopping.maxfun": "many"}),
        "InvalidAlgoOptionError",
        "option 'stopping_maxfun' of scipy_lbfgsb is 'many', but has to be a whole number",
    ),
    (call(algo_options={"convergence_ftol_rel": -1}), "InvalidAlgoOptionError", "at least 0"),
    (
        lambda: om.algos.scipy_neldermead(foo=1),
        "InvalidAlgoOptionError",
        r"\['foo'\] are not valid options",
    ),
    (
        lambda: om.algos.scipy_lbfgsb().with_stopping(maxfu=1),
        "InvalidAlgoOptionError",
        "stopping_maxfun",
    ),
    (
        lambda: om.algos.fides(hessian_update_strategy="GNSBFGS"),
        "UnsupportedAlgoOptionError",
        "option 'hessian_update_strategy' of fides is 'GNSBFGS', which needs residuals, but has to be "
        r"one of \['bfgs', ",
    ),
    (
        call(algorithm="scipy_differential_evolution"),
        "IncompleteBoundsError",
        "finite lower and upper bounds",
    ),
]

KWARGS = [
    (call(fun_kwargs={"a": 1}), "InvalidKwargsError", "a: there are no further arguments."),
    (
        call(fun=lambda x, y: x @ y),
        "InvalidKwargsError",
        r"required arguments remain: \['x', 'y'\]",
    ),
    (
        call(fun=lambda x: x @ x, fun_kwargs={"x": 1}),
        "InvalidKwargsError",
        "no argument is left for the params",
    ),
    (call(jac=lambda x, b: x, jac_kwargs={"c": 1}), "InvalidKwargsError", "do not fit jac"),
    (
        call(fun=lambda data, x: data @ x, fun_kwargs={"data": 1}),
        "InvalidKwargsError",
        "Make the params the first argument",
    ),
]

PARAMS_AND_BOUNDS = [
    (call(params={"a": 1, "b": "two"}), "InvalidParamsError", "b"),
    (call(params=np.array([1.0, np.nan])), "InvalidParamsError", "1"),
    (call(bounds=3), "InvalidBoundsError", "Invalid bounds of type int"),
    (call(bounds=[(0, 1), 3]), "InvalidBoundsError", "entry 1 of the sequence is 3"),
    (call(bounds=om.Bounds(lower=np.zeros(3))), "InvalidBoundsError", "lower"),
    (call(bounds=om.Bounds(lower=np.array([2.0, 0.0]))), "InvalidParamsError", "2"),
    (
        call(bounds=om.Bounds(lower=np.full(2, 3.0), upper=np.full(2, 2.0))),
        "InvalidBoundsError",
        "3",
    ),
    (
        call(params={"a": 1.0}, fun=lambda p: p["a"] ** 2, bounds=om.Bounds(lower={"b": 0})),
        "InvalidBoundsError",
        "could not be matched",
    ),
    (
        call(algorithm="scipy_ls_lm", fun=LEAST_SQUARES, bounds=om.Bounds(lower=np.zeros(2))),
        "InvalidBoundsError",
        "does not support bounds.*trf",
    ),
]

CONSTRAINTS = [  # more in test_constraint_errors.py
    (
        call(constraints=1),
        "InvalidConstraintError",
        r"constraints holds what is not a constraint \(1 of type int\)",
    ),
    (
        call(constraints={"type": "nonlinear", "loc": [0]}),
        "InvalidConstraintError",
        r"constraints\[0\] .*: A NonlinearConstraint needs a lower_bound, an upper_bound, or a value",
    ),
]

FUNCTIONS = [
    (call(fun=fails), "InvalidFunctionError", "Error while evaluating fun at start params"),
    (call(jac=fails), "InvalidFunctionError", "Error while evaluating jac at start params"),
    (
        call(fun=None, fun_and_jac=fails),
        "InvalidFunctionError",
        "Error while evaluating fun_and_jac at start params",
    ),
    (call(fun=lambda x: np.nan), "InvalidFunctionError", "has to be finite"),
    (call(fun=lambda x: x), "InvalidFunctionError", "mark.least_squares"),
    (
        call(fun=om.mark.least_squares(lambda x: x @ x)),
        "InvalidFunctionError",
        "Use mark.scalar if fun returns a number",
    ),
    (
        call(algorithm="scipy_ls_lm"),
        "InvalidFunctionError",
        "scipy_ls_lm is a least_squares algorithm",
    ),
    (
        lambda: om.maximize(LEAST_SQUARES, START, "scipy_ls_lm"),
        "InvalidFunctionError",
        "cannot be maximized",
    ),
    (call(jac=lambda x: x[:1]), "InvalidFunctionError", "cannot be aligned"),
    (call(fun=sphere, jac=True), "InvalidFunctionError", "jac=True"),
]

NUMDIFF = [
    (call(numdiff_options=1), "InvalidNumdiffOptionsError", "Invalid numdiff options of type int"),
    (
        call(numdiff_options={"metho": 1}),
        "InvalidNumdiffOptionsError",
        r"'metho'. Did you mean \['method'",
    ),
    (
        call(numdiff_options={"method": "central_cross"}),
        "InvalidNumdiffOptionsError",
        "Invalid method for first derivatives",
    ),
    (lambda: om.NumdiffOptions(method="x"), "InvalidNumdiffOptionsError", "Invalid numdiff `method`: it must be one of"),
    (
        lambda: om.NumdiffOptions(step_size=-1),
        "InvalidNumdiffOptionsError",
        "Invalid numdiff `step_size`: it must be positive, not -1",
    ),
    (
        lambda: om.NumdiffOptions(n_cores=0),
        "InvalidNumdiffOptionsError",
        "Invalid numdiff `n_cores`: it must be a positive whole number",
    ),
    (
        lambda: om.first_derivative(sphere, START, scaling_factor=0),
        "InvalidNumdiffOptionsError",
        "scaling_factor",
    ),
    (
        lambda: om.first_derivative(sphere, START, method="central_cross"),
        "InvalidNumdiffOptionsError",
        "first derivatives",
    ),
    (
        lambda: om.second_derivative(sphere, START, n_steps=3),
        "InvalidNumdiffOptionsError",
        "Richardson",
    ),
    (
        lambda: om.first_derivative(sphere, START, step_size=np.ones(3)),
        "InvalidNumdiffOptionsError",
        "same structure as params",
    ),
    (
        lambda: om.first_derivative(sphere, np.array([1, np.nan])),
        "InvalidParamsError",
        r"NaNs, but these do: \['1'\]",
    ),
    (
        lambda: om.first_derivative(fails, START, error_handling="raise"),
        "NumericalDerivativeError",
        "broken model",
    ),
    (
        lambda: om.first_derivative(fails, START, error_handling="raise_strict"),
        "RuntimeError",
        "broken model",
    ),
    (
        lambda: om.first_derivative(sphere, START, error_handling="x"),
        "InvalidNumdiffOptionsError",
        "not a valid error_handling",
    ),
]

BATCH_EVALUATORS = [
    (
        lambda: om.batch_evaluators.process_batch_evaluator("x"),
        "InvalidArgumentError",
        r"It must be one of \['joblib'",
    ),
    (
        lambda: om.batch_evaluators.process_batch_evaluator(1),
        "TypeError",
        "must be a name, an executor, a pool, a client of Dask or a function",
    ),
    (
        lambda: om.batch_evaluators.joblib_batch_evaluator(1, [1]),
        "TypeError",
        "func must be callable",
    ),
    (
        lambda: om.batch_evaluators.joblib_batch_evaluator(abs, 1),
        "InvalidArgumentError",
        "arguments must be a list",
    ),
    (
        lambda: om.batch_evaluators.joblib_batch_evaluator(abs, [1], n_cores=1.5),
        "InvalidArgumentError",
        "n_cores",
    ),
    (
        lambda: om.batch_evaluators.joblib_batch_evaluator(abs, [1], unpack_symbol="x"),
        "InvalidArgumentError",
        "unpack_symbol",
    ),
    (
        lambda: om.batch_evaluators.joblib_batch_evaluator(abs, [1], error_handling="x"),
        "InvalidArgumentError",
        "error_handling",
    ),
]

OBJECTS = [
    (
        lambda: om.History("minimize", params=[1], fun=[1, 2]),
        "InvalidArgumentError",
        "lists of the same length",
    ),
    (
        lambda: om.optimization.algorithm.InternalOptimizeResult(x=1, fun="a"),
        "TypeError",
        "x must be ndarray, not int\nfun must be",
    ),
    (
        lambda: om.optimization.algorithm.AlgoInfo(1, "a", *([1] * 10)),
        "InvalidAlgoInfoError",
        "name must be a string\nsolver_type must be one of .*\nis_available must be a bool\nis_global must be a bool",
    ),
    (lambda: om.algos.tranquilo, "AttributeError", "tranquilo is not there yet"),
    (
        lambda: om.algos.LeastSquares.scipy_lbfgsb,
        "AttributeError",
        "does not pass the filters of algos.LeastSquares",
    ),
    (lambda: om.algos.scipy_lbfgsx, "AttributeError", r"Did you mean \['scipy_lbfgsb'"),
    (lambda: om.no_such_name, "AttributeError", "no attribute 'no_such_name'"),
    (
        lambda: om.Optimizer(START, "lbfgsb", direction="up"),
        "InvalidArgumentError",
        "direction must be",
    ),
    (lambda: om.Optimizer(START, "lbfgsb", kind="x"), "InvalidArgumentError", "kind must be"),
    (lambda: om.Optimizer(START, "lbfgsb").result(), "NotAvailableError", "has not ended"),
    (
        lambda: tell_too_few(om.Optimizer(START, "neldermead")),
        "InvalidArgumentError",
        r"points were asked for, so tell needs a list of \d values, not \[1.0\]",
    ),
    (
        lambda: om.Optimizer(START, "lbfgsb").tell((1.0, 2.0)),
        "InvalidArgumentError",
        r"^1 point was asked for, so tell needs the value, not \(1.0, 2.0\)\.$",
    ),
    (
        lambda: tell_after_the_end(om.Optimizer(START, "lbfgsb", derivatives=True)),
        "InvalidArgumentError",
        "The optimization has ended",
    ),
]

CASES = [
    *MISSING_AND_ALIASES,
    *UNSUPPORTED,
    *TYPES,
    *ALGORITHMS,
    *KWARGS,
    *PARAMS_AND_BOUNDS,
    *CONSTRAINTS,
    *FUNCTIONS,
    *NUMDIFF,
    *BATCH_EVALUATORS,
    *OBJECTS,
]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("action", "error", "text"), CASES, ids=[f"{i}-{case[1]}" for i, case in enumerate(CASES)]
)
def test_text(action, error, text):
    with pytest.raises(BaseException, match=text) as caught:
        action()
    assert type(caught.value).__name__ == error


def is_exception(value):
    return isinstance(value, type) and issubclass(value, Exception)


def test_every_exception_that_this_version_raises_has_a_case():
    for_later = {
        "InvalidPlottingBackendError",
        "TableExistsError",
    }
    elsewhere = {
        "OptimagicError",
        "StopOptimizationError",
        "UserFunctionRuntimeError",
        "InternalError",
        "InvalidMultistartError",  # in test_multistart_options.py, with its other messages
        "ExplorationError",
        "LogExistsError",  # these in test_log.py
        "LogNotFoundError",
        "LogAccessError",
        "LogIndexError",
        "InvalidLogError",
        "InvalidResultError",  # in test_json.py, with its other messages
        "NotInstalledError",  # likewise
    }
    names = {value.__name__ for value in vars(exceptions).values() if is_exception(value)}
    assert names - for_later - elsewhere == {case[1] for case in CASES} & names


def test_errors_are_also_the_built_in_ones():
    for action, built_in in [
        (call(algorithm="no_such"), ValueError),
        (call(options={}), NotImplementedError),
        (call(collect_history=1), ValueError),
        (call(constraints={"type": "nonlinear", "loc": [0]}), ValueError),
        (call(bounds=3), ValueError),
        (lambda: om.algos.lbfgsb(foo=1), TypeError),
        (lambda: om.first_derivative(sphere, START, method="x"), ValueError),
    ]:
        with pytest.raises(built_in):
            action()
    assert exceptions.ThalwegError is exceptions.OptimagicError
