"""Small helpers that users import, and the signatures that editors show."""

import inspect

import numpy as np
import pytest
import thalweg as om
from thalweg import utilities

SDCORR = np.array([1, 2, 3, 0.1, 0.2, 0.3])
COV = np.array([[1, 0.2, 0.6], [0.2, 4, 1.8], [0.6, 1.8, 9]])


def test_covariances_as_parameters():
    assert np.allclose(utilities.sdcorr_params_to_matrix(SDCORR), COV)
    assert np.allclose(utilities.cov_matrix_to_sdcorr_params(COV), SDCORR)
    sds, corr = utilities.cov_to_sds_and_corr(COV)
    assert np.allclose(utilities.sds_and_corr_to_cov(sds, corr), COV)
    assert np.allclose(utilities.sdcorr_params_to_sds_and_corr(SDCORR)[1], corr)
    params = utilities.cov_matrix_to_params(COV)
    assert params.tolist() == [1, 0.2, 4, 0.6, 1.8, 9]
    assert np.allclose(utilities.cov_params_to_matrix(params), COV)
    lower = utilities.chol_params_to_lower_triangular_matrix(params)
    assert lower.tolist() == [[1, 0, 0], [0.2, 4, 0], [0.6, 1.8, 9]]
    for dim in range(1, 10):
        number = utilities.dimension_to_number_of_triangular_elements(dim)
        assert number == dim * (dim + 1) / 2
        assert utilities.number_of_triangular_elements_to_dimension(number) == dim


def test_roots_of_singular_matrices():
    rng = np.random.default_rng(0)
    for _ in range(20):
        factor = rng.normal(size=(5, 3))
        root = utilities.robust_cholesky(factor @ factor.T)
        assert np.allclose(root @ root.T, factor @ factor.T)
        assert np.allclose(root, np.tril(root))
        assert np.all(np.diagonal(root) >= 0)
    root, info = utilities.robust_cholesky(COV, return_info=True)
    assert np.allclose(root, np.linalg.cholesky(COV))
    assert info == {"method": "np.linalg.cholesky"}
    for matrix in (-np.eye(2), np.array([[1, 2.0], [2, 1]])):
        with pytest.raises(np.linalg.LinAlgError, match="positive semi-definite"):
            utilities.robust_cholesky(matrix)


def test_inverses_of_singular_matrices():
    assert np.allclose(utilities.robust_inverse(COV) @ COV, np.eye(3))
    with pytest.warns(UserWarning, match=r"singular \(LinAlgError\), so its pseudo-inverse .* The Hessian"):
        assert np.allclose(utilities.robust_inverse(np.ones((2, 2)), "The Hessian."), 0.25)
    with pytest.raises(ValueError, match="Matrix must be square"):
        utilities.robust_inverse(np.ones((2, 3)))


@pytest.mark.parametrize("function", [om.minimize, om.maximize])
def test_editors_see_the_arguments(function):
    signature = inspect.signature(function)
    names = list(signature.parameters)
    assert names[:6] == ["fun", "params", "algorithm", "bounds", "constraints", "fun_kwargs"]
    kinds = {name: parameter.kind for name, parameter in signature.parameters.items()}
    assert all(kinds[name] is inspect.Parameter.POSITIONAL_OR_KEYWORD for name in names[:3])
    assert all(kinds[name] is inspect.Parameter.KEYWORD_ONLY for name in names[3:])
    assert signature.parameters["collect_history"].default is True
    assert signature.return_annotation == "OptimizeResult"
    assert inspect.getfullargspec(function).args == ["fun", "params", "algorithm"]


@pytest.mark.parametrize("kind", ["scalar", "least_squares", "likelihood"])
def test_marks_are_those_of_optimagic(kind):
    """A function that is marked by one package is marked for the other."""

    def function(x):
        return x

    assert getattr(om.mark, kind)(function) is function
    assert function._problem_type is om.typing.AggregationLevel(kind)


def test_cost_models_need_a_function_for_batches():
    with pytest.raises(ValueError, match="aggregate_batch_time must be a callable that makes one"):
        om.timing.CostModel(fun=1, jac=1, fun_and_jac=1, label="", aggregate_batch_time="sum")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("criterion", "fun"),
        ("start_criterion", "start_fun"),
        ("n_criterion_evaluations", "n_fun_evals"),
        ("n_derivative_evaluations", "n_jac_evals"),
    ],
)
def test_attributes_of_2022(old, new):
    result = om.minimize(lambda x: x @ x, np.ones(2), "lbfgsb")
    text = f"result.{old}: this attribute is deprecated. Please use result.{new} instead."
    with pytest.warns(FutureWarning, match=text):
        assert getattr(result, old) == getattr(result, new)
