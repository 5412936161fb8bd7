"""The entry: the POSTs that make calls go to the API's own thin ASGI application, the rest to Django."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.core.asgi import get_asgi_application

application = get_asgi_application()
