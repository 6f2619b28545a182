//! The meaning of each answer to one mail.

use super::*;

const IDENTITY: (&str, &str, Option<Fault>) = ("not accepted", "account", Some(Fault::Identity));
const ACCOUNT: (&str, &str, Option<Fault>) = ("not accepted", "account", Some(Fault::Account));
const DEFERRED: (&str, &str, Option<Fault>) = ("not accepted", "deferred", Some(Fault::Passing));
const QUOTA: (&str, &str, Option<Fault>) = ("not accepted", "quota", Some(Fault::Quota));
const REFUSED: (&str, &str, Option<Fault>) = ("refused", "refused", None);
const THROTTLED: (&str, &str, Option<Fault>) =
    ("not accepted", "throttled", Some(Fault::Throttled));
const UNCLEAR: (&str, &str, Option<Fault>) = ("unknown", "unclear_answer", None);

fn plain(status: u16, body: &str) -> Reply {
    Reply::claimed_json(status, body.to_owned())
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[tokio::test]
async fn each_answer_has_one_meaning() {
    let table = [
        (
            ok(&json!({ "MessageId": "m-1" })),
            ("accepted", "m-1", None),
        ),
        (error(400, "MessageRejected", "It has a virus."), REFUSED),
        (
            error(
                400,
                "BadRequestException",
                "Local address contains control or whitespace",
            ),
            REFUSED,
        ),
        (
            error(400, "ValidationException", "1 validation error"),
            REFUSED,
        ),
        (error(400, "SomethingNew", ""), REFUSED),
        (error(413, "RequestEntityTooLargeException", ""), REFUSED),
        (
            error(
                429,
                "TooManyRequestsException",
                "Maximum sending rate exceeded.",
            ),
            THROTTLED,
        ),
        (
            error(400, "ThrottlingException", "Rate exceeded"),
            THROTTLED,
        ),
        (error(503, "Throttling", ""), THROTTLED),
        (plain(429, "slow down"), THROTTLED),
        (
            error(
                429,
                "TooManyRequestsException",
                "Daily message quota exceeded.",
            ),
            QUOTA,
        ),
        (error(400, "LimitExceededException", ""), QUOTA),
        (error(503, "ServiceUnavailable", ""), DEFERRED),
        (error(408, "RequestTimeout", ""), DEFERRED),
        (error(400, "RequestTimeoutException", ""), DEFERRED),
        (error(409, "ConflictException", ""), DEFERRED),
        (
            error(400, "MailFromDomainNotVerifiedException", ""),
            IDENTITY,
        ),
        (
            error(400, "MessageRejected", "Email address is not verified. a@x"),
            IDENTITY,
        ),
        (
            error(
                403,
                "AccessDeniedException",
                "not authorized to perform `ses:SendEmail' on resource `arn:aws:ses:eu-central-1:1:identity/x'",
            ),
            IDENTITY,
        ),
        (
            error(
                400,
                "MessageRejected",
                "Sending suspended for this account.",
            ),
            ACCOUNT,
        ),
        (
            error(
                404,
                "NotFoundException",
                "Configuration set <set> does not exist.",
            ),
            ACCOUNT,
        ),
        (error(400, "SendingPausedException", ""), ACCOUNT),
        (error(400, "AccountSuspendedException", ""), ACCOUNT),
        (error(403, "AccessDeniedException", ""), ACCOUNT),
        (error(403, "InvalidSignatureException", ""), ACCOUNT),
        (error(400, "UnrecognizedClientException", ""), ACCOUNT),
        (plain(403, "<html>a proxy"), ACCOUNT),
        (error(500, "InternalServiceErrorException", ""), UNCLEAR),
        (error(500, "MessageRejected", ""), UNCLEAR),
        (plain(500, "{}"), UNCLEAR),
        (plain(503, "<html>a proxy"), UNCLEAR),
        (plain(502, "garbage"), UNCLEAR),
        (plain(504, ""), UNCLEAR),
        (plain(400, "garbage"), UNCLEAR),
        (plain(302, ""), UNCLEAR),
        (plain(200, "garbage"), UNCLEAR),
        (plain(200, "{}"), UNCLEAR),
        (plain(200, "{\"MessageId\":\"\"}"), UNCLEAR),
    ];
    for (reply, expected) in table {
        let said = format!("{reply:?}");
        let server = Server::start(move |_, _| reply.clone()).await;
        let outcome = send_one(&server.url, LIMIT).await;
        assert_eq!(short(&outcome), expected, "{said}");
        assert_eq!(server.requests().len(), 1, "{said} is not asked again");
    }
}

#[tokio::test]
async fn ses_is_quoted_without_any_address() {
    let message = "Invalid domain of <ann@example.org>";
    let server = Server::start(move |_, _| error(400, "BadRequestException", message)).await;
    assert_eq!(
        text(&send_one(&server.url, LIMIT).await),
        "Amazon SES answered BadRequestException: Invalid domain of [address]"
    );
}

#[tokio::test]
async fn what_names_the_account_is_not_quoted() {
    for (reply, shown) in [
        (
            error(
                403,
                "AccessDeniedException",
                "User arn:aws:sts::1234:role/r may not",
            ),
            "Amazon SES does not serve this account or its settings: AccessDeniedException.",
        ),
        (
            error(
                400,
                "MessageRejected",
                "Email address is not verified: arn:aws:ses:1234",
            ),
            "Amazon SES answered MessageRejected: an address or its domain is not verified.",
        ),
    ] {
        let server = Server::start(move |_, _| reply.clone()).await;
        assert_eq!(text(&send_one(&server.url, LIMIT).await), shown);
    }
}

#[tokio::test]
async fn waits_are_for_what_they_wait_for() {
    for (reply, seconds) in [
        (error(429, "TooManyRequestsException", ""), 3.0..=7.0),
        (error(400, "LimitExceededException", ""), 200.0..=400.0),
        (error(403, "AccessDeniedException", ""), 40.0..=80.0),
    ] {
        let server = Server::start(move |_, _| reply.clone()).await;
        let outcome = send_one(&server.url, LIMIT).await;
        let Outcome::NotAccepted { again_in, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert!(seconds.contains(&again_in.as_secs_f64()), "{again_in:?}");
    }
}

#[tokio::test]
async fn the_account_says_how_fast_it_may_send() {
    let quota = json!({ "SendQuota": { "MaxSendRate": 14.0 } });
    for (reply, expected) in [
        (ok(&quota), Ok(14.0)),
        (ok(&json!({})), Err("no rate".to_owned())),
        (
            error(403, "AccessDeniedException", "no ses:GetAccount"),
            Err("AccessDeniedException".to_owned()),
        ),
    ] {
        let server = Server::start(move |_, _| reply.clone()).await;
        assert_eq!(ses(&server.url).await.max_send_rate(LIMIT).await, expected);
        assert_eq!(server.requests()[0].path, "/v2/email/account");
    }
}
