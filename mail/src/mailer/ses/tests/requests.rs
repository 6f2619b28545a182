//! The requests to SES.

use super::*;

fn full_mailing() -> Mailing {
    mailing_with(fill)
}

fn fill(mailing: &mut Mailing) {
    mailing.envelope.reply_to = vec![address("answers@example.com"), address("b@bücher.example")];
    mailing.body.headers = BTreeMap::from([("X-Campaign".into(), "spring".into())]);
    mailing.body.tags = vec![Tag {
        name: "kind".into(),
        value: "news".into(),
    }];
    mailing.attachments = vec![
        Attachment {
            filename: "logo.png".into(),
            content_type: "image/png".into(),
            content_id: Some("<logo>".into()),
            content: vec![0, 255],
        },
        Attachment {
            filename: "Größe.pdf".into(),
            content_type: "application/pdf".into(),
            content_id: None,
            content: b"%PDF".to_vec(),
        },
    ];
}

fn headers() -> Value {
    json!([{ "Name": "X-Campaign", "Value": "spring" }])
}

fn attachments() -> Value {
    json!([
        {
            "FileName": "logo.png",
            "ContentType": "image/png",
            "ContentDisposition": "ATTACHMENT",
            "ContentTransferEncoding": "BASE64",
            "RawContent": "AP8=",
        },
        {
            "FileName": "Größe.pdf",
            "ContentType": "application/pdf",
            "ContentDisposition": "ATTACHMENT",
            "ContentTransferEncoding": "BASE64",
            "RawContent": "JVBERg==",
        },
    ])
}

fn tags(position: &str) -> Value {
    json!([
        { "Name": "kind", "Value": "news" },
        { "Name": "mmms-mailing-id", "Value": "00000000-0000-0000-0000-000000000000" },
        { "Name": "mmms-recipient-index", "Value": position },
        { "Name": "mmms-attempt", "Value": "00000000-0000-0000-0000-000000000000" },
    ])
}

#[tokio::test]
async fn one_recipient_gets_a_simple_mail_with_everything() {
    let server = Server::start(|_, _| ok(&json!({ "MessageId": "m" }))).await;
    let mut mailing = full_mailing();
    mailing.envelope.cc = vec![address("cc@example.com")];
    mailing.envelope.bcc = vec![address("bcc@example.com")];
    let ses = ses(&server.url).await;
    ses.send(&mailing, &recipients(1), LIMIT).await;
    let [request] = <[_; 1]>::try_from(server.requests()).unwrap();
    assert_eq!(request.path, "/v2/email/outbound-emails");
    let content = |data: &str| json!({ "Data": data, "Charset": "UTF-8" });
    assert_eq!(
        request.body,
        json!({
            "FromEmailAddress": "=?utf-8?b?VMOrYW0=?= <team@xn--bcher-kva.example>",
            "Destination": {
                "ToAddresses": ["\"R<0>\" <r0@example.com>"],
                "CcAddresses": ["cc@example.com"],
                "BccAddresses": ["bcc@example.com"],
            },
            "ReplyToAddresses": ["answers@example.com", "b@xn--bcher-kva.example"],
            "Content": {
                "Simple": {
                    "Subject": content("Hello R<0>"),
                    "Body": {
                        "Html": content("<p>Hi R&lt;0&gt;</p>"),
                        "Text": content("Hi R<0>"),
                    },
                    "Headers": headers(),
                    "Attachments": attachments(),
                },
            },
            "EmailTags": tags("0"),
            "ConfigurationSetName": "set",
        })
    );
}

#[tokio::test]
async fn several_share_one_template_and_have_their_own_values_and_tags() {
    let server = Server::start(|request, _| several::success(request.entries())).await;
    let ses = ses(&server.url).await;
    ses.send(&full_mailing(), &recipients(2), LIMIT).await;
    let [request] = <[_; 1]>::try_from(server.requests()).unwrap();
    assert!(request.is_bulk());
    let body = &request.body;
    assert_eq!(
        body["FromEmailAddress"],
        "=?utf-8?b?VMOrYW0=?= <team@xn--bcher-kva.example>"
    );
    assert_eq!(
        body["ReplyToAddresses"],
        json!(["answers@example.com", "b@xn--bcher-kva.example"])
    );
    assert_eq!(body["ConfigurationSetName"], "set");
    let template = &body["DefaultContent"]["Template"];
    assert_eq!(template["Headers"], headers());
    assert_eq!(template["Attachments"], attachments());
    let content = template["TemplateContent"].as_object().unwrap();
    assert_eq!(content.len(), 3);
    for (position, entry) in body["BulkEmailEntries"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        assert_eq!(
            entry["Destination"],
            json!({ "ToAddresses": [format!("\"R<{position}>\" <r{position}@example.com>")] })
        );
        assert_eq!(entry["ReplacementTags"], tags(&position.to_string()));
        let data = &entry["ReplacementEmailContent"]["ReplacementTemplate"];
        let data = data["ReplacementTemplateData"].as_str().unwrap();
        let data: BTreeMap<String, String> = serde_json::from_str(data).unwrap();
        let mut html = content["Html"].as_str().unwrap().to_owned();
        for (name, value) in &data {
            html = html.replace(&format!("{{{{{name}}}}}"), value);
        }
        assert_eq!(html, format!("<p>Hi R&lt;{position}&gt;</p>"));
    }
}

#[tokio::test]
async fn what_a_mailing_does_not_have_is_left_out() {
    let server = Server::start(|_, _| ok(&json!({ "MessageId": "m" }))).await;
    let aws = Aws::at(server.url.clone(), credentials()).await;
    let ses = Ses::new(Arc::new(aws), None);
    ses.send(&mailing(), &recipients(1), LIMIT).await;
    let request = server.requests().remove(0);
    for absent in ["ConfigurationSetName", "ReplyToAddresses"] {
        assert_eq!(request.body.get(absent), None);
    }
    let simple = request.body["Content"]["Simple"].as_object().unwrap();
    assert_eq!(simple.keys().collect::<Vec<_>>(), ["Subject", "Body"]);
    let destination = request.body["Destination"].as_object().unwrap();
    assert_eq!(destination.keys().collect::<Vec<_>>(), ["ToAddresses"]);
}

/// An SES that accepts every mail.
pub async fn accepting() -> Server {
    Server::start(|request, _| {
        if request.is_bulk() {
            several::success(request.entries())
        } else {
            ok(&json!({ "MessageId": "m" }))
        }
    })
    .await
}

/// Returns the number of recipients of each call, 1 for single calls.
async fn calls(mailing: &Mailing, recipients: &[ClaimedRecipient]) -> Vec<usize> {
    let server = accepting().await;
    let outcomes = ses(&server.url)
        .await
        .send(mailing, recipients, LIMIT)
        .await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| short(outcome).0 == "accepted")
    );
    let requests = server.requests();
    let sizes = requests.iter().map(Request::entries);
    sizes.collect()
}

fn with_long_values(count: i32, length: usize) -> Vec<ClaimedRecipient> {
    let mut recipients = recipients(count);
    for claimed in &mut recipients {
        let value = Variable::Text("x".repeat(length));
        claimed.recipient.variables.insert("x".into(), value);
    }
    recipients
}

#[tokio::test]
async fn a_call_holds_as_many_as_ses_takes() {
    let mailing = mailing_with(|mailing| mailing.body.text = Some("{{x}}".into()));
    assert_eq!(calls(&mailing, &with_long_values(50, 1)).await, [50]);
    assert_eq!(
        calls(&mailing, &with_long_values(50, 250_000)).await,
        [39, 11],
        "a call is not larger than 10 MB"
    );
    let mut mixed = with_long_values(4, 1);
    mixed[1] = with_long_values(2, 270_000).remove(1);
    assert_eq!(
        calls(&mailing, &mixed).await,
        [1, 3],
        "more than 262,144 characters of one go singly"
    );
}

#[tokio::test]
async fn a_template_that_is_too_large_goes_singly() {
    let mailing = mailing_with(|mailing| mailing.body.html = Some("x".repeat(500_001)));
    assert_eq!(calls(&mailing, &recipients(2)).await, [1, 1]);
}

#[tokio::test]
async fn attachments_count_once_in_a_call() {
    let mut mailing = full_mailing();
    mailing.attachments[1].content = vec![0; 2_500_000];
    assert_eq!(calls(&mailing, &recipients(50)).await, [50]);
}

/// An image that the HTML names is inline; a mail within the mail is not base64.
#[tokio::test]
async fn attachments_are_said_to_be_what_they_are() {
    let server = Server::start(|_, _| ok(&json!({ "MessageId": "m" }))).await;
    let mut mailing = full_mailing();
    mailing.body.html = Some("<img src=\"cid:logo\">".into());
    mailing.attachments[1].content_type = "message/rfc822".into();
    mailing.attachments[1].content = b"Subject: x\n\nHello".to_vec();
    ses(&server.url)
        .await
        .send(&mailing, &recipients(1), LIMIT)
        .await;
    let body = server.requests().remove(0).body;
    let found = &body["Content"]["Simple"]["Attachments"];
    assert_eq!(found[0]["ContentDisposition"], "INLINE");
    assert_eq!(found[0]["ContentId"], "logo");
    assert_eq!(found[1]["ContentDisposition"], "ATTACHMENT");
    assert_eq!(found[1]["ContentTransferEncoding"], "SEVEN_BIT");
    assert_eq!(found[1]["ContentType"], "message/rfc822");
}

#[tokio::test]
async fn header_fields_are_filled_in_for_each_recipient_also_in_one_call() {
    let server = Server::start(|request, _| several::success(request.entries())).await;
    let mailing = mailing_with(|mailing| {
        fill(mailing);
        let field = ("X-Name".into(), "for {{name}}".into());
        mailing.body.headers.extend([field]);
    });
    let ses = ses(&server.url).await;
    ses.send(&mailing, &recipients(2), LIMIT).await;
    let [request] = <[_; 1]>::try_from(server.requests()).unwrap();
    assert!(request.is_bulk());
    let template = &request.body["DefaultContent"]["Template"];
    assert_eq!(template["Headers"], headers());
    for (index, entry) in request.body["BulkEmailEntries"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let value = format!("for R<{index}>");
        let expected = json!([{ "Name": "X-Name", "Value": value }]);
        assert_eq!(entry["ReplacementHeaders"], expected);
    }
}

/// SES documents that a field of an entry replaces the template's field of the same name.
#[tokio::test]
async fn header_fields_of_a_recipient_replace_those_of_the_mailing() {
    let server = accepting().await;
    let mailing = mailing_with(|mailing| {
        let fields = [("X-Same", "for all"), ("X-Name", "for {{name}}")];
        let fields = fields.map(|(name, value)| (name.into(), value.into()));
        mailing.body.headers.extend(fields);
    });
    let mut recipients = recipients(4);
    let own = [
        vec![],
        vec![("x-same", "one's own"), ("x-name", "named {{name}}")],
        vec![("List-Unsubscribe", "<https://example.com/{{mail}}>")],
        // A bulk call cannot replace a field by nothing.
        vec![("X-Same", "{{company}}")],
    ];
    for (claimed, own) in recipients.iter_mut().zip(own) {
        let own = own.into_iter();
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        claimed.recipient.headers = own.collect();
    }
    let ses = ses(&server.url).await;
    ses.send(&mailing, &recipients, LIMIT).await;
    let (bulk, single): (Vec<_>, Vec<_>) = server
        .requests()
        .into_iter()
        .partition(server::Request::is_bulk);
    let [bulk] = <[_; 1]>::try_from(bulk).unwrap();
    let [single] = <[_; 1]>::try_from(single).unwrap();
    let field = |name, value| json!({ "Name": name, "Value": value });
    assert_eq!(
        bulk.body["DefaultContent"]["Template"]["Headers"],
        json!([field("X-Same", "for all")])
    );
    let replaced: Vec<_> = (bulk.body["BulkEmailEntries"].as_array().unwrap().iter())
        .map(|entry| entry["ReplacementHeaders"].clone())
        .collect();
    let expected = [
        json!([field("X-Name", "for R<0>")]),
        json!([field("X-Name", "named R<1>"), field("X-Same", "one's own")]),
        json!([
            field("List-Unsubscribe", "<https://example.com/r2@example.com>"),
            field("X-Name", "for R<2>")
        ]),
    ];
    assert_eq!(replaced, expected);
    assert_eq!(
        single.body["Content"]["Simple"]["Headers"],
        json!([field("X-Name", "for R<3>")])
    );
}

#[tokio::test]
async fn copies_and_replies_are_named() {
    let server = Server::start(|_, _| ok(&json!({ "MessageId": "m" }))).await;
    let mailing = mailing_with(|mailing| {
        let envelope = &mut mailing.envelope;
        envelope.cc = vec![address("cc@example.com"), address("cc2@example.com")];
        envelope.cc_names = [("cc@example.com".to_owned(), "Lee, Ann".to_owned())].into();
        envelope.reply_to = vec![address("answers@bücher.example")];
        let name = ("answers@bücher.example".to_owned(), "Bücher".to_owned());
        envelope.reply_to_names = [name].into();
    });
    let ses = ses(&server.url).await;
    ses.send(&mailing, &recipients(1), LIMIT).await;
    let [request] = <[_; 1]>::try_from(server.requests()).unwrap();
    assert_eq!(
        request.body["Destination"]["CcAddresses"],
        json!(["\"Lee, Ann\" <cc@example.com>", "cc2@example.com"])
    );
    assert_eq!(
        request.body["ReplyToAddresses"],
        json!(["=?utf-8?b?QsO8Y2hlcg==?= <answers@xn--bcher-kva.example>"])
    );
}

#[tokio::test]
async fn a_senders_name_that_differs_takes_a_call_for_each_recipient() {
    let server = Server::start(|_, _| ok(&json!({ "MessageId": "m" }))).await;
    let mut mailing = full_mailing();
    mailing.envelope.sender_name = "To {{name}}".into();
    let ses = ses(&server.url).await;
    ses.send(&mailing, &recipients(2), LIMIT).await;
    let senders: Vec<_> = (server.requests().iter())
        .map(|request| request.body["FromEmailAddress"].clone())
        .collect();
    assert_eq!(
        senders,
        [0, 1].map(|index| format!("\"To R<{index}>\" <team@xn--bcher-kva.example>"))
    );
}
