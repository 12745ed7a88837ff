"""Who the caller of an endpoint is: the methods of client authentication, exactly one in each request."""
