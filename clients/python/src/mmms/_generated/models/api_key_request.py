from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.limits_request import LimitsRequest


T = TypeVar("T", bound="ApiKeyRequest")


@_attrs_define
class ApiKeyRequest:
    """A new API key. With `origins` it is a browser key: it can only send mail, only from pages of these origins, and must
    have `senders`.

        Attributes:
            name (None | str | Unset):
            origins (list[str] | None | Unset): The origins of the pages that may use the key, such as
                `https://app.example.com`. `https://*.example.com` stands
                for all names with one label before the domain.
            senders (list[str] | None | Unset): The addresses that the key may send as; `@example.com` stands for all
                addresses of that domain, without its
                subdomains. Without an entry, the key may send as any address.
            recipients (list[str] | None | Unset): The addresses that the key may write to, also as copies; `@example.com`
                stands for all addresses of that domain,
                without its subdomains. Mail to others is answered 403. Without an entry, the key may write to any address.
            limits (LimitsRequest | None | Unset): Limits of an API key. A window is a minute or a day of UTC by the
                database's clock.

                Each request to `POST /v1/mail` counts once, also if it is refused; replays of an `Idempotency-Key` do not
                count. The
                recipients of a request count when it is stored, with those in `cc` and `bcc`.
            expires_at (datetime.datetime | None | Unset): The time from which the key is refused like an unknown one; it
                must be in the future.
            lists_of (None | str | Unset): The id of a revoked API key, whose lists the key takes over: who has unsubscribed
                from one of them stays
                unsubscribed, and links in earlier mail unsubscribe from the key's mail too.
            api_key (None | str | Unset): An existing secret to import instead of a generated one: 20 to 255 printable ASCII
                characters without spaces.
    """

    name: None | str | Unset = UNSET
    origins: list[str] | None | Unset = UNSET
    senders: list[str] | None | Unset = UNSET
    recipients: list[str] | None | Unset = UNSET
    limits: LimitsRequest | None | Unset = UNSET
    expires_at: datetime.datetime | None | Unset = UNSET
    lists_of: None | str | Unset = UNSET
    api_key: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.limits_request import LimitsRequest

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        origins: list[str] | None | Unset
        if isinstance(self.origins, Unset):
            origins = UNSET
        elif isinstance(self.origins, list):
            origins = self.origins

        else:
            origins = self.origins

        senders: list[str] | None | Unset
        if isinstance(self.senders, Unset):
            senders = UNSET
        elif isinstance(self.senders, list):
            senders = self.senders

        else:
            senders = self.senders

        recipients: list[str] | None | Unset
        if isinstance(self.recipients, Unset):
            recipients = UNSET
        elif isinstance(self.recipients, list):
            recipients = self.recipients

        else:
            recipients = self.recipients

        limits: dict[str, Any] | None | Unset
        if isinstance(self.limits, Unset):
            limits = UNSET
        elif isinstance(self.limits, LimitsRequest):
            limits = self.limits.to_dict()
        else:
            limits = self.limits

        expires_at: None | str | Unset
        if isinstance(self.expires_at, Unset):
            expires_at = UNSET
        elif isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        lists_of: None | str | Unset
        if isinstance(self.lists_of, Unset):
            lists_of = UNSET
        else:
            lists_of = self.lists_of

        api_key: None | str | Unset
        if isinstance(self.api_key, Unset):
            api_key = UNSET
        else:
            api_key = self.api_key

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if name is not UNSET:
            field_dict["name"] = name
        if origins is not UNSET:
            field_dict["origins"] = origins
        if senders is not UNSET:
            field_dict["senders"] = senders
        if recipients is not UNSET:
            field_dict["recipients"] = recipients
        if limits is not UNSET:
            field_dict["limits"] = limits
        if expires_at is not UNSET:
            field_dict["expires_at"] = expires_at
        if lists_of is not UNSET:
            field_dict["lists_of"] = lists_of
        if api_key is not UNSET:
            field_dict["api_key"] = api_key

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.limits_request import LimitsRequest

        d = dict(src_dict)

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_origins(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                origins_type_0 = cast(list[str], data)

                return origins_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        origins = _parse_origins(d.pop("origins", UNSET))

        def _parse_senders(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                senders_type_0 = cast(list[str], data)

                return senders_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        senders = _parse_senders(d.pop("senders", UNSET))

        def _parse_recipients(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                recipients_type_0 = cast(list[str], data)

                return recipients_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        recipients = _parse_recipients(d.pop("recipients", UNSET))

        def _parse_limits(data: object) -> LimitsRequest | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_limits_request_type_0 = LimitsRequest.from_dict(data)

                return componentsschemas_limits_request_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LimitsRequest | None | Unset, data)

        limits = _parse_limits(d.pop("limits", UNSET))

        def _parse_expires_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expires_at = _parse_expires_at(d.pop("expires_at", UNSET))

        def _parse_lists_of(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        lists_of = _parse_lists_of(d.pop("lists_of", UNSET))

        def _parse_api_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        api_key = _parse_api_key(d.pop("api_key", UNSET))

        api_key_request = cls(
            name=name,
            origins=origins,
            senders=senders,
            recipients=recipients,
            limits=limits,
            expires_at=expires_at,
            lists_of=lists_of,
            api_key=api_key,
        )

        return api_key_request
