"""Attacks on a finished candidate, before anybody opens the sealed test: one line each."""
