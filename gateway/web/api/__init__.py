"""``/api/v1``: one module a noun. Routes describe themselves, so that OpenAPI is made from what is served."""
