from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Bounce")


@_attrs_define
class Bounce:
    """A bounce, as the mail system reports it.

    Attributes:
        type_ (str): Whether a mail that bounced may be accepted another time:

            - `permanent`: no. The address does not exist, or refuses the mail for good.
            - `transient`: perhaps. The mailbox is full, for example, or answers that its owner is away.
            - `undetermined`: the answer does not tell.

            Known values: `permanent`, `transient`, `undetermined`. A later version may have others.
        subtype (str): The mail system's own word for it, such as `MailboxFull`.
        diagnostic (None | str): The answer of the recipient's mail server, as a text for people; it never contains an
            address.
    """

    type_: str
    subtype: str
    diagnostic: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        subtype = self.subtype

        diagnostic: None | str
        diagnostic = self.diagnostic

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "subtype": subtype,
                "diagnostic": diagnostic,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        type_ = d.pop("type")

        subtype = d.pop("subtype")

        def _parse_diagnostic(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        diagnostic = _parse_diagnostic(d.pop("diagnostic"))

        bounce = cls(
            type_=type_,
            subtype=subtype,
            diagnostic=diagnostic,
        )

        bounce.additional_properties = d
        return bounce

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
