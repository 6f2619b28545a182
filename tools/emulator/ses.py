"""What MiniStack's SES does not keep or tell.

The mails that SES accepted are at GET /v2/email/accepted, for the account that asks: one JSON line for each request,
with the path it came to, its body and its answer as they were. MiniStack alone keeps neither headers nor attachments
nor tags.
"""

import json
from collections import defaultdict

from ministack.core.responses import get_account_id
from ministack.services import ses_v2
from ministack.services.cloudformation import provisioners

from . import ses_events

SENDING = ("/outbound-emails", "/outbound-bulk-emails")
ACCEPTED = "/v2/email/accepted"

accepted: dict[str, list[str]] = defaultdict(list)
handle = ses_v2.handle_request
identity_create = provisioners._ses_email_identity_create
identity_update = provisioners._ses_email_identity_update


def extend():
    ses_v2.handle_request = keep_what_was_accepted
    provisioners._RESOURCE_HANDLERS["AWS::SES::EmailIdentity"].update(create=create, update=update)


async def keep_what_was_accepted(method, path, headers, body, query):
    if (method, path) == ("GET", ACCEPTED):
        lines = "".join(line + "\n" for line in accepted[get_account_id()])
        return 200, {"content-type": "application/x-ndjson"}, lines.encode()
    sends = method == "POST" and path.endswith(SENDING)
    if sends and (name := json.loads(body).get("ConfigurationSetName")) and name not in ses_v2._config_sets:
        return ses_v2._missing_config_set(name)
    answer = await handle(method, path, headers, body, query)
    status, _, answered = answer
    if sends and status == 200:
        call = {"path": path, "request": json.loads(body), "response": json.loads(answered)}
        accepted[get_account_id()].append(json.dumps(call))
        ses_events.publish(**call)
    return answer


def create(logical_id, props, stack_name):
    identity, attributes = identity_create(logical_id, props, stack_name)
    return identity, attributes | easy_dkim(identity)


def update(*arguments):
    identity, attributes = identity_update(*arguments)
    return identity, attributes | easy_dkim(identity)


def easy_dkim(identity):
    """The records that a domain's owner has to publish, as attributes of the resource."""
    attributes = {}
    for number in (1, 2, 3):
        token = f"token{number}"
        attributes[f"DkimDNSTokenName{number}"] = f"{token}._domainkey.{identity}"
        attributes[f"DkimDNSTokenValue{number}"] = f"{token}.dkim.amazonses.com"
    return attributes
