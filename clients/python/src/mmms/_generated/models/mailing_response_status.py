from typing import Literal

MailingResponseStatus = Literal[200]

MAILING_RESPONSE_STATUS_VALUES: set[MailingResponseStatus] = {
    200,
}


def check_mailing_response_status(value: int) -> MailingResponseStatus:
    if value in MAILING_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {MAILING_RESPONSE_STATUS_VALUES!r}"
    )
