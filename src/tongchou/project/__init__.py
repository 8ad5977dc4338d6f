"""The house itself: Django settings, URLs, the one ASGI callable, the embedded PostgreSQL and the command line.

Nothing here knows a business rule, and no other room imports this one.
"""
