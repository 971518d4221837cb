"""What every test of the engine starts from."""

import pytest

from ae_widgets.engine import rounding


@pytest.fixture(autouse=True)
def _bfloat16_saves_time(monkeypatch):
    """Let all machines take the same steps."""
    monkeypatch.setattr(rounding, "_saves_time", lambda: True)
