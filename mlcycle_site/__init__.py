"""Wiring: settings, URLs, Celery. Imported here, so that every process publishes to our broker."""

from mlcycle_site.celery import app as celery_app

__all__ = ["celery_app"]
