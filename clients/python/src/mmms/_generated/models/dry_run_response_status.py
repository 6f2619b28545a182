from typing import Literal

DryRunResponseStatus = Literal[200]

DRY_RUN_RESPONSE_STATUS_VALUES: set[DryRunResponseStatus] = {
    200,
}


def check_dry_run_response_status(value: int) -> DryRunResponseStatus:
    if value in DRY_RUN_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {DRY_RUN_RESPONSE_STATUS_VALUES!r}"
    )
