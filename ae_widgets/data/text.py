"""Documents as sparse rows of weighted terms."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.reader import read_dataset
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from ae_widgets.data.dataset import Dataset

__all__ = ["make_documents", "read_text"]


def read_text(
    documents: Iterable[str],
    y: ArrayLike | None = None,
    *,
    max_features: int = 2000,
    **options: Any,
) -> Dataset:
    """Return documents as a Dataset of TF-IDF weights, sparse, with terms as feature names.

    It keeps the documents too, so that an item can be shown by its text.

    Parameters
    ----------
    documents : iterable of str
        One text an item.
    y : array-like of shape (n_documents,), optional
        Labels, as for `read_dataset`.
    max_features : int, default=2000
        The most frequent terms that are kept.
    **options
        Of `sklearn.feature_extraction.text.TfidfVectorizer`, such as
        ``stop_words="english"`` or ``min_df=2``.

    Raises
    ------
    DataError
        If these are no texts, no term is left, or an option is unknown.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [documents] if isinstance(documents, str) else list(documents)
    if isinstance(documents, str) or not texts:
        msg = f"documents must be a list of texts, got {documents!r:.60}. Pass one text an item."
        raise DataError(msg)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            msg = f"Document {place} is no text but {text!r:.60}. Fill it or leave it out."
            raise DataError(msg)
    try:
        vectorizer = TfidfVectorizer(max_features=max_features, dtype=np.float32, **options)
        weights = vectorizer.fit_transform(texts)
    except (TypeError, ValueError) as error:
        msg = f"The documents could not be turned into terms: {error}."
        raise DataError(msg) from error
    read = read_dataset(weights, y)
    terms = tuple(str(term) for term in vectorizer.get_feature_names_out())
    return replace(read, feature_names=terms, texts=tuple(texts))


def make_documents(
    n_documents: int = 300, *, n_words: int = 40, random_state: int = 0
) -> tuple[list[str], list[str]]:
    """Return small documents on a few topics, made of words at random, and their topics.

    Half of the words of a document are of its topic, a quarter of another one, and the rest
    are of none.

    Parameters
    ----------
    n_documents : int, default=300
        How many.
    n_words : int, default=40
        Words of each.
    random_state : int, default=0
        The same number makes the same documents.

    Raises
    ------
    DataError
        If a number is below 1.
    """
    for name, value in {"n_documents": n_documents, "n_words": n_words}.items():
        if not isinstance(value, Integral) or value < 1:
            msg = f"{name} must be a whole number of at least 1, got {value!r}."
            raise DataError(msg)
    rng = np.random.default_rng(random_state)
    names = list(TOPICS)
    topics, documents = rng.integers(len(names), size=n_documents), []
    for topic in topics:
        aside = (topic + rng.integers(1, len(names))) % len(names)
        texts = TOPICS[names[topic]], TOPICS[names[aside]], COMMON
        sources = [text.split() for text in texts]
        chosen = rng.choice(3, size=n_words, p=[0.5, 0.25, 0.25])
        documents.append(" ".join(str(rng.choice(sources[source])) for source in chosen))
    return documents, [names[topic] for topic in topics]


TOPICS = {
    "sea": "wave tide harbour anchor sail gull reef salt shore current whale mast",
    "kitchen": "flour butter oven simmer onion pepper knife roast dough spice broth pan",
    "sky": "star orbit comet planet telescope galaxy eclipse moon meteor nebula dawn sun",
    "music": "violin chord tempo melody drum choir rhythm score opera flute tune bass",
}
"""Words of each topic of `make_documents`."""

COMMON = "the and with from over under long small new old many some good time way day"
"""Words of no topic."""
