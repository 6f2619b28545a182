from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SentRecipient")


@_attrs_define
class SentRecipient:
    """The one recipient of a single mail and its status.

    Attributes:
        email_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a signed
            64-bit integer.
        email_recipient_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or
            a signed 64-bit integer.
        recipient (None | str): The address as it was submitted; null only in a replayed answer after the address was
            removed.
        status (str): Known values: `sent`. A later version may have others.
        message_id (str): The mail system's id of the mail.
        status_detail (None | str): A stable code for the reason of the recipient's status; null if there is none.

            Known values: `refused`, `invalid_message`, `expired`, `attempts_exhausted`, `corrupt`, `not_connected`,
            `deferred`, `throttled`, `quota`, `account`, `mailbox_unavailable`, `connection_lost`, `timeout`,
            `unclear_answer`, `lease_expired`, `cancelled`, `bounce_permanent`, `bounce_transient`, `bounce_undetermined`,
            `complaint`, `suppressed_by_ses`, `suppressed_bounce`, `suppressed_complaint`, `suppressed_manual`,
            `suppressed_unsubscribe`, `rejected`, `rendering_failure`. A later version may have others.
        last_error (None | str):
        queued_at (datetime.datetime | None):
        sent_at (datetime.datetime): The time at which the mail system accepted the mail.
    """

    email_id: int | None | str
    email_recipient_id: int | None | str
    recipient: None | str
    status: str
    message_id: str
    status_detail: None | str
    last_error: None | str
    queued_at: datetime.datetime | None
    sent_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        email_id: int | None | str
        email_id = self.email_id

        email_recipient_id: int | None | str
        email_recipient_id = self.email_recipient_id

        recipient: None | str
        recipient = self.recipient

        status = self.status

        message_id = self.message_id

        status_detail: None | str
        status_detail = self.status_detail

        last_error: None | str
        last_error = self.last_error

        queued_at: None | str
        if isinstance(self.queued_at, datetime.datetime):
            queued_at = self.queued_at.isoformat()
        else:
            queued_at = self.queued_at

        sent_at = self.sent_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "email_id": email_id,
                "email_recipient_id": email_recipient_id,
                "recipient": recipient,
                "status": status,
                "message_id": message_id,
                "status_detail": status_detail,
                "last_error": last_error,
                "queued_at": queued_at,
                "sent_at": sent_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_email_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        email_id = _parse_email_id(d.pop("email_id"))

        def _parse_email_recipient_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        email_recipient_id = _parse_email_recipient_id(d.pop("email_recipient_id"))

        def _parse_recipient(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        recipient = _parse_recipient(d.pop("recipient"))

        status = d.pop("status")

        message_id = d.pop("message_id")

        def _parse_status_detail(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        status_detail = _parse_status_detail(d.pop("status_detail"))

        def _parse_last_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        last_error = _parse_last_error(d.pop("last_error"))

        def _parse_queued_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                queued_at_type_0 = datetime.datetime.fromisoformat(data)

                return queued_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        queued_at = _parse_queued_at(d.pop("queued_at"))

        sent_at = datetime.datetime.fromisoformat(d.pop("sent_at"))

        sent_recipient = cls(
            email_id=email_id,
            email_recipient_id=email_recipient_id,
            recipient=recipient,
            status=status,
            message_id=message_id,
            status_detail=status_detail,
            last_error=last_error,
            queued_at=queued_at,
            sent_at=sent_at,
        )

        sent_recipient.additional_properties = d
        return sent_recipient

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
