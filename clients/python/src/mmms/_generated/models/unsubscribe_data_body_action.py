from typing import Literal

UnsubscribeDataBodyAction = Literal["undo"]

UNSUBSCRIBE_DATA_BODY_ACTION_VALUES: set[UnsubscribeDataBodyAction] = {
    "undo",
}


def check_unsubscribe_data_body_action(value: str) -> UnsubscribeDataBodyAction:
    if value in UNSUBSCRIBE_DATA_BODY_ACTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {UNSUBSCRIBE_DATA_BODY_ACTION_VALUES!r}"
    )
