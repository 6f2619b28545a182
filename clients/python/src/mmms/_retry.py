"""When a request is sent again."""

from __future__ import annotations

import json
import logging
import random
import time

import httpx

from mmms._errors import MmmsError
from mmms._request import Request

_LOG = logging.getLogger("mmms")

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
#: MMMS, or a gateway, says "not now".
PASSING = frozenset({429, 502, 503, 504})
#: The request has not reached MMMS.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Retries:
    """The attempts at one request, from the first on."""

    def __init__(self, request: Request[object], seconds: float) -> None:
        self._request = request
        self._end = time.monotonic() + seconds
        self._pause = FIRST_PAUSE

    def pause_after(self, error: MmmsError) -> float:
        """Returns the seconds until the next attempt. Raises the error if there is none: another one would not help,
        might do something twice, or could not begin in time."""
        # Half of it is chance, so that callers do not return at once.
        pause = max(error.retry_after or 0, self._pause * random.uniform(0.5, 1))
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        if not self._may_repeat(error) or time.monotonic() + pause > self._end:
            raise error
        what = f"{self._request.method} {self._request.path}"
        _LOG.info("%s is sent again in %.1f s, after %s (%s)", what, pause, error.type, error.status)
        return pause

    def _may_repeat(self, error: MmmsError) -> bool:
        cause = error.__cause__
        if isinstance(cause, NOT_SENT) or error.status == 429:
            return True
        no_answer = isinstance(cause, httpx.RequestError | json.JSONDecodeError)
        passing = error.status in PASSING or error.type == "idempotency_in_progress"
        return self._request.repeatable and (no_answer or passing)
