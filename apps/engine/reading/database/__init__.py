"""Rows from a database: one SELECT, read-only, streamed into a file of exact text."""
