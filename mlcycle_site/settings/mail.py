"""The mail server of an address such as smtp+tls://user:password@host:587, as Django takes it."""

from collections.abc import Mapping
from typing import Any

SEND_WITHIN_S = 20
NAMES = {
    "EMAIL_HOST": "host",
    "EMAIL_PORT": "port",
    "EMAIL_HOST_USER": "username",
    "EMAIL_HOST_PASSWORD": "password",
    "EMAIL_USE_TLS": "use_tls",
    "EMAIL_USE_SSL": "use_ssl",
}


def mailer(told: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of MAILERS out of what django-environ reads of EMAIL_URL."""
    backend = told["EMAIL_BACKEND"]
    if not backend.endswith("smtp.EmailBackend"):
        return {"BACKEND": backend}
    options = {name: told[key] for key, name in NAMES.items() if told.get(key) is not None}
    return {"BACKEND": backend, "OPTIONS": {**options, "timeout": SEND_WITHIN_S}}
