import os

from django.core.management.utils import get_random_secret_key

# This app signs nothing. One that does has to have the same key in all of its copies, from a store of secrets.
SECRET_KEY = get_random_secret_key()
DEBUG = False
# The name in Host is that of the HTTP API, REST API or function URL, or a domain of your own.
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", ".amazonaws.com,.on.aws,.localhost,127.0.0.1").split(",")
ROOT_URLCONF = "mysite.urls"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
