"""Keys that are pressed in a view are its own, whichever view stands alone."""

import re
from pathlib import Path

import anywidget
import numpy as np
import pytest
from scipy.sparse import csr_array

from ae_widgets import Session, widgets

SOURCE = Path(__file__).parents[2] / "frontend" / "src" / "dom" / "shortcuts.ts"
RATINGS, TO_FIND = (csr_array(np.eye(12, 8, k, dtype=np.float32)) for k in (0, 1))


@pytest.mark.parametrize("name", widgets.__all__)
def test_the_page_knows_each_view_that_keeps_its_keys(name):
    known = re.search(r"const OURS\s*=\s*([^;]*);", SOURCE.read_text()).group(1)
    classes = set(re.findall(r"\.([\w-]+)", known))
    session = Session(RATINGS, trainer="thread", reconstruction="multinomial")
    of = RATINGS if name == "Lab" else session
    view = getattr(widgets, name)(of, *([TO_FIND] if name == "RankingView" else []))
    own = {"ae-root"} if isinstance(view, anywidget.AnyWidget) else set(view._dom_classes)
    view.close()
    session.close()
    assert own & classes
