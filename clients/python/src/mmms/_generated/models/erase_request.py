from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="EraseRequest")


@_attrs_define
class EraseRequest:
    """The address to erase.

    Attributes:
        mail (str):
    """

    mail: str

    def to_dict(self) -> dict[str, Any]:
        mail = self.mail

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mail": mail,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        mail = d.pop("mail")

        erase_request = cls(
            mail=mail,
        )

        return erase_request
