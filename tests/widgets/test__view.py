"""What a view tells the publisher of what it sent."""

import sys
from types import SimpleNamespace

import pytest

from ae_widgets.widgets import LossPlot


@pytest.fixture
def kernel_session(monkeypatch):
    found = SimpleNamespace(message_count=7)
    shell = SimpleNamespace(kernel=SimpleNamespace(session=found))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return found


def test_counts_the_messages_that_the_kernel_sent_meanwhile(session, kernel_session):
    view = LossPlot(session)

    def send():
        kernel_session.message_count += 3

    assert view._refresh(send) == 3
    assert view._refresh(lambda: None) == 0
    view.close()
    assert view._refresh(send) == 0


def test_without_a_kernel_nothing_is_known(session, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    view = LossPlot(session)
    assert view._refresh(lambda: None) is None
    view.close()
