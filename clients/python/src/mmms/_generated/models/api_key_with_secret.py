from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.api_key_limits import ApiKeyLimits


T = TypeVar("T", bound="ApiKeyWithSecret")


@_attrs_define
class ApiKeyWithSecret:
    """An API key with its secret, which is shown only once.

    Attributes:
        id (str):
        api_key (str): The secret, for the header `x-api-key`. Only a hash of it is stored, so it cannot be shown again.
        name (None | str):
        kind (str): The kind of an API key. A `server` key may send, look up its own mailings, cancel and resend. A key
            that has or had
            an origin is a `browser` key: it may only send, and only from pages of its origins, because every visitor of the
            page can read it.

            Known values: `server`, `browser`. A later version may have others.
        origins (list[str]):
        senders (list[str]):
        recipients (list[str]): The addresses that the key may write to; without an entry, any.
        limits (ApiKeyLimits | None): The limits of an API key; one that is null limits nothing.
        lists_of (None | str): The revoked API key whose lists the key uses; null if it has lists of its own.
        created_at (datetime.datetime):
        expires_at (datetime.datetime | None): The time from which the key is refused; null if it does not expire.
    """

    id: str
    api_key: str
    name: None | str
    kind: str
    origins: list[str]
    senders: list[str]
    recipients: list[str]
    limits: ApiKeyLimits | None
    lists_of: None | str
    created_at: datetime.datetime
    expires_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.api_key_limits import ApiKeyLimits

        id = self.id

        api_key = self.api_key

        name: None | str
        name = self.name

        kind = self.kind

        origins = self.origins

        senders = self.senders

        recipients = self.recipients

        limits: dict[str, Any] | None
        if isinstance(self.limits, ApiKeyLimits):
            limits = self.limits.to_dict()
        else:
            limits = self.limits

        lists_of: None | str
        lists_of = self.lists_of

        created_at = self.created_at.isoformat()

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "api_key": api_key,
                "name": name,
                "kind": kind,
                "origins": origins,
                "senders": senders,
                "recipients": recipients,
                "limits": limits,
                "lists_of": lists_of,
                "created_at": created_at,
                "expires_at": expires_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.api_key_limits import ApiKeyLimits

        d = dict(src_dict)
        id = d.pop("id")

        api_key = d.pop("api_key")

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        kind = d.pop("kind")

        origins = cast(list[str], d.pop("origins"))

        senders = cast(list[str], d.pop("senders"))

        recipients = cast(list[str], d.pop("recipients"))

        def _parse_limits(data: object) -> ApiKeyLimits | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_api_key_limits_type_0 = ApiKeyLimits.from_dict(data)

                return componentsschemas_api_key_limits_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ApiKeyLimits | None, data)

        limits = _parse_limits(d.pop("limits"))

        def _parse_lists_of(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        lists_of = _parse_lists_of(d.pop("lists_of"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))

        api_key_with_secret = cls(
            id=id,
            api_key=api_key,
            name=name,
            kind=kind,
            origins=origins,
            senders=senders,
            recipients=recipients,
            limits=limits,
            lists_of=lists_of,
            created_at=created_at,
            expires_at=expires_at,
        )

        api_key_with_secret.additional_properties = d
        return api_key_with_secret

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
