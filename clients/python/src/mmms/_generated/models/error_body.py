from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.field_error import FieldError


T = TypeVar("T", bound="ErrorBody")


@_attrs_define
class ErrorBody:
    """The body of every answer that is not a success.

    Attributes:
        status (int): The HTTP status of the answer.

            Known values: `400`, `401`, `403`, `404`, `405`, `409`, `410`, `413`, `415`, `422`, `429`, `500`, `503`. A later
            version may have others.
        message (str): A text for people; it may change.
        error_type (str): The type of an error:

            - `validation_error` (400): the request is not valid; `errors` lists the faults.
            - `authentication_error` (401): the API key or admin token is missing or not valid.
            - `authorization_error` (403): the API key does not permit the request.
            - `not_found` (404): there is no such resource, or it belongs to another API key.
            - `method_not_allowed` (405): the path does not have the method; the header `Allow` lists the methods that it
            has.
            - `idempotency_conflict` (409): the `Idempotency-Key` was used for another request.
            - `idempotency_in_progress` (409): the first request with the `Idempotency-Key` is still running; `Retry-After`
            gives the time until a retry.
            - `gone` (410): the content of the mailing, or the part of the feed, has been removed.
            - `payload_too_large` (413): the request body is larger than 4 MiB.
            - `unsupported_media_type` (415): the request body is not `application/json`, or is encoded.
            - `send_rejected` (422): the mail was refused permanently.
            - `recipient_suppressed` (422): the recipient of a single mail must not be mailed; `details` gives the reason,
            such as
            `bounce`.
            - `rate_limit_exceeded` (429): a limit of the API key is used up, or there were too many requests with a wrong
            admin
            token; `Retry-After` gives the time until a retry.
            - `internal_error` (500): the service failed.
            - `service_unavailable` (503): the service cannot do this now; a retry may succeed.

            Known values: `validation_error`, `authentication_error`, `authorization_error`, `not_found`,
            `method_not_allowed`, `idempotency_conflict`, `idempotency_in_progress`, `gone`, `payload_too_large`,
            `unsupported_media_type`, `send_rejected`, `recipient_suppressed`, `rate_limit_exceeded`, `internal_error`,
            `service_unavailable`. A later version may have others.
        details (None | str): Further details for people; they may change.
        errors (list[FieldError]): The faults of the request. If there are more than 100, only the first 100, and
            `details` gives the number of
            all.
        request_id (str): The id of the request, which is also in the header `x-request-id` and in the log.
    """

    status: int
    message: str
    error_type: str
    details: None | str
    errors: list[FieldError]
    request_id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status = self.status

        message = self.message

        error_type = self.error_type

        details: None | str
        details = self.details

        errors = []
        for errors_item_data in self.errors:
            errors_item = errors_item_data.to_dict()
            errors.append(errors_item)

        request_id = self.request_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
                "message": message,
                "error_type": error_type,
                "details": details,
                "errors": errors,
                "request_id": request_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.field_error import FieldError

        d = dict(src_dict)
        status = d.pop("status")

        message = d.pop("message")

        error_type = d.pop("error_type")

        def _parse_details(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        details = _parse_details(d.pop("details"))

        errors = []
        _errors = d.pop("errors")
        for errors_item_data in _errors:
            errors_item = FieldError.from_dict(errors_item_data)

            errors.append(errors_item)

        request_id = d.pop("request_id")

        error_body = cls(
            status=status,
            message=message,
            error_type=error_type,
            details=details,
            errors=errors,
            request_id=request_id,
        )

        error_body.additional_properties = d
        return error_body

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
