from typing import Literal

ImportedSuppressionsResponseStatus = Literal[200]

IMPORTED_SUPPRESSIONS_RESPONSE_STATUS_VALUES: set[
    ImportedSuppressionsResponseStatus
] = {
    200,
}


def check_imported_suppressions_response_status(
    value: int,
) -> ImportedSuppressionsResponseStatus:
    if value in IMPORTED_SUPPRESSIONS_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {IMPORTED_SUPPRESSIONS_RESPONSE_STATUS_VALUES!r}"
    )
