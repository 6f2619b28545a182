//! The page that a link to unsubscribe leads to. It needs no script, and loads nothing.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use html_escape::encode_text;
use mail::unsubscribe::Language;
use poem::{
    IntoResponse, Request, Response,
    http::{StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");
const CONTENT_TYPE: &str = "text/html; charset=utf-8";
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// What the page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// It asks whether to unsubscribe.
    Asking,
    Unsubscribed,
    Undone,
}

#[derive(Debug)]
pub struct Page {
    status: StatusCode,
    html: String,
}

/// The texts of a page.
struct Texts {
    title: &'static str,
    text: String,
    /// The field and the label of the button.
    button: Option<((&'static str, &'static str), &'static str)>,
}

const UNSUBSCRIBE: (&str, &str) = ("List-Unsubscribe", "One-Click");
const UNDO: (&str, &str) = ("action", "undo");

impl Texts {
    /// `subject` is the list, and the sender where it is known, in the language of the page.
    fn new(language: Language, view: View, subject: &str) -> Self {
        let (title, text, button) = match (language, view) {
            (Language::En, View::Asking) => (
                "Unsubscribe?",
                format!("Do you want to receive no more mail of {subject}?"),
                "Unsubscribe",
            ),
            (Language::En, View::Unsubscribed) => (
                "You are unsubscribed",
                format!(
                    "You have unsubscribed from {subject}. A mail that is already on its way may still arrive."
                ),
                "Undo",
            ),
            (Language::En, View::Undone) => (
                "Your unsubscription is undone",
                format!("Mail of {subject} may be sent to you again."),
                "Unsubscribe",
            ),
            (Language::De, View::Asking) => (
                "Abmelden?",
                format!("Möchten Sie keine E-Mails zu {subject} mehr erhalten?"),
                "Abmelden",
            ),
            (Language::De, View::Unsubscribed) => (
                "Sie sind abgemeldet",
                format!(
                    "Sie haben sich von {subject} abgemeldet. Eine E-Mail, die schon unterwegs ist, kann noch ankommen."
                ),
                "Rückgängig machen",
            ),
            (Language::De, View::Undone) => (
                "Ihre Abmeldung ist rückgängig gemacht",
                format!("E-Mails zu {subject} können wieder an Sie gesendet werden."),
                "Abmelden",
            ),
            (Language::Nl, View::Asking) => (
                "Afmelden?",
                format!("Wilt u geen e-mail van {subject} meer ontvangen?"),
                "Afmelden",
            ),
            (Language::Nl, View::Unsubscribed) => (
                "U bent afgemeld",
                format!(
                    "U hebt zich afgemeld voor {subject}. Een e-mail die al onderweg is, kan nog aankomen."
                ),
                "Ongedaan maken",
            ),
            (Language::Nl, View::Undone) => (
                "Uw afmelding is ongedaan gemaakt",
                format!("E-mail van {subject} kan weer naar u worden verzonden."),
                "Afmelden",
            ),
        };
        let field = match view {
            View::Asking | View::Undone => UNSUBSCRIBE,
            View::Unsubscribed => UNDO,
        };
        Self {
            title,
            text,
            button: Some((field, button)),
        }
    }
}

/// Returns the list and its sender as HTML.
fn subject(language: Language, list: &str, sender: Option<&str>) -> String {
    let list = format!("<strong>{}</strong>", encode_text(list));
    let Some(sender) = sender else { return list };
    let sender = format!("<strong>{}</strong>", encode_text(sender));
    match language {
        Language::En => format!("{list} (sender: {sender})"),
        Language::De => format!("{list} (Absender: {sender})"),
        Language::Nl => format!("{list} (afzender: {sender})"),
    }
}

impl Page {
    pub fn new(language: Language, view: View, list: &str, sender: Option<&str>) -> Self {
        let subject = subject(language, list, sender);
        Self {
            status: StatusCode::OK,
            html: html(language, &Texts::new(language, view, &subject)),
        }
    }

    /// Tells that a link is not one of this service, which has no mail that could give a language.
    pub fn invalid_link() -> Self {
        let texts = Texts {
            title: "This link is not valid",
            text: "It may be incomplete. Open the link in the mail once more, or copy all of it."
                .to_owned(),
            button: None,
        };
        Self {
            status: StatusCode::NOT_FOUND,
            html: html(Language::En, &texts),
        }
    }
}

fn html(language: Language, texts: &Texts) -> String {
    let Texts {
        title,
        text,
        button,
    } = texts;
    let form = button.map_or_else(String::new, |((name, value), label)| {
        format!(
            "<form method=\"post\"><input type=\"hidden\" name=\"{name}\" value=\"{value}\">\
             <button>{label}</button></form>"
        )
    });
    format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>\n"
    )
}

/// Returns whether the client asks for a page, as browsers do.
pub fn is_for_people(request: &Request) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|media| {
            let essence = media.split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case("text/html")
        })
}

/// Returns the page if the client asks for one.
pub fn for_people(request: &Request, page: Page) -> Option<Page> {
    is_for_people(request).then_some(page)
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        Response::builder()
            .status(self.status)
            .header(header::CACHE_CONTROL, "no-store")
            .header(header::CONTENT_SECURITY_POLICY, POLICY.as_str())
            .header(header::REFERRER_POLICY, "no-referrer")
            .header("x-robots-tag", "noindex")
            .content_type(CONTENT_TYPE)
            .body(self.html)
    }
}

impl ApiResponse for Page {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Done",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: "text/html",
                    schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
                }],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}
