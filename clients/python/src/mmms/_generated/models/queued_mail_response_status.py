from typing import Literal

QueuedMailResponseStatus = Literal[202]

QUEUED_MAIL_RESPONSE_STATUS_VALUES: set[QueuedMailResponseStatus] = {
    202,
}


def check_queued_mail_response_status(value: int) -> QueuedMailResponseStatus:
    if value in QUEUED_MAIL_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {QUEUED_MAIL_RESPONSE_STATUS_VALUES!r}"
    )
