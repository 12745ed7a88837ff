"""Everything that this server answers."""

from django.urls import path

from authserver.health import health
from authserver.keys.views import jwks
from authserver.metadata.views import metadata, openapi_document
from authserver.tokens.views import token

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"

urlpatterns = [
    path("token", token, name="token"),
    path("jwks", jwks, name="jwks"),
    path(".well-known/oauth-authorization-server", metadata, name="metadata"),
    path(".well-known/openid-configuration", metadata, name="openid-configuration"),
    path("openapi.json", openapi_document, name="openapi"),
    path("health", health, name="health"),
]
