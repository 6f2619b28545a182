"""The HTTP API of MMMS, which sends mail: `Mmms().mail.send(...)`, or `await AsyncMmms().mail.send(...)`."""

from mmms import models, webhooks
from mmms._async_client import AsyncMmms
from mmms._client import Mmms
from mmms._errors import MmmsError
from mmms._mail_fields import Address, AddressFields, Attachment, MailFields, RecipientFields
from mmms._queue_result import MailResult
from mmms._results import EventFeed, Progress, SendResult
from mmms.webhooks import WebhookError, WebhookEvent, WebhookMessage

__all__ = [
    "Address",
    "AddressFields",
    "AsyncMmms",
    "Attachment",
    "EventFeed",
    "MailFields",
    "MailResult",
    "Mmms",
    "MmmsError",
    "Progress",
    "RecipientFields",
    "SendResult",
    "WebhookError",
    "WebhookEvent",
    "WebhookMessage",
    "models",
    "webhooks",
]
