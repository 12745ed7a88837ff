"""``GET /health``: whether this server can serve now.

The authorization server is not asked: its keys outlast an outage of it, and it is not this service.
"""

from operations.status.health import database, healthy_with
from sender_constraint.django.trust import trust_anchors

health = healthy_with(trust_anchors, database)
