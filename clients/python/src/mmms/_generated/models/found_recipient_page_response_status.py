from typing import Literal

FoundRecipientPageResponseStatus = Literal[200]

FOUND_RECIPIENT_PAGE_RESPONSE_STATUS_VALUES: set[FoundRecipientPageResponseStatus] = {
    200,
}


def check_found_recipient_page_response_status(
    value: int,
) -> FoundRecipientPageResponseStatus:
    if value in FOUND_RECIPIENT_PAGE_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {FOUND_RECIPIENT_PAGE_RESPONSE_STATUS_VALUES!r}"
    )
