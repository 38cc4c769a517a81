"""The bad files of the reliability table, each made by code, with the outcome it must have."""
