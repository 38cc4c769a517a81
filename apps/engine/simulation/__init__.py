"""Data that the product makes itself, for its demo: fixed seeds, numpy and pandas only."""
