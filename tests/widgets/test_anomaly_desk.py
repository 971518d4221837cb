"""The desk ranks, marks and selects what the session says."""

import io
import time

import numpy as np
import pytest
from PIL import Image
from scipy.sparse import csr_array
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import FunctionTransformer

from ae_widgets import PCAFeatures, SettingsError
from ae_widgets.engine.protocol import Latent
from ae_widgets.session import Reconstructions, Session, publisher
from ae_widgets.widgets import AnomalyDesk
from ae_widgets.widgets._contributions import ContributionChart, heat_map
from ae_widgets.widgets._tabs import Tabs
from tests.widgets.conftest import Trainer, items

N = 60


def wait_for(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)
    assert publisher.flush()


def tell(session, errors, codes=None, epoch=1.0):
    """Have a frame arrive, and wait until its scores are known."""
    errors = np.asarray(errors, np.float32)
    codes = np.zeros((len(errors), 2), np.float32) if codes is None else codes
    run = session._run.number
    session._handle(Latent(run, int(epoch), epoch, True, codes, errors))  # noqa: FBT003  (exact)


@pytest.fixture
def two_labels():
    made = Session(items(), np.arange(N) % 3 == 0, item_shape=(4, 4), trainer="thread", max_iter=50)
    yield made
    made.close()


@pytest.fixture
def desk(two_labels):
    made = AnomalyDesk(two_labels, share=0.1)
    yield made
    made.close()


def told(desk, errors, **frame):
    tell(desk.session, errors, **frame)
    wait_for(lambda: desk._scores is not None and np.isclose(
        desk._scores.epoch, frame.get("epoch", 1.0)))  # fmt: skip


ERRORS = np.linspace(0.01, 1, N)


def test_before_the_first_frame(desk):
    assert desk._hint.value.startswith("The scores of the items appear here")
    assert desk.beyond.size == 0
    desk._button.click()
    assert desk.session.selection.size == 0


def test_items_are_ranked_by_their_score(desk):
    told(desk, ERRORS[::-1])
    assert [index for _, index in desk._list.options] == list(range(N))
    assert desk._list.options[0][0] == "1. item 0 · 1 · True"
    assert desk._list.index is None
    assert desk.beyond.tolist() == [0, 1, 2, 3, 4, 5]
    assert desk._count.value.startswith("6 of 60 beyond")
    assert "ae-hidden" in desk._hint._dom_classes


def test_histogram_counts_every_item_once(desk):
    told(desk, ERRORS)
    bars = desk._histogram.bars
    usual, beyond = bars.y
    assert usual.sum() == 54
    assert beyond.sum() == 6
    low, high = desk._histogram._x.min, desk._histogram._x.max
    assert low <= np.log10(ERRORS.min())
    assert high >= 0
    assert desk._histogram.handle.x[0] == pytest.approx(np.log10(desk._threshold))


def test_the_axis_is_calm_while_it_trains_and_fits_at_rest(desk):
    trainer, scale = Trainer(desk.session), desk._histogram._x
    told(desk, np.linspace(0.02, 90, N))
    trainer.state("running")
    told(desk, np.linspace(0.02, 0.9, N), epoch=2.0)
    assert (scale.min, scale.max) == (-2, 2)
    trainer.state("finished", "max_iter", epoch=2, step=2)
    assert (scale.min, scale.max) == (-2, 0)
    assert desk._histogram.bars.x.max() < 0
    trainer.state("running")
    assert (scale.min, scale.max) == (-2, 0)


def test_dragging_selects_what_is_beyond(desk):
    told(desk, ERRORS)
    desk._histogram.handle.set_state({"x": [np.log10(0.5)]})
    expected = np.flatnonzero(ERRORS > 0.5)
    np.testing.assert_array_equal(desk.session.selection, expected)
    assert desk._field.value == round(100 * len(expected) / N, 2)
    assert publisher.flush()
    assert desk._histogram.bars.y[1].sum() == len(expected)
    assert desk._count.value.startswith(f"{len(expected)} of 60 beyond 0.5")


def test_a_share_can_be_entered(desk):
    told(desk, ERRORS)
    desk._field.value = 25.0
    assert desk.session.selection.size == 15
    assert publisher.flush()
    assert desk._histogram.handle.x[0] == pytest.approx(np.log10(desk._threshold))
    desk._field.value = 250.0
    assert desk.session.selection.size == 15
    assert publisher.flush()
    assert desk._field.value == 25.0
    assert desk._message.value == "Beyond % is from 0 to 100, got 250."
    desk._field.value = 0.001
    assert publisher.flush()
    assert (desk._field.value, desk._message.value) == (0.001, "")


def test_a_share_of_few_among_many_is_not_rounded_away(desk):
    desk._share = 1.234e-5
    desk._show_share()
    assert desk._field.value == 0.0012


def test_a_share_entered_before_there_are_scores_is_that_of_the_first(desk):
    desk._field.value = 20.0
    told(desk, ERRORS)
    assert len(desk.beyond) == 12
    assert desk._count.value.startswith("12 of 60 beyond")


def test_items_without_a_value_are_no_share_of_what_is_dragged():
    X = items()
    X[:6] = np.nan
    session = Session(X, missing="mask", trainer="thread", item_shape=(4, 4))
    desk = AnomalyDesk(session)
    told(desk, ERRORS)
    desk._dragged(float(ERRORS[-6]))
    before = desk.beyond
    assert len(before) == 6 + 5
    told(desk, ERRORS, epoch=2.0)
    np.testing.assert_array_equal(desk.beyond, before)
    assert desk._field.value == round(100 * 5 / 54, 2)
    desk.close()
    session.close()


def test_sparse_items_without_a_value_are_beyond_seen_or_not():
    X = csr_array(np.r_[items(), np.zeros((3, 16), np.float32)])
    session = Session(X, missing="mask", trainer="thread")
    desk = AnomalyDesk(session)
    told(desk, np.r_[ERRORS, 0, 0, 0])
    seen = desk.beyond
    assert seen[:3].tolist() == [60, 61, 62]
    desk.active = False
    np.testing.assert_array_equal(desk.beyond, seen)
    desk.close()
    session.close()


def test_the_selection_follows_the_scores_until_something_else_is_selected(desk):
    told(desk, ERRORS)
    desk._button.click()
    np.testing.assert_array_equal(desk.session.selection, np.arange(54, 60))
    told(desk, ERRORS[::-1] / 2, epoch=2.0)
    wait_for(lambda: np.array_equal(desk.session.selection, np.arange(6)))
    desk.session.select([7])
    told(desk, ERRORS, epoch=3.0)
    assert desk.session.selection.tolist() == [7]


def test_an_item_that_is_pointed_at_no_more_can_be_chosen_again(desk, monkeypatch):
    features = desk.session.dataset.features

    def answer(indices, take):
        rows = np.asarray(indices)
        take(Reconstructions(rows, features[rows], features[rows] + 1, np.ones(1), 1.0))

    monkeypatch.setattr(desk.session, "request_reconstructions", answer)
    told(desk, ERRORS[::-1])
    desk._list.index = 3
    wait_for(lambda: desk._chart.text.value.startswith("Item 3"))
    desk.session.point(None)
    assert publisher.flush()
    assert desk._list.index is None
    assert desk._chart.text.value.startswith("Choose an item")
    assert desk._chart.image.value == b""
    desk._list.index = 3
    assert desk.session.focus == 3


def test_choosing_a_line_points_at_the_item_and_shows_its_error(desk, monkeypatch):
    told(desk, ERRORS[::-1])
    outputs = desk.session.dataset.features.copy()
    outputs[3, 5] += 2

    def answer(indices, take):
        rows = np.asarray(indices)
        features = desk.session.dataset.features
        take(Reconstructions(rows, features[rows], outputs[rows], np.zeros(1, np.float32), 1.0))

    monkeypatch.setattr(desk.session, "request_reconstructions", answer)
    desk._list.index = 3
    assert desk.session.focus == 3
    wait_for(lambda: desk._chart.text.value.startswith("Item 3"))
    assert desk._chart.text.value == "Item 3: half of the error 0.25 in 1 of 16 values"
    picture = np.asarray(Image.open(io.BytesIO(desk._chart.image.value)))
    assert picture.shape == (160, 160, 3)
    assert (picture[40:80, 40:80] == 255).all()  # value 5 of 4 × 4
    assert not picture[:40].any()
    desk.session.point(4)
    wait_for(lambda: desk._list.value == 4)


def test_curve_of_the_labels(desk):
    told(desk, np.where(np.arange(N) % 3 == 0, 1 + ERRORS, ERRORS))
    assert desk._class.value == 1
    assert desk._curve.text.value == "AUC 1.000"
    assert desk._curve.line.y[-1] == 1
    # Six of the twenty anomalies are beyond, and nothing else.
    assert [desk._curve.here.x[0], desk._curve.here.y[0]] == pytest.approx([0, 0.3])
    desk._curve.kind.value = "pr"
    assert publisher.flush()
    assert desk._curve.text.value == "Average precision 1.000"
    assert [desk._curve.here.x[0], desk._curve.here.y[0]] == pytest.approx([0.3, 1])
    desk._class.value = -1
    assert publisher.flush()
    assert desk._curve.text.value.startswith("For a curve, choose the label")
    assert "ae-no-curve" in desk._curve._dom_classes


def test_distances_in_the_latent_space(desk):
    codes = np.random.default_rng(0).normal(size=(N, 2)).astype(np.float32)
    codes[11] = 30
    told(desk, ERRORS, codes=codes)
    for kind in ("latent", "neighbors", "combined"):
        desk._kind.value = kind
        wait_for(lambda kind=kind: desk._scores.kind == kind)
        assert desk._list.options[0][1] == 11


def test_many_labels_are_all_to_choose_from(monkeypatch):
    y = np.repeat(np.arange(30), 2)
    session = Session(items(), y, trainer="thread")
    desk = AnomalyDesk(session)
    told(desk, ERRORS)
    assert [name for name, _ in desk._class.options] == ["none", *map(str, range(30))]
    assert desk._class.value == -1
    assert desk._curve.text.value == "For a curve, choose the label of the anomalies"
    desk.close()
    monkeypatch.setattr("ae_widgets.widgets._detection_curve.MOST_LABELS", 20)
    desk = AnomalyDesk(session)
    told(desk, ERRORS)
    assert len(desk._class.options) == 21
    said = "; of 30 labels the 20 that most items have are offered"
    assert desk._curve.text.value.endswith(said)
    assert desk._class.tooltip.endswith(said)
    desk.close()
    session.close()


@pytest.mark.parametrize(
    ("y", "anomaly"),
    [
        ([0, 1] * 30, 1),
        ([1, 0, 1] * 20, 0),  # the benign ones of `load_breast_cancer` are 1
        ([0, 1, 0] * 20, 1),
        (["rare", *["usual"] * 59], 0),
        ([None, *["usual"] * 59], -1),
        (None, -1),
    ],
)
def test_which_label_counts_as_anomalous(y, anomaly):
    session = Session(items(), y, trainer="thread")
    desk = AnomalyDesk(session)
    assert desk._class.value == anomaly
    told(desk, ERRORS)
    assert (desk._curves is None) == (anomaly == -1)
    if y is None:
        assert desk._curve.text.value == "A curve needs labels"
    desk.close()
    session.close()


def test_labels_given_by_hand_are_those_of_list_choice_and_curve():
    session = Session(items(), trainer="thread")
    desk = AnomalyDesk(session)
    told(desk, ERRORS)
    assert "ae-away" in desk._class._dom_classes
    assert desk._curve.text.value == "A curve needs labels"
    session.label(np.arange(55, 60), "odd")
    assert publisher.flush()
    assert "ae-away" not in desk._class._dom_classes
    assert desk._list.options[0][0] == "1. item 59 · 1 · odd"
    assert desk._class.options == (("none", -1), ("odd", 0))
    assert desk._curve.text.value.startswith("For a curve, choose")
    session.label(np.arange(50), "usual")
    assert publisher.flush()
    assert desk._class.value == 0  # the rarer of two
    assert desk._curve.text.value == "AUC 1.000"
    session.label([0], "odd")
    assert publisher.flush()
    known = np.r_[1, np.zeros(49), np.ones(5)]
    area = roc_auc_score(known, ERRORS[[*range(50), *range(55, 60)]])
    assert desk._curve.text.value == f"AUC {area:.3f}"
    desk._class.value = 1  # a person has chosen, and that stays
    session.label(np.arange(10), "third")
    assert publisher.flush()
    assert desk._class.value == 1
    assert [name for name, _ in desk._class.options] == ["none", "odd", "usual", "third"]
    session.label(np.arange(10, 50), "third")
    assert publisher.flush()
    assert desk._class.value == 1
    assert desk._curve.text.value == "A curve needs items of another label too"
    desk.close()
    session.close()


def test_items_without_a_label_are_left_out_of_the_curve():
    session = Session(items(), [None, None, *([1, 0] * 29)], trainer="thread")
    desk = AnomalyDesk(session)
    told(desk, ERRORS)
    expected = roc_auc_score([1, 0] * 29, ERRORS[2:])
    assert desk._curves.roc_auc == pytest.approx(expected)
    desk.close()
    session.close()


def test_codes_that_are_not_finite_leave_what_was_known(desk):
    desk._kind.value = "latent"
    told(desk, ERRORS, codes=np.random.default_rng(0).normal(size=(N, 2)).astype(np.float32))
    before = desk.session.scores["latent"]
    tell(desk.session, ERRORS, codes=np.full((N, 2), np.nan, np.float32), epoch=2.0)
    time.sleep(0.1)
    assert desk.session.scores["latent"] is before


def test_a_single_item(monkeypatch):
    session = Session(items(1), trainer="thread", validation_fraction=0.0)
    desk = AnomalyDesk(session)
    told(desk, [0.5])
    assert desk.beyond.size == 0
    assert desk._histogram.bars.y.sum() == 1
    desk.close()
    session.close()


def test_two_desks_may_score_differently(desk):
    other = AnomalyDesk(desk.session, share=0.1)
    other._kind.value = "neighbors"
    codes = np.random.default_rng(0).normal(size=(N, 2)).astype(np.float32)
    codes[11] = 30
    told(desk, ERRORS, codes=codes)
    wait_for(lambda: other._scores is not None)
    assert set(desk.session.scores) == {"reconstruction", "neighbors"}
    assert (desk._list.options[0][1], other._list.options[0][1]) == (59, 11)
    other.close()


def test_unseen_it_computes_nothing(two_labels):
    desk = AnomalyDesk(two_labels)
    other = AnomalyDesk(two_labels)
    tabs = Tabs("Run", ("One", other), ("Two", desk))
    assert (other.active, desk.active) == (True, False)
    asked = []
    two_labels.request_scores = asked.append
    other.active = False
    tell(two_labels, ERRORS)
    assert publisher.flush()
    assert asked == []
    assert desk.beyond.tolist() == [59, 58, 57]  # but it can still be asked
    with pytest.raises(SettingsError, match=r"no page 'Three'\. Pages: One, Two"):
        tabs.turn_to("Three")
    tabs.turn_to("Two")
    assert (other.active, desk.active) == (False, True)
    assert asked == ["reconstruction"]
    for made in (desk, other):
        made.close()


def test_items_without_a_value_come_first_and_are_named():
    X = items()
    X[9] = np.nan
    session = Session(X, missing="mask", trainer="thread", item_shape=(4, 4))
    desk = AnomalyDesk(session, share=0.1)
    told(desk, ERRORS)
    assert desk._list.options[0][0] == "1. item 9 · no value"
    assert "1 of them without any value" in desk._count.value
    assert desk._histogram.bars.y.sum() == 59
    desk.close()
    session.close()


def test_bars_show_the_features_that_add_most():
    chart = ContributionChart([f"feature number {i}" for i in range(20)], None)
    parts = np.arange(20.0)
    chart.show("Item 2", parts)
    assert chart.bars.y.tolist() == [19, 18, 17, 16, 15, 14, 13, 12]
    assert chart._axis.tick_labels["0"] == "feature num… 19"
    assert chart.tooltip.split("\n")[:2] == ["feature number 19: 19", "feature number 18: 18"]
    assert chart.text.value == "Item 2: feature number 19 makes up 10 % of 190"
    chart.show("Item 2", np.zeros(20))
    assert chart.text.value == "Item 2: no error"
    chart.close()


def test_bars_of_names_that_begin_alike_can_be_told_apart():
    names = [f"average_quarterly_revenue_of_unit_{i:02d}" for i in range(42)]
    chart = ContributionChart(names, None)
    chart.show("Item 1", np.arange(42.0))
    shown = [chart._axis.tick_labels[str(i)] for i in range(8)]
    assert shown == [f"average_qua…_{i}" for i in range(41, 33, -1)]
    assert [line.partition(":")[0] for line in chart.tooltip.split("\n")] == names[:33:-1]
    chart.clear("none")
    assert chart.tooltip == ""
    chart.close()


def test_bars_of_the_categories_of_a_column_have_names_of_their_own():
    names = [f"marital-status = {name}" for name in ("Married", "Divorced", "Never-married")]
    chart = ContributionChart([*names, "town = Llanfairpwllgwyngyll", "age"], None)
    chart.show("Item 1", np.array([5, 4, 3, 2, 1.0]))
    short = ["mari… = Married", "mar… = Divorced", "…Never-married", "…Llanfairpwllg…", "age"]
    assert [chart._axis.tick_labels[str(i)] for i in range(5)] == short
    chart.close()


def test_a_heat_map_adds_the_channels():
    parts = np.zeros((2, 3, 3))
    parts[1, 2] = 1
    picture = np.asarray(Image.open(io.BytesIO(heat_map(parts.ravel(), (2, 3, 3)))))
    side = picture.shape[0] // 2
    assert picture.shape[1] == 3 * side
    assert (picture[side:, 2 * side :] == 255).all()
    assert picture.sum() == 255 * 3 * side * side


def test_closing_leaves_nothing_that_listens(two_labels):
    desk = AnomalyDesk(two_labels)
    desk.close()
    tell(two_labels, ERRORS)
    assert publisher.flush()
    assert not any(two_labels._observers._callbacks.values())


def one_way(X):
    return X[:, :5] * 2


def test_errors_are_made_of_what_the_network_is_given():
    X = np.random.default_rng(0).random((60, 16), dtype=np.float32)
    options = {"hidden_layer_sizes": (8,), "max_iter": 2, "trainer": "thread"}
    session = Session(X, item_shape=(4, 4), **options)
    desk = AnomalyDesk(session)
    assert desk._chart._shape == (4, 4)
    session.change(preprocess=["standard", PCAFeatures(5)])
    assert publisher.flush()
    assert desk._chart._shape == (4, 4)  # components are turned back into pixels
    session.start()
    session.wait(60)
    session.point(3)
    answer = session.reconstruct([3])
    error = f"Item 3: half of the error {answer.errors[0]:.3g} in "
    wait_for(lambda: desk._chart.text.value.startswith(error), 30)
    assert desk._chart.text.value.endswith("of 16 values")
    # A step that cannot be undone leaves what the network is given.
    session.change(preprocess=FunctionTransformer(one_way))
    session.reset()
    assert publisher.flush()
    assert desk._chart._shape is None
    session.start()
    session.wait(60)
    session.point(4)
    answer = session.reconstruct([4])
    wait_for(lambda: desk._chart.text.value.startswith("Item 4: input "), 30)
    assert np.nansum(desk._chart.bars.y) == pytest.approx(float(answer.errors[0]), rel=1e-3)
    desk.close()
    session.close()
