from typing import Literal

CancelledMailingResponseStatus = Literal[200]

CANCELLED_MAILING_RESPONSE_STATUS_VALUES: set[CancelledMailingResponseStatus] = {
    200,
}


def check_cancelled_mailing_response_status(
    value: int,
) -> CancelledMailingResponseStatus:
    if value in CANCELLED_MAILING_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {CANCELLED_MAILING_RESPONSE_STATUS_VALUES!r}"
    )
