"""Live autoencoders in a notebook cell.

The names below are imported when they are first used, so that
``import ae_widgets`` loads neither torch nor a widget library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ae_widgets.data.preprocess import Preprocessor
    from ae_widgets.data.steps import KMeansFeatures, PCAFeatures
    from ae_widgets.engine.settings import Settings
    from ae_widgets.estimator import Autoencoder
    from ae_widgets.exceptions import (
        AEWidgetsError,
        CheckpointError,
        DataError,
        DataWarning,
        JournalError,
        NonFiniteLossError,
        NotEnoughMemoryError,
        SettingsError,
        TrainerDiedError,
        TrainingError,
    )
    from ae_widgets.model.architecture import Architecture
    from ae_widgets.session import Journal, Session, runs, stop_all
    from ae_widgets.widgets import (
        AnomalyDesk,
        ArchitectureControls,
        GroupsView,
        Lab,
        LabelRow,
        LatentScatter,
        LossControls,
        LossPlot,
        PreprocessControls,
        RankingView,
        ReconstructionView,
        TrainingControls,
    )

__version__ = "0.1.0"

_HOME = {
    "AEWidgetsError": "exceptions",
    "AnomalyDesk": "widgets",
    "Architecture": "model",
    "ArchitectureControls": "widgets",
    "Autoencoder": "estimator",
    "CheckpointError": "exceptions",
    "DataError": "exceptions",
    "DataWarning": "exceptions",
    "GroupsView": "widgets",
    "Journal": "session",
    "JournalError": "exceptions",
    "KMeansFeatures": "data.steps",
    "Lab": "widgets",
    "LabelRow": "widgets",
    "LatentScatter": "widgets",
    "LossControls": "widgets",
    "LossPlot": "widgets",
    "NonFiniteLossError": "exceptions",
    "NotEnoughMemoryError": "exceptions",
    "PCAFeatures": "data.steps",
    "PreprocessControls": "widgets",
    "Preprocessor": "data.preprocess",
    "RankingView": "widgets",
    "ReconstructionView": "widgets",
    "Session": "session",
    "Settings": "engine",
    "SettingsError": "exceptions",
    "TrainerDiedError": "exceptions",
    "TrainingControls": "widgets",
    "TrainingError": "exceptions",
    "runs": "session",
    "stop_all": "session",
}

__all__ = [
    "AEWidgetsError",
    "AnomalyDesk",
    "Architecture",
    "ArchitectureControls",
    "Autoencoder",
    "CheckpointError",
    "DataError",
    "DataWarning",
    "GroupsView",
    "Journal",
    "JournalError",
    "KMeansFeatures",
    "Lab",
    "LabelRow",
    "LatentScatter",
    "LossControls",
    "LossPlot",
    "NonFiniteLossError",
    "NotEnoughMemoryError",
    "PCAFeatures",
    "PreprocessControls",
    "Preprocessor",
    "RankingView",
    "ReconstructionView",
    "Session",
    "Settings",
    "SettingsError",
    "TrainerDiedError",
    "TrainingControls",
    "TrainingError",
    "runs",
    "stop_all",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
