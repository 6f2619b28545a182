from typing import Literal

RescheduledMailingResponseStatus = Literal[200]

RESCHEDULED_MAILING_RESPONSE_STATUS_VALUES: set[RescheduledMailingResponseStatus] = {
    200,
}


def check_rescheduled_mailing_response_status(
    value: int,
) -> RescheduledMailingResponseStatus:
    if value in RESCHEDULED_MAILING_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {RESCHEDULED_MAILING_RESPONSE_STATUS_VALUES!r}"
    )
