"""Alignment, projection, baselines and clusters of codes (numpy and scikit-learn)."""

from ae_widgets.analysis.ranking import ndcg_at_k, recall_at_k, top_items

__all__ = ["ndcg_at_k", "recall_at_k", "top_items"]
