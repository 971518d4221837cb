"""scikit-learn's MLPRegressor of X on X; it draws its own first weights (Glorot)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.sparse import issparse
from sklearn.neural_network import MLPRegressor

from contestants import DoesNotApply

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Reconstruct, Train


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the model."""
    if work.channels:
        msg = "dense layers only"
        raise DoesNotApply(msg)
    if issparse(X):
        msg = "takes sparse items, but no sparse targets"
        raise DoesNotApply(msg)
    model = MLPRegressor(
        hidden_layer_sizes=work.layer_sizes(X.shape[1])[1:-1],
        alpha=0.0,
        batch_size=work.batch_size,
        max_iter=work.epochs,
        n_iter_no_change=work.epochs,
        random_state=seed,
    )

    def train() -> Reconstruct:
        return model.fit(X, X).predict

    return train
