"""Django settings. What differs between instances comes from the environment (docs/operations.md lists all of it)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tongchou.project import database, postgres
from tongchou.project.home import Home

HOME = Home.current()
SECRET_KEY = os.environ.get("TONGCHOU_SECRET_KEY") or HOME.secret_key()
DEBUG = False
ALLOWED_HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    *filter(None, os.environ.get("TONGCHOU_HOSTS", "").split(",")),
]
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("TONGCHOU_ORIGINS", "").split(",") if origin]

ROOMS = (
    "control",
    "publication",
    "registry",
    "contributions",
    "catalogues",
    "providers",
    "accounts",
    "ledger",
    "settlement",
    "exchange",
    "operation",
    "reports",
    "simulation",
    "web",
)
"""The rooms that are Django apps, from the ground up; the label of each is its name."""

INSTALLED_APPS = [
    *(f"tongchou.{room}" for room in ROOMS),
    "tongchou.web.apps.ReferenceAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "tongchou.web.middleware.ContentSecurityPolicy",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tongchou.web.control.middleware.WorkSession",
    "tongchou.web.middleware.PlainText",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "tongchou.project.urls"
ASGI_APPLICATION = "tongchou.project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tongchou.web.frame.frame",
            ],
        },
    },
]

DATABASES = {"default": database.django_settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME.static_dir
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # File names carry a hash of the content, so that browsers may keep them for ever.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
MEDIA_ROOT = HOME.root / "files"

AUTH_USER_MODEL = "control.Operator"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "tongchou.control.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("TONGCHOU_HTTPS") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "tongchou.web.views.errors.csrf_failure"

LOG_FORMAT = os.environ.get("TONGCHOU_LOG_FORMAT") or ("line" if sys.stderr.isatty() else "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"privacy": {"()": "tongchou.operation.logs.PrivacyFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "tongchou.operation.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["privacy"]}},
    "loggers": {"procrastinate": {"level": "WARNING"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("TONGCHOU_LOG_LEVEL", "WARNING")},
}
"""One JSON object a line where a machine reads (a service, a container), plain lines on a terminal."""

POLICIES_DIR = Path(os.environ["TONGCHOU_POLICIES"]) if os.environ.get("TONGCHOU_POLICIES") else None
"""Another folder of policy packs; ``None`` means the packs that come with the product."""

# What the room operation needs of the house; it may not import it.
EMBEDDED_CLUSTER = database.embedded_cluster
POSTGRES_PROGRAMS = postgres.packaged_binaries
COMMAND = (sys.executable, "-m", "tongchou.project.cli")
"""The command line, for what runs as a process of its own."""
