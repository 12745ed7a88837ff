"""Settings that the pages of every service have; a service's ``pages_settings`` takes them all.

The pages are in the clear, for this machine alone. Cookies ignore ports: each service names its own
(``SESSION_COOKIE_NAME``, ``CSRF_COOKIE_NAME``), and what is said between pages is kept in the session.
"""

# Ours before Django's admin, whose templates it extends, and after its users, whose admin it replaces.
ADMINISTRATION_APPS = [
    "django.contrib.auth",
    "operations.pages.apps.AdministrationConfig",
    "operations.pages.apps.ServiceAdminConfig",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "sender_constraint.django.middleware.correlation",
    "operations.pages.middleware_pages.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",  # the Host header against ALLOWED_HOSTS, before any answer
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "sender_constraint.django.problem_details.Problems",
    "sender_constraint.django.problem_details.methods",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# The admin's addresses end with a slash; without one they lead there.
APPEND_SLASH = True
X_FRAME_OPTIONS = "DENY"

STATIC_URL = "/static/"
# Files are served as they lie in the packages, which a process reads once, at its start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# No page of another origin reads them.
WHITENOISE_ALLOW_ALL_ORIGINS = False

SESSION_ENGINE = "operations.pages.sessions"
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
# In the session: the cookie that Django would take has one name for all services.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]

# Certificates live for seconds: times are shown with them.
FORMAT_MODULE_PATH = "operations.pages.formats"

# Where the admin's "View site" leads; nowhere, where there is no other page.
ADMIN_SITE_URL = ""
