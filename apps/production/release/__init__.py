"""Releases: how one is built, compared, switched to, and what answered when."""
