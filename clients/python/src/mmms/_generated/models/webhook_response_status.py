from typing import Literal

WebhookResponseStatus = Literal[200, 202]

WEBHOOK_RESPONSE_STATUS_VALUES: set[WebhookResponseStatus] = {
    200,
    202,
}


def check_webhook_response_status(value: int) -> WebhookResponseStatus:
    if value in WEBHOOK_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {WEBHOOK_RESPONSE_STATUS_VALUES!r}"
    )
