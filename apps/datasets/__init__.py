"""Data: sources and their versions, joins, recipes, tables, the split with its sealed test."""
