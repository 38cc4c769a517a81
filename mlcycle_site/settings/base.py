"""Everything common. Each value that differs between installations comes from the environment."""

from pathlib import Path

import environ
from django.utils.csp import CSP

from mlcycle_site.settings.mail import mailer
from mlcycle_site.settings.secret import secret_from

ROOT = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
environ.Env.read_env(ROOT / ".env")

VAR = Path(env.str("MLCYCLE_VAR", default=str(ROOT / "var")))
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_from(VAR / "secret_key")
# Seal the ledger and the test rows; the last one seals, all are read (apps/projects/keys.py). They
# live outside the database, so that whoever can write the database still cannot forge a chain or
# read a sealed label.
LEDGER_KEYS = env.list("MLCYCLE_LEDGER_KEY", default=[])
LEDGER_KEY_FILE = VAR / "ledger_key"
if not LEDGER_KEYS:
    secret_from(LEDGER_KEY_FILE)
# Heads of the ledgers are written here: put it on another disk or machine than the database.
ANCHOR_FILE = Path(env.str("MLCYCLE_ANCHOR_FILE", default=str(VAR / "anchors.jsonl")))
ANCHOR_MAIL = env.str("MLCYCLE_ANCHOR_MAIL", default="")
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {"host": env.str("MLCYCLE_MAIL_HOST", default="localhost"), "timeout": 10},
    }
}

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "apps.accounts",
    "apps.web",
    "apps.projects",
    "apps.jobs",
    "apps.planning",
    "apps.datasets",
    "apps.eda",
    "apps.modeling",
    "apps.production",
    "apps.governance",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.web.middleware.DenyUndeclared",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "apps.web.middleware.StrictHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.web.middleware.ReadOnce",
    "apps.web.middleware.Refusals",
]

ROOT_URLCONF = "mlcycle_site.urls"
WSGI_APPLICATION = "mlcycle_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.governance.context.frame",
            ],
            "builtins": ["apps.web.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "apps.web.forms.HouseRenderer"

SQLITE_OPTIONS = {
    # IMMEDIATE: a writer waits its turn instead of failing at once. FULL: a signature that was
    # confirmed survives a power cut (WAL with NORMAL may lose the last commits).
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;"
    ),
}
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker and workers -------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
BROKER_SOCKET = VAR / "broker.sock"
CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{BROKER_SOCKET}"
CELERY_RESULT_BACKEND = None  # the Job row is the truth
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # the lease decides, not the broker: no poison loop
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A redelivery is harmless (the lease refuses it); a short timeout would only cause more of them.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 12 * 3600,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 30,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "reap": {"task": "jobs.reap", "schedule": 10.0, "options": {"queue": "quick", "expires": 10}},
    "watch": {"task": "production.watch", "schedule": 60.0, "options": {"queue": "watch"}},
    "anchor": {
        "task": "projects.anchor",
        "schedule": 30.0,
        "options": {"queue": "quick", "expires": 30},
    },
    "follow": {
        "task": "production.follow",
        "schedule": 900.0,
        "options": {"queue": "quick", "expires": 900},
    },
    "take_up": {
        "task": "production.take_up",
        "schedule": 3.0,
        "options": {"queue": "quick", "expires": 3},
    },
    "remove_due": {
        "task": "production.remove_due",
        "schedule": 600.0,
        "options": {"queue": "quick", "expires": 600},
    },
    "incidents": {
        "task": "governance.tell_of_incidents",
        "schedule": 30.0,
        "options": {"queue": "quick", "expires": 30},
    },
    "deliver": {"task": "governance.deliver_due", "schedule": 20.0, "options": {"expires": 20}},
    "mail": {"task": "governance.mail", "schedule": 20.0, "options": {"expires": 20}},
    "remind": {"task": "governance.remind", "schedule": 900.0, "options": {"expires": 900}},
}

JOB_LEASE_S = env.int("MLCYCLE_JOB_LEASE_S", default=30)
JOB_HEARTBEAT_S = env.int("MLCYCLE_JOB_HEARTBEAT_S", default=5)
JOB_MAX_ATTEMPTS = 3
CHILD_MEMORY_BYTES = env.int("MLCYCLE_CHILD_MEMORY_MB", default=4096) * 1024**2
CHILD_WALL_S = env.int("MLCYCLE_CHILD_WALL_S", default=3600)
CHILD_FILE_BYTES = env.int("MLCYCLE_CHILD_FILE_MB", default=8192) * 1024**2

# --- Files --------------------------------------------------------------------------------
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR / "files", "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [ROOT / "static"]
WHITENOISE_MANIFEST_STRICT = True
UPLOAD_BYTES = env.int("MLCYCLE_UPLOAD_MB", default=2048) * 1024**2
TEAM_BYTES = env.int("MLCYCLE_TEAM_MB", default=0) * 1024**2
# Databases that a query may be read from: none until somebody names them.
SQL_HOSTS = env.list("MLCYCLE_SQL_HOSTS", default=[])
SQLITE_FOLDER = env.str("MLCYCLE_SQLITE_FOLDER", default="")
SQL_TIMEOUT_S = env.int("MLCYCLE_SQL_TIMEOUT_S", default=600)
SQL_ROWS = env.int("MLCYCLE_SQL_ROWS", default=5_000_000)
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024**2
FILE_UPLOAD_TEMP_DIR = VAR / "tmp"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- People -------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.HouseAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/900s/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
ACCOUNT_LOGOUT_ON_GET = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "ML Cycle"

# Counters of the sign-in limit must be shared by all web processes: they live in the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

# --- Headers ------------------------------------------------------------------------------
TLS = env.bool("MLCYCLE_TLS", default=False)
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    # The hash is that of the empty <style> which Plotly adds; its marks are styled by attributes.
    "style-src": [CSP.SELF, "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"],
    "style-src-attr": [CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, without the proxy
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("MLCYCLE_BEHIND_PROXY", default=False) else None
)
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SECURE = TLS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["mlcycle_site.formats"]
TIME_ZONE = env.str("MLCYCLE_TIME_ZONE", default="UTC")
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["out"], "level": env.str("MLCYCLE_LOG_LEVEL", default="WARNING")},
}

# --- Serving ------------------------------------------------------------------------------
PREDICT_ROWS = env.int("MLCYCLE_PREDICT_ROWS", default=10_000)
PREDICT_BYTES = env.int("MLCYCLE_PREDICT_MB", default=20) * 1024**2
PREDICT_CALLS_PER_MINUTE = env.int("MLCYCLE_PREDICT_CALLS_PER_MINUTE", default=6_000)
PREDICT_ROWS_PER_MINUTE = env.int("MLCYCLE_PREDICT_ROWS_PER_MINUTE", default=60_000_000)
METRICS_TOKEN = env.str("MLCYCLE_METRICS_TOKEN", default="")
CALL_LOG = VAR / "calls"  # web writes, workers read: on one disk
# Unless an endpoint says otherwise; 0: for good (apps/production/log/retention.py).
KEEP_INPUTS_DAYS = env.int("MLCYCLE_KEEP_INPUTS_DAYS", default=400)
KEEP_ANSWERS_DAYS = env.int("MLCYCLE_KEEP_ANSWERS_DAYS", default=0)
CALL_LOG_FSYNC = env.bool("MLCYCLE_CALL_LOG_FSYNC", default=False)

# --- What `manage.py up` starts -----------------------------------------------------------
HOST = env.str("MLCYCLE_HOST", default="127.0.0.1")
PORT = env.int("MLCYCLE_PORT", default=8000)
SCORING_PORT = env.int("MLCYCLE_SCORING_PORT", default=PORT + 1)  # 0: the web answers alone
# The calls that pages show begin with it; empty: with the address of the pages.
SCORING_URL = env.str("MLCYCLE_SCORING_URL", default="").rstrip("/")
# Whether it answers is asked there; empty: at the address above, else at its port.
SCORING_INSIDE = env.str("MLCYCLE_SCORING_INSIDE", default="").rstrip("/")
WEB_THREADS = env.int("MLCYCLE_WEB_THREADS", default=8)
WORKERS = env.int("MLCYCLE_WORKERS", default=2)  # data and training jobs at a time
WORKER_HOUR_PRICE = env.float("MLCYCLE_WORKER_HOUR_PRICE", default=0)  # in the plans' money
DEMO = env.bool("MLCYCLE_DEMO", default=True)

# --- Telling people -----------------------------------------------------------------------
# Written to the worker's log until a mail server is named.
MAILERS = {"default": mailer(env.email("EMAIL_URL", default="consolemail://"))}
DEFAULT_FROM_EMAIL = env.str("MLCYCLE_MAIL_FROM", default="ML Cycle <mlcycle@localhost>")
# Links in e-mail begin with it.
SITE_URL = env.str("MLCYCLE_URL", default="").rstrip("/") or f"http://{HOST}:{PORT}"
REMIND_DAYS = env.int("MLCYCLE_REMIND_DAYS", default=3)
# Nothing is sent to any other host (apps/governance/webhooks.py).
WEBHOOK_HOSTS = env.list("MLCYCLE_WEBHOOK_HOSTS", default=[])
