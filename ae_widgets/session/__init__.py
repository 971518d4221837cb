"""One run as a screen needs it: commands in, snapshots out."""

from ae_widgets.session.anomalies import AnomalyScores, anomaly_scores
from ae_widgets.session.entries import JournalEntry
from ae_widgets.session.history import LossCurve
from ae_widgets.session.journal import Journal
from ae_widgets.session.latent import LatentFrame, Reconstructions
from ae_widgets.session.publisher import Publisher, publisher
from ae_widgets.session.registry import runs, stop_all
from ae_widgets.session.session import PastRun, Session
from ae_widgets.session.status import Status

__all__ = [
    "AnomalyScores",
    "Journal",
    "JournalEntry",
    "LatentFrame",
    "LossCurve",
    "PastRun",
    "Publisher",
    "Reconstructions",
    "Session",
    "Status",
    "anomaly_scores",
    "publisher",
    "runs",
    "stop_all",
]
