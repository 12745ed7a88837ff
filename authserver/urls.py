"""Everything that this server answers."""

from django.urls import path

from authserver.health import health
from authserver.keys.views import jwks
from authserver.metadata.views import metadata
from authserver.tokens.views import token

urlpatterns = [
    path("token", token, name="token"),
    path("jwks", jwks, name="jwks"),
    path(".well-known/oauth-authorization-server", metadata, name="metadata"),
    path(".well-known/openid-configuration", metadata, name="openid-configuration"),
    path("health", health, name="health"),
]
