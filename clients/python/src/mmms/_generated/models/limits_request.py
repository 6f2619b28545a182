from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="LimitsRequest")


@_attrs_define
class LimitsRequest:
    """Limits of an API key. A window is a minute or a day of UTC by the database's clock.

    Each request to `POST /v1/mail` counts once, also if it is refused; replays of an `Idempotency-Key` do not count.
    The
    recipients of a request count when it is stored, with those in `cc` and `bcc`.

        Attributes:
            requests_per_minute (int | None | Unset): The number of requests in a minute.
            recipients_per_minute (int | None | Unset): The number of recipients in a minute.
            recipients_per_day (int | None | Unset): The number of recipients in a day.
            recipients_per_request (int | None | Unset): The number of recipients of one request. A request with more is
                answered 400.
    """

    requests_per_minute: int | None | Unset = UNSET
    recipients_per_minute: int | None | Unset = UNSET
    recipients_per_day: int | None | Unset = UNSET
    recipients_per_request: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        requests_per_minute: int | None | Unset
        if isinstance(self.requests_per_minute, Unset):
            requests_per_minute = UNSET
        else:
            requests_per_minute = self.requests_per_minute

        recipients_per_minute: int | None | Unset
        if isinstance(self.recipients_per_minute, Unset):
            recipients_per_minute = UNSET
        else:
            recipients_per_minute = self.recipients_per_minute

        recipients_per_day: int | None | Unset
        if isinstance(self.recipients_per_day, Unset):
            recipients_per_day = UNSET
        else:
            recipients_per_day = self.recipients_per_day

        recipients_per_request: int | None | Unset
        if isinstance(self.recipients_per_request, Unset):
            recipients_per_request = UNSET
        else:
            recipients_per_request = self.recipients_per_request

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if requests_per_minute is not UNSET:
            field_dict["requests_per_minute"] = requests_per_minute
        if recipients_per_minute is not UNSET:
            field_dict["recipients_per_minute"] = recipients_per_minute
        if recipients_per_day is not UNSET:
            field_dict["recipients_per_day"] = recipients_per_day
        if recipients_per_request is not UNSET:
            field_dict["recipients_per_request"] = recipients_per_request

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_requests_per_minute(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        requests_per_minute = _parse_requests_per_minute(
            d.pop("requests_per_minute", UNSET)
        )

        def _parse_recipients_per_minute(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        recipients_per_minute = _parse_recipients_per_minute(
            d.pop("recipients_per_minute", UNSET)
        )

        def _parse_recipients_per_day(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        recipients_per_day = _parse_recipients_per_day(
            d.pop("recipients_per_day", UNSET)
        )

        def _parse_recipients_per_request(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        recipients_per_request = _parse_recipients_per_request(
            d.pop("recipients_per_request", UNSET)
        )

        limits_request = cls(
            requests_per_minute=requests_per_minute,
            recipients_per_minute=recipients_per_minute,
            recipients_per_day=recipients_per_day,
            recipients_per_request=recipients_per_request,
        )

        return limits_request
