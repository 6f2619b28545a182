from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ErasedAddress")


@_attrs_define
class ErasedAddress:
    """The result of an erasure.

    Attributes:
        recipients (int): The number of recipients whose address, name and variables were removed.
        mailings (int): The number of ended mailings from which the address was removed.
        waiting (int): The number of mailings with the address that have not ended and are unchanged. Erase the address
            again when they
            have ended.
        remaining (int | Unset): The number of mailings with the address that were not processed in the time of the
            request: they are erased in
            the background, within minutes. Absent if there are none.
    """

    recipients: int
    mailings: int
    waiting: int
    remaining: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        recipients = self.recipients

        mailings = self.mailings

        waiting = self.waiting

        remaining = self.remaining

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "recipients": recipients,
                "mailings": mailings,
                "waiting": waiting,
            }
        )
        if remaining is not UNSET:
            field_dict["remaining"] = remaining

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        recipients = d.pop("recipients")

        mailings = d.pop("mailings")

        waiting = d.pop("waiting")

        remaining = d.pop("remaining", UNSET)

        erased_address = cls(
            recipients=recipients,
            mailings=mailings,
            waiting=waiting,
            remaining=remaining,
        )

        erased_address.additional_properties = d
        return erased_address

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
