"""Items in the static picture."""

import numpy as np
import pytest
from PIL import Image

from ae_widgets.data import read_dataset
from ae_widgets.session import Reconstructions
from ae_widgets.widgets._static_items import paste_items


@pytest.mark.parametrize("item_shape", [(2, 3), None], ids=["image", "profile"])
def test_items_with_missing_values_are_drawn(item_shape):
    x = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)
    x[1, 2] = np.nan
    dataset = read_dataset(x, item_shape=item_shape, allow_nan=True)
    picture = Image.new("RGB", (200, 100), "white")
    items = Reconstructions(np.array([1]), x[1:2], np.nan_to_num(x[1:2]), np.zeros(1), 0.0)
    paste_items(picture, (0, 0, 200, 100), items, dataset)
    assert np.asarray(picture).min() < 255
