from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.unsubscribe_data_body_action import (
    UnsubscribeDataBodyAction,
    check_unsubscribe_data_body_action,
)
from ..models.unsubscribe_data_body_list_unsubscribe import (
    UnsubscribeDataBodyListUnsubscribe,
    check_unsubscribe_data_body_list_unsubscribe,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="UnsubscribeDataBody")


@_attrs_define
class UnsubscribeDataBody:
    """
    Attributes:
        list_unsubscribe (UnsubscribeDataBodyListUnsubscribe | Unset):
        action (UnsubscribeDataBodyAction | Unset):
    """

    list_unsubscribe: UnsubscribeDataBodyListUnsubscribe | Unset = UNSET
    action: UnsubscribeDataBodyAction | Unset = UNSET
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

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        _list_unsubscribe = d.pop("List-Unsubscribe", UNSET)
        list_unsubscribe: UnsubscribeDataBodyListUnsubscribe | Unset
        if isinstance(_list_unsubscribe, Unset):
            list_unsubscribe = UNSET
        else:
            list_unsubscribe = check_unsubscribe_data_body_list_unsubscribe(
                _list_unsubscribe
            )

        _action = d.pop("action", UNSET)
        action: UnsubscribeDataBodyAction | Unset
        if isinstance(_action, Unset):
            action = UNSET
        else:
            action = check_unsubscribe_data_body_action(_action)

        unsubscribe_data_body = cls(
            list_unsubscribe=list_unsubscribe,
            action=action,
        )

        unsubscribe_data_body.additional_properties = d
        return unsubscribe_data_body

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
