"""Everything that this server answers."""

from django.urls import path

from authserver.health import health
from authserver.introspection.views import introspect
from authserver.keys.views import jwks
from authserver.metadata.views import metadata, openapi_document
from authserver.registration.views import client, clients
from authserver.revocation.views import revoke
from authserver.status_list.views import status_list
from authserver.tokens.views import token

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"

urlpatterns = [
    path("token", token, name="token"),
    path("introspect", introspect, name="introspect"),
    path("revoke", revoke, name="revoke"),
    path("register", clients, name="register"),
    path("register/<str:client_id>", client, name="registered-client"),
    path("jwks", jwks, name="jwks"),
    path("status-lists/<int:number>", status_list, name="status-list"),
    path(".well-known/oauth-authorization-server", metadata, name="metadata"),
    path(".well-known/openid-configuration", metadata, name="openid-configuration"),
    path("openapi.json", openapi_document, name="openapi"),
    path("health", health, name="health"),
]
