"""What every page answer carries (the content security policy), and what no request brings to a page (NUL characters)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class ContentSecurityPolicy:
    """Sets the header on every answer of the site, and forbids caches to keep pages with personal data."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the headers set."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class PlainText:
    """Takes NUL characters out of what was sent: no keyboard types them, and the database takes none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; an address with such a character leads nowhere."""
        if "\0" in request.path_info:
            raise Http404("没有这个地址")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, positional: Any, named: Any) -> None:
        """Before the view looks: the query and the form without them."""
        request.GET = _plain(request.GET)  # type: ignore[assignment]
        if request.method == "POST":
            request.POST = _plain(request.POST)  # type: ignore[assignment]


def _plain(sent: QueryDict) -> QueryDict:
    if not any("\0" in value for values in sent.lists() for value in values[1]):
        return sent
    plain = sent.copy()
    for name, values in sent.lists():
        plain.setlist(name, [str(value).replace("\0", "") for value in values])
    return plain
