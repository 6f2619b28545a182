from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.unsubscribe_files_body_action import (
    UnsubscribeFilesBodyAction,
    check_unsubscribe_files_body_action,
)
from ..models.unsubscribe_files_body_list_unsubscribe import (
    UnsubscribeFilesBodyListUnsubscribe,
    check_unsubscribe_files_body_list_unsubscribe,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="UnsubscribeFilesBody")


@_attrs_define
class UnsubscribeFilesBody:
    """
    Attributes:
        list_unsubscribe (UnsubscribeFilesBodyListUnsubscribe | Unset):
        action (UnsubscribeFilesBodyAction | Unset):
    """

    list_unsubscribe: UnsubscribeFilesBodyListUnsubscribe | Unset = UNSET
    action: UnsubscribeFilesBodyAction | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        list_unsubscribe: str | Unset = UNSET
        if not isinstance(self.list_unsubscribe, Unset):
            list_unsubscribe = self.list_unsubscribe

        action: str | Unset = UNSET
        if not isinstance(self.action, Unset):
            action = self.action

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if list_unsubscribe is not UNSET:
            field_dict["List-Unsubscribe"] = list_unsubscribe
        if action is not UNSET:
            field_dict["action"] = action

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        if not isinstance(self.list_unsubscribe, Unset):
            files.append(
                (
                    "List-Unsubscribe",
                    (None, str(self.list_unsubscribe).encode(), "text/plain"),
                )
            )

        if not isinstance(self.action, Unset):
            files.append(("action", (None, str(self.action).encode(), "text/plain")))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        _list_unsubscribe = d.pop("List-Unsubscribe", UNSET)
        list_unsubscribe: UnsubscribeFilesBodyListUnsubscribe | Unset
        if isinstance(_list_unsubscribe, Unset):
            list_unsubscribe = UNSET
        else:
            list_unsubscribe = check_unsubscribe_files_body_list_unsubscribe(
                _list_unsubscribe
            )

        _action = d.pop("action", UNSET)
        action: UnsubscribeFilesBodyAction | Unset
        if isinstance(_action, Unset):
            action = UNSET
        else:
            action = check_unsubscribe_files_body_action(_action)

        unsubscribe_files_body = cls(
            list_unsubscribe=list_unsubscribe,
            action=action,
        )

        unsubscribe_files_body.additional_properties = d
        return unsubscribe_files_body

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
