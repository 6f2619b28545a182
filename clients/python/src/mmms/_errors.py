"""What is raised when MMMS refuses, or cannot be reached."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from mmms._generated.models.error_body import ErrorBody
from mmms._generated.models.field_error import FieldError

_CHECK_ADDRESS = "check the base_url, and that MMMS is running there"
_ASK_AGAIN = "the request may have been carried out all the same: repeat it with the same idempotency_key"

#: What to do about each type; docs/errors.md of MMMS says more.
REMEDIES = {
    "validation_error": "fix the fields that are named",
    "authentication_error": "check the API key: it is missing, unknown, revoked or expired",
    "authorization_error": "use another key, or change what this one may do: its senders or its recipients",
    "not_found": "check the id, and that the same API key made it",
    "method_not_allowed": "update mmms-client, or MMMS",
    "idempotency_conflict": "use a new idempotency_key for a new mail, or send exactly the same mail again",
    "idempotency_in_progress": "the first request with this idempotency_key is still running: try again later",
    "gone": "the content, or this part of the feed, was removed: send a new mail, or begin the feed anew",
    "payload_too_large": "send to fewer recipients a request, or attach less",
    "unsupported_media_type": "check what a proxy does to the requests",
    "send_rejected": "correct the address or the mail, and send a new one",
    "recipient_suppressed": "do not mail this address; suppressions.list(mail=...) has the reason",
    "rate_limit_exceeded": "try again after retry_after seconds, or have the limits of the API key raised",
    "internal_error": "tell the operator of MMMS the request id",
    "service_unavailable": "try again later with the same idempotency_key",
    "network_error": f"{_CHECK_ADDRESS}; {_ASK_AGAIN}",
    "timeout": _ASK_AGAIN,
    "gateway_error": f"a server in front of MMMS answered in its place: {_CHECK_ADDRESS}; {_ASK_AGAIN}",
}
_OF_A_LATER_VERSION = "see docs/errors.md of the version of MMMS that answered"


class MmmsError(Exception):
    """A request that did not succeed. `str()` of it has everything that is needed to find the fault."""

    __module__ = "mmms"

    #: For programs: MMMS's `error_type`, such as `validation_error`; or `network_error`, `timeout`, or `gateway_error`
    #: if something in front of MMMS answered in its place; or `configuration_error`. A later version may have others.
    type: str
    #: The HTTP status; `None` if there was no answer.
    status: int | None
    #: For people; it may change.
    message: str
    #: More for people.
    details: str | None
    #: The faults of the request, each with the path of its field, such as `recipients.3.mail`; the first 100.
    fields: Sequence[FieldError]
    #: The id of the request in MMMS's log.
    request_id: str | None
    #: `POST https://mail.example.com/v1/mail`, without a query, which may have an address.
    request: str | None
    #: Seconds after which MMMS says that another try may help.
    retry_after: float | None
    #: With this key the same mail can be sent again, from any process, and goes out once.
    idempotency_key: str | None

    def __init__(
        self,
        type: str,
        message: str,
        *,
        status: int | None = None,
        details: str | None = None,
        fields: Sequence[FieldError] = (),
        request_id: str | None = None,
        request: str | None = None,
        retry_after: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        # As a whole they can be pickled, for example by Celery.
        super().__init__(type, message)
        self.type = type
        self.message = message
        self.status = status
        self.details = details
        self.fields = fields
        self.request_id = request_id
        self.request = request
        self.retry_after = retry_after
        self.idempotency_key = idempotency_key

    @property
    def what_to_do(self) -> str | None:
        """The remedy, for people."""
        if self.type == "configuration_error":
            return None
        return REMEDIES.get(self.type, _OF_A_LATER_VERSION)

    def __str__(self) -> str:
        status = f" ({self.status})" if self.status is not None else ""
        details = f": {self.details}" if self.details else ""
        lines = [f"{self.type}{status}: {self.message}{details}"]
        lines += [f"  {fault.field}: {fault.message}" for fault in self.fields]
        named = {
            "request": self.request,
            "request id": self.request_id,
            "idempotency key": self.idempotency_key,
            "what to do": self.what_to_do,
        }
        return "\n".join(lines + [f"  {name}: {value}" for name, value in named.items() if value])


def of_answer(response: httpx.Response) -> MmmsError:
    """Returns the error of an answer that is not a success, or not one of MMMS."""
    retry_after = response.headers.get("retry-after", "")
    error = MmmsError(
        "gateway_error",
        f"the answer is not one of MMMS: {response.reason_phrase or 'it cannot be read'}",
        status=response.status_code,
        request_id=response.headers.get("x-request-id"),
        retry_after=float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None,
    )
    body = _error_body(response)
    if body:
        error.type, error.message, error.details = body.error_type, body.message, body.details
        error.fields, error.request_id = tuple(body.errors), body.request_id
    return error


def _error_body(response: httpx.Response) -> ErrorBody | None:
    try:
        return None if response.is_success else ErrorBody.from_dict(response.json())
    # Whatever a gateway says, it is not this body.
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def of_fault(fault: httpx.RequestError) -> MmmsError:
    """Returns the error of a request that got no answer."""
    if isinstance(fault, httpx.TimeoutException):
        error = MmmsError("timeout", f"no answer in time ({type(fault).__name__})")
    else:
        error = MmmsError("network_error", str(fault) or type(fault).__name__)
    error.__cause__ = fault
    return error
