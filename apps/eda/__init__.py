"""Exploration: profiles of development rows, and the findings people raise on them."""
