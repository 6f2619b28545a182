"""Sends requests and reads their answers: one class for threads, one for asyncio."""

from __future__ import annotations

import asyncio
import time
from typing import TypeVar

import httpx

from mmms._errors import MmmsError
from mmms._request import Request
from mmms._retry import Retries

T = TypeVar("T")


class Connection:
    """The HTTP client that waits, with where and as whom it asks."""

    def __init__(self, http: httpx.Client, base_url: str, api_key: str, retry_seconds: float) -> None:
        self.http = http
        self.base_url = base_url
        self._api_key = api_key
        self._retry_seconds = retry_seconds

    def call(self, request: Request[T]) -> T:
        """Sends a request, again if need be, and returns what its answer says."""
        retries = Retries(request, self._retry_seconds)
        while True:
            try:
                return self._attempt(request)
            except MmmsError as error:
                pause = retries.pause_after(error)
            time.sleep(pause)

    def _attempt(self, request: Request[T]) -> T:
        sent = self.http.build_request(**request.for_httpx(self.base_url, self._api_key))
        answer: httpx.Response | httpx.RequestError
        try:
            answer = self.http.send(sent)
        except httpx.RequestError as fault:
            answer = fault
        return request.result(sent, answer)


class AsyncConnection:
    """The same with asyncio."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, api_key: str, retry_seconds: float) -> None:
        self.http = http
        self.base_url = base_url
        self._api_key = api_key
        self._retry_seconds = retry_seconds

    async def call(self, request: Request[T]) -> T:
        """Sends a request, again if need be, and returns what its answer says."""
        retries = Retries(request, self._retry_seconds)
        while True:
            try:
                return await self._attempt(request)
            except MmmsError as error:
                pause = retries.pause_after(error)
            await asyncio.sleep(pause)

    async def _attempt(self, request: Request[T]) -> T:
        sent = self.http.build_request(**request.for_httpx(self.base_url, self._api_key))
        answer: httpx.Response | httpx.RequestError
        try:
            answer = await self.http.send(sent)
        except httpx.RequestError as fault:
            answer = fault
        return request.result(sent, answer)
