"""A session's items that are alike."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from ae_widgets import DataError, Session, TrainingError
from ae_widgets.data import make_documents, read_text
from tests.session.test_session import wait_for


@pytest.fixture(scope="module")
def trained():
    documents, topics = make_documents(60)
    session = Session(read_text(documents, topics), trainer="thread", max_iter=3, device="cpu")
    session.start()
    session.wait(60)
    yield session
    session.close()


def test_similar_items_are_the_nearest_codes(trained):
    search = NearestNeighbors(n_neighbors=4).fit(trained.codes)
    expected = search.kneighbors(return_distance=False)  # itself left out
    for item in (0, 59):
        np.testing.assert_array_equal(trained.similar(item, 4), expected[item])
    unit = trained.codes / np.linalg.norm(trained.codes, axis=1, keepdims=True)
    best = np.argsort(-(unit @ unit[8]))
    np.testing.assert_array_equal(trained.similar(8, 3, metric="cosine"), best[best != 8][:3])


def test_they_are_selected_and_the_status_line_says_so(trained):
    trained.select_similar(5, 6)
    expected = sorted(trained.similar(5, 6))
    wait_for(lambda: trained.selection.tolist() == expected)
    wait_for(lambda: trained.status.note.startswith("Selected the 6 items"))
    trained.select_similar(5, 60)
    wait_for(lambda: "n must be a whole number from 1 to the 59" in trained.status.note)
    assert trained.selection.tolist() == expected


def test_what_cannot_be_answered_is_refused(trained):
    with pytest.raises(DataError, match="There is no item 60"):
        trained.similar(60)
    fresh = Session(np.eye(4, dtype=np.float32), trainer="thread")
    with pytest.raises(TrainingError, match="no codes yet"):
        fresh.similar(0, 2)
    fresh.close()
