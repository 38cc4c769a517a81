"""Pages of exploration: overview, column, relations, leaks, missing values, time."""
