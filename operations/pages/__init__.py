"""Django's admin for a service: what it keeps, to look at; only the admin's own users are changed there."""
