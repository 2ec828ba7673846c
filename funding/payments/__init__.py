"""The seam to processors: gateway, webhook inbox, handlers, connected accounts."""
