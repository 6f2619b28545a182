"""What the roles of functions may call, as AWS decides it. MiniStack checks all callers or none, so this checks those
calls alone that functions make: their session token names their role.
"""

import json

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import secretsmanager, ses_v2, sqs

TOKEN = "x-amz-security-token"
ROLE = "arn:aws:iam:"

# The actions that a call is checked under. One call to SES is checked under several:
# https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html and reports of callers that had only the first.
ACTIONS = {
    "SendEmail": ("ses:SendEmail",),
    "SendEmail with raw content or attachments": ("ses:SendEmail", "ses:SendRawEmail"),
    "SendBulkEmail": ("ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"),
    "GetAccount": ("ses:GetAccount",),
    "DeleteSuppressedDestination": ("ses:DeleteSuppressedDestination",),
    "GetSecretValue": ("secretsmanager:GetSecretValue",),
    "SendMessage": ("sqs:SendMessage",),
    "SendMessageBatch": ("sqs:SendMessage",),
    "ReceiveMessage": ("sqs:ReceiveMessage",),
    "DeleteMessage": ("sqs:DeleteMessage",),
    "DeleteMessageBatch": ("sqs:DeleteMessage",),
    "ChangeMessageVisibility": ("sqs:ChangeMessageVisibility",),
    "ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility",),
    "GetQueueAttributes": ("sqs:GetQueueAttributes",),
}


def extend():
    for service, call in ((ses_v2, ses_call), (sqs, queue_call), (secretsmanager, secret_call)):
        service.handle_request = checked(service.handle_request, call)


def checked(handle, call_of):
    async def handle_if_allowed(method, path, headers, body, query):
        role = headers.get(TOKEN, "")
        if role.startswith(ROLE):
            denied = denial(role, *call_of(method, path, headers, body))
            if denied:
                return denied
        return await handle(method, path, headers, body, query)

    return handle_if_allowed


def denial(role, operation, resources):
    """The answer to a call that the role may not make: each of its actions is wanted on each of its resources."""
    policies = iam_evaluator._gather_role_policies(role.rsplit("/", 1)[-1], get_account_id())
    for action in ACTIONS.get(operation, (f"unknown:{operation}",)):
        for resource in resources:
            context = iam_evaluator.EvalContext(
                role, "AssumedRole", get_account_id(), action, resource, get_region()
            )
            if iam_evaluator.evaluate(context, policies).decision != "Allow":
                message = f"{role} is not authorized to perform: {action} on resource: {resource}"
                answer = {"__type": "AccessDeniedException", "message": message}
                headers = {"content-type": "application/json", "x-amzn-errortype": "AccessDeniedException"}
                return 403, headers, json.dumps(answer).encode()
    return None


def ses_call(method, path, _, body):
    if path.endswith("/account"):
        return "GetAccount", ["*"]
    if method == "DELETE" and "/suppression/addresses/" in path:
        return "DeleteSuppressedDestination", ["*"]
    request = json.loads(body) if body else {}
    bulk = path.endswith("/outbound-bulk-emails")
    resources = [of_ses("identity", domain(request.get("FromEmailAddress", "")))]
    if "ConfigurationSetName" in request:
        resources.append(of_ses("configuration-set", request["ConfigurationSetName"]))
    if bulk:
        return "SendBulkEmail", [*resources, of_ses("template", "inline")]
    content = request.get("Content", {})
    raw = "Raw" in content or content.get("Simple", {}).get("Attachments")
    return "SendEmail with raw content or attachments" if raw else "SendEmail", resources


def of_ses(kind, name):
    return f"arn:aws:ses:{get_region()}:{get_account_id()}:{kind}/{name}"


def domain(sender):
    """Of `Name <local@domain>`, or of the address alone."""
    return sender.rsplit("@", 1)[-1].rstrip("> ")


def queue_call(_, __, headers, body):
    queue = json.loads(body)["QueueUrl"].rsplit("/", 1)[-1]
    return operation(headers), [f"arn:aws:sqs:{get_region()}:{get_account_id()}:{queue}"]


def secret_call(_, __, headers, body):
    return operation(headers), [json.loads(body)["SecretId"]]


def operation(headers):
    return headers.get("x-amz-target", "").rsplit(".", 1)[-1]
