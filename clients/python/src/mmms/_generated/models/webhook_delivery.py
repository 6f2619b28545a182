from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="WebhookDelivery")


@_attrs_define
class WebhookDelivery:
    """An entry of the history of a webhook: a try to send an event, or a change of the webhook itself.

    Attributes:
        at (datetime.datetime):
        kind (str): `try`, or what was done to the webhook: `created`, `changed`, `rotated`, `disabled`, `enabled` or
            `replayed`. A
            later version may have others.
        reason (None | str): The reason for which the webhook was disabled; null for other entries.
        event_id (None | str): Null unless the entry is a try, as are the following fields.
        event_type (None | str): The `type` of the message, such as `mail.delivered`, or `ping`.
        attempt (int | None): The number of the try, from 1.
        http_status (int | None): The HTTP status of the answer; null if there was none.
        failure (None | str): The reason for which there was no answer: `name_not_found`, `address_refused` (the host is
            at private addresses
            only), `connection_failed`, `tls_failed`, `no_answer` or `timed_out` (after 15 seconds). A later version may
            have
            others.
        duration_ms (int | None):
        next_attempt_at (datetime.datetime | None): The time of the next try; null if the event arrived, or is not tried
            again.
    """

    at: datetime.datetime
    kind: str
    reason: None | str
    event_id: None | str
    event_type: None | str
    attempt: int | None
    http_status: int | None
    failure: None | str
    duration_ms: int | None
    next_attempt_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        kind = self.kind

        reason: None | str
        reason = self.reason

        event_id: None | str
        event_id = self.event_id

        event_type: None | str
        event_type = self.event_type

        attempt: int | None
        attempt = self.attempt

        http_status: int | None
        http_status = self.http_status

        failure: None | str
        failure = self.failure

        duration_ms: int | None
        duration_ms = self.duration_ms

        next_attempt_at: None | str
        if isinstance(self.next_attempt_at, datetime.datetime):
            next_attempt_at = self.next_attempt_at.isoformat()
        else:
            next_attempt_at = self.next_attempt_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "kind": kind,
                "reason": reason,
                "event_id": event_id,
                "event_type": event_type,
                "attempt": attempt,
                "http_status": http_status,
                "failure": failure,
                "duration_ms": duration_ms,
                "next_attempt_at": next_attempt_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        kind = d.pop("kind")

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        def _parse_event_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        event_id = _parse_event_id(d.pop("event_id"))

        def _parse_event_type(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        event_type = _parse_event_type(d.pop("event_type"))

        def _parse_attempt(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        attempt = _parse_attempt(d.pop("attempt"))

        def _parse_http_status(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        http_status = _parse_http_status(d.pop("http_status"))

        def _parse_failure(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        failure = _parse_failure(d.pop("failure"))

        def _parse_duration_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        duration_ms = _parse_duration_ms(d.pop("duration_ms"))

        def _parse_next_attempt_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_attempt_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_attempt_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_attempt_at = _parse_next_attempt_at(d.pop("next_attempt_at"))

        webhook_delivery = cls(
            at=at,
            kind=kind,
            reason=reason,
            event_id=event_id,
            event_type=event_type,
            attempt=attempt,
            http_status=http_status,
            failure=failure,
            duration_ms=duration_ms,
            next_attempt_at=next_attempt_at,
        )

        webhook_delivery.additional_properties = d
        return webhook_delivery

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
