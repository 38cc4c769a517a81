"""Rows to look at: which ones are asked for, in which order, how often each value stands there."""
