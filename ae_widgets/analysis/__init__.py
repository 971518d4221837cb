"""Alignment, projection, baselines and clusters of codes (numpy and scikit-learn)."""
