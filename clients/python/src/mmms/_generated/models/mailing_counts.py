from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="MailingCounts")


@_attrs_define
class MailingCounts:
    """The number of a mailing's recipients in each status.

    Attributes:
        queued (int):
        sending (int):
        sent (int):
        failed (int):
        unconfirmed (int):
        cancelled (int):
        suppressed (int):
        delivered (int):
        bounced (int):
        complained (int):
    """

    queued: int
    sending: int
    sent: int
    failed: int
    unconfirmed: int
    cancelled: int
    suppressed: int
    delivered: int
    bounced: int
    complained: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        queued = self.queued

        sending = self.sending

        sent = self.sent

        failed = self.failed

        unconfirmed = self.unconfirmed

        cancelled = self.cancelled

        suppressed = self.suppressed

        delivered = self.delivered

        bounced = self.bounced

        complained = self.complained

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "queued": queued,
                "sending": sending,
                "sent": sent,
                "failed": failed,
                "unconfirmed": unconfirmed,
                "cancelled": cancelled,
                "suppressed": suppressed,
                "delivered": delivered,
                "bounced": bounced,
                "complained": complained,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        queued = d.pop("queued")

        sending = d.pop("sending")

        sent = d.pop("sent")

        failed = d.pop("failed")

        unconfirmed = d.pop("unconfirmed")

        cancelled = d.pop("cancelled")

        suppressed = d.pop("suppressed")

        delivered = d.pop("delivered")

        bounced = d.pop("bounced")

        complained = d.pop("complained")

        mailing_counts = cls(
            queued=queued,
            sending=sending,
            sent=sent,
            failed=failed,
            unconfirmed=unconfirmed,
            cancelled=cancelled,
            suppressed=suppressed,
            delivered=delivered,
            bounced=bounced,
            complained=complained,
        )

        mailing_counts.additional_properties = d
        return mailing_counts

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
