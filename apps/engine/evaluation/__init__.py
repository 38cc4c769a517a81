"""Metrics, their intervals, and verdicts against promises."""
