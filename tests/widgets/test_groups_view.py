"""The tables say what the session found."""

import re
import time

import numpy as np
import pytest
from scipy.sparse import csr_array

from ae_widgets.analysis.groups import class_scores, cluster_scores
from ae_widgets.engine import Settings
from ae_widgets.engine.protocol import Latent
from ae_widgets.engine.split import split_rows
from ae_widgets.session import Session, publisher
from ae_widgets.widgets import ArchitectureControls, GroupsView, LossControls
from ae_widgets.widgets._score_tables import (
    class_table,
    cluster_table,
    confusion_table,
    mistaken_text,
)
from ae_widgets.widgets._tabs import Tabs
from ae_widgets.widgets._view import tree
from ae_widgets.widgets.groups_view import _remedies
from tests.widgets.conftest import Trainer, items

NAMES = ["a", "b", "<img src=x>"]
LABELS = np.arange(60) % 3
CODES = np.stack([LABELS, LABELS + np.linspace(0, 0.1, 60)], axis=1).astype(np.float32)


@pytest.fixture
def session():
    names = [NAMES[label] for label in LABELS]
    made = Session(items(), names, item_shape=(4, 4), trainer="thread", validation_fraction=0.2)
    yield made
    made.close()


@pytest.fixture
def view(session):
    made = GroupsView(session)
    yield made
    made.close()


def tell(session, *, classes=None, exact=True, step=1):
    errors = np.zeros(60, np.float32)
    run = session._run.number
    frame = Latent(run, step, float(step), exact, CODES, errors, classes=classes)
    session._handle(frame)


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        assert publisher.flush()
        time.sleep(0.01)
    assert publisher.flush()  # what is shown together with it


def order(session):
    """Return the indices of the labels as the session numbers them."""
    return session.labels.astype(np.int32)


def text(table):
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", table.value)).strip()


def test_it_says_nothing_before_an_exact_picture(view, session):
    tell(session, exact=False)
    assert publisher.flush()
    assert "ae-hidden" not in view._hint._dom_classes
    assert view._clusters.value == ""


def test_clusters_alone(view, session):
    tell(session)
    wait_for(lambda: view._clusters.value)
    assert "ae-hidden" in view._hint._dom_classes
    said = text(view._clusters)
    assert said.startswith("3 clusters, k-means ARI 1.000 NMI 1.000 Accuracy 1.000")
    assert said.endswith("Labelled items 60")
    assert view._matrix.value == view._classes.value == ""
    assert view._mistaken.value.startswith("Classes are learnt with δ above 0")
    assert "ae-away" in view._split._dom_classes  # it would choose from nothing


def test_classes_that_come_with_training_are_announced(view, session):
    tell(session)
    wait_for(lambda: view._clusters.value)
    session.change(delta=0.1)
    assert publisher.flush()
    assert view._mistaken.value == "Classes are learnt once the run trains: press Start."
    Trainer(session).state("paused", "batch", step=1)
    assert publisher.flush()
    assert view._mistaken.value == "Classes are learnt from the next batch on."
    tell(session, classes=order(session))
    wait_for(lambda: view._classes.value)
    assert "ae-away" not in view._split._dom_classes
    session.label(range(60), "a")
    tell(session, step=2)
    wait_for(lambda: not view._classes.value)
    assert view._mistaken.value.startswith("Classes are learnt with δ above 0")
    assert "ae-away" in view._split._dom_classes


def test_another_way_to_find_clusters_is_chosen(view, session):
    tell(session)
    wait_for(lambda: view._clusters.value)
    assert view._method.label == "trained, or k-means"
    view._method.value = "gaussian_mixture"
    assert session.cluster_method == "gaussian_mixture"
    wait_for(lambda: text(view._clusters).startswith("3 clusters, Gaussian mixture ARI 1.000"))
    view._method.value = "hdbscan"
    wait_for(lambda: "HDBSCAN" in text(view._clusters))
    none = session.groups.clusters.n_none
    assert ("In none" in text(view._clusters)) == bool(none)
    session.choose_clusters("kmeans")  # in another view
    wait_for(lambda: view._method.value == "kmeans")


def test_classes_of_both_splits(view, session):
    classes = order(session)
    first = int(session.dataset.n_samples - 1)
    classes[first] = (classes[first] + 1) % 3
    tell(session, classes=classes)
    wait_for(lambda: view._classes.value)
    found = session.groups
    assert {found.training.n_items, found.held_out.n_items} == {48, 12}
    said = text(view._classes)
    assert f"Accuracy {found.training.accuracy:.3f} {found.held_out.accuracy:.3f}" in said
    for split in ("training", "held_out"):
        view._split.value = split
        assert publisher.flush()
        scores = getattr(found, split)
        assert view._mistaken.value == mistaken_text(scores.counts, found.names)
        numbers = [int(n) for n in re.findall(r">(\d+)</td>", view._matrix.value)]
        assert sum(numbers) == scores.confusion.sum()
    assert "<img" not in view._matrix.value
    assert "&lt;img" in view._matrix.value


def test_what_is_mistaken_is_told():
    counts = csr_array([[5, 0, 1], [3, 4, 0], [0, 0, 7]])
    assert mistaken_text(counts, NAMES) == "Most often mistaken: b for a, 3 of 7."
    assert mistaken_text(csr_array(np.diag([1, 2, 3])), NAMES) == "No item is mistaken."
    assert mistaken_text(csr_array((3, 3), dtype=int), NAMES) == "No labelled item is among these."


def test_of_many_classes_the_largest_are_shown():
    counts = csr_array(np.diag(np.arange(30)))
    table = confusion_table(counts, [f"class{i}" for i in range(30)])
    assert table.count('scope="row"') == 21
    assert ">class10<" in table
    assert ">class9<" not in table
    assert ">10 others<" in table


def test_the_end_of_a_long_name_stays_in_the_matrix():
    names = ["lateral sclerosis (sporadic)", "lateral sclerosis (<b>)", "ok"]
    table = confusion_table(csr_array(np.eye(3, dtype=int)), names)
    for start, end in (("lateral sclerosis (spo", "radic)"), ("lateral sclerosis", " (&lt;b&gt;)")):
        assert table.count(f"<span>{start}</span><span>{end}</span>") == 2
    assert 'title="lateral sclerosis (&lt;b&gt;)">' in table
    assert '<th scope="row" title="ok">ok</th>' in table


def test_what_is_taken_for_a_small_class_is_not_lost():
    counts = np.diag(np.arange(30, 60))
    counts[29, [0, 1]] = 5, 4  # the largest class for two of the ten smallest
    counts[0, 29] = 3
    table = confusion_table(csr_array(counts), [f"class{i}" for i in range(30)])
    *_, largest, others = table.split("<tr>")
    assert [int(n) for n in re.findall(r">(\d+)</td>", largest)] == [59, 9]
    assert [int(n) for n in re.findall(r">(\d+)</td>", others)] == [3, sum(range(30, 40))]
    assert 'title="9 of 68 items of class29 taken for 10 others"' in largest
    said = mistaken_text(csr_array(counts), [f"class{i}" for i in range(30)])
    assert said.endswith(" Of 30 classes the 20 largest are shown, the others as one.")


def test_the_gap_is_told_with_what_helps(view, session):
    trainer = Trainer(session)
    trainer.epochs(1, 30)  # the validation loss is twice the training loss, and both fall
    assert view._gap.value.startswith("Loss 0.03333, held-out 0.06667 (+100%). No overfitting yet")
    trainer.epochs(31, 60, held_out=lambda epoch: epoch / 450)
    remedies = (
        "lowest 30 epochs ago; try Dropout, Kind: denoising, Weight decay or Best weights under "
        "Optimiser and stopping."
    )
    assert "Overfitting: the held-out loss" in view._gap.value
    assert view._gap.value.endswith(remedies)
    session.change(weight_decay=0.01, restore_best=True)
    assert publisher.flush()
    assert view._gap.value.endswith(
        "try Dropout, Kind: denoising or a shorter Patience under Optimiser and stopping."
    )
    trainer.state("paused", "asked", epoch=60, step=60)
    assert view._gap.value.endswith(" The run ends with the weights of its best epoch, so far 60.")
    trainer.state("finished", "stopped", epoch=60, step=60)
    assert "The run ends" not in view._gap.value
    # Losses of another objective say nothing of this one.
    trainer.changed("beta", 0.1, step=60, epoch=60.0)
    trainer.epochs(61, 65)
    assert "No overfitting yet" in view._gap.value


def test_classes_that_overfit_are_told_while_they_are_trained(view, session):
    session.change(delta=0.1)
    Trainer(session).epochs(1, 10, held_out=lambda epoch: 1 / epoch)
    assert "No overfitting: held-out items" in view._gap.value
    classes, held_out = order(session), split_rows(60, 0.2, session.settings.random_state)[1]
    classes[held_out] = (classes[held_out] + 1) % 3
    tell(session, classes=classes)
    told = "Overfitting of the classes: accuracy 1.000 in training, 0.000 on held-out items"
    wait_for(lambda: told in view._gap.value)  # though no epoch has come since
    session.change(delta=0)
    assert publisher.flush()
    assert "No overfitting: held-out items" in view._gap.value


def test_what_helps_goes_by_the_names_of_controls(session):
    named = ", ".join(_remedies(Settings()) + _remedies(Settings(restore_best=True)))
    panels = LossControls(session), ArchitectureControls(session)
    inner = [widget for panel in panels for widget in tree(panel)]
    labels = {getattr(widget, "description", "") for widget in inner} & {
        "Dropout", "Kind", "Weight decay", "Best weights", "Patience", "Optimiser and stopping",
    }  # fmt: skip
    assert all(label in named for label in labels)
    assert len(labels) == 6
    assert ("denoising", "denoising") in panels[1]._fields["kind"].options
    for panel in panels:
        panel.close()


def test_while_it_is_not_seen_it_asks_for_nothing(view, session, monkeypatch):
    asked = []
    monkeypatch.setattr(session, "request_groups", lambda: asked.append(1))
    tabs = Tabs("Run", ("Another", GroupsView(session)), ("Groups", view))
    asked.clear()
    view.active = False
    session.label([0], "a")
    assert publisher.flush()
    count = len(asked)
    tabs.turn_to("Groups")
    assert len(asked) == count + 1
    tabs.children[2].children[0].close()


def test_while_it_is_not_seen_it_says_nothing_of_losses(view, session):
    view.active = False
    Trainer(session).epochs(1, 10)
    assert publisher.flush()
    assert not view._gap.value
    view.active = True
    wait_for(lambda: view._gap.value.startswith("Loss "))


def test_another_run_shows_the_hint(view, session):
    tell(session, classes=order(session))
    wait_for(lambda: view._classes.value)
    session.reset()
    assert publisher.flush()
    assert "ae-hidden" not in view._hint._dom_classes


def cell(table, name):
    """Return the value cells of a row, tags and all."""
    row = re.search(rf">{name}</th>(.*?)</tr>", table).group(1)
    return re.findall(r"<td.*?</td>", row)


@pytest.mark.parametrize(
    ("clusters", "labels", "undefined", "reason"),
    [
        ([0, 1] * 3, [-1] * 6, ["ARI", "NMI", "Accuracy"], "none of these items has a label"),
        ([0, 1] * 3, [-1, 0] * 3, ["ARI", "NMI", "Accuracy"], "nothing to compare clusters with"),
        ([0] * 6, [0, 1] * 3, ["Silhouette"], "needs two at least"),
        ([-1] * 6, [0, 1] * 3, ["Silhouette"], "needs two at least"),
        (range(6), [0, 1] * 3, ["Silhouette"], "needs clusters of more than one item"),
    ],
)
def test_a_score_of_clusters_that_is_not_defined_says_why(clusters, labels, undefined, reason):
    scores = cluster_scores(CODES[:6], np.array(clusters), np.array(labels))
    table = cluster_table(scores, "kmeans")
    for name in ("ARI", "NMI", "Accuracy", "Silhouette"):
        (found,) = cell(table, name)
        if name in undefined:
            assert found.endswith(">−</td>")
            assert re.search(f'title="Not defined: [^"]*{reason}"', found)
            assert re.search(f'aria-label="Not defined: [^"]*{reason}"', found)
        else:
            assert re.fullmatch(r"<td>-?\d\.\d{3}</td>", found)


def test_a_score_of_classes_that_is_not_defined_says_why():
    labels = np.array([0, 1, 1])
    some, none = (class_scores(x, labels, 2) for x in (labels, np.full(3, -1)))
    for name in ("Accuracy", "Balanced"):
        known, unknown = cell(class_table(some, none), name)
        assert known == "<td>1.000</td>"
        assert 'title="Not defined: none of these items has a label"' in unknown
