from typing import Literal

WebhookPageResponseStatus = Literal[200]

WEBHOOK_PAGE_RESPONSE_STATUS_VALUES: set[WebhookPageResponseStatus] = {
    200,
}


def check_webhook_page_response_status(value: int) -> WebhookPageResponseStatus:
    if value in WEBHOOK_PAGE_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {WEBHOOK_PAGE_RESPONSE_STATUS_VALUES!r}"
    )
