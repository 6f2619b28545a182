from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="TimeToSent")


@_attrs_define
class TimeToSent:
    """Percentiles of the time from a mailing's `created_at`, or its `send_at` if it was planned, to a recipient's
    `sent_at`,
    in milliseconds, of the recipients that were sent to in the hour. They are exact, by the nearest rank; null if no
    mail
    was sent.

        Attributes:
            p50 (int): The median: half of the recipients took at most this time.
            p95 (int): The 95th percentile: 95 of 100 recipients took at most this time.
    """

    p50: int
    p95: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        p50 = self.p50

        p95 = self.p95

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "p50": p50,
                "p95": p95,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        p50 = d.pop("p50")

        p95 = d.pop("p95")

        time_to_sent = cls(
            p50=p50,
            p95=p95,
        )

        time_to_sent.additional_properties = d
        return time_to_sent

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
