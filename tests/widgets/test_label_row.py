"""The selected items get the name that a person gives them."""

import pytest

from ae_widgets.session import Session, publisher
from ae_widgets.widgets import LabelRow
from tests.widgets.conftest import items


@pytest.fixture
def row(session):
    made = LabelRow(session)
    yield made
    made.close()


def enter(row, typed=None):
    """Press Enter, with a text of which the kernel has not heard yet if that is given."""
    value = row._name.value if typed is None else typed
    row._name._handle_custom_msg({"event": "submit", "value": value}, [])
    assert publisher.flush()


def unused(row):
    return "ae-unused" in row._dom_classes


def test_it_is_there_while_something_is_selected(row, session):
    assert unused(row)
    session.select([4, 7, 9])
    assert publisher.flush()
    assert not unused(row)
    assert row._give.description == "Label 3 items"
    session.select([4])
    assert publisher.flush()
    assert row._give.description == "Label 1 item"
    session.select([])
    assert publisher.flush()
    assert unused(row)


def test_a_new_name_is_given_and_offered_from_then_on(row, session):
    assert row._name.options == ("0", "1", "2")
    session.select([4, 7, 9])
    row._name.value = " odd "
    row._give.click()
    assert publisher.flush()
    assert session.label_names == ("0", "1", "2", "odd")
    assert session.labels[[4, 7, 9]].tolist() == [3, 3, 3]
    assert (session.labels == 3).sum() == 3
    assert row._name.options == ("0", "1", "2", "odd")
    assert session.status.note == "3 items labelled 'odd'. It is learnt once δ is above 0."
    session.change(delta=1.0)
    session.select([1])
    enter(row)
    assert session.labels[1] == 3
    assert session.status.note == "1 item labelled 'odd'."


def test_enter_gives_what_is_typed_although_its_last_letters_are_on_their_way(row, session):
    session.select([4, 7])
    row._name.value = "sev"
    enter(row, "seven")
    assert session.label_names[-1] == "seven"
    row._name._handle_custom_msg({"event": "submit"}, [])
    row._name._handle_custom_msg({"event": "submit", "value": 3}, [])
    assert session.label_names[-1] == "seven"


def test_of_many_names_those_are_offered_that_fit_what_is_typed():
    y = [f"Name {i}" for i in range(50)] + ["Name 41"] * 5 + ["other"] * 5
    session = Session(items(), y, trainer="thread")
    row = LabelRow(session)
    sent = row._name.options
    assert len(sent) == 20
    assert sent[-1] == "other"
    assert "Name 41" in sent
    row._name.value = "name 4"
    assert publisher.flush()
    assert row._name.options == tuple(sorted(f"Name {i}" for i in (4, *range(40, 50))))
    row._name.value = "new"
    assert publisher.flush()
    assert row._name.options == ()
    session.select([4, 7, 9])
    enter(row)
    assert session.label_names[-1] == "new"
    row._name.value = ""
    assert publisher.flush()
    assert len(row._name.options) == 20
    assert row._name.options[-1] == "new"
    row.close()
    session.close()


def test_labels_are_taken_away(row, session):
    session.select([0, 1])
    row._take.click()
    assert session.labels[:3].tolist() == [-1, -1, 2]
    assert session.status.note == "2 items without a label."


def test_an_empty_name_is_told_in_the_status_line(row, session):
    before = session.labels
    session.select([0])
    for typed in ("", "  "):
        enter(row, typed)
        assert session.labels is before
        assert session.status.note == "Type a label first; 'No label' takes one away."
        assert session.status.error


def test_a_closed_session_is_told(row, session):
    session.select([0])
    row._name.value = "late"
    session.close()
    row._give.click()
    assert "late" not in session.label_names
    assert "closed" in session.status.message
