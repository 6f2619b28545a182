from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="NamedAddress")


@_attrs_define
class NamedAddress:
    """An address with a display name.

    Attributes:
        mail (str): An address with one `@`, an ASCII local part and a domain that may be international.
        name (None | str | Unset): The display name, shown beside the address; without CR and LF.
    """

    mail: str
    name: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        mail = self.mail

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mail": mail,
            }
        )
        if name is not UNSET:
            field_dict["name"] = name

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        mail = d.pop("mail")

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        named_address = cls(
            mail=mail,
            name=name,
        )

        return named_address
