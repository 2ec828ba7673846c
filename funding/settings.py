"""The one settings module. Everything that differs between installations comes from the environment.

A value that is missing or wrong stops the start with its name. While `bin/demo` runs it leaves the values of its own
database and broker in `var/daybook.env`, so that `manage.py` works on the demo's data from another terminal.
The names and what each is for: docs/reference/settings.md.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"

env = environ.Env()
environ.Env.read_env(VAR / "daybook.env")


def required(name: str) -> str:
    """The value, or a stop that names what is missing."""
    value = str(env(name, default=""))
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Set it in the environment, or start bin/demo. See docs/reference/settings.md.")
    return value


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def flag(name: str) -> bool:
    value = str(env(name, default="0"))
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} is “{value}”. Use 1 or 0.")
    return value == "1"


# Where this installation lives

DEMO = flag("DEMO")
DEBUG = False
SECRET_KEY = required("SECRET_KEY")
BASE_URL = required("BASE_URL").rstrip("/")
if urlsplit(BASE_URL).scheme not in {"http", "https"}:
    raise ImproperlyConfigured(f"BASE_URL is “{BASE_URL}”. Use an address that starts with https:// (or http:// to try it).")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(BASE_URL).hostname or ""])
CSRF_TRUSTED_ORIGINS = [origin(BASE_URL)]
HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
TIME_ZONE = env("TIME_ZONE", default="UTC")
USE_TZ = True
LANGUAGE_CODE = env("LANGUAGE_CODE", default="en")
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "funding.urls"
WSGI_APPLICATION = "funding.wsgi.application"

# The house: docs/architecture.md gives the order, tests/test_architecture.py holds it

FLOOR = [f"funding.{app}" for app in ("web", "api", "audit", "people", "mail", "ledger", "funds", "payments", "components")]
MONEY_IN = [f"sponsors.{app}" for app in ("tiers", "sponsorships", "invoices", "dunning", "billing", "goals", "refunds")]
WORK_OUT = [f"grants.{app}" for app in ("rates", "awards", "proposals", "committee", "engagements", "timesheets", "payouts")]
ROOF = [f"funding.site.{app}" for app in ("reports", "recovery", "setup", "pages", "api", "demo")]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "knox",
    *FLOOR,
    *MONEY_IN,
    *WORK_OUT,
    *ROOF,
    "csp",
]

MIDDLEWARE = [
    "funding.web.middleware.RequestLog",
    "funding.web.reading.Reading",
    "funding.site.api.middleware.Problems",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "funding.people.middleware.SessionLimits",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "funding.web.submissions.RepeatedPress",
    "funding.web.middleware.ErrorPages",
    "funding.people.middleware.SecondFactor",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "funding.components.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "funding.components.templatetags.components"],
        },
    },
    {
        # Mails: the same folder, without HTML escaping.
        "NAME": "text",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"autoescape": False, "builtins": ["django.templatetags.i18n", "funding.components.templatetags.components"]},
    },
]
FORM_RENDERER = "funding.web.forms.Renderer"

# The database: the app role runs, the owner role migrates (`migrate --database owner`)

DATABASE_URL = required("DATABASE_URL")
DATABASES = {
    "default": env.db_url_config(DATABASE_URL),
    "owner": env.db_url_config(env("DATABASE_OWNER_URL", default=DATABASE_URL)),
}
for alias, database in DATABASES.items():
    if database.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured(f"The {alias} database is not PostgreSQL. DATABASE_URL starts with postgres://.")
    database["CONN_HEALTH_CHECKS"] = True
    database["CONN_MAX_AGE"] = 600 if alias == "default" else 0

# The broker and the shared cache. The database is the only copy of anything; a flushed Redis loses nothing.

REDIS_URL = required("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "daybook"}}
SESSION_ENGINE = "funding.people.session_store"

CELERY_BROKER_URL = REDIS_URL.replace("unix:", "redis+socket:", 1).replace("?db=", "?virtual_host=", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_DEFAULT_QUEUE = "slow"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Above the longest task, no more: a task whose worker was killed comes back after this many seconds.
    "visibility_timeout": 300,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_ROUTES = {
    "sponsors.*": {"queue": "money"},
    "grants.*": {"queue": "money"},
    "funding.payments.*": {"queue": "money"},
    "funding.mail.*": {"queue": "mail"},
}
CELERY_TIMEZONE = "UTC"
# Seconds between runs. Every job asks the database what is due, so a missed tick is made up by the next, and one that
# nobody took before the next is dropped.
# The day of the books comes first, so that whoever runs all of them in turn (the demo) posts on the day it is.
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for name, task, seconds in [
        ("book-day", "funding.ledger.tasks.advance_book_day", 60.0),
        ("seal", "funding.ledger.tasks.seal_days", 60.0),
        ("renew", "sponsors.billing.tasks.run_billing", 20.0),
        ("settle", "sponsors.billing.tasks.sweep_payments", 20.0),
        ("cards", "sponsors.billing.tasks.sweep_cards", 20.0),
        ("dunning", "sponsors.billing.tasks.run_dunning", 20.0),
        ("forget", "sponsors.billing.tasks.detach_cards", 20.0),
        ("expiry", "sponsors.billing.tasks.warn_of_expiry", 3_600.0),
        ("goals", "sponsors.goals.tasks.collect_goals", 20.0),
        ("refunds", "sponsors.refunds.tasks.sweep_refunds", 20.0),
        ("pay", "grants.payouts.tasks.sweep_payouts", 20.0),
        ("needs", "grants.committee.tasks.sweep_needs", 20.0),
        ("reviews", "grants.committee.tasks.sweep_reviews", 60.0),
        ("awards", "grants.awards.tasks.remind", 3_600.0),
        ("inbox", "funding.payments.tasks.sweep_inbox", 20.0),
        ("top-ups", "funding.payments.tasks.sweep_top_ups", 20.0),
        ("reconcile", "funding.payments.tasks.reconcile", 3_600.0),
        ("mail", "funding.mail.tasks.sweep_outbox", 20.0),
        ("watch", "funding.site.recovery.tasks.watch", 60.0),
        ("prune", "funding.site.recovery.tasks.prune", 3_600.0),
        ("verify", "funding.site.reports.tasks.verify_books", 3_600.0),
        ("panels", "grants.committee.tasks.look_again", 3600.0),
    ]
}

# Money out: days for which nothing is paid to a payee whose details changed. 0 switches it off.

PAYEE_COOLING_OFF_DAYS = env.int("PAYEE_COOLING_OFF_DAYS", default=3)
if not 0 <= PAYEE_COOLING_OFF_DAYS <= 60:
    raise ImproperlyConfigured(f"PAYEE_COOLING_OFF_DAYS is {PAYEE_COOLING_OFF_DAYS}. Use 0 to 60 days.")

# Mail

EMAIL_URL = env("EMAIL_URL", default="consolemail://")
EMAIL_CONFIG = env.email_url_config(EMAIL_URL)
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = f"Daybook <daybook@{urlsplit(BASE_URL).hostname}>"

# The processor. STRIPE_API_BASE is where the stand-in listens; empty means Stripe itself.

STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env("STRIPE_API_BASE", default="").rstrip("/")
if (DEMO or STRIPE_API_BASE) and "_live_" in STRIPE_SECRET_KEY:
    raise ImproperlyConfigured("STRIPE_SECRET_KEY is a live key. DEMO=1 and STRIPE_API_BASE take test keys only.")
CARD_LINK_DAYS = env.int("CARD_LINK_DAYS", default=14)
if not 1 <= CARD_LINK_DAYS <= 90:
    raise ImproperlyConfigured(f"CARD_LINK_DAYS is {CARD_LINK_DAYS}. Use 1 to 90.")
PROCESSOR_ORIGINS = [origin(STRIPE_API_BASE)] if STRIPE_API_BASE else ["https://checkout.stripe.com", "https://connect.stripe.com"]

# Sign-in

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS else 0
ACCOUNT_ADAPTER = "funding.mail.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "funding.people.forms.SignupNames"
ACCOUNT_FORMS = {
    "login": "funding.people.entrance.LoginForm",
    "signup": "funding.people.entrance.SignupForm",
    "add_email": "funding.people.entrance.AddEmailForm",
    "reset_password": "funding.people.entrance.ResetPasswordForm",
    "request_login_code": "funding.people.entrance.RequestLoginCodeForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "funding.people.mfa.MFAAdapter"
MFA_FORMS = {"add_webauthn": "funding.people.forms.AddKey"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off, and people take a while to type
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO

# How long a sign-in, a code and a link last, in seconds: docs/people.md has the table. Links that stop a sponsorship never expire.

HOUR, DAY = 3_600, 86_400
SESSION_COOKIE_AGE = 14 * DAY
SESSION_IDLE = 7 * DAY
SESSION_ROLE_AGE = 12 * HOUR
SESSION_ROLE_IDLE = 2 * HOUR
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGIN_TIMEOUT = 900
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 900
PASSWORD_RESET_TIMEOUT = HOUR

# How often sign-in may be tried. allauth counts in the shared cache, under a lock: all web processes together have these limits.

ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip,200/h/ip",
    "login_failed": "10/m/ip,5/5m/key,50/d/key",
    "signup": "20/m/ip,60/h/ip",
    "reset_password": "20/m/ip,5/m/key,20/d/key",
    "request_login_code": "20/m/ip,3/m/key,30/d/key",
}
MFA_RATE_LIMITS = {"webauthn_login": "10/m/ip"}

# The API (docs/api.md). Limits are counted by funding/web/throttle.py, as everywhere.

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "funding.site.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["funding.api.permissions.Scoped"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer", "funding.site.api.renderers.Page"],
    "DEFAULT_PARSER_CLASSES": ["funding.api.parsers.Json"],
    "DEFAULT_PAGINATION_CLASS": "funding.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "funding.site.api.schema.Operations",
    "EXCEPTION_HANDLER": "funding.api.errors.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Daybook",
    "DESCRIPTION": "Open books for open source: read all that the pages show, log days, write proposals.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["funding.site.api.schema.add_problem"],
    "SORT_OPERATIONS": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_PREFIX": "daybook_"}
KNOX_TOKEN_MODEL = "site_api.Token"
MIGRATION_MODULES = {"knox": None}  # its own table is not used

# Pages load nothing from elsewhere; forms may lead to the processor's hosted pages and nowhere else.

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF, *PROCESSOR_ORIGINS],
    }
}
X_FRAME_OPTIONS = "DENY"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}, "bare": {"format": "%(message)s"}},
    "filters": {"mask": {"()": "funding.web.logs.MaskTokens"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["mask"]},
        "requests": {"class": "logging.StreamHandler", "formatter": "bare", "filters": ["mask"]},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "daybook.request": {"handlers": ["requests"], "propagate": False},
        # The library writes two lines for every call at INFO.
        "stripe": {"level": "WARNING"},
    },
}
