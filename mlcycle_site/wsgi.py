"""The WSGI callable that the web server loads."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlcycle_site.settings.production")
# Requests run beside each other already. A model that spreads one call over all cores waits, on a
# busy machine, hundreds of times longer for its threads than it computes (see docs/benchmarks.md).
os.environ.setdefault("OMP_NUM_THREADS", "1")
site = get_wsgi_application()

from apps.jobs.pulse import keep_beating  # noqa: E402  (models exist once Django is set up)
from apps.production.endpoint.serving import KNOWN  # noqa: E402
from mlcycle_site.hot import PredictFirst  # noqa: E402

application = PredictFirst(site)
keep_beating("web", more=KNOWN.models.told)
gc.collect()
gc.freeze()  # what is imported stays; the collector need not look at it again
