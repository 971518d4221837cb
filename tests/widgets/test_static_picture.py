"""What the picture of a saved notebook has room for."""

import numpy as np
import pytest

from ae_widgets.widgets.static_picture import HEIGHT, PARTS, SCALE, WIDTH, Picture


@pytest.mark.parametrize("n_parts", [3, 5])
def test_the_legend_of_the_losses_stays_on_the_sheet(n_parts):
    picture = Picture()
    blank = np.asarray(picture.image).copy()
    x0, y0, x1, y1 = 500, 60, 940, 250
    parts = dict(list(PARTS.items())[:n_parts])
    picture._loss_legend((x0, y0, x1, y1), parts, baseline=True)
    assert blank.shape == (HEIGHT * SCALE, WIDTH * SCALE, 3)
    ys, xs = np.nonzero((np.asarray(picture.image) != blank).any(axis=2))
    assert SCALE * x0 <= xs.min()
    assert xs.max() <= SCALE * (x1 + 1)
    assert ys.max() < SCALE * y0
    assert ys.min() > SCALE * 26  # below the title
