from typing import Literal

WebhookDeliveryPageResponseStatus = Literal[200]

WEBHOOK_DELIVERY_PAGE_RESPONSE_STATUS_VALUES: set[WebhookDeliveryPageResponseStatus] = {
    200,
}


def check_webhook_delivery_page_response_status(
    value: int,
) -> WebhookDeliveryPageResponseStatus:
    if value in WEBHOOK_DELIVERY_PAGE_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {WEBHOOK_DELIVERY_PAGE_RESPONSE_STATUS_VALUES!r}"
    )
