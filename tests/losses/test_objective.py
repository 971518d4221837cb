"""The objective is the weighted sum of its parts."""

import itertools

import numpy as np
import pytest
import torch

from ae_widgets import Settings
from ae_widgets.losses import COMPLEXITIES, RECONSTRUCTIONS
from ae_widgets.losses.complexity import complexity
from ae_widgets.losses.objective import Objective, PartMeans
from ae_widgets.losses.reconstruction import item_errors

GENERATOR = torch.Generator().manual_seed(0)
X = torch.rand(8, 5, generator=GENERATOR)
CODE = torch.randn(8, 3, generator=GENERATOR)
OUTPUT = torch.rand(8, 5, generator=GENERATOR)


@pytest.mark.parametrize(
    ("kind", "penalty"), list(itertools.product(RECONSTRUCTIONS, COMPLEXITIES))
)
def test_the_parts_are_the_error_and_the_complexity(kind, penalty):
    settings = Settings(alpha=0.7, beta=0.3, reconstruction=kind, complexity=penalty)
    measured = Objective(settings)(X, CODE, OUTPUT)
    torch.testing.assert_close(measured.errors, item_errors(kind, OUTPUT, X))
    assert measured.parts["reconstruction"] == measured.errors.mean()
    assert measured.parts["complexity"] == complexity(penalty, CODE)
    assert measured.weights == {"reconstruction": 0.7, "complexity": 0.3}


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (0.7, 0.3), (0.0, 0.3)])
def test_gradients_are_those_of_the_total(kind, alpha, beta):
    ours, theirs = ([values.double().requires_grad_() for values in (CODE, OUTPUT)] for _ in "ab")
    settings = Settings(alpha=alpha, beta=beta, reconstruction=kind, complexity="l2")
    assert Objective(settings)(X.double(), *ours).backward()
    error = item_errors(kind, theirs[1], X.double()).mean() if alpha else 0
    (alpha * error + beta * complexity("l2", theirs[0])).backward()
    for mine, expected, weight in zip(ours, theirs, (beta, alpha), strict=True):
        if weight:
            torch.testing.assert_close(mine.grad, expected.grad)
        else:
            assert mine.grad is None


def test_a_part_without_weight_has_no_gradient_and_is_still_measured():
    code = CODE.clone().requires_grad_()
    output = OUTPUT.clone().requires_grad_()
    measured = Objective(Settings(alpha=1, beta=0))(X, code, output)
    assert measured.backward()
    assert code.grad is None
    assert output.grad is not None
    assert measured.parts["complexity"] > 0


def test_both_weights_zero_give_no_gradient():
    output = OUTPUT.clone().requires_grad_()
    measured = Objective(Settings(alpha=0, beta=0))(X, CODE, output)
    assert not measured.backward()
    assert output.grad is None


def test_effective_weights_make_the_parts_add_up_when_a_weight_moved():
    means = PartMeans()
    means.items = 3 + 1
    means.under({"reconstruction": 1, "complexity": 0})[:] += 3 * np.array([2.0, 5.0])
    means.under({"reconstruction": 2, "complexity": 1})[:] += 1 * np.array([4.0, 1.0])
    total, values, weights = means.summary()
    assert values == {"reconstruction": 2.5, "complexity": 4.0}
    assert total == pytest.approx((3 * 2 * 1 + 1 * (4 * 2 + 1 * 1)) / 4)
    assert total == pytest.approx(sum(values[n] * weights[n] for n in values), abs=1e-12)
