"""The log of calls: first files, then rows and sums; matched with the truth, removed in time."""
