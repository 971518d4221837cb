import array
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from sklearn.utils import Bunch

from ae_widgets.data import read_dataset
from ae_widgets.exceptions import DataError

WANTED = "Pass an array, a list of rows, a DataFrame or a scikit-learn Bunch."


def message(X, y=None):
    with pytest.raises(DataError) as caught:
        read_dataset(X, y)
    return str(caught.value)


class Tensor:
    """A tensor as torch has it, without torch."""

    def __init__(self, values, dtype="torch.float32"):
        self.values, self.dtype = np.asarray(values), dtype

    def __array__(self, *_, **__):
        message = "Can't call numpy() on a tensor that requires grad."
        raise RuntimeError(message)

    def detach(self):
        return types.SimpleNamespace(
            cpu=lambda: types.SimpleNamespace(
                numpy=self._numpy, float=lambda: Tensor(self.values), dtype=self.dtype
            )
        )

    def numpy(self):
        return self._numpy()

    def _numpy(self):
        if self.dtype != "torch.float32":
            message = f"Got unsupported ScalarType {self.dtype}"
            raise TypeError(message)
        return self.values


class Broken:
    """Something that promises to be an array and is none."""

    def __array__(self, *_, **__):
        message = "the database is away."
        raise OSError(message)


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (None, f"X is None. {WANTED}"),
        ("data.csv", "X is a path; load it first, e.g. pandas.read_csv('data.csv')."),
        (
            "photos/a.PNG",
            "X is the path of a picture. Pass that of its folder: all in it are read.",
        ),
        (
            Path("missing_folder"),
            "There is no folder 'missing_folder'. Check the path, or load a file first.",
        ),
        (Path("a/b.npy"), "X is a path; load it first, e.g. numpy.load('a/b.npy')."),
        ("b.PARQUET", "X is a path; load it first, e.g. pandas.read_parquet('b.PARQUET')."),
        (b"abc", f"X is bytes. {WANTED}"),
        (
            {"a": [1, 2]},
            "X is a dict. Make a table of it first: pandas.DataFrame(X).",
        ),
        (
            [{"a": 1}],
            "X is a list of dicts. Make a table of it first: pandas.DataFrame(X).",
        ),
        (
            iter([[1]]),
            "X is a generator, which can be read only once. Pass list(X).",
        ),
        ({1, 2}, "X is a set, which has no order. Pass sorted(X) or a list."),
        (3.5, f"X is a single value, 3.5. {WANTED}"),
        (np.float64(3.5), f"X is a single value, 3.5. {WANTED}"),
        (np.array(3.5), f"X is a single value, 3.5. {WANTED}"),
        (len, f"X, of type builtin_function_or_method, cannot be read as an array. {WANTED}"),
        (
            Broken(),
            f"X, of type Broken, cannot be read as an array: the database is away. {WANTED}",
        ),
        (
            [[1, 2], [3]],
            (
                "X is ragged: row 0 has 2 values, row 1 has 1 value. Give every row the same "
                "number of values."
            ),
        ),
        (
            [np.zeros((2, 2)), np.zeros((3, 2))],
            (
                "X is ragged: row 0 has shape (2, 2), row 1 has shape (3, 2). Give every row the "
                "same number of values."
            ),
        ),
        (
            [[1, 2], 3],
            (
                "X is ragged: row 0 has 2 values, row 1 has a single value. Give every row the "
                "same number of values."
            ),
        ),
        (
            Tensor([[1.0]], "torch.quint8"),
            "X is a tensor that has no numpy form: Got unsupported ScalarType torch.quint8",
        ),
    ],
)
def test_what_is_no_data_is_refused_with_advice(X, expected):
    assert message(X) == expected


def test_y_may_name_a_column_of_a_frame_only():
    assert message([[1, 2]], "b") == (
        "y='b' is a text, which names a column of a DataFrame, but X is no DataFrame. Pass one "
        "label an item."
    )


def matrix(rows):
    with warnings.catch_warnings():  # of numpy's, which scipy silences where it comes first
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix(rows)


@pytest.mark.parametrize(
    "X",
    [
        [[1, 2], [3, 4]],
        ([1, 2], (3, 4)),
        [np.array([1, 2]), np.array([3, 4])],
        [range(1, 3), range(3, 5)],
        memoryview(np.array([[1, 2], [3, 4]])),
        [array.array("d", [1, 2]), array.array("d", [3, 4])],
        matrix([[1, 2], [3, 4]]),
        np.ma.masked_array([[1, 2], [3, 4]]),
        Tensor([[1, 2], [3, 4]]),
        Tensor([[1, 2], [3, 4]], "torch.bfloat16"),
        [Tensor([1, 2]), Tensor([3, 4])],
        Bunch(data=[[1, 2], [3, 4]]),
    ],
    ids=lambda X: type(X).__name__,
)
def test_all_kinds_of_tables_are_read(X):
    np.testing.assert_array_equal(read_dataset(X).features, [[1, 2], [3, 4]])


def test_object_arrays_of_equal_images_are_stacked():
    images = np.empty(3, object)
    images[:] = [np.full((2, 2), i, np.uint8) for i in range(3)]
    dataset = read_dataset(images)
    assert dataset.item_shape == (2, 2)
    np.testing.assert_allclose(dataset.features[:, 0], [0, 1 / 255, 2 / 255], rtol=1e-6)


def test_object_arrays_of_other_images_are_ragged():
    images = np.empty(2, object)
    images[0], images[1] = np.zeros((2, 2)), np.zeros((2, 3))
    assert message(images) == (
        "X is ragged: row 0 has shape (2, 2), row 1 has shape (2, 3). Give every row the same "
        "number of values."
    )


def test_numbers_beside_text_are_not_taken_for_text():
    assert message([[1, "x"], [2, "y"]]).startswith("X has text or categories in column 1 (")


def test_masked_cells_are_missing():
    X = np.ma.masked_greater(np.arange(6.0).reshape(3, 2), 4)
    assert message(X).startswith("X has NaN in 1 of 3 rows (first: row 2, column 1).")


def test_large_sparse_labels_are_refused_before_memory_is_asked_for():
    y = scipy.sparse.eye(100_000, format="csr")
    with pytest.raises(DataError, match=r"y is sparse, 100,000 by 100,000\. Pass a dense array"):
        read_dataset(np.zeros((100_000, 1)), y)
    assert read_dataset(np.eye(2), scipy.sparse.csr_array([[0], [1]])).label_names == ("0", "1")


def test_nan_in_sparse_data_is_located():
    X = scipy.sparse.lil_array((3, 4))
    X[2, 1] = np.nan
    assert message(X.tocsr()).startswith("X has NaN in 1 of 3 rows (first: row 2, column 1).")


def test_torch_tensors_are_read():
    torch = pytest.importorskip("torch")
    X = torch.rand(4, 3, requires_grad=True)
    for tensor in (X, X.to(torch.bfloat16), X.T.contiguous().T, list(X)):
        dataset = read_dataset(tensor, torch.tensor([0, 1, 0, 1]))
        np.testing.assert_allclose(dataset.features, X.detach().numpy(), rtol=0.01)
        assert dataset.label_names == ("0", "1")
    assert message(X.detach().to_sparse()).startswith("X is a tensor that has no numpy form: ")
