"""For working on the code: tracebacks in the browser, static files straight from the tree."""

from mlcycle_site.settings.base import *  # noqa: F403
from mlcycle_site.settings.base import STORAGES

DEBUG = True
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
