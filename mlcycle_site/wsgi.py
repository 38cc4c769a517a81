"""The WSGI callable that the web server loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlcycle_site.settings.production")
site = get_wsgi_application()

from mlcycle_site.hot import PredictFirst  # noqa: E402  (models exist once Django is set up)

application = PredictFirst(site)
