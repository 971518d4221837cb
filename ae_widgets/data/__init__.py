"""Anything a person passes in, made into a `Dataset`."""

from ae_widgets.data.dataset import NO_LABEL, Dataset
from ae_widgets.data.images import read_images
from ae_widgets.data.ratings import make_ratings, split_ratings
from ae_widgets.data.reader import read_dataset
from ae_widgets.data.text import make_documents, read_text

__all__ = [
    "NO_LABEL",
    "Dataset",
    "make_documents",
    "make_ratings",
    "read_dataset",
    "read_images",
    "read_text",
    "split_ratings",
]
