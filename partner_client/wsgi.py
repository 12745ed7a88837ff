"""The WSGI application that gunicorn serves."""

from sender_constraint.django.wsgi import application_of

application = application_of("partner_client")
