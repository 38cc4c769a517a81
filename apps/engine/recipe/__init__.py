"""Row-wise cleaning: recorded steps that are replayed on every prediction request."""
