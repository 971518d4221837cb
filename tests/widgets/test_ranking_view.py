"""Held-out ratings, found or not, as the functions of analysis have it."""

import re
import threading
import time

import numpy as np
import pytest

from ae_widgets import DataError, Lab, Session, runs
from ae_widgets.analysis import ndcg_at_k, recall_at_k
from ae_widgets.analysis.ranking import top_items
from ae_widgets.data import make_ratings, split_ratings
from ae_widgets.session import publisher
from ae_widgets.widgets import RankingView

SEEN, TO_FIND = split_ratings(make_ratings(120, 60, mean_ratings=12))


def wait_for(condition, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)
    assert publisher.flush()


def numbers(view):
    return [float(n) for n in re.findall(r"<td>([\d.]+)</td>", view._table.value)]


@pytest.mark.parametrize("missing", ["error", "mask"])
def test_recall_and_ndcg_of_the_network_and_of_what_is_popular(missing):
    options = {"reconstruction": "multinomial"} if missing == "error" else {"missing": "mask"}
    session = Session(SEEN, trainer="thread", max_iter=3, **options)
    view = RankingView(session, TO_FIND, k=10)
    session.start()
    session.wait(60)
    users = np.unique(TO_FIND.nonzero()[0])
    best = top_items(session.reconstruct(users).outputs, 10, SEEN[users])
    counts = np.tile((SEEN.toarray() > 0).sum(axis=0), (len(users), 1))
    popular = top_items(counts, 10, SEEN[users])
    expected = [
        round(float(np.mean(score(ranked, TO_FIND[users], 10))), 3)
        for score in (recall_at_k, ndcg_at_k) for ranked in (best, popular)
    ]  # fmt: skip
    wait_for(lambda: numbers(view)[:4] == expected)
    assert "recall@10" in view._table.value
    assert numbers(view)[4:] == [len(users)] * 2
    assert "ae-hidden" in view._hint._dom_classes
    view.close()
    session.close()


def test_of_many_users_it_says_how_many_are_measured(monkeypatch):
    monkeypatch.setattr("ae_widgets.widgets.ranking_view.MOST_USERS", 50)
    session = Session(SEEN, trainer="thread", reconstruction="multinomial")
    view = RankingView(session, TO_FIND, k=10)
    session.step("batch")
    users = len(np.unique(TO_FIND.nonzero()[0]))
    wait_for(lambda: f"<td>{-(-users // 3)} of {users}</td>" in view._table.value)
    assert view._note.value == (
        f"Scores are of {-(-users // 3)} of the {users} users with held-out ratings, evenly "
        "chosen, to keep up with the training."
    )
    view.close()
    session.close()


def test_ratings_of_others_are_refused():
    session = Session(SEEN, trainer="thread")
    with pytest.raises(DataError, match=r"of the shape \(120, 60\) of X, got \(3, 60\)"):
        RankingView(session, TO_FIND[:3])
    with pytest.raises(DataError, match="must hold ratings"):
        RankingView(session, np.zeros((120, 60)))
    session.close()


def test_ratings_that_cannot_be_found_are_refused():
    session = Session(SEEN, trainer="thread")
    said = f"what a user has rated is never recommended, and X has all {SEEN.nnz:,}"
    for form in (SEEN, SEEN.toarray(), np.where(SEEN.toarray() > 0, SEEN.toarray(), np.nan)):
        with pytest.raises(DataError, match=said):
            RankingView(session, form)
    session.close()
    with pytest.raises(DataError, match=said):
        Lab(SEEN, reconstruction="multinomial", to_find=SEEN, trainer="thread")


@pytest.mark.parametrize("form", [lambda X: X, lambda X: X.toarray()])
def test_those_that_the_items_have_too_are_left_out_and_counted(form):
    both = SEEN + TO_FIND
    given, shown = both.copy(), []
    for to_find in (TO_FIND, form(given)):
        session = Session(form(SEEN), trainer="thread", reconstruction="multinomial", max_iter=2)
        view = RankingView(session, to_find)
        session.start()
        session.wait(60)
        ranked = top_items(session.reconstruct(view._users).outputs, 20, SEEN[view._users])
        recall = round(float(np.mean(recall_at_k(ranked, TO_FIND[view._users]))), 3)
        wait_for(lambda view=view, recall=recall: numbers(view)[:1] == [recall])
        shown.append((numbers(view), view._note.value))
        view.close()
        session.close()
    assert shown[0] == (shown[1][0], "")
    assert shown[1][1] == (
        f"{SEEN.nnz:,} of {both.nnz:,} ratings to find are left out: X has them, and what a user "
        "has rated is never recommended."
    )
    assert (both != given).nnz == 0


def test_while_it_is_not_seen_it_asks_for_nothing(monkeypatch):
    session = Session(SEEN, trainer="thread")
    view = RankingView(session, TO_FIND)
    asked = []
    monkeypatch.setattr(session, "request_reconstructions", lambda *_: asked.append(1))
    view.active = False
    session._notify("latent")
    assert publisher.flush()
    assert asked == []
    view.close()
    session.close()


def test_a_lab_has_a_page_for_them_and_leaves_nothing_behind_where_it_cannot():
    lab = Lab(SEEN, trainer="thread", to_find=TO_FIND)
    lab.tabs.turn_to("Held-out ratings")
    assert isinstance(lab.tabs._pages[-1], RankingView)
    assert lab.tabs._pages[-1].active
    lab.close()
    before = runs()
    with pytest.raises(DataError, match="of the shape"):
        Lab(SEEN, trainer="thread", to_find=TO_FIND[:3])
    assert runs() == before


def test_two_views_on_one_session_are_both_answered():
    session = Session(SEEN, trainer="thread", reconstruction="multinomial", max_iter=2)
    views = [RankingView(session, TO_FIND, k=k) for k in (5, 10)]
    answer = session.reconstruct(views[0]._users)
    goes_on = threading.Event()
    session.do_aside("something slow", lambda: goes_on.wait(30))
    for view in views:
        view._take(answer)
    goes_on.set()
    for view, k in zip(views, (5, 10), strict=True):
        wait_for(lambda view=view, k=k: f"recall@{k}" in view._table.value)
        view.close()
    session.close()
