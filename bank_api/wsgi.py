"""The WSGI application that gunicorn serves."""

from operations.settings.wsgi import application_of

application = application_of("bank_api", "serving")
