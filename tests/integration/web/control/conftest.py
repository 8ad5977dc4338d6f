"""The city of the attack tests, with one person behind each account."""

from tests.security.conftest import city, client_of

__all__ = ["city", "client_of"]
