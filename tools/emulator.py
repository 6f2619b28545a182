"""MiniStack, and what it lacks: the AWS of the tests.

Settings come from the environment: GATEWAY_PORT and BIND_HOST are MiniStack's own. Each caller whose access key is
twelve digits has that account to itself, so tests share one emulator and see nothing of each other.

The mails that SES accepted are at GET /v2/email/accepted, for the account that asks: one JSON line for each request,
with the path it came to, its body and its answer as they were. MiniStack alone keeps neither headers nor attachments
nor tags. It is held to one version (requirements.txt) because its insides are used here.
"""

import json
from collections import defaultdict

from ministack import app
from ministack.core.responses import get_account_id
from ministack.services import ses_v2

SENDING = ("/outbound-emails", "/outbound-bulk-emails")
ACCEPTED = "/v2/email/accepted"

accepted: dict[str, list[str]] = defaultdict(list)
ses = ses_v2.handle_request


async def keep_what_was_accepted(method, path, headers, body, query):
    if (method, path) == ("GET", ACCEPTED):
        lines = "".join(line + "\n" for line in accepted[get_account_id()])
        return 200, {"content-type": "application/x-ndjson"}, lines.encode()
    answer = await ses(method, path, headers, body, query)
    status, _, answered = answer
    if method == "POST" and path.endswith(SENDING) and status == 200:
        call = {"path": path, "request": json.loads(body), "response": json.loads(answered)}
        accepted[get_account_id()].append(json.dumps(call))
    return answer


ses_v2.handle_request = keep_what_was_accepted

if __name__ == "__main__":
    app.main()
