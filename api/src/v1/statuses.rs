//! The error answers of the operations, as the specification lists them.

use crate::problem::Statuses;

type Status = (u16, &'static str);

const INVALID: Status = (400, "The request breaks a rule");
const NO_VIEWER: Status = (401, "No valid API key or admin token");
const NO_ADMIN: Status = (401, "No valid admin token");
const BROWSER_KEY: Status = (403, "A browser key can only send");
const NO_MAILING: Status = (404, "No such mailing, or another key's");
const NO_KEY: Status = (404, "No such key");
const TOO_LARGE: Status = (413, "The body is larger than 4 MiB");
const NOT_JSON: Status = (415, "The body is not `application/json`");
const FAULT: Status = (500, "A fault of the service");
const UNAVAILABLE: Status = (503, "The service cannot do it now");

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
        (400, "The request breaks a rule; nothing was sent"),
        (401, "No valid API key"),
        (403, "The key must not send from this origin or as this sender"),
        (409, "The `Idempotency-Key` is another request's, or the first request is running"),
        TOO_LARGE,
        NOT_JSON,
        (422, "The mail was refused for good"),
        FAULT,
        (503, "The service cannot take mail now"),
    ];
    MailingListErrors = [
        (400, "A bad filter, cursor or limit"),
        NO_VIEWER,
        BROWSER_KEY,
        FAULT,
        UNAVAILABLE,
    ];
    MailingErrors = [INVALID, NO_VIEWER, BROWSER_KEY, NO_MAILING, FAULT, UNAVAILABLE];
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
    KeyListErrors = [(400, "A bad cursor or limit"), NO_ADMIN, FAULT, UNAVAILABLE];
    KeyErrors = [INVALID, NO_ADMIN, NO_KEY, FAULT, UNAVAILABLE];
    KeyChangeErrors = [INVALID, NO_ADMIN, NO_KEY, TOO_LARGE, NOT_JSON, FAULT, UNAVAILABLE];
    /// Of management with a body that names nothing there has to be.
    ManagementErrors = [INVALID, NO_ADMIN, TOO_LARGE, NOT_JSON, FAULT, UNAVAILABLE];
    StatisticsErrors = [(400, "`from` or `to` breaks a rule"), NO_ADMIN, FAULT, UNAVAILABLE];
    HealthErrors = [FAULT];
    ReadyErrors = [FAULT, (503, "`errors` names what is down")];
}
