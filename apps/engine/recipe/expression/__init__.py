"""A small language for conditions and new columns: Python reads it and never runs it."""
