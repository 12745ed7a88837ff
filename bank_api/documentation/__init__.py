"""The OpenAPI document as a page that people read, without any other site."""
