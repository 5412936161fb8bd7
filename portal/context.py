"""What every page needs to know: whose portal this is, and who is looking."""

from typing import Any

from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """This will name the brand, the member and account that look, and the section of the page."""
    return {}
