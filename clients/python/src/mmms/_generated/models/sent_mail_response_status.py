from typing import Literal

SentMailResponseStatus = Literal[200]

SENT_MAIL_RESPONSE_STATUS_VALUES: set[SentMailResponseStatus] = {
    200,
}


def check_sent_mail_response_status(value: int) -> SentMailResponseStatus:
    if value in SENT_MAIL_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {SENT_MAIL_RESPONSE_STATUS_VALUES!r}"
    )
