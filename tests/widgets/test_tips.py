"""Tooltips of fields that have a label too."""

import ipywidgets

from ae_widgets.widgets._tips import Tips


def test_they_are_those_of_the_fields_with_a_label_and_follow_them():
    kind = ipywidgets.Dropdown(description="Kind", tooltip="of model")
    plain = ipywidgets.Text(description="Plain")
    box = ipywidgets.VBox([ipywidgets.HBox([kind]), plain, ipywidgets.Label("text")])
    tips = Tips([box], ae_note="what waits")
    assert tips.tips == {"Kind": "of model", "ae-note": "what waits"}
    kind.tooltip = "of network"
    assert tips.tips["Kind"] == "of network"
