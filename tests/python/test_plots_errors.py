"""What the plots refuse, and in which words."""

import importlib.util
import threading

import numpy as np
import pytest
import thalweg as om
from thalweg import exceptions
from thalweg._plots import _render

START = np.array([0.0, 1.0, 2.0])
BOX = om.Bounds(lower=START - 1, upper=START + 1)
BACKENDS = "Available backends: plotly, matplotlib, bokeh, altair."


def sphere(x):
    return x @ x


@pytest.fixture(scope="module")
def result():
    return om.minimize(sphere, START, "scipy_lbfgsb")


@pytest.fixture(scope="module")
def without_history():
    return om.minimize(sphere, START, "scipy_lbfgsb", collect_history=False)


def said(error, call, *args, **kwargs):
    """The text with which a call fails; the class is exactly this one."""
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    assert caught.type is error
    return str(caught.value)


def missing(*names):
    """A `find_spec` that does not find these packages."""

    def find_spec(name, *args):
        return None if name in names else importlib.util.find_spec(name, *args)

    return find_spec


# --------------------------------------------------------------------------------------------------------------- back ends


@pytest.mark.parametrize("plot", [om.criterion_plot, om.params_plot])
def test_unknown_back_ends(result, plot):
    assert said(exceptions.InvalidPlottingBackendError, plot, result, backend="plotli") == (
        f"Invalid plotting backend 'plotli'. {BACKENDS} Did you mean 'plotly'?"
    )
    text = said(exceptions.InvalidPlottingBackendError, plot, result, backend=3)
    assert text.startswith(f"Invalid plotting backend 3. {BACKENDS}")


def test_back_ends_are_checked_before_anything_is_evaluated():
    def fun(x):
        raise AssertionError("evaluated")

    text = said(
        exceptions.InvalidPlottingBackendError, om.slice_plot, fun, START, BOX, backend="mpl"
    )
    assert text.startswith("Invalid plotting backend 'mpl'.")


@pytest.mark.parametrize("backend", ["matplotlib", "bokeh", "altair"])
def test_missing_packages(result, backend, monkeypatch):
    monkeypatch.setattr(_render, "find_spec", missing(backend))
    assert said(exceptions.NotInstalledError, om.criterion_plot, result, backend=backend) == (
        f"The {backend} backend is not installed. Install the package using either "
        f"'pip install {backend}' or 'conda install -c conda-forge {backend}'."
    )


def test_what_needs_plotly_says_so(result, monkeypatch):
    monkeypatch.setattr(_render, "find_spec", missing("plotly"))
    install = (
        " needs plotly, which is not installed. Install the package using either 'pip install "
        "plotly' or 'conda install -c conda-forge plotly'."
    )
    text = said(exceptions.NotInstalledError, om.criterion_plot, result, template="plotly_dark")
    assert text == "The template 'plotly_dark'" + install
    for name in ("make_subplot_kwargs", "layout_kwargs", "plot_kwargs"):
        text = said(
            exceptions.NotInstalledError, om.slice_plot_3d, sphere, START, BOX, **{name: {}}
        )
        assert text == name + install


@pytest.mark.parametrize(
    ("backend", "near"),
    [
        ("plotly", "plotly_dark"),
        ("matplotlib", "dark_background"),
        ("bokeh", "dark_minimal"),
        ("altair", "dark"),
    ],
)
def test_unknown_templates(result, backend, near):
    pytest.importorskip(backend)
    wrong = near + "k"
    text = said(
        exceptions.InvalidArgumentError, om.criterion_plot, result, backend=backend, template=wrong
    )
    assert text.startswith(f"{backend} has no template {wrong!r}. Did you mean [{near!r}, ")
    assert "All templates: [" in text


# ----------------------------------------------------------------------------------------------------------------- results


def test_what_is_no_result(result):
    several = ", or a list or dict of these, not of type "
    need = "must be an OptimizeResult or the path of a log"
    assert said(TypeError, om.criterion_plot, 3) == f"results {need}{several}int."
    assert said(TypeError, om.criterion_plot, None) == f"results {need}{several}NoneType."
    text = said(TypeError, om.criterion_plot, [result, 3])
    assert text == f"The result '1' {need}, not of type int."
    text = said(TypeError, om.criterion_plot, {"a": [result]})
    assert text == f"The result 'a' {need}, not of type list."
    text = said(TypeError, om.params_plot, [result])
    assert text == f"result {need}, not of type list."


def test_results_without_history(result, without_history):
    advice = "has no history to plot. Run the optimization with collect_history=True."
    error = exceptions.InvalidArgumentError
    assert said(error, om.criterion_plot, without_history) == f"results {advice}"
    assert said(error, om.params_plot, without_history) == f"result {advice}"
    text = said(error, om.criterion_plot, {"a": result, "b": without_history})
    assert text == f"The result 'b' {advice}"
    assert issubclass(error, ValueError)


def test_no_results():
    for nothing in ([], {}, ()):
        text = said(exceptions.InvalidArgumentError, om.criterion_plot, nothing)
        assert text == "results is empty: there is nothing to plot."


def test_names_that_do_not_fit(result):
    error = exceptions.InvalidArgumentError
    assert said(error, om.criterion_plot, [result, result], names=["a"]) == (
        "len(results) needs to be equal to len(names), but there are 2 results and 1 names: ['a']."
    )
    text = said(error, om.criterion_plot, result, names=3)
    assert text == "names must be a string, a list of strings or None, not 3."


@pytest.mark.parametrize("plot", [om.criterion_plot, om.params_plot])
def test_numbers_and_colours(result, plot):
    error = exceptions.InvalidArgumentError
    for wrong in (0, -3, 2.5, True, "all"):
        text = said(error, plot, result, max_evaluations=wrong)
        assert text == f"max_evaluations must be a positive whole number or None, not {wrong!r}."
    for wrong in ([], [3], 7, None):
        text = said(error, plot, result, palette=wrong)
        assert text == f"palette must be a colour or a list of colours, not {wrong!r}."


def test_selectors(result):
    error = exceptions.InvalidArgumentError
    text = said(error, om.params_plot, result, selector=lambda x: x["c"])
    assert text.startswith("The selector of a plot: the selector failed with IndexError: ")
    assert text.endswith(
        'A selector maps the params to a part of them, for example `lambda params: params["a"]`.'
    )
    text = said(error, om.params_plot, result, selector=lambda x: x[:0])
    assert text == "The selector of a plot picks no parameters."
    text = said(error, om.slice_plot, sphere, START, BOX, selector=lambda x: 2 * x)
    assert text == (
        "The selector of a plot: the selector may only select and rearrange params, not compute with "
        "them."
    )


# ------------------------------------------------------------------------------------------------------------------- slices


@pytest.mark.parametrize("plot", [om.slice_plot, om.slice_plot_3d])
@pytest.mark.parametrize(
    ("bounds", "none"),
    [
        (None, "0 (lower, upper), 1 (lower, upper), 2 (lower, upper)"),
        (om.Bounds(lower=START - 1), "0 (upper), 1 (upper), 2 (upper)"),
        (om.Bounds(START - 1, np.array([1, np.inf, 3])), "1 (upper)"),
    ],
)
def test_missing_bounds(plot, bounds, none):
    text = said(exceptions.IncompleteBoundsError, plot, sphere, START, bounds)
    assert text == (
        f"All selected parameters must have finite lower/upper bounds. These have none: {none}."
    )
    assert issubclass(exceptions.IncompleteBoundsError, ValueError)


@pytest.mark.parametrize("plot", [om.slice_plot, om.slice_plot_3d])
def test_arguments_of_slices(plot):
    error = exceptions.InvalidArgumentError
    text = said(error, plot, 3, START, BOX)
    assert text == "func must be a function, not 3."
    text = said(error, plot, sphere, START, BOX, func_kwargs=[1])
    assert text == "func_kwargs must be a dictionary or None, not [1]."
    text = said(exceptions.InvalidParamsError, plot, sphere, None, BOX)
    assert text == "params must hold the numbers to slice at, not None."
    text = said(exceptions.InvalidParamsError, plot, sphere, START * np.nan, BOX)
    assert text == "The params must not contain NaNs, but these do: ['0', '1', '2']."
    for wrong in (1, 2.5, "many"):
        text = said(error, plot, sphere, START, BOX, n_gridpoints=wrong)
        assert text == f"n_gridpoints must be a whole number of at least 2, not {wrong!r}."
    text = said(error, plot, sphere, START, BOX, n_cores=0)
    assert text == "n_cores must be a whole number of at least 1, not 0."
    text = said(error, plot, sphere, START, BOX, batch_evaluator="jobli")
    assert text == (
        "batch_evaluator must be one of ['joblib', 'pathos', 'pathos_mp', 'threading'], an executor "
        "or a function, not 'jobli'."
    )
    text = said(error, plot, sphere, START, BOX, expand_yrange=-1)
    assert text == "expand_yrange must be a number of at least 0, not -1."
    text = said(error, plot, sphere, START, BOX, param_names=["a"])
    assert text == "param_names must be a dict from names to names or None, not ['a']."
    text = said(error, plot, sphere, START, BOX, param_names={"7": "seven"})
    assert text == (
        "param_names has the key '7', but no parameter has this name. Did you mean ['0', '1', '2']?"
    )
    with pytest.raises(exceptions.InvalidKwargsError, match="do not fit func"):
        plot(sphere, START, BOX, func_kwargs={"q": 1})


def test_plots_per_row():
    text = said(exceptions.InvalidArgumentError, om.slice_plot, sphere, START, BOX, plots_per_row=0)
    assert text == "plots_per_row must be a whole number of at least 1, not 0."


def test_a_function_that_fails_at_the_params():
    def fun(x):
        raise ZeroDivisionError("always")

    error = exceptions.InvalidFunctionError
    for plot in (om.slice_plot, om.slice_plot_3d):
        text = said(error, plot, fun, START, BOX)
        assert text == "Error while evaluating func at the params: ZeroDivisionError: always"
    with pytest.raises(error) as caught:
        om.slice_plot(fun, START, BOX)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        (None, "func returned None instead of a number. Is a return statement missing?"),
        ((1.0, START), "func returned tuple of length 2 instead of a number."),
        (
            om.mark.least_squares,
            "func is marked as a least_squares function, but returned float instead of",
        ),
    ],
)
def test_what_a_function_returns_is_said_of_func(returned, text):
    """In the words of this function's arguments, not of those of `minimize`."""
    if callable(returned):
        fun = returned(lambda x: 1.0)
    else:
        fun = lambda x: returned  # noqa: E731
    message = said(exceptions.InvalidFunctionError, om.slice_plot, fun, START, BOX)
    assert message.startswith(text)
    assert "jac" not in message and "fun " not in message.removeprefix(text)

    def sometimes(x):
        return x @ x if (x == START).all() else returned

    if not callable(returned):
        with pytest.warns(UserWarning, match="the first with InvalidFunctionError: func returned"):
            om.slice_plot(sometimes, START, BOX)


def test_functions_that_cannot_travel():
    pytest.importorskip("joblib")
    lock = threading.Lock()

    def fun(x):
        with lock:
            return x @ x

    text = said(exceptions.InvalidFunctionError, om.slice_plot, fun, START, BOX, n_cores=2)
    assert text.startswith("func cannot be sent to the processes of the batch evaluator 'joblib': ")


def test_interrupts_are_not_gaps():
    def fun(x):
        if x[0] > 0.5:
            raise KeyboardInterrupt
        return x @ x

    with pytest.raises(KeyboardInterrupt):
        om.slice_plot(fun, START, BOX)


def test_projections():
    error = exceptions.InvalidArgumentError
    text = said(error, om.slice_plot_3d, sphere, START, BOX, projection="heat")
    assert text == (
        "Invalid projection: 'heat'. It must be 'univariate', 'contour', 'surface' or a dictionary "
        "with the keys 'lower' and 'upper'."
    )
    text = said(TypeError, om.slice_plot_3d, sphere, START, BOX, projection=3)
    assert text == (
        "Invalid type for projection: <class 'int'>. Must be a string or a dictionary with the keys "
        "'lower' and 'upper'."
    )
    text = said(error, om.slice_plot_3d, sphere, START, BOX, projection={"left": "contour"})
    assert text == "Invalid projection: the key 'left' is neither 'lower' nor 'upper'."
    text = said(error, om.slice_plot_3d, sphere, START, BOX, projection={"lower": "heat"})
    assert text == (
        "Invalid projection: 'heat' for 'lower'. It must be 'contour', 'surface' or None."
    )
    text = said(
        error, om.slice_plot_3d, sphere, START, BOX, projection="contour", selector=lambda x: x[:1]
    )
    assert text == (
        "Invalid projection: 'contour' needs at least two parameters, but 1 is selected: ['0']."
    )


def test_words_of_plotly():
    pytest.importorskip("plotly")
    error = exceptions.InvalidArgumentError
    text = said(
        error,
        om.slice_plot_3d,
        sphere,
        START,
        BOX,
        projection="contour",
        make_subplot_kwargs={"rows": 3},
    )
    assert text == (
        "make_subplot_kwargs has ['rows'], but the grid of a projection of pairs has a row and a "
        "column for each parameter. Leave them out."
    )
    text = said(
        error, om.slice_plot_3d, sphere, START, BOX, make_subplot_kwargs={"rows": 1, "cols": 2}
    )
    assert text == "A grid of 1 rows and 2 columns has fewer places than there are plots, 3."
    text = said(error, om.slice_plot_3d, sphere, START, BOX, plot_kwargs={"lineplot": {}})
    assert text == (
        "plot_kwargs has the unknown key 'lineplot'. Did you mean 'line_plot'? Its keys are "
        "['line_plot', 'scatter_plot', 'surface_plot', 'contour_plot']."
    )
    text = said(error, om.slice_plot_3d, sphere, START, BOX, layout_kwargs=[1])
    assert text == "layout_kwargs must be a dictionary or None, not [1]."
