"""Where MMMS is, and as whom to ask it."""

from __future__ import annotations

import os

import httpx

from mmms._errors import MmmsError

#: An answer comes within 25 seconds; one that takes longer than this will not come.
TIMEOUT = httpx.Timeout(35.0, connect=10.0)
RETRY_SECONDS = 60.0


def resolve(base_url: str | None, api_key: str | None) -> tuple[str, str]:
    """Returns the address and the key, from the environment where they are not given."""
    base_url = base_url or os.environ.get("MMMS_URL")
    api_key = api_key or os.environ.get("MMMS_API_KEY")
    missing: list[str] = []
    if not base_url:
        missing.append("the address: give base_url=..., or set the environment variable MMMS_URL")
    if not api_key:
        missing.append("the API key: give api_key=..., or set the environment variable MMMS_API_KEY")
    if not base_url or not api_key:
        raise MmmsError("configuration_error", "Missing is " + "; and ".join(missing))
    _check(base_url, api_key)
    return base_url.rstrip("/"), api_key


def _check(base_url: str, api_key: str) -> None:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise MmmsError("configuration_error", f"base_url or MMMS_URL is no address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        example = "https://mail.example.com"
        raise MmmsError("configuration_error", f"base_url or MMMS_URL must be like {example}, not {base_url}")
    if not (api_key.isascii() and api_key.isprintable() and " " not in api_key):
        # The key itself goes into no message, which may be logged.
        raise MmmsError("configuration_error", "api_key or MMMS_API_KEY has a character that no key has")
