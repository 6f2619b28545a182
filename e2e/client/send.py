"""Sends a mail with the generated Python client. The argument is the server's address."""

import sys

from mmms import AuthenticatedClient, Client
from mmms.api.keys import create_api_key
from mmms.api.mail import send_mail
from mmms.models import ApiKeyRequest, MailRequest, QueuedMailResponse, RecipientRequest, SentMailResponse

base = sys.argv[1]
made = create_api_key.sync(client=Client(base_url=base), body=ApiKeyRequest(name="Python"))
client = AuthenticatedClient(base_url=base, token=made.data.api_key, prefix="", auth_header_name="x-api-key")


def mail(recipients, subject="From Python"):
    return MailRequest(
        recipients=[RecipientRequest(mail=recipient) for recipient in recipients],
        sender_email="team@example.com",
        sender_name="The team",
        subject=subject,
        text_template="Hello {{mail}}",
    )


sent = send_mail.sync(client=client, body=mail(["guido@example.com"]))
assert isinstance(sent, SentMailResponse), sent
assert sent.data.status.status == "sent", sent

queued = send_mail.sync(client=client, body=mail(["ada@example.com", "grace@example.com"]))
assert isinstance(queued, QueuedMailResponse), queued
assert queued.data.accepted == 2, queued

refused = send_mail.sync(client=client, body=mail(["ada@example.com"], subject=""))
assert refused.error_type == "validation_error", refused
assert refused.errors[0].field == "subject", refused
