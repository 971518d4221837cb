"""Widgets that show and drive a session, one a file; `Lab` composes them."""

from ae_widgets.widgets.anomaly_desk import AnomalyDesk
from ae_widgets.widgets.architecture_controls import ArchitectureControls
from ae_widgets.widgets.groups_view import GroupsView
from ae_widgets.widgets.lab import Lab
from ae_widgets.widgets.label_row import LabelRow
from ae_widgets.widgets.latent_scatter import LatentScatter
from ae_widgets.widgets.loss_controls import LossControls
from ae_widgets.widgets.loss_plot import LossPlot
from ae_widgets.widgets.network_drawing import NetworkDrawing
from ae_widgets.widgets.preprocess_controls import PreprocessControls
from ae_widgets.widgets.ranking_view import RankingView
from ae_widgets.widgets.reconstruction_view import ReconstructionView
from ae_widgets.widgets.training_controls import TrainingControls

__all__ = [
    "AnomalyDesk",
    "ArchitectureControls",
    "GroupsView",
    "Lab",
    "LabelRow",
    "LatentScatter",
    "LossControls",
    "LossPlot",
    "NetworkDrawing",
    "PreprocessControls",
    "RankingView",
    "ReconstructionView",
    "TrainingControls",
]
