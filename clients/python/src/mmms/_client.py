"""The client that waits for its answers."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

from mmms import _settings, webhooks
from mmms._connection import Connection
from mmms._resources import Events, Mail, Suppressions


class Mmms:
    """A connection to MMMS, for any number of threads.

    `base_url` and `api_key`, the key of a server, come from the environment variables `MMMS_URL` and `MMMS_API_KEY` if
    they are not given. A request that gets no answer, or one that says "not now", is sent again for up to
    `retry_seconds` if that can do nothing twice; 0 sends it once. A `http_client` of your own keeps its settings, its
    time-outs included, and is yours to close.

    Each method raises a `MmmsError` if it does not succeed.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | httpx.Timeout = _settings.TIMEOUT,
        retry_seconds: float = _settings.RETRY_SECONDS,
        http_client: httpx.Client | None = None,
    ) -> None:
        url, key = _settings.resolve(base_url, api_key)
        self._owned = http_client is None
        self._connection = Connection(http_client or httpx.Client(timeout=timeout), url, key, retry_seconds)
        self.mail = Mail(self._connection)
        self.events = Events(self._connection)
        self.suppressions = Suppressions(self._connection)
        #: The module `mmms.webhooks`, which needs no connection.
        self.webhooks = webhooks

    def close(self) -> None:
        """Closes the connections."""
        if self._owned:
            self._connection.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Mmms(base_url={self._connection.base_url!r})"
