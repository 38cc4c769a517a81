"""What `make up` and the containers run: the common settings as they are."""

from mlcycle_site.settings.base import *  # noqa: F403
