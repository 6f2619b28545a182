from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="WaitingRecipients")


@_attrs_define
class WaitingRecipients:
    """The number of recipients that have not reached an end, of all mailings.

    Attributes:
        queued (int):
        sending (int):
        due (int): The number of queued recipients that may be sent to now; the others wait for their `send_at` or for a
            later retry.
        oldest_due_at (datetime.datetime | None): The time since which the oldest of the due recipients is due; null if
            none is due.
        oldest_due_seconds (int): The time for which the oldest of the due recipients is due, in whole seconds; 0 if
            none is due.
    """

    queued: int
    sending: int
    due: int
    oldest_due_at: datetime.datetime | None
    oldest_due_seconds: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        queued = self.queued

        sending = self.sending

        due = self.due

        oldest_due_at: None | str
        if isinstance(self.oldest_due_at, datetime.datetime):
            oldest_due_at = self.oldest_due_at.isoformat()
        else:
            oldest_due_at = self.oldest_due_at

        oldest_due_seconds = self.oldest_due_seconds

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "queued": queued,
                "sending": sending,
                "due": due,
                "oldest_due_at": oldest_due_at,
                "oldest_due_seconds": oldest_due_seconds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        queued = d.pop("queued")

        sending = d.pop("sending")

        due = d.pop("due")

        def _parse_oldest_due_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                oldest_due_at_type_0 = datetime.datetime.fromisoformat(data)

                return oldest_due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        oldest_due_at = _parse_oldest_due_at(d.pop("oldest_due_at"))

        oldest_due_seconds = d.pop("oldest_due_seconds")

        waiting_recipients = cls(
            queued=queued,
            sending=sending,
            due=due,
            oldest_due_at=oldest_due_at,
            oldest_due_seconds=oldest_due_seconds,
        )

        waiting_recipients.additional_properties = d
        return waiting_recipients

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
