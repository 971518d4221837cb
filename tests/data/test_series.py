"""Series: rows that are drawn as lines."""

import numpy as np
import pytest

from ae_widgets import Session
from ae_widgets.data import read_dataset
from ae_widgets.exceptions import DataError
from ae_widgets.widgets import ArchitectureControls, ReconstructionView

WAVES = np.sin(np.linspace(0, 6, 24) + np.arange(30)[:, None] / 5)


def test_a_length_makes_series_of_rows():
    dataset = read_dataset(WAVES, item_shape=(24,))
    assert dataset.item_shape == (24,)
    assert not dataset.is_image
    assert dataset.feature_names[:2] == ("t = 0", "t = 1")
    assert read_dataset(np.eye(3, dtype=np.uint8) * 255, item_shape=(3,)).features.max() == 255


def test_points_in_time_share_a_scale():
    loud = WAVES * 10.0 ** np.linspace(-4, 4, 24)
    assert "Scale the columns" not in " ".join(read_dataset(loud, item_shape=(24,)).notices)
    assert "Scale the columns" in " ".join(read_dataset(loud).notices)


@pytest.mark.parametrize("shape", [(23,), (0,), (2.5,)])
def test_lengths_that_do_not_fit(shape):
    with pytest.raises(DataError, match="item_shape"):
        read_dataset(WAVES, item_shape=shape)


def test_a_session_draws_lines_and_offers_no_convolutions():
    session = Session(WAVES, item_shape=(24,), preprocess="standard", trainer="thread")
    assert session.settings.architecture.item_shape is None
    view, controls = ReconstructionView(session), ArchitectureControls(session)
    assert view.item_shape == [24]
    assert view.feature_names == []
    assert "trunk" not in controls._fields
    for one in (view, controls, session):
        one.close()
