"""Wiring: settings, URLs, Celery. Imported here, so that every process publishes to our broker."""

from mlcycle_site.processor import spare_slow_instructions

spare_slow_instructions()

from mlcycle_site.celery import app as celery_app  # noqa: E402  (it imports numpy by and by)

__all__ = ["celery_app"]
