from typing import Literal

MailingPageResponseStatus = Literal[200]

MAILING_PAGE_RESPONSE_STATUS_VALUES: set[MailingPageResponseStatus] = {
    200,
}


def check_mailing_page_response_status(value: int) -> MailingPageResponseStatus:
    if value in MAILING_PAGE_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {MAILING_PAGE_RESPONSE_STATUS_VALUES!r}"
    )
