"""How many of the ratings that were held out a run would recommend."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from ae_widgets.analysis.ranking import ndcg_at_k, recall_at_k, top_items
from ae_widgets.exceptions import DataError, TrainingError
from ae_widgets.widgets._score_tables import ranking_table
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets._view import PageView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.session import Reconstructions, Session

__all__ = ["RankingView"]

REFRESH = 1.0  # seconds between two looks while training
MOST_USERS = 500
MAX_VALUES = 2_000_000  # of reconstructions that are asked for at a time
EMPTY = "What the recommendations are worth appears here with the first picture of the codes"


class RankingView(PageView, ipywidgets.VBox):
    """Recall and NDCG of what users rated and the run was not shown, beside what is popular.

    Of 500 users at most, evenly chosen from those with something to find; the table tells of
    how many.

    Parameters
    ----------
    session : Session
        A run on ratings, users in rows.
    to_find : sparse matrix of shape (n_users, n_items)
        The ratings that were held out, see `ae_widgets.data.split_ratings`. Those that `X`
        has too are left out, and counted in a note: what a user has rated is never
        recommended.
    k : int, default=20
        How many recommendations are looked at; all items if there are fewer.

    Raises
    ------
    DataError
        If `to_find` is of another shape than the run's items, or holds nothing that these
        do not have.
    """

    def __init__(self, session: Session, to_find: Any, *, k: int = 20) -> None:
        self.session = session
        dataset = session.dataset
        shape = dataset.n_samples, dataset.n_features
        rated = _rated(dataset.features)
        self._to_find, note = _unseen(to_find, rated)
        self._k = min(k, shape[1])
        users = np.unique(self._to_find.nonzero()[0])
        most = max(1, min(MOST_USERS, MAX_VALUES // shape[1]))
        self._users, self._n_users = users[:: -(-len(users) // most)], len(users)
        self._popularity = np.bincount(rated.indices, minlength=shape[1])
        self._scores: dict[str, list[float]] = {}
        self._table, self._hint = ipywidgets.HTML(""), ipywidgets.Label(EMPTY)
        self._hint.add_class("ae-empty")
        self._note = ipywidgets.Label(" ".join(filter(None, [self._measured(), note])))
        self._note.add_class("ae-groups-note")
        super().__init__(children=[style_sheet(), self._table, self._hint, self._note])
        self.add_class("ae-groups")
        self._follow("latent", self._ask, messages=0, interval=REFRESH)

    def _measured(self) -> str:
        """Say of which users the scores are, where it is not all of them."""
        if len(self._users) == self._n_users:
            return ""
        return (
            f"Scores are of {len(self._users):,} of the {self._n_users:,} users with held-out "
            "ratings, evenly chosen, to keep up with the training."
        )

    def _wake(self) -> None:
        self._ask()

    def _ask(self) -> None:
        if not self._active or self.session.latent is None:
            return
        try:
            self.session.request_reconstructions(self._users, self._take)
        except TrainingError:
            return  # the session is closed: what was shown last stays

    def _take(self, answer: Reconstructions) -> None:
        # Each view has its own ratings to find: none stands in for another.
        self.session.do_aside(f"ranking {id(self)}", partial(self._find, answer))

    def _find(self, answer: Reconstructions) -> None:
        popular = self._scores.get("popularity")  # of the same users always
        if popular is None:
            popular = self._worth(np.tile(self._popularity, (len(answer.indices), 1)), answer)
        self._scores = {"network": self._worth(answer.outputs, answer), "popularity": popular}
        self._post("ranking", self._show, messages=3)

    def _worth(self, scores: NDArray[Any], answer: Reconstructions) -> list[float]:
        """Return recall and NDCG of the items with the highest scores."""
        ranked, to_find = top_items(scores, self._k, answer.inputs), self._to_find[answer.indices]
        return [float(of(ranked, to_find, self._k).mean()) for of in (recall_at_k, ndcg_at_k)]

    def _show(self) -> None:
        self._hint.add_class("ae-hidden")
        self._table.value = ranking_table(self._scores, self._k, len(self._users), self._n_users)


def _unseen(to_find: Any, rated: Any) -> tuple[Any, str]:
    """Return where there is a rating to find that is not in `rated`, and what to say of it.

    Raises
    ------
    DataError
        If the shape is another, or there is none.
    """
    if np.shape(to_find) != rated.shape:
        msg = f"to_find must be of the shape {rated.shape} of X, got {np.shape(to_find)}."
        raise DataError(msg)
    held = _rated(to_find)
    if not held.nnz:
        msg = "to_find must hold ratings, but all of it is 0 or NaN."
        raise DataError(msg)
    unseen = held - held.multiply(rated)
    unseen.eliminate_zeros()
    if not unseen.nnz:
        msg = (
            "to_find must hold ratings that X does not have: what a user has rated is never "
            f"recommended, and X has all {held.nnz:,}. ae_widgets.data.split_ratings holds some "
            "out of X."
        )
        raise DataError(msg)
    if unseen.nnz == held.nnz:
        return unseen, ""
    note = (
        f"{held.nnz - unseen.nnz:,} of {held.nnz:,} ratings to find are left out: X has them, and "
        "what a user has rated is never recommended."
    )
    return unseen, note


def _rated(ratings: Any) -> Any:
    """Return a CSR matrix with 1 where there is a rating: what is neither 0 nor NaN."""
    from scipy.sparse import csr_array

    rated = csr_array(ratings, copy=True)
    rated.sum_duplicates()
    rated.data = ((rated.data != 0) & ~np.isnan(rated.data)).astype(np.int8)
    rated.eliminate_zeros()
    return rated
