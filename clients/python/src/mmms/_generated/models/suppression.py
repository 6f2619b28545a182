from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Suppression")


@_attrs_define
class Suppression:
    """An address that must not be mailed.

    Attributes:
        id (str):
        mail (None | str): The address; null after it was erased. What is left then, a keyed hash, still suppresses it.
        reason (str): One of `SuppressionReason`.
        api_key_id (None | str): The key whose mail is suppressed; null if all mail is.
        list_ (None | str): The list of the key whose mail is suppressed; null if all mail is.
        created_at (datetime.datetime):
    """

    id: str
    mail: None | str
    reason: str
    api_key_id: None | str
    list_: None | str
    created_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        mail: None | str
        mail = self.mail

        reason = self.reason

        api_key_id: None | str
        api_key_id = self.api_key_id

        list_: None | str
        list_ = self.list_

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "mail": mail,
                "reason": reason,
                "api_key_id": api_key_id,
                "list": list_,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_mail(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        mail = _parse_mail(d.pop("mail"))

        reason = d.pop("reason")

        def _parse_api_key_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        api_key_id = _parse_api_key_id(d.pop("api_key_id"))

        def _parse_list_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        list_ = _parse_list_(d.pop("list"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        suppression = cls(
            id=id,
            mail=mail,
            reason=reason,
            api_key_id=api_key_id,
            list_=list_,
            created_at=created_at,
        )

        suppression.additional_properties = d
        return suppression

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
