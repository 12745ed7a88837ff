"""Django and Django REST Framework: settings, correlation, the caller's certificate, refusals, audit."""
