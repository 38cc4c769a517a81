"""The workshop: plain functions on DataFrames and numpy. No Django, no Celery, no paths of ours."""
