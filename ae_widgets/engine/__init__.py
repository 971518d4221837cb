"""The training loop, its settings, and what it says and listens to.

What trains imports torch; `settings`, `kinds` and `protocol` do not.
"""

from ae_widgets.engine.kinds import CORRUPTIONS, KINDS, Kind
from ae_widgets.engine.settings import LIVE_SETTINGS, PRESETS, Settings

__all__ = ["CORRUPTIONS", "KINDS", "LIVE_SETTINGS", "PRESETS", "Kind", "Settings"]
