"""For pytest: everything under a folder of its own, cheap passwords, a loud template engine."""

import os
import tempfile

# One folder a run, in it one a test process: broker, files and database of two never meet, while
# the workers that a test process starts inherit both names and so share its folder.
os.environ.setdefault("MLCYCLE_TEST_RUN", tempfile.mkdtemp(prefix="mlcycle-test-"))
os.environ["MLCYCLE_VAR"] = os.path.join(
    os.environ["MLCYCLE_TEST_RUN"], os.environ.get("PYTEST_XDIST_WORKER", "main")
)

from mlcycle_site.settings.base import *  # noqa: F403
from mlcycle_site.settings.base import DATABASES, STORAGES, VAR

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: worker processes of a test must see the same database.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SCORING_PORT = 0  # nobody asks at a port that another installation of this machine may have
WHITENOISE_USE_FINDERS = True
