"""The rooms of the house; see ARCHITECTURE.md."""
