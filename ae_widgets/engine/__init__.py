"""The training loop, its settings, and what it says and listens to.

Only `trainer` and `worker` import torch.
"""

from ae_widgets.engine.settings import LIVE_SETTINGS, PRESETS, Settings

__all__ = ["LIVE_SETTINGS", "PRESETS", "Settings"]
