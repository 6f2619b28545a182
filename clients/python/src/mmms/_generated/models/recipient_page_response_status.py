from typing import Literal

RecipientPageResponseStatus = Literal[200]

RECIPIENT_PAGE_RESPONSE_STATUS_VALUES: set[RecipientPageResponseStatus] = {
    200,
}


def check_recipient_page_response_status(value: int) -> RecipientPageResponseStatus:
    if value in RECIPIENT_PAGE_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {RECIPIENT_PAGE_RESPONSE_STATUS_VALUES!r}"
    )
