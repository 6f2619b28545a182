from typing import Literal

SuppressionPageResponseStatus = Literal[200]

SUPPRESSION_PAGE_RESPONSE_STATUS_VALUES: set[SuppressionPageResponseStatus] = {
    200,
}


def check_suppression_page_response_status(value: int) -> SuppressionPageResponseStatus:
    if value in SUPPRESSION_PAGE_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {SUPPRESSION_PAGE_RESPONSE_STATUS_VALUES!r}"
    )
