"""Tables of scores, as HTML in which no name of the data is ever code."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from ae_widgets.analysis.groups import ClassScores, ClusterScores

__all__ = [
    "CLUSTER_LABELS",
    "class_table",
    "cluster_table",
    "confusion_table",
    "mistaken_text",
    "ranking_table",
]

MOST = 20  # classes in the matrix, beside all others together
MIN_CLUSTERS = 2  # of a silhouette
LONG_NAME, NAME_END = 12, 6  # letters of a name, and of its end that is not cut
DEEPEST = 55  # per cent of colour behind a number that stays readable
CLUSTER_ROWS = (
    ("ari", "ARI", "Adjusted Rand index: 1 if clusters and labels are the same, 0 as by chance"),
    ("nmi", "NMI", "Normalized mutual information of clusters and labels, from 0 to 1"),
    ("accuracy", "Accuracy", "Labelled items in the cluster that is matched to their label"),
    ("silhouette", "Silhouette", "How much nearer codes are to their own cluster than to the next"),
)
CLUSTER_LABELS = {
    "trained": "trained",
    "kmeans": "k-means",
    "gaussian_mixture": "Gaussian mixture",
    "hdbscan": "HDBSCAN",
}
RANKING_ROWS = (
    ("recall", "Held-out ratings among the recommendations, of as many as can be"),
    ("NDCG", "That, where an early place counts more"),
)
NO_USERS = "Not defined: no user has held-out ratings"
NO_LABELS = "Not defined: none of these items has a label"
ONE_LABEL = "Not defined: all labels are the same, so there is nothing to compare clusters with"
FEW_CLUSTERS = "Not defined: it compares clusters, and needs two at least"
MANY_CLUSTERS = "Not defined: it needs clusters of more than one item"
CLASS_ROWS = (
    ("accuracy", "Accuracy", "Labelled items whose class is predicted"),
    ("balanced_accuracy", "Balanced", "Mean of that over the classes: each counts alike"),
)


def cluster_table(scores: ClusterScores, method: str) -> str:
    """Return a table of how clusters agree with codes and labels."""
    rows = [
        _row(name, [_number(getattr(scores, key), _undefined(scores, key))], title)
        for key, name, title in CLUSTER_ROWS
    ]
    items = _row("Labelled items", [_count(scores.n_labelled)], "Items that have a label")
    if scores.n_none:
        items += _row("In none", [_count(scores.n_none)], "Items that are in no cluster")
    plural = "" if scores.n_clusters == 1 else "s"
    caption = f"{scores.n_clusters} cluster{plural}, {CLUSTER_LABELS[method]}"
    return _table(caption, [], [*rows, items])


def class_table(training: ClassScores, held_out: ClassScores) -> str:
    """Return a table of how predicted classes agree with labels."""
    both = (training, held_out)
    rows = [
        _row(name, [_number(getattr(scores, key), NO_LABELS) for scores in both], title)
        for key, name, title in CLASS_ROWS
    ]
    counts = [_count(scores.n_items) for scores in both]
    items = _row("Labelled items", counts, "Items that have a label")
    return _table("Classes", ["training", "held-out"], [*rows, items])


def ranking_table(
    scores: Mapping[str, Sequence[float]], k: int, n_measured: int, n_users: int
) -> str:
    """Return a table of recall and NDCG of the first `k` recommendations, by their source.

    They are of `n_measured` of the `n_users` that have held-out ratings.
    """
    rows = [
        _row(f"{name}@{k}", [_number(values[i], NO_USERS) for values in scores.values()], title)
        for i, (name, title) in enumerate(RANKING_ROWS)
    ]
    users, title = f"{n_users:,}", "Users with held-out ratings"
    if n_measured < n_users:
        users, title = f"{n_measured:,} of {users}", f"{title}: those measured, evenly chosen"
    items = _row("Users", [f"<td>{users}</td>"] * len(scores), title)
    return _table("Held-out ratings", list(scores), [*rows, items])


def confusion_table(counts: csr_array, names: Sequence[str]) -> str:
    """Return a matrix of labels and predicted classes, the deeper the more of a label's items.

    Of more than twenty classes those with the most items, and all others as one.
    """
    shown, names, others = _largest(counts, names)
    totals = shown.sum(axis=1).tolist()
    head = "".join(f'<th scope="col" title="{_name(names, j)}">{_start_and_end(names[j])}</th>'
                   for j in range(len(names)))  # fmt: skip
    rows = []
    for i, row in enumerate(shown.tolist()):
        cells = "".join(
            _cell(
                count,
                totals[i],
                f"items of {_name(names, i)} taken for {_name(names, j)}",
                "--ae-beyond" if i != j else "--ae-faint" if i == others else "--ae-usual",
            )
            for j, count in enumerate(row)
        )
        rows.append(f'<tr><th scope="row" title="{_name(names, i)}">{_start_and_end(names[i])}</th>'
                    f"{cells}</tr>")  # fmt: skip
    return (
        '<table class="ae-confusion" aria-label="Confusion matrix: labels down, predicted classes '
        f'across"><tr><td title="Rows are labels, columns predicted classes">label ╲ class</td>'
        f"{head}</tr>{''.join(rows)}</table>"
    )


def mistaken_text(counts: csr_array, names: Sequence[str]) -> str:
    """Say which classes are confused most, and of how many the matrix is."""
    if not counts.nnz:
        return "No labelled item is among these."
    told = _mistaken(counts, names)
    if len(names) <= MOST:
        return told
    return f"{told} Of {len(names):,} classes the {MOST} largest are shown, the others as one."


def _largest(
    counts: csr_array, names: Sequence[str]
) -> tuple[NDArray[np.int64], Sequence[str], int]:
    """Return the matrix of the largest classes, their names, and the place of the others.

    The others are in a last row and column, so that no item is lost; their place is -1 if
    there are none.
    """
    n_others = len(names) - MOST
    if n_others <= 0:
        return counts.toarray(), names, -1
    chosen = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:MOST])
    place = np.full(len(names), MOST)
    place[chosen] = np.arange(MOST)
    pairs, shown = counts.tocoo(), np.zeros((MOST + 1, MOST + 1), np.int64)
    np.add.at(shown, (place[pairs.row], place[pairs.col]), pairs.data)
    others = f"{n_others:,} other{'' if n_others == 1 else 's'}"
    return shown, [*(names[j] for j in chosen), others], MOST


def _mistaken(counts: csr_array, names: Sequence[str]) -> str:
    pairs = counts.tocoo()
    wrong = np.where(pairs.row == pairs.col, 0, pairs.data)
    if not wrong.any():
        return "No item is mistaken."
    most = wrong.argmax()
    i, j, of = pairs.row[most], pairs.col[most], counts[[pairs.row[most]]].sum()
    return f"Most often mistaken: {names[i]} for {names[j]}, {wrong[most]:,} of {of:,}."


def _cell(count: int, of: int, what: str, colour: str) -> str:
    title = f"{count:,} of {of:,} {what}"
    depth = round(DEEPEST * math.sqrt(count / max(of, 1)))  # a few mistakes are to be seen as well
    paint = f"background:color-mix(in srgb, var({colour}) {depth}%, transparent)"
    return f'<td style="{paint}" title="{title}">{count or "·"}</td>'


def _table(caption: str, columns: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    head = f"<tr><td></td>{head}</tr>" if head else ""
    caption = f"<caption>{escape(caption)}</caption>"
    return f'<table class="ae-scores">{caption}{head}{"".join(rows)}</table>'


def _row(name: str, cells: Sequence[str], title: str) -> str:
    head = f'<th scope="row">{escape(name)}</th>'
    return f'<tr title="{escape(title)}">{head}{"".join(cells)}</tr>'


def _count(items: int) -> str:
    return f"<td>{items:,}</td>"


def _number(value: float, reason: str) -> str:
    """Return the cell of a score; of one that is not defined, with the reason."""
    if math.isfinite(value):
        return f"<td>{value:.3f}</td>"
    return f'<td title="{escape(reason)}" aria-label="{escape(reason)}">−</td>'


def _undefined(scores: ClusterScores, key: str) -> str:
    """Say why a score of clusters is not defined, where it is not."""
    if key != "silhouette":
        return ONE_LABEL if scores.n_labelled else NO_LABELS
    return FEW_CLUSTERS if scores.n_clusters < MIN_CLUSTERS else MANY_CLUSTERS


def _name(names: Sequence[str], index: int) -> str:
    return escape(str(names[index]))


def _start_and_end(name: str) -> str:
    """Return a name whose start may be cut: names that begin alike often differ at their ends."""
    name = str(name)
    if len(name) <= LONG_NAME:
        return escape(name)
    start, end = escape(name[:-NAME_END]), escape(name[-NAME_END:])
    return f'<span class="ae-halves"><span>{start}</span><span>{end}</span></span>'
