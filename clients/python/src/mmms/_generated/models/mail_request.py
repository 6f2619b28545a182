from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.attachment import Attachment
    from ..models.mail_headers import MailHeaders
    from ..models.mail_tag import MailTag
    from ..models.named_address import NamedAddress
    from ..models.recipient_request import RecipientRequest


T = TypeVar("T", bound="MailRequest")


@_attrs_define
class MailRequest:
    """Mail to one recipient or to several. All mails of a request have at most 256 MiB together, with placeholders
    replaced.

        Attributes:
            recipients (list[RecipientRequest]):
            sender_email (str): The address of the sender. If the API key has `senders`, the address must be one of them.
            sender_name (str): The display name of the sender; without CR and LF. Placeholders are allowed, and replaced for
                each recipient:
                the result must have 1 to 320 characters.
            subject (str): The subject, without CR and LF. Placeholders are allowed, and replaced for each recipient: the
                result must have
                1 to 2,000 characters.
            sender_organisation_name (None | str | Unset):
            html_template (None | str | Unset): The HTML part of the mail. At least one of `html_template` and
                `text_template` is required. With placeholders
                replaced, each may have at most 10 MiB, and one of the two must have some text unless there are attachments.
            text_template (None | str | Unset): The plain-text part of the mail.
            reply_to (list[NamedAddress | str] | None | Unset): The addresses to which replies are sent, in the header field
                `Reply-To`.
            cc (list[NamedAddress | str] | None | Unset): Copies; allowed with one recipient only. An address that must not
                be mailed is left out. The recipient, `cc`
                and `bcc` are at most 50 addresses together.
            bcc (list[NamedAddress | str] | None | Unset): Blind copies; allowed with one recipient only. An address that
                must not be mailed is left out. The
                recipient, `cc` and `bcc` are at most 50 addresses together. These addresses and their names are in no
                header field.
            attachments (list[Attachment] | None | Unset):
            headers (MailHeaders | None | Unset): Further header fields of every mail. Fields that the service or SES sets,
                that mail servers act on, or that
                belong to the HTTP request are refused. Names and values are printable ASCII, names of at most 126 and values of
                at most 870 characters. Placeholders are allowed in the values of at most 15 fields: a value that is not ASCII
                is encoded (RFC 2047), and a field whose value is empty is left out.
            tags (list[MailTag] | None | Unset): Tags of the mail; each name may occur once.
            send_at (datetime.datetime | None | Unset): The time before which the mail is not sent (RFC 3339), at most 30
                days ahead. The answer is then 202, also for one
                recipient. A time that has passed counts as the time of the request, so that a repeated request is accepted; one
                that is more than a day past is refused.
            expires_at (datetime.datetime | None | Unset): A time in the future and after `send_at` (RFC 3339); 72 hours
                after the request, or after `send_at`, if absent.
                Recipients that are still queued at this time end as `failed` with `status_detail: "expired"`.
            list_ (None | str | Unset): The subject of subscription that the mail belongs to, such as `newsletter`. A
                recipient who has unsubscribed from
                this list of the API key is not sent to. If the service knows its public address (`PUBLIC_URL`), every mail has
                the header fields `List-Unsubscribe` and `List-Unsubscribe-Post` of its recipient (RFC 8058), which `headers`
                must
                not have then, and `{{unsubscribe_url}}` stands for the recipient's link. The page that the link leads to is in
                the language of the attribute `lang` of the element `html` of `html_template`: English, German or Dutch. Not
                allowed with `cc` and `bcc`.
            client_env_id (int | None | str | Unset): An id that the caller has chosen: a string of at most 512 characters,
                or a signed 64-bit integer.
            email_id (int | None | str | Unset): An id that the caller has chosen: a string of at most 512 characters, or a
                signed 64-bit integer.
            email_recipient_id (int | None | str | Unset): An id that the caller has chosen: a string of at most 512
                characters, or a signed 64-bit integer.
            project_id (int | None | str | Unset): An id that the caller has chosen: a string of at most 512 characters, or
                a signed 64-bit integer.
            closure_id (int | None | str | Unset): An id that the caller has chosen: a string of at most 512 characters, or
                a signed 64-bit integer.
    """

    recipients: list[RecipientRequest]
    sender_email: str
    sender_name: str
    subject: str
    sender_organisation_name: None | str | Unset = UNSET
    html_template: None | str | Unset = UNSET
    text_template: None | str | Unset = UNSET
    reply_to: list[NamedAddress | str] | None | Unset = UNSET
    cc: list[NamedAddress | str] | None | Unset = UNSET
    bcc: list[NamedAddress | str] | None | Unset = UNSET
    attachments: list[Attachment] | None | Unset = UNSET
    headers: MailHeaders | None | Unset = UNSET
    tags: list[MailTag] | None | Unset = UNSET
    send_at: datetime.datetime | None | Unset = UNSET
    expires_at: datetime.datetime | None | Unset = UNSET
    list_: None | str | Unset = UNSET
    client_env_id: int | None | str | Unset = UNSET
    email_id: int | None | str | Unset = UNSET
    email_recipient_id: int | None | str | Unset = UNSET
    project_id: int | None | str | Unset = UNSET
    closure_id: int | None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.mail_headers import MailHeaders
        from ..models.named_address import NamedAddress

        recipients = []
        for recipients_item_data in self.recipients:
            recipients_item = recipients_item_data.to_dict()
            recipients.append(recipients_item)

        sender_email = self.sender_email

        sender_name = self.sender_name

        subject = self.subject

        sender_organisation_name: None | str | Unset
        if isinstance(self.sender_organisation_name, Unset):
            sender_organisation_name = UNSET
        else:
            sender_organisation_name = self.sender_organisation_name

        html_template: None | str | Unset
        if isinstance(self.html_template, Unset):
            html_template = UNSET
        else:
            html_template = self.html_template

        text_template: None | str | Unset
        if isinstance(self.text_template, Unset):
            text_template = UNSET
        else:
            text_template = self.text_template

        reply_to: list[dict[str, Any] | str] | None | Unset
        if isinstance(self.reply_to, Unset):
            reply_to = UNSET
        elif isinstance(self.reply_to, list):
            reply_to = []
            for reply_to_type_0_item_data in self.reply_to:
                reply_to_type_0_item: dict[str, Any] | str
                if isinstance(reply_to_type_0_item_data, NamedAddress):
                    reply_to_type_0_item = reply_to_type_0_item_data.to_dict()
                else:
                    reply_to_type_0_item = reply_to_type_0_item_data
                reply_to.append(reply_to_type_0_item)

        else:
            reply_to = self.reply_to

        cc: list[dict[str, Any] | str] | None | Unset
        if isinstance(self.cc, Unset):
            cc = UNSET
        elif isinstance(self.cc, list):
            cc = []
            for cc_type_0_item_data in self.cc:
                cc_type_0_item: dict[str, Any] | str
                if isinstance(cc_type_0_item_data, NamedAddress):
                    cc_type_0_item = cc_type_0_item_data.to_dict()
                else:
                    cc_type_0_item = cc_type_0_item_data
                cc.append(cc_type_0_item)

        else:
            cc = self.cc

        bcc: list[dict[str, Any] | str] | None | Unset
        if isinstance(self.bcc, Unset):
            bcc = UNSET
        elif isinstance(self.bcc, list):
            bcc = []
            for bcc_type_0_item_data in self.bcc:
                bcc_type_0_item: dict[str, Any] | str
                if isinstance(bcc_type_0_item_data, NamedAddress):
                    bcc_type_0_item = bcc_type_0_item_data.to_dict()
                else:
                    bcc_type_0_item = bcc_type_0_item_data
                bcc.append(bcc_type_0_item)

        else:
            bcc = self.bcc

        attachments: list[dict[str, Any]] | None | Unset
        if isinstance(self.attachments, Unset):
            attachments = UNSET
        elif isinstance(self.attachments, list):
            attachments = []
            for attachments_type_0_item_data in self.attachments:
                attachments_type_0_item = attachments_type_0_item_data.to_dict()
                attachments.append(attachments_type_0_item)

        else:
            attachments = self.attachments

        headers: dict[str, Any] | None | Unset
        if isinstance(self.headers, Unset):
            headers = UNSET
        elif isinstance(self.headers, MailHeaders):
            headers = self.headers.to_dict()
        else:
            headers = self.headers

        tags: list[dict[str, Any]] | None | Unset
        if isinstance(self.tags, Unset):
            tags = UNSET
        elif isinstance(self.tags, list):
            tags = []
            for tags_type_0_item_data in self.tags:
                tags_type_0_item = tags_type_0_item_data.to_dict()
                tags.append(tags_type_0_item)

        else:
            tags = self.tags

        send_at: None | str | Unset
        if isinstance(self.send_at, Unset):
            send_at = UNSET
        elif isinstance(self.send_at, datetime.datetime):
            send_at = self.send_at.isoformat()
        else:
            send_at = self.send_at

        expires_at: None | str | Unset
        if isinstance(self.expires_at, Unset):
            expires_at = UNSET
        elif isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        list_: None | str | Unset
        if isinstance(self.list_, Unset):
            list_ = UNSET
        else:
            list_ = self.list_

        client_env_id: int | None | str | Unset
        if isinstance(self.client_env_id, Unset):
            client_env_id = UNSET
        else:
            client_env_id = self.client_env_id

        email_id: int | None | str | Unset
        if isinstance(self.email_id, Unset):
            email_id = UNSET
        else:
            email_id = self.email_id

        email_recipient_id: int | None | str | Unset
        if isinstance(self.email_recipient_id, Unset):
            email_recipient_id = UNSET
        else:
            email_recipient_id = self.email_recipient_id

        project_id: int | None | str | Unset
        if isinstance(self.project_id, Unset):
            project_id = UNSET
        else:
            project_id = self.project_id

        closure_id: int | None | str | Unset
        if isinstance(self.closure_id, Unset):
            closure_id = UNSET
        else:
            closure_id = self.closure_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "recipients": recipients,
                "sender_email": sender_email,
                "sender_name": sender_name,
                "subject": subject,
            }
        )
        if sender_organisation_name is not UNSET:
            field_dict["sender_organisation_name"] = sender_organisation_name
        if html_template is not UNSET:
            field_dict["html_template"] = html_template
        if text_template is not UNSET:
            field_dict["text_template"] = text_template
        if reply_to is not UNSET:
            field_dict["reply_to"] = reply_to
        if cc is not UNSET:
            field_dict["cc"] = cc
        if bcc is not UNSET:
            field_dict["bcc"] = bcc
        if attachments is not UNSET:
            field_dict["attachments"] = attachments
        if headers is not UNSET:
            field_dict["headers"] = headers
        if tags is not UNSET:
            field_dict["tags"] = tags
        if send_at is not UNSET:
            field_dict["send_at"] = send_at
        if expires_at is not UNSET:
            field_dict["expires_at"] = expires_at
        if list_ is not UNSET:
            field_dict["list"] = list_
        if client_env_id is not UNSET:
            field_dict["client_env_id"] = client_env_id
        if email_id is not UNSET:
            field_dict["email_id"] = email_id
        if email_recipient_id is not UNSET:
            field_dict["emailRecipientId"] = email_recipient_id
        if project_id is not UNSET:
            field_dict["projectId"] = project_id
        if closure_id is not UNSET:
            field_dict["closureId"] = closure_id

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.attachment import Attachment
        from ..models.mail_headers import MailHeaders
        from ..models.mail_tag import MailTag
        from ..models.named_address import NamedAddress
        from ..models.recipient_request import RecipientRequest

        d = dict(src_dict)
        recipients = []
        _recipients = d.pop("recipients")
        for recipients_item_data in _recipients:
            recipients_item = RecipientRequest.from_dict(recipients_item_data)

            recipients.append(recipients_item)

        sender_email = d.pop("sender_email")

        sender_name = d.pop("sender_name")

        subject = d.pop("subject")

        def _parse_sender_organisation_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        sender_organisation_name = _parse_sender_organisation_name(
            d.pop("sender_organisation_name", UNSET)
        )

        def _parse_html_template(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        html_template = _parse_html_template(d.pop("html_template", UNSET))

        def _parse_text_template(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        text_template = _parse_text_template(d.pop("text_template", UNSET))

        def _parse_reply_to(data: object) -> list[NamedAddress | str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                reply_to_type_0 = []
                _reply_to_type_0 = data
                for reply_to_type_0_item_data in _reply_to_type_0:

                    def _parse_reply_to_type_0_item(data: object) -> NamedAddress | str:
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_mail_address_type_1 = (
                                NamedAddress.from_dict(data)
                            )

                            return componentsschemas_mail_address_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(NamedAddress | str, data)

                    reply_to_type_0_item = _parse_reply_to_type_0_item(
                        reply_to_type_0_item_data
                    )

                    reply_to_type_0.append(reply_to_type_0_item)

                return reply_to_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[NamedAddress | str] | None | Unset, data)

        reply_to = _parse_reply_to(d.pop("reply_to", UNSET))

        def _parse_cc(data: object) -> list[NamedAddress | str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                cc_type_0 = []
                _cc_type_0 = data
                for cc_type_0_item_data in _cc_type_0:

                    def _parse_cc_type_0_item(data: object) -> NamedAddress | str:
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_mail_address_type_1 = (
                                NamedAddress.from_dict(data)
                            )

                            return componentsschemas_mail_address_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(NamedAddress | str, data)

                    cc_type_0_item = _parse_cc_type_0_item(cc_type_0_item_data)

                    cc_type_0.append(cc_type_0_item)

                return cc_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[NamedAddress | str] | None | Unset, data)

        cc = _parse_cc(d.pop("cc", UNSET))

        def _parse_bcc(data: object) -> list[NamedAddress | str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                bcc_type_0 = []
                _bcc_type_0 = data
                for bcc_type_0_item_data in _bcc_type_0:

                    def _parse_bcc_type_0_item(data: object) -> NamedAddress | str:
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_mail_address_type_1 = (
                                NamedAddress.from_dict(data)
                            )

                            return componentsschemas_mail_address_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(NamedAddress | str, data)

                    bcc_type_0_item = _parse_bcc_type_0_item(bcc_type_0_item_data)

                    bcc_type_0.append(bcc_type_0_item)

                return bcc_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[NamedAddress | str] | None | Unset, data)

        bcc = _parse_bcc(d.pop("bcc", UNSET))

        def _parse_attachments(data: object) -> list[Attachment] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                attachments_type_0 = []
                _attachments_type_0 = data
                for attachments_type_0_item_data in _attachments_type_0:
                    attachments_type_0_item = Attachment.from_dict(
                        attachments_type_0_item_data
                    )

                    attachments_type_0.append(attachments_type_0_item)

                return attachments_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Attachment] | None | Unset, data)

        attachments = _parse_attachments(d.pop("attachments", UNSET))

        def _parse_headers(data: object) -> MailHeaders | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_mail_headers_type_0 = MailHeaders.from_dict(data)

                return componentsschemas_mail_headers_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MailHeaders | None | Unset, data)

        headers = _parse_headers(d.pop("headers", UNSET))

        def _parse_tags(data: object) -> list[MailTag] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                tags_type_0 = []
                _tags_type_0 = data
                for tags_type_0_item_data in _tags_type_0:
                    tags_type_0_item = MailTag.from_dict(tags_type_0_item_data)

                    tags_type_0.append(tags_type_0_item)

                return tags_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[MailTag] | None | Unset, data)

        tags = _parse_tags(d.pop("tags", UNSET))

        def _parse_send_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                send_at_type_0 = datetime.datetime.fromisoformat(data)

                return send_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        send_at = _parse_send_at(d.pop("send_at", UNSET))

        def _parse_expires_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expires_at = _parse_expires_at(d.pop("expires_at", UNSET))

        def _parse_list_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        list_ = _parse_list_(d.pop("list", UNSET))

        def _parse_client_env_id(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        client_env_id = _parse_client_env_id(d.pop("client_env_id", UNSET))

        def _parse_email_id(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        email_id = _parse_email_id(d.pop("email_id", UNSET))

        def _parse_email_recipient_id(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        email_recipient_id = _parse_email_recipient_id(d.pop("emailRecipientId", UNSET))

        def _parse_project_id(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        project_id = _parse_project_id(d.pop("projectId", UNSET))

        def _parse_closure_id(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        closure_id = _parse_closure_id(d.pop("closureId", UNSET))

        mail_request = cls(
            recipients=recipients,
            sender_email=sender_email,
            sender_name=sender_name,
            subject=subject,
            sender_organisation_name=sender_organisation_name,
            html_template=html_template,
            text_template=text_template,
            reply_to=reply_to,
            cc=cc,
            bcc=bcc,
            attachments=attachments,
            headers=headers,
            tags=tags,
            send_at=send_at,
            expires_at=expires_at,
            list_=list_,
            client_env_id=client_env_id,
            email_id=email_id,
            email_recipient_id=email_recipient_id,
            project_id=project_id,
            closure_id=closure_id,
        )

        return mail_request
