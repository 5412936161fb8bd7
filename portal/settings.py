"""Every setting, in one file, read from the environment; each has a default that works."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import fontpkg_inter
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from accounts.oidc import wiring
from portal.kit import environment, merchants
from portal.kit.timings import Timings

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(environment.text("VAR_DIR", str(BASE_DIR / "var")))
_SECRETS = VAR_DIR / "secrets"

# --- what this process is -------------------------------------------------------------------------
DEBUG = environment.flag("DEBUG")
DEMO = environment.flag("DEMO")
PORT = int(environment.number("PORT", 8000))
BASE_URL = environment.text("BASE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
SITE_NAME = environment.text("SITE_NAME", "Ciyuan")
TIMINGS = Timings().scaled(environment.number("TIMINGS_SCALE", 1))

# --- secrets: made once, kept in var/secrets, never in the database --------------------------------
SECRET_KEY = environment.secret("SECRET_KEY", folder=_SECRETS)
FIELD_KEYS = environment.secret("FIELD_KEYS", folder=_SECRETS).split()
CONTENT_KEYS = environment.secret("CONTENT_KEYS", folder=_SECRETS).split()
API_KEY_PEPPER = environment.secret("API_KEY_PEPPER", folder=_SECRETS)

# --- doors ---------------------------------------------------------------------------------------
_base = urlsplit(BASE_URL)
_this_machine = {"127.0.0.1", "localhost"}
_host = {None: "127.0.0.1", "::1": "[::1]"}.get(_base.hostname, _base.hostname)
ALLOWED_HOSTS = sorted({str(_host), *_this_machine})
_is_public = _host not in {*_this_machine, "[::1]"}
if DEBUG and _is_public:
    _message = "DEBUG shows strangers the inside of the portal; switch it off, or let BASE_URL name this machine."
    raise ImproperlyConfigured(_message)
if DEMO and _is_public:
    _message = "DEMO shows everyone's sign-in codes to everyone; switch it off, or let BASE_URL name this machine."
    raise ImproperlyConfigured(_message)
CSRF_TRUSTED_ORIGINS = [BASE_URL]
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
SECURE = _base.scheme == "https"
EGRESS_LOOPBACK = environment.flag("EGRESS_LOOPBACK", default="on" if DEMO else "off")
"""Whether upstreams may stand on this machine, as the demo's do."""

INSTALLED_APPS = [
    "portal",
    "usage",
    "plans",
    "models_catalog",
    "accounts",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "portal.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "lucide",
    "ninja",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.PlainAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.MembershipMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.activity.ActivityMiddleware",
    "portal.middleware.RefusalMiddleware",
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
                "portal.context.portal",
            ],
        },
    }
]

# --- data ----------------------------------------------------------------------------------------
DATABASE_URL = (
    environment.text("DATABASE_URL")
    or environment.running("database_url", folder=VAR_DIR)
    or f"postgresql:///ciyuan?host={VAR_DIR / 'postgres'}"
)
VALKEY_URL = (
    environment.text("VALKEY_URL")
    or environment.text("REDIS_URL")
    or environment.running("valkey_url", folder=VAR_DIR)
    or "redis://127.0.0.1:6379/0"
)
APP_ROLE = "ciyuan_app"
_database = urlsplit(DATABASE_URL)
_database_options = {"connect_timeout": "5", "keepalives_idle": "10", "tcp_user_timeout": "10000"} | {
    name: values[-1] for name, values in parse_qs(_database.query).items()
}  # a server that is gone without a word is noticed
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username or "",
        "PASSWORD": _database.password or "",
        "HOST": _database_options.pop("host", _database.hostname or ""),
        "PORT": str(_database.port or _database_options.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**_database_options, "assume_role": APP_ROLE},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        # It counts sign-ins: with few rows, whoever floods it would wipe the count of their own tries.
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}
_cookie_prefix = "__Host-" if SECURE else ""  # no neighbor under the same domain can set such a cookie
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_cookie_prefix}sessionid", f"{_cookie_prefix}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# --- people --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
_SIX_DIGITS = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_ADAPTER = "accounts.adapter.Adapter"
_codes = {"request_login_code": "Request", "reset_password": "Reset", "confirm_login_code": "LoginCode"}
_codes |= {"confirm_password_reset_code": "ResetCode", "verify_phone": "PhoneCode"}
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm", "login": "accounts.forms.LoginForm"}
ACCOUNT_FORMS |= {name: f"accounts.codes.{form}Form" for name, form in _codes.items()}
ACCOUNT_FORMS["confirm_email_verification_code"] = "accounts.codes.EmailCodeForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "phone", "password1"]  # our form asks for one of the first two
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = _SIX_DIGITS
ACCOUNT_LOGIN_BY_CODE_FORMAT = _SIX_DIGITS
ACCOUNT_PASSWORD_RESET_BY_CODE_CODE_FORMAT = _SIX_DIGITS  # allauth really reads it by this name
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_SESSION_REMEMBER = True
# Ten codes an hour with three guesses each; the key of a guess is one code in one session.
ACCOUNT_RATE_LIMITS = {"verify_phone": "1/30s/key,20/m/ip", "guess_code": "3/h/key"}
ACCOUNT_RATE_LIMITS |= dict.fromkeys(("request_login_code", "reset_password"), "20/m/ip,3/m/key,10/h/key")
ACCOUNT_RATE_LIMITS |= {"text_cost": "40/m/ip"}  # then a text is estimated instead of counted
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # what changed about signing in is told, an e-mail address to the old one
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the other sessions end with the old password's hash; this one stays
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
USERSESSIONS_TRACK_ACTIVITY = True
MFA_ADAPTER = "accounts.second_factor.Adapter"
MFA_FORMS = {"add_webauthn": "accounts.second_factor.PasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED, MFA_PASSKEY_SIGNUP_ENABLED = True, False  # who signs up proves an address or a phone first
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE  # browsers themselves allow it for localhost alone
SMS_HOOK_URL, SMS_HOOK_SECRET = environment.hook("SMS")
FAPIAO_HOOK_URL, FAPIAO_HOOK_SECRET = environment.hook("FAPIAO")
FULFILLMENT_HOOK_URL, FULFILLMENT_HOOK_SECRET = environment.hook("FULFILLMENT")

# The operator's own identity provider: OIDC_NAME, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET; without one, none.
_oidc = {word: environment.text(f"OIDC_{word.upper()}") for word in ("name", "issuer", "client_id", "client_secret")}
SOCIALACCOUNT_PROVIDERS = wiring.wire(**_oidc)
SOCIALACCOUNT_ADAPTER = "accounts.oidc.joining.Adapter"
SOCIALACCOUNT_FORMS = {"signup": "accounts.oidc.joining.JoinForm"}
SOCIALACCOUNT_AUTO_SIGNUP = False  # nobody is made before they have read and agreed to the terms
# Its word on an address counts where our side verified the same one; `joining` says why not elsewhere.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

# --- what guards the lines of children: a class of our own or yours, by its dotted path; empty opens none ----
CONTENT_FILTER = environment.text("CONTENT_FILTER", "usage.filters.RuleFilter")

# --- ways to pay: the operator's billing interface; in the demo, the sandbox's ------------------------
_operator = environment.running("sandbox_url", folder=VAR_DIR) if DEMO else ""
CARRIER_BILLING_URL = environment.text("CARRIER_BILLING_URL") or (_operator and f"{_operator}/operator")
CARRIER_BILLING_TOKEN = environment.text("CARRIER_BILLING_TOKEN") or (_operator and "sandbox")
CARRIER_BILLING_MERCHANT = environment.text("CARRIER_BILLING_MERCHANT", "ciyuan")
CARRIER_BILLING_EVENT_BEARER = merchants.event_bearer(sandbox=_operator, folder=_SECRETS)
PHONE_BILL_ALONE_MINOR = int(environment.number("PHONE_BILL_ALONE_MINOR", 3000))  # no code up to it, of a known line
WECHAT_PAY, STRIPE = merchants.read(sandbox=_operator, folder=_SECRETS)
WECHAT_PAY_PUBLIC_KEY, STRIPE_WEBHOOK_SECRET = WECHAT_PAY.platform_key, STRIPE.webhook_secret
SANDBOX_PHONE_URL, SANDBOX_SCAN_URL = (_operator and f"{_operator}/{at}/" for at in ("operator/inbox", "wechat/scan"))

# --- what one of the staff may give or take alone within a day -----------------------------------------
GOODWILL_ALONE_CREDITS = int(environment.number("GOODWILL_ALONE_CREDITS", 1_000_000))
REFUND_ALONE_MINOR = int(environment.number("REFUND_ALONE_MINOR", 20_000))

# --- for how many months calls and books are kept; the database refuses fewer than 24 and 120 -----------
CALLS_KEPT_MONTHS = int(environment.number("CALLS_KEPT_MONTHS", 36))
BOOKS_KEPT_MONTHS = max(int(environment.number("BOOKS_KEPT_MONTHS", 180)), CALLS_KEPT_MONTHS)

# --- language, place, money ------------------------------------------------------------------------
LANGUAGE_CODE = environment.text("LANGUAGE_CODE", "en")
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE = environment.text("TIME_ZONE", "Asia/Shanghai")
CURRENCY = environment.text("CURRENCY", "CNY")
USE_TZ = USE_I18N = True

# --- files -----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static", ("fonts", Path(fontpkg_inter.__file__).parent / "files")]
WHITENOISE_USE_FINDERS = True
_static_files = "whitenoise.storage.CompressedManifestStaticFilesStorage"
if DEMO:  # compressing takes half a minute, which a first look need not wait for
    _static_files = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_files},
}

# --- mail ------------------------------------------------------------------------------------------
_mail = urlsplit(environment.text("EMAIL_URL", "demo:" if DEMO else "console:"))
EMAIL_BACKEND = {
    "demo": "accounts.senders.DemoMailBackend",
    "console": "django.core.mail.backends.console.EmailBackend",
}.get(_mail.scheme, "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = _mail.hostname or "localhost"
EMAIL_PORT, EMAIL_TIMEOUT = _mail.port or (465 if _mail.scheme == "smtps" else 587), 10
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
EMAIL_USE_SSL, EMAIL_USE_TLS = _mail.scheme == "smtps", _mail.scheme == "smtp+tls"
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", f"{SITE_NAME} <no-reply@localhost>")

# --- logs: what broke and where, never what people wrote ---------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django": {"handlers": [], "level": "WARNING"}},
}
