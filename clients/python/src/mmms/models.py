"""The types of what MMMS answers, generated from its API's description.

A later version of MMMS may answer more: fields that a type does not know are in its `additional_properties`, and any
text may come as a status, a detail or an error type. A field that an answer may leave out is then `UNSET`, which counts
as false.
"""

from mmms._generated.models.bounce import Bounce
from mmms._generated.models.cancelled_mailing import CancelledMailing
from mmms._generated.models.dry_run import DryRun
from mmms._generated.models.event import Event
from mmms._generated.models.field_error import FieldError
from mmms._generated.models.mailing import Mailing
from mmms._generated.models.mailing_counts import MailingCounts
from mmms._generated.models.queued_mail import QueuedMail
from mmms._generated.models.recipient import Recipient
from mmms._generated.models.rendered_mail import RenderedMail
from mmms._generated.models.rescheduled_mailing import RescheduledMailing
from mmms._generated.models.sent_mail import SentMail
from mmms._generated.models.suppression import Suppression
from mmms._generated.types import UNSET, Unset

__all__ = [
    "UNSET",
    "Bounce",
    "CancelledMailing",
    "DryRun",
    "Event",
    "FieldError",
    "Mailing",
    "MailingCounts",
    "QueuedMail",
    "Recipient",
    "RenderedMail",
    "RescheduledMailing",
    "SentMail",
    "Suppression",
    "Unset",
]
