from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="RescheduleRequest")


@_attrs_define
class RescheduleRequest:
    """The time to which a mailing is moved.

    Attributes:
        send_at (datetime.datetime): The time before which the mail is not sent (RFC 3339), at most 30 days ahead. A
            time that has passed counts as
            the time of the request; one that is more than a day past is refused.
    """

    send_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        send_at = self.send_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "send_at": send_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        send_at = datetime.datetime.fromisoformat(d.pop("send_at"))

        reschedule_request = cls(
            send_at=send_at,
        )

        return reschedule_request
