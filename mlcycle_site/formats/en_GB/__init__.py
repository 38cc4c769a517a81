"""A day before its month, and hours from 0 to 23, as on every page."""
