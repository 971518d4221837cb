"""The Lab composes the parts, delegates to the session and leaves nothing behind."""

import gc
import io
import weakref

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from PIL import Image

from ae_widgets.exceptions import DataError, SettingsError
from ae_widgets.session import Session, publisher, runs
from ae_widgets.widgets import Lab
from ae_widgets.widgets import _cell as cell_module
from ae_widgets.widgets import lab as lab_module
from ae_widgets.widgets.static_picture import WIDTH, draw_picture, summary_text
from tests.widgets.conftest import items


@pytest.fixture
def no_trainer(monkeypatch):
    """Keep sessions from starting a trainer that a test has no use for."""
    monkeypatch.setattr(Session, "prepare", lambda _session: None)


@pytest.fixture
def make_lab():
    made = []

    def make(*args, **kwargs):
        kwargs.setdefault("trainer", "thread")
        made.append(Lab(*args, **kwargs))
        return made[-1]

    yield make
    for lab in made:
        lab.close()


def test_trains_to_the_end(make_lab):
    lab = make_lab(items(), np.arange(60) % 3, item_shape=(4, 4), max_iter=3, beta=0.1)
    before = draw_picture(lab.session, repr(lab))
    lab.start()
    status = lab.wait(60)
    assert (status.state, status.reason) == ("finished", "max_iter")
    assert len(lab.history) == 3
    assert lab.codes.shape == (60, 2)
    assert np.isfinite(lab.codes).all()
    assert lab.error is None
    assert repr(lab).startswith("Lab(60 items × 16 features, epoch 3 of 3, val 0.")
    assert repr(lab).endswith("finished: max_iter)")
    # every view shows the end
    assert lab.training._progress.description == "epoch 3 of 3 · step 3"
    assert lab.plot._text.value.startswith("epoch 3:")
    after = draw_picture(lab.session, repr(lab), lab.session.reconstruct(np.arange(8)))
    assert after != before
    _check_picture(after)


def _check_picture(png):
    assert len(png) < 200_000
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        assert image.width == 2 * WIDTH
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
    for wanted in [(0, 114, 178), (230, 159, 0), (0, 158, 115), (213, 94, 0)]:
        assert min(sum(abs(a - b) for a, b in zip(wanted, c, strict=True)) for c in colours) < 12


def test_commands_reach_the_session(make_lab, no_trainer, monkeypatch):
    lab = make_lab(items())
    asked = []
    for name in ("start", "pause", "resume", "step", "stop", "reset"):
        monkeypatch.setattr(lab.session, name, lambda *a, name=name: asked.append((name, *a)))
    lab.start(), lab.pause(), lab.resume(), lab.step("batch"), lab.step(), lab.stop(), lab.reset()
    assert asked == [
        ("start",), ("pause",), ("resume",), ("step", "batch"), ("step", "epoch"), ("stop",),
        ("reset",),
    ]  # fmt: skip
    lab.session.select([3, 1])
    assert lab.selection.tolist() == [1, 3]


def test_settings_arrive(make_lab, no_trainer):
    lab = make_lab(items(), preset="simple", code_dim=3, alpha=2)
    assert lab.session.settings.architecture.code_dim == 3
    assert lab.session.settings.architecture.output_activation == "sigmoid"
    assert lab.loss._fields["alpha"].value == 2
    with pytest.raises(SettingsError, match="Unknown setting 'gama'"):
        Lab(items(), gama=1)


def test_bad_data_raises():
    before = set(_instances)
    with pytest.raises(DataError, match="path"):
        Lab("data.csv")
    assert set(_instances) == before


def test_bad_data_later_keep_the_lab_and_are_told_in_it(make_lab, no_trainer):
    lab = make_lab(items())
    session, parts = lab.session, lab.children
    bad = items()
    bad[3, 1] = np.nan
    with pytest.raises(DataError) as raised:
        lab.set_data(bad)
    assert publisher.flush()
    assert lab.training._status.value == str(raised.value)
    assert "ae-error" in lab.training._status._dom_classes
    assert lab.session is session
    assert lab.children == parts


def test_other_data_later(make_lab, no_trainer):
    lab = make_lab(items(), item_shape=(4, 4), alpha=3.0)
    old, n_widgets = lab.session, len(_instances)
    lab.set_data(items(30)[:, :9], np.arange(30) % 2, item_shape=(3, 3))
    assert lab.session.dataset.n_features == 9
    assert lab.session.settings.alpha == 3
    assert lab.training.session is lab.session
    assert old.closed
    assert len(_instances) == n_widgets
    assert "30 items × 9 features" in repr(lab)


def test_closing_leaves_no_widget_and_no_run(no_trainer):
    before, running = set(_instances), runs()
    for _ in range(5):
        Lab(items(), trainer="thread").close()
    assert set(_instances) == before
    assert runs() == running


def test_the_session_holds_no_view(no_trainer):
    session = Session(items(), trainer="thread")
    lab = Lab(session)
    gone = weakref.ref(lab.training)
    lab.close()
    assert not session.closed  # it was not the Lab's own
    del lab
    gc.collect()
    session.say("nobody looks")
    assert publisher.flush()
    gc.collect()
    assert gone() is None
    session.close()


def test_two_labs_of_one_session_show_the_same(make_lab, no_trainer):
    first = make_lab(items())
    second = make_lab(first.session)
    first.loss._fields["beta"].value = 0.25
    assert publisher.flush()
    assert second.loss._fields["beta"].value == 0.25


def run_cell(monkeypatch, cell_id, request):
    monkeypatch.setattr(lab_module, "current_cell", lambda: cell_module.Cell(cell_id, request))


def test_a_cell_run_again_ends_its_earlier_run(make_lab, no_trainer, monkeypatch):
    run_cell(monkeypatch, "a", "1")
    first = make_lab(items())
    sibling = make_lab(items())
    monkeypatch.setattr(
        type(first.session), "status", property(lambda self: _running(self._run.status))
    )
    run_cell(monkeypatch, "b", "2")
    elsewhere = make_lab(items())
    run_cell(monkeypatch, "a", "3")
    second = make_lab(items())
    assert first.session.closed
    assert sibling.session.closed
    assert not elsewhere.session.closed
    number = sibling.session.number
    note = second.session.status.note
    assert note == f"The earlier run {number} of this cell was stopped at epoch 12."


def _running(status):
    from dataclasses import replace

    return replace(status, state="running", epoch=12)


def test_bad_data_in_a_cell_run_again_keep_the_earlier_lab(make_lab, no_trainer, monkeypatch):
    run_cell(monkeypatch, "c", "1")
    first = make_lab(items())
    run_cell(monkeypatch, "c", "2")
    with pytest.raises(DataError):
        Lab([])
    assert not first.session.closed


def test_outside_a_notebook_there_is_no_cell():
    assert cell_module.current_cell() is None


def test_summary_says_what_the_picture_shows(make_lab, no_trainer):
    lab = make_lab(items())
    assert summary_text(lab.session, repr(lab)).splitlines()[:2] == [
        "Lab(60 items × 16 features, epoch 0 of 200, idle)",
        lab.session.status.message,
    ]
    _picture_of_a_profile = draw_picture(lab.session, repr(lab))
    assert _picture_of_a_profile.startswith(b"\x89PNG")
