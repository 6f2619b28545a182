from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.recipient_headers import RecipientHeaders
    from ..models.variables import Variables


T = TypeVar("T", bound="RecipientRequest")


@_attrs_define
class RecipientRequest:
    """A recipient, to whom one mail is sent. Entries with the same address are not merged: each is a mail of its own.

    Attributes:
        mail (str): An address with one `@`, an ASCII local part and a domain that may be international.
        name (None | str | Unset): The display name, shown beside the address; without CR and LF.
        company (None | str | Unset):
        email_recipient_id (int | None | str | Unset): An id that the caller has chosen: a string of at most 512
            characters, or a signed 64-bit integer.
        variables (None | Unset | Variables): The values of placeholders, by their names.
        headers (None | RecipientHeaders | Unset): Header fields of this mail only, such as `X-Campaign`, with the rules
            of the request's `headers`. A field
            replaces the request's field of the same name. A mail has at most 15 of these fields and the request's fields
            with placeholders together, or 13 if it has a link to unsubscribe.
    """

    mail: str
    name: None | str | Unset = UNSET
    company: None | str | Unset = UNSET
    email_recipient_id: int | None | str | Unset = UNSET
    variables: None | Unset | Variables = UNSET
    headers: None | RecipientHeaders | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.recipient_headers import RecipientHeaders
        from ..models.variables import Variables

        mail = self.mail

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        company: None | str | Unset
        if isinstance(self.company, Unset):
            company = UNSET
        else:
            company = self.company

        email_recipient_id: int | None | str | Unset
        if isinstance(self.email_recipient_id, Unset):
            email_recipient_id = UNSET
        else:
            email_recipient_id = self.email_recipient_id

        variables: dict[str, Any] | None | Unset
        if isinstance(self.variables, Unset):
            variables = UNSET
        elif isinstance(self.variables, Variables):
            variables = self.variables.to_dict()
        else:
            variables = self.variables

        headers: dict[str, Any] | None | Unset
        if isinstance(self.headers, Unset):
            headers = UNSET
        elif isinstance(self.headers, RecipientHeaders):
            headers = self.headers.to_dict()
        else:
            headers = self.headers

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mail": mail,
            }
        )
        if name is not UNSET:
            field_dict["name"] = name
        if company is not UNSET:
            field_dict["company"] = company
        if email_recipient_id is not UNSET:
            field_dict["emailRecipientId"] = email_recipient_id
        if variables is not UNSET:
            field_dict["variables"] = variables
        if headers is not UNSET:
            field_dict["headers"] = headers

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.recipient_headers import RecipientHeaders
        from ..models.variables import Variables

        d = dict(src_dict)
        mail = d.pop("mail")

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_company(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        company = _parse_company(d.pop("company", UNSET))

        def _parse_email_recipient_id(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        email_recipient_id = _parse_email_recipient_id(d.pop("emailRecipientId", UNSET))

        def _parse_variables(data: object) -> None | Unset | Variables:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_variables_type_0 = Variables.from_dict(data)

                return componentsschemas_variables_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | Variables, data)

        variables = _parse_variables(d.pop("variables", UNSET))

        def _parse_headers(data: object) -> None | RecipientHeaders | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_recipient_headers_type_0 = RecipientHeaders.from_dict(
                    data
                )

                return componentsschemas_recipient_headers_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RecipientHeaders | Unset, data)

        headers = _parse_headers(d.pop("headers", UNSET))

        recipient_request = cls(
            mail=mail,
            name=name,
            company=company,
            email_recipient_id=email_recipient_id,
            variables=variables,
            headers=headers,
        )

        return recipient_request
