"""Documents become sparse items."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from ae_widgets import DataError, Session
from ae_widgets.data import make_documents, read_text


def test_documents_are_rows_of_tfidf_weights_with_terms_as_names():
    documents, topics = make_documents(60)
    read = read_text(documents, topics, max_features=50)
    vectorizer = TfidfVectorizer(max_features=50, dtype=np.float32)
    np.testing.assert_allclose(
        read.features.toarray(), vectorizer.fit_transform(documents).toarray()
    )
    assert read.feature_names == tuple(vectorizer.get_feature_names_out())
    assert read.texts == tuple(documents)
    assert read.sparse
    assert [read.label_names[label] for label in read.labels] == topics
    stopped = read_text(documents, stop_words="english").feature_names
    assert "the" not in stopped
    assert "wave" in stopped


def test_similar_documents_by_code_are_of_the_same_topic():
    documents, topics = make_documents(200)
    session = Session(
        read_text(documents, topics), trainer="thread", code_dim=8, max_iter=40, device="cpu"
    )
    session.start()
    session.wait(60)
    near = np.stack([session.similar(item, 5) for item in range(200)])
    same = np.mean(np.array(topics)[near] == np.array(topics)[:, None])
    session.close()
    assert same > 0.6  # by chance a quarter


def test_the_same_seed_makes_the_same_documents():
    assert make_documents(5, random_state=2) == make_documents(5, random_state=2)
    documents, topics = make_documents(5, n_words=12)
    assert {len(text.split()) for text in documents} == {12}
    assert set(topics) <= {"sea", "kitchen", "sky", "music"}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: read_text("one text"), "documents must be a list of texts, got 'one text'"),
        (lambda: read_text([]), "documents must be a list of texts"),
        (lambda: read_text(["a text", None]), "Document 1 is no text but None"),
        (lambda: read_text(["a", "b"]), "could not be turned into terms: empty vocabulary"),
        (lambda: read_text(["a text"], stop="x"), "could not be turned into terms: .*stop"),
        (lambda: make_documents(0), "n_documents must be a whole number of at least 1, got 0"),
    ],
)
def test_what_is_no_text_is_refused(call, said):
    with pytest.raises(DataError, match=said):
        call()
