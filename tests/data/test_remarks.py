"""What is told of items that can be trained on all the same."""

import numpy as np
import pytest

from ae_widgets.data.remarks import remarks


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((1, 4, 5), True),
        ((3, 4, 5), True),
        ((4, 5, 1), False),
        ((1, 20, 1), False),
        ((4, 5), False),
    ],
    ids=str,
)
def test_channels_that_come_first_are_told_of(shape, told):
    items = np.random.default_rng(0).random((6, int(np.prod(shape))), np.float32)
    said = remarks(items, [], shape=shape)
    assert ["put them last: np.moveaxis(images, 1, -1)." in sentence for sentence in said] == (
        [True] if told else []
    )
