from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.suppression_reason import SuppressionReason, check_suppression_reason
from ..types import UNSET, Unset

T = TypeVar("T", bound="SuppressionRequest")


@_attrs_define
class SuppressionRequest:
    """The address to suppress, and the mail.

    Attributes:
        mail (str):
        reason (SuppressionReason | Unset): The reason why an address must not be mailed:

            - `bounce`: mail to it has bounced for good.
            - `complaint`: its owner has marked a mail as spam.
            - `manual`: it was put on the list by a request.
            - `unsubscribe`: its owner has unsubscribed from the list.

            A later version may add reasons.
        list_ (None | str | Unset): Only mail of this list of the API key is suppressed; if absent, all mail is. An API
            key must give it.
        api_key_id (None | str | Unset): With the admin token and `list`: the API key that the list belongs to.
    """

    mail: str
    reason: SuppressionReason | Unset = UNSET
    list_: None | str | Unset = UNSET
    api_key_id: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        mail = self.mail

        reason: str | Unset = UNSET
        if not isinstance(self.reason, Unset):
            reason = self.reason

        list_: None | str | Unset
        if isinstance(self.list_, Unset):
            list_ = UNSET
        else:
            list_ = self.list_

        api_key_id: None | str | Unset
        if isinstance(self.api_key_id, Unset):
            api_key_id = UNSET
        else:
            api_key_id = self.api_key_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mail": mail,
            }
        )
        if reason is not UNSET:
            field_dict["reason"] = reason
        if list_ is not UNSET:
            field_dict["list"] = list_
        if api_key_id is not UNSET:
            field_dict["api_key_id"] = api_key_id

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        mail = d.pop("mail")

        _reason = d.pop("reason", UNSET)
        reason: SuppressionReason | Unset
        if isinstance(_reason, Unset):
            reason = UNSET
        else:
            reason = check_suppression_reason(_reason)

        def _parse_list_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        list_ = _parse_list_(d.pop("list", UNSET))

        def _parse_api_key_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        api_key_id = _parse_api_key_id(d.pop("api_key_id", UNSET))

        suppression_request = cls(
            mail=mail,
            reason=reason,
            list_=list_,
            api_key_id=api_key_id,
        )

        return suppression_request
