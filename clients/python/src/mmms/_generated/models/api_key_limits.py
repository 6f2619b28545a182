from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ApiKeyLimits")


@_attrs_define
class ApiKeyLimits:
    """The limits of an API key; one that is null limits nothing.

    Attributes:
        requests_per_minute (int | None): The number of requests to `POST /v1/mail` in a minute.
        recipients_per_minute (int | None): The number of recipients in a minute.
        recipients_per_day (int | None): The number of recipients in a day of UTC.
        recipients_per_request (int | None): The number of recipients of one request.
    """

    requests_per_minute: int | None
    recipients_per_minute: int | None
    recipients_per_day: int | None
    recipients_per_request: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        requests_per_minute: int | None
        requests_per_minute = self.requests_per_minute

        recipients_per_minute: int | None
        recipients_per_minute = self.recipients_per_minute

        recipients_per_day: int | None
        recipients_per_day = self.recipients_per_day

        recipients_per_request: int | None
        recipients_per_request = self.recipients_per_request

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "requests_per_minute": requests_per_minute,
                "recipients_per_minute": recipients_per_minute,
                "recipients_per_day": recipients_per_day,
                "recipients_per_request": recipients_per_request,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_requests_per_minute(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        requests_per_minute = _parse_requests_per_minute(d.pop("requests_per_minute"))

        def _parse_recipients_per_minute(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        recipients_per_minute = _parse_recipients_per_minute(
            d.pop("recipients_per_minute")
        )

        def _parse_recipients_per_day(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        recipients_per_day = _parse_recipients_per_day(d.pop("recipients_per_day"))

        def _parse_recipients_per_request(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        recipients_per_request = _parse_recipients_per_request(
            d.pop("recipients_per_request")
        )

        api_key_limits = cls(
            requests_per_minute=requests_per_minute,
            recipients_per_minute=recipients_per_minute,
            recipients_per_day=recipients_per_day,
            recipients_per_request=recipients_per_request,
        )

        api_key_limits.additional_properties = d
        return api_key_limits

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
