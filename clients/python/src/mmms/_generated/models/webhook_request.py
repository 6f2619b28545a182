from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.event_status_filter import EventStatusFilter, check_event_status_filter
from ..types import UNSET, Unset

T = TypeVar("T", bound="WebhookRequest")


@_attrs_define
class WebhookRequest:
    """A new webhook.

    Attributes:
        url (str): The URL that events are posted to, of HTTPS and at a public address. It may have a query, but no user
            name,
            password or fragment. Without a mail system, on the machine of the service only, HTTP to this machine is
            accepted as well.
        statuses (list[EventStatusFilter] | None | Unset): The kinds of events that are sent. All of them, also those of
            later versions, if it is absent or empty.
        api_key_id (None | str | Unset): Only events of mailings that this API key submitted, given by its id.
    """

    url: str
    statuses: list[EventStatusFilter] | None | Unset = UNSET
    api_key_id: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        statuses: list[str] | None | Unset
        if isinstance(self.statuses, Unset):
            statuses = UNSET
        elif isinstance(self.statuses, list):
            statuses = []
            for statuses_type_0_item_data in self.statuses:
                statuses_type_0_item: str = statuses_type_0_item_data
                statuses.append(statuses_type_0_item)

        else:
            statuses = self.statuses

        api_key_id: None | str | Unset
        if isinstance(self.api_key_id, Unset):
            api_key_id = UNSET
        else:
            api_key_id = self.api_key_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "url": url,
            }
        )
        if statuses is not UNSET:
            field_dict["statuses"] = statuses
        if api_key_id is not UNSET:
            field_dict["api_key_id"] = api_key_id

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        url = d.pop("url")

        def _parse_statuses(data: object) -> list[EventStatusFilter] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                statuses_type_0 = []
                _statuses_type_0 = data
                for statuses_type_0_item_data in _statuses_type_0:
                    statuses_type_0_item = check_event_status_filter(
                        statuses_type_0_item_data
                    )

                    statuses_type_0.append(statuses_type_0_item)

                return statuses_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[EventStatusFilter] | None | Unset, data)

        statuses = _parse_statuses(d.pop("statuses", UNSET))

        def _parse_api_key_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        api_key_id = _parse_api_key_id(d.pop("api_key_id", UNSET))

        webhook_request = cls(
            url=url,
            statuses=statuses,
            api_key_id=api_key_id,
        )

        return webhook_request
