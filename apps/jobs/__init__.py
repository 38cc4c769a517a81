"""Background work: one row per job, leases, progress, stop. The row is the truth."""
