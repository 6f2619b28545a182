//! The error answers of the operations, as listed in the specification.

use crate::problem::Statuses;

type Status = (u16, &'static str);

const INVALID: Status = (400, "The request is not valid");
const NO_VIEWER: Status = (401, "The API key or admin token is missing or not valid");
const NO_ADMIN: Status = (401, "The admin token is missing or not valid");
const BROWSER_KEY: Status = (
    403,
    "The key is a browser key, which can only send, or a server key that was used in a page of another origin",
);
const NO_MAILING: Status = (
    404,
    "There is no such mailing, or it belongs to another API key",
);
const NO_RECIPIENT: Status = (
    404,
    "There is no such recipient, or its mailing belongs to another API key",
);
const NO_SUPPRESSION: Status = (
    404,
    "There is no such entry, or it belongs to another API key",
);
const NO_LINK: Status = (
    404,
    "The link is none of this service, or incomplete; a request that accepts `text/html` gets a page that says so",
);
const NO_KEY: Status = (404, "There is no such API key, or it is revoked");
const NO_WEBHOOK: Status = (404, "There is no such webhook");
const TOO_LARGE: Status = (413, "The body is larger than 4 MiB");
const NOT_JSON: Status = (415, "The body is not `application/json`");
const FAULT: Status = (500, "The service failed");
const UNAVAILABLE: Status = (503, "The service cannot do this now; try again later");

macro_rules! statuses {
    ($($(#[$doc:meta])* $errors:ident = [$($status:expr),+ $(,)?];)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $errors;

        impl Statuses for $errors {
            const LIST: &'static [Status] = &[$($status),+];
        }
    )*};
}

statuses! {
    SendErrors = [
        (400, "The request is not valid; nothing was sent"),
        (401, "The API key is missing or not valid; for a dry run, the API key or the admin token"),
        (
            403,
            "The API key may not send from this origin, not as this sender, or not to these recipients: `errors` names them; or it is a browser key, which has no dry run",
        ),
        (
            409,
            "The `Idempotency-Key` was used for another request, or the first request with it is still running",
        ),
        TOO_LARGE,
        NOT_JSON,
        (422, "The mail was refused permanently, or its recipient must not be mailed"),
        (
            429,
            "A limit of the API key is used up; nothing was sent. `Retry-After` gives the seconds until its window ends",
        ),
        FAULT,
        (503, "The service cannot accept mail now; try again later"),
    ];
    MailingListErrors = [
        (400, "A filter, the cursor or the limit is not valid"),
        NO_VIEWER,
        BROWSER_KEY,
        FAULT,
        UNAVAILABLE,
    ];
    EventErrors = [
        (400, "A filter, the cursor or the limit is not valid"),
        NO_VIEWER,
        BROWSER_KEY,
        (410, "The events after the cursor are no longer kept; `details` is a cursor to begin anew with"),
        FAULT,
        UNAVAILABLE,
    ];
    MailingErrors = [INVALID, NO_VIEWER, BROWSER_KEY, NO_MAILING, FAULT, UNAVAILABLE];
    RecipientErrors = [NO_VIEWER, BROWSER_KEY, NO_RECIPIENT, FAULT, UNAVAILABLE];
    RescheduleErrors = [
        INVALID,
        NO_VIEWER,
        BROWSER_KEY,
        NO_MAILING,
        TOO_LARGE,
        NOT_JSON,
        FAULT,
        UNAVAILABLE,
    ];
    ResendErrors = [
        INVALID,
        NO_VIEWER,
        BROWSER_KEY,
        NO_MAILING,
        (410, "The content of the mailing has been removed"),
        TOO_LARGE,
        NOT_JSON,
        FAULT,
        UNAVAILABLE,
    ];
    RecipientListErrors = [
        (400, "A filter, the cursor or the limit is not valid"),
        NO_VIEWER,
        BROWSER_KEY,
        FAULT,
        UNAVAILABLE,
    ];
    SuppressionListErrors = [
        (400, "A filter, the cursor or the limit is not valid"),
        NO_VIEWER,
        BROWSER_KEY,
        FAULT,
        UNAVAILABLE,
    ];
    SuppressionErrors = [INVALID, NO_VIEWER, BROWSER_KEY, NO_SUPPRESSION, FAULT, UNAVAILABLE];
    SuppressionChangeErrors =
        [INVALID, NO_VIEWER, BROWSER_KEY, TOO_LARGE, NOT_JSON, FAULT, UNAVAILABLE];
    UnsubscribePageErrors = [NO_LINK, FAULT, UNAVAILABLE];
    UnsubscribeErrors = [
        (400, "The form asks for nothing that a link does"),
        NO_LINK,
        TOO_LARGE,
        (415, "The body is no form"),
        FAULT,
        UNAVAILABLE,
    ];
    KeyListErrors = [(400, "The cursor or the limit is not valid"), NO_ADMIN, FAULT, UNAVAILABLE];
    KeyErrors = [INVALID, NO_ADMIN, NO_KEY, FAULT, UNAVAILABLE];
    KeyChangeErrors = [INVALID, NO_ADMIN, NO_KEY, TOO_LARGE, NOT_JSON, FAULT, UNAVAILABLE];
    WebhookErrors = [INVALID, NO_ADMIN, NO_WEBHOOK, FAULT, UNAVAILABLE];
    WebhookChangeErrors = [INVALID, NO_ADMIN, NO_WEBHOOK, TOO_LARGE, NOT_JSON, FAULT, UNAVAILABLE];
    /// The errors of management operations whose body refers to no existing resource.
    ManagementErrors = [INVALID, NO_ADMIN, TOO_LARGE, NOT_JSON, FAULT, UNAVAILABLE];
    StatisticsErrors = [(400, "`from` or `to` is not valid"), NO_ADMIN, FAULT, UNAVAILABLE];
    HealthErrors = [FAULT];
    ReadyErrors = [FAULT, (503, "A part that the service needs is down; `errors` names it")];
}
