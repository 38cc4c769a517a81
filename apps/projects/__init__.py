"""Teams, projects, cycles, who may do what, the insert-only decisions and the ledger."""
