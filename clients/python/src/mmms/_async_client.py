"""The client for asyncio."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

from mmms import _settings, webhooks
from mmms._async_resources import AsyncEvents, AsyncMail, AsyncSuppressions
from mmms._connection import AsyncConnection


class AsyncMmms:
    """`Mmms` for asyncio: the same settings and methods; the lists are asynchronous iterators."""

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | httpx.Timeout = _settings.TIMEOUT,
        retry_seconds: float = _settings.RETRY_SECONDS,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        url, key = _settings.resolve(base_url, api_key)
        self._owned = http_client is None
        self._connection = AsyncConnection(http_client or httpx.AsyncClient(timeout=timeout), url, key, retry_seconds)
        self.mail = AsyncMail(self._connection)
        self.events = AsyncEvents(self._connection)
        self.suppressions = AsyncSuppressions(self._connection)
        #: The module `mmms.webhooks`, which needs no connection.
        self.webhooks = webhooks

    async def close(self) -> None:
        """Closes the connections."""
        if self._owned:
            await self._connection.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncMmms(base_url={self._connection.base_url!r})"
