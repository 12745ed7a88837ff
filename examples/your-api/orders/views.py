"""What the API is for."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

ORDERS = {"partner": ["order-1", "order-2"]}


class OrdersView(APIView):
    """The orders of the client that calls."""

    required_scope = "orders"

    def get(self, request: Request) -> Response:
        """All of them."""
        return Response({"orders": ORDERS.get(request.user.client_id, [])})
