"""Items in the static picture."""

import numpy as np
import pytest
from PIL import Image, ImageColor
from scipy.sparse import csr_array

from ae_widgets.data import read_dataset
from ae_widgets.session import Reconstructions
from ae_widgets.widgets._static_items import INPUT, OUTPUT, paste_items


@pytest.mark.parametrize("item_shape", [(2, 3), None], ids=["image", "profile"])
def test_items_with_missing_values_are_drawn(item_shape):
    x = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)
    x[1, 2] = np.nan
    dataset = read_dataset(x, item_shape=item_shape, allow_nan=True)
    picture = Image.new("RGB", (200, 100), "white")
    items = Reconstructions(np.array([1]), x[1:2], np.nan_to_num(x[1:2]), np.zeros(1), 0.0)
    paste_items(picture, (0, 0, 200, 100), items, dataset)
    assert np.asarray(picture).min() < 255


def colours(picture):
    return {colour for _, colour in picture.getcolors(1 << 16)}


def test_a_profile_has_gaps_where_values_are_missing():
    x = np.full((2, 9), 0.5, np.float32)
    x[1, [0, 3, 4, 5, 7]] = np.nan, np.nan, np.nan, np.nan, np.nan
    dataset = read_dataset(x, allow_nan=True)
    picture = Image.new("RGB", (200, 100), "white")
    outputs = np.ones((1, 9), np.float32)
    items = Reconstructions(np.array([1]), x[1:], outputs, np.zeros(1), 0.0)
    paste_items(picture, (0, 0, 200, 100), items, dataset)
    blue, orange = (
        np.all(np.asarray(picture) == ImageColor.getrgb(name), axis=2) for name in (INPUT, OUTPUT)
    )
    places = np.linspace(6, 194, 9).round().astype(int)
    assert orange.any(axis=0)[places[0] + 1 : places[-1]].all()  # a whole line
    assert blue.sum(axis=0).max() <= 4  # no bar
    assert blue.any(axis=0)[places].tolist() == np.isfinite(x[1]).tolist()


def test_of_a_sparse_item_the_largest_features_are_drawn():
    x = np.zeros((3, 400), np.float32)
    x[0, [3, 200]] = 2, 1
    dataset = read_dataset(csr_array(x))
    outputs = np.linspace(0, 1, 400, dtype=np.float32)[None]
    inputs = [x[:1], np.full((1, 400), np.nan, np.float32)]  # the second one is of a user unknown
    blue, orange = ImageColor.getrgb(INPUT), ImageColor.getrgb(OUTPUT)
    for given, returned, shown in (
        (inputs[0], outputs, {blue, orange}),
        (inputs[1], outputs, {orange}),
        (x[1:2], np.zeros_like(outputs), set()),
    ):
        picture = Image.new("RGB", (400, 180), "white")
        items = Reconstructions(np.array([0]), given, returned, np.zeros(1), 0.0)
        paste_items(picture, (0, 0, 400, 180), items, dataset)
        assert shown <= colours(picture)
        bars = np.all(np.asarray(picture) == blue, axis=2).sum(axis=1).max()
        assert (bars > 100) == (blue in shown)  # the largest value takes up all the width
