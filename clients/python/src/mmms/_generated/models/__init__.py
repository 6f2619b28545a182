"""Contains all the data models used in inputs/outputs"""

from .api_key import ApiKey
from .api_key_change_request import ApiKeyChangeRequest
from .api_key_limits import ApiKeyLimits
from .api_key_page import ApiKeyPage
from .api_key_page_response import ApiKeyPageResponse
from .api_key_page_response_status import ApiKeyPageResponseStatus
from .api_key_request import ApiKeyRequest
from .api_key_response import ApiKeyResponse
from .api_key_response_status import ApiKeyResponseStatus
from .api_key_with_secret import ApiKeyWithSecret
from .api_key_with_secret_response import ApiKeyWithSecretResponse
from .api_key_with_secret_response_status import ApiKeyWithSecretResponseStatus
from .attachment import Attachment
from .bounce import Bounce
from .cancelled_mailing import CancelledMailing
from .cancelled_mailing_response import CancelledMailingResponse
from .cancelled_mailing_response_status import CancelledMailingResponseStatus
from .dry_run import DryRun
from .dry_run_response import DryRunResponse
from .dry_run_response_status import DryRunResponseStatus
from .erase_request import EraseRequest
from .erased_address import ErasedAddress
from .erased_address_response import ErasedAddressResponse
from .erased_address_response_status import ErasedAddressResponseStatus
from .error_body import ErrorBody
from .event import Event
from .event_feed import EventFeed
from .event_feed_response import EventFeedResponse
from .event_feed_response_status import EventFeedResponseStatus
from .event_status_filter import EventStatusFilter
from .field_error import FieldError
from .imported_suppressions import ImportedSuppressions
from .imported_suppressions_response import ImportedSuppressionsResponse
from .imported_suppressions_response_status import ImportedSuppressionsResponseStatus
from .limits_request import LimitsRequest
from .mail_headers import MailHeaders
from .mail_reports import MailReports
from .mail_request import MailRequest
from .mail_tag import MailTag
from .mailing import Mailing
from .mailing_counts import MailingCounts
from .mailing_page import MailingPage
from .mailing_page_response import MailingPageResponse
from .mailing_page_response_status import MailingPageResponseStatus
from .mailing_response import MailingResponse
from .mailing_response_status import MailingResponseStatus
from .named_address import NamedAddress
from .origins_request import OriginsRequest
from .queued_mail import QueuedMail
from .queued_mail_response import QueuedMailResponse
from .queued_mail_response_status import QueuedMailResponseStatus
from .readiness import Readiness
from .recipient import Recipient
from .recipient_headers import RecipientHeaders
from .recipient_page import RecipientPage
from .recipient_page_response import RecipientPageResponse
from .recipient_page_response_status import RecipientPageResponseStatus
from .recipient_request import RecipientRequest
from .recipient_status_filter import RecipientStatusFilter
from .removed_suppression import RemovedSuppression
from .removed_suppression_response import RemovedSuppressionResponse
from .removed_suppression_response_status import RemovedSuppressionResponseStatus
from .rendered_headers import RenderedHeaders
from .rendered_mail import RenderedMail
from .replay_request import ReplayRequest
from .reschedule_request import RescheduleRequest
from .rescheduled_mailing import RescheduledMailing
from .rescheduled_mailing_response import RescheduledMailingResponse
from .rescheduled_mailing_response_status import RescheduledMailingResponseStatus
from .resend_request import ResendRequest
from .resendable_status import ResendableStatus
from .revoked_api_key import RevokedApiKey
from .revoked_api_key_response import RevokedApiKeyResponse
from .revoked_api_key_response_status import RevokedApiKeyResponseStatus
from .rotate_request import RotateRequest
from .sent_mail import SentMail
from .sent_mail_response import SentMailResponse
from .sent_mail_response_status import SentMailResponseStatus
from .sent_recipient import SentRecipient
from .ses_response import SesResponse
from .statistics import Statistics
from .statistics_hour import StatisticsHour
from .statistics_of_key import StatisticsOfKey
from .statistics_response import StatisticsResponse
from .statistics_response_status import StatisticsResponseStatus
from .subscription import Subscription
from .subscription_response import SubscriptionResponse
from .subscription_response_status import SubscriptionResponseStatus
from .suppression import Suppression
from .suppression_import_request import SuppressionImportRequest
from .suppression_page import SuppressionPage
from .suppression_page_response import SuppressionPageResponse
from .suppression_page_response_status import SuppressionPageResponseStatus
from .suppression_reason import SuppressionReason
from .suppression_request import SuppressionRequest
from .suppression_response import SuppressionResponse
from .suppression_response_status import SuppressionResponseStatus
from .time_to_sent import TimeToSent
from .unsubscribe_data_body import UnsubscribeDataBody
from .unsubscribe_data_body_action import UnsubscribeDataBodyAction
from .unsubscribe_data_body_list_unsubscribe import UnsubscribeDataBodyListUnsubscribe
from .unsubscribe_files_body import UnsubscribeFilesBody
from .unsubscribe_files_body_action import UnsubscribeFilesBodyAction
from .unsubscribe_files_body_list_unsubscribe import UnsubscribeFilesBodyListUnsubscribe
from .variables import Variables
from .waiting_recipients import WaitingRecipients
from .webhook import Webhook
from .webhook_change_request import WebhookChangeRequest
from .webhook_delivery import WebhookDelivery
from .webhook_delivery_page import WebhookDeliveryPage
from .webhook_delivery_page_response import WebhookDeliveryPageResponse
from .webhook_delivery_page_response_status import WebhookDeliveryPageResponseStatus
from .webhook_page import WebhookPage
from .webhook_page_response import WebhookPageResponse
from .webhook_page_response_status import WebhookPageResponseStatus
from .webhook_ping import WebhookPing
from .webhook_ping_response import WebhookPingResponse
from .webhook_ping_response_status import WebhookPingResponseStatus
from .webhook_request import WebhookRequest
from .webhook_response import WebhookResponse
from .webhook_response_status import WebhookResponseStatus
from .webhook_with_secret import WebhookWithSecret
from .webhook_with_secret_response import WebhookWithSecretResponse
from .webhook_with_secret_response_status import WebhookWithSecretResponseStatus

__all__ = (
    "ApiKey",
    "ApiKeyChangeRequest",
    "ApiKeyLimits",
    "ApiKeyPage",
    "ApiKeyPageResponse",
    "ApiKeyPageResponseStatus",
    "ApiKeyRequest",
    "ApiKeyResponse",
    "ApiKeyResponseStatus",
    "ApiKeyWithSecret",
    "ApiKeyWithSecretResponse",
    "ApiKeyWithSecretResponseStatus",
    "Attachment",
    "Bounce",
    "CancelledMailing",
    "CancelledMailingResponse",
    "CancelledMailingResponseStatus",
    "DryRun",
    "DryRunResponse",
    "DryRunResponseStatus",
    "EraseRequest",
    "ErasedAddress",
    "ErasedAddressResponse",
    "ErasedAddressResponseStatus",
    "ErrorBody",
    "Event",
    "EventFeed",
    "EventFeedResponse",
    "EventFeedResponseStatus",
    "EventStatusFilter",
    "FieldError",
    "ImportedSuppressions",
    "ImportedSuppressionsResponse",
    "ImportedSuppressionsResponseStatus",
    "LimitsRequest",
    "MailHeaders",
    "MailReports",
    "MailRequest",
    "MailTag",
    "Mailing",
    "MailingCounts",
    "MailingPage",
    "MailingPageResponse",
    "MailingPageResponseStatus",
    "MailingResponse",
    "MailingResponseStatus",
    "NamedAddress",
    "OriginsRequest",
    "QueuedMail",
    "QueuedMailResponse",
    "QueuedMailResponseStatus",
    "Readiness",
    "Recipient",
    "RecipientHeaders",
    "RecipientPage",
    "RecipientPageResponse",
    "RecipientPageResponseStatus",
    "RecipientRequest",
    "RecipientStatusFilter",
    "RemovedSuppression",
    "RemovedSuppressionResponse",
    "RemovedSuppressionResponseStatus",
    "RenderedHeaders",
    "RenderedMail",
    "ReplayRequest",
    "RescheduleRequest",
    "RescheduledMailing",
    "RescheduledMailingResponse",
    "RescheduledMailingResponseStatus",
    "ResendRequest",
    "ResendableStatus",
    "RevokedApiKey",
    "RevokedApiKeyResponse",
    "RevokedApiKeyResponseStatus",
    "RotateRequest",
    "SentMail",
    "SentMailResponse",
    "SentMailResponseStatus",
    "SentRecipient",
    "SesResponse",
    "Statistics",
    "StatisticsHour",
    "StatisticsOfKey",
    "StatisticsResponse",
    "StatisticsResponseStatus",
    "Subscription",
    "SubscriptionResponse",
    "SubscriptionResponseStatus",
    "Suppression",
    "SuppressionImportRequest",
    "SuppressionPage",
    "SuppressionPageResponse",
    "SuppressionPageResponseStatus",
    "SuppressionReason",
    "SuppressionRequest",
    "SuppressionResponse",
    "SuppressionResponseStatus",
    "TimeToSent",
    "UnsubscribeDataBody",
    "UnsubscribeDataBodyAction",
    "UnsubscribeDataBodyListUnsubscribe",
    "UnsubscribeFilesBody",
    "UnsubscribeFilesBodyAction",
    "UnsubscribeFilesBodyListUnsubscribe",
    "Variables",
    "WaitingRecipients",
    "Webhook",
    "WebhookChangeRequest",
    "WebhookDelivery",
    "WebhookDeliveryPage",
    "WebhookDeliveryPageResponse",
    "WebhookDeliveryPageResponseStatus",
    "WebhookPage",
    "WebhookPageResponse",
    "WebhookPageResponseStatus",
    "WebhookPing",
    "WebhookPingResponse",
    "WebhookPingResponseStatus",
    "WebhookRequest",
    "WebhookResponse",
    "WebhookResponseStatus",
    "WebhookWithSecret",
    "WebhookWithSecretResponse",
    "WebhookWithSecretResponseStatus",
)
