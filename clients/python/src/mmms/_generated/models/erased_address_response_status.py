from typing import Literal

ErasedAddressResponseStatus = Literal[200]

ERASED_ADDRESS_RESPONSE_STATUS_VALUES: set[ErasedAddressResponseStatus] = {
    200,
}


def check_erased_address_response_status(value: int) -> ErasedAddressResponseStatus:
    if value in ERASED_ADDRESS_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {ERASED_ADDRESS_RESPONSE_STATUS_VALUES!r}"
    )
