from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="MailHeaders")


@_attrs_define
class MailHeaders:
    """Further header fields of every mail. Fields that the service or SES sets, that mail servers act on, or that
    belong to the HTTP request are refused. Names and values are printable ASCII, names of at most 126 and values of
    at most 870 characters. Placeholders are allowed in the values of at most 15 fields: a value that is not ASCII
    is encoded (RFC 2047), and a field whose value is empty is left out.

    """

    additional_properties: dict[str, str] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        mail_headers = cls()

        mail_headers.additional_properties = d
        return mail_headers

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> str:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: str) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
