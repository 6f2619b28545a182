from typing import Literal

UnsubscribeFilesBodyAction = Literal["undo"]

UNSUBSCRIBE_FILES_BODY_ACTION_VALUES: set[UnsubscribeFilesBodyAction] = {
    "undo",
}


def check_unsubscribe_files_body_action(value: str) -> UnsubscribeFilesBodyAction:
    if value in UNSUBSCRIBE_FILES_BODY_ACTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {UNSUBSCRIBE_FILES_BODY_ACTION_VALUES!r}"
    )
