"""Items that are alike, by the estimator."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import NearestNeighbors

from ae_widgets import Autoencoder, DataError
from ae_widgets.data import make_documents, read_text


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_similar_rows_are_those_of_the_nearest_codes(metric):
    X = read_text(make_documents(80)[0]).features
    model = Autoencoder(4, max_iter=5, random_state=0, device="cpu").fit(X)
    others, some = csr_array(X[:60]), X[60:]
    search = NearestNeighbors(n_neighbors=7, metric=metric).fit(model.transform(others))
    expected = search.kneighbors(model.transform(some), return_distance=False)
    np.testing.assert_array_equal(model.similar(some, others, 7, metric=metric), expected)
    dense = model.similar(some.toarray()[:2], others.toarray(), 3, metric=metric)
    np.testing.assert_array_equal(dense, expected[:2, :3])
    assert model.similar(others, others, 1, metric="euclidean")[:, 0].tolist() == list(range(60))
    with pytest.raises(DataError, match="from 1 to the 60 to choose from, got 61"):
        model.similar(some, others, 61)


def test_it_needs_a_fit():
    with pytest.raises(NotFittedError):
        Autoencoder().similar(np.eye(3), np.eye(3), 1)
