"""A request and how its answer is read, for the client that waits and for the one that does not."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar

import httpx

from mmms import _errors

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Request(Generic[T_co]):
    """A request to MMMS."""

    method: str
    path: str
    #: Makes the result of the answer.
    read: Callable[[httpx.Response], T_co]
    params: Mapping[str, str | int | bool | None] = field(default_factory=dict[str, str | int | bool | None])
    #: Written once: each attempt sends the same bytes.
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Sending it twice does nothing twice.
    repeatable: bool = True

    def for_httpx(self, base_url: str, api_key: str) -> dict[str, Any]:
        """Returns the arguments of `build_request`."""
        headers = {"x-api-key": api_key, "accept": "application/json", **self.headers}
        if self.body is not None:
            headers["content-type"] = "application/json"
        return {
            "method": self.method,
            "url": base_url + self.path,
            "params": {name: value for name, value in self.params.items() if value is not None},
            "content": self.body,
            "headers": headers,
        }

    def result(self, sent: httpx.Request, answer: httpx.Response | httpx.RequestError) -> T_co:
        """Reads an answer. Raises a `MmmsError` if it is not a success, or if there is none."""
        try:
            if isinstance(answer, httpx.RequestError):
                raise _errors.of_fault(answer)
            if not answer.is_success:
                raise _errors.of_answer(answer)
            return self._read(answer)
        except _errors.MmmsError as error:
            error.request = f"{self.method} {sent.url.copy_with(query=None)}"
            error.idempotency_key = self.headers.get("Idempotency-Key")
            raise

    def _read(self, answer: httpx.Response) -> T_co:
        try:
            return self.read(answer)
        except (ValueError, TypeError, KeyError, AttributeError) as fault:
            raise _errors.of_answer(answer) from fault


class Model(Protocol):
    """A generated type."""

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self: ...


M = TypeVar("M", bound=Model)


def data_as(model: type[M]) -> Callable[[httpx.Response], M]:
    """Returns the reader of answers whose `data` is one of these."""
    return lambda response: model.from_dict(response.json()["data"])


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None


def page_of(model: type[M]) -> Callable[[httpx.Response], Page[M]]:
    """Returns the reader of answers that are a page of these."""

    def read(response: httpx.Response) -> Page[M]:
        data = response.json()["data"]
        return Page([model.from_dict(item) for item in data["items"]], data["next"])

    return read


def written(body: Mapping[str, Any]) -> bytes:
    """Returns the body as JSON."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def time_text(name: str, time: datetime.datetime | str) -> str:
    """Returns a time as the API takes it."""
    if isinstance(time, str):
        return time
    if time.tzinfo is None:
        raise ValueError(f"{name} has no time zone: use datetime.now(timezone.utc) + timedelta(...)")
    return time.isoformat()
