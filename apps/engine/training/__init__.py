"""Candidates, their pipelines, cross-validation, the final fit and the sealed test."""
