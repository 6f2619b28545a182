//! The links by which recipients unsubscribe from a list. Whoever has a link may use it: there is no login.

mod answer;
mod form;
mod page;

use std::sync::Arc;

use mail::unsubscribe::Subscription;
use poem::{Request, web::Data};
use poem_openapi::{Object, OpenApi, param::Path};

use self::{
    answer::Answer,
    form::{Action, Form},
    page::{Page, View},
};
use super::{
    statuses::{UnsubscribeErrors, UnsubscribePageErrors},
    tag::Tag,
    types::Success,
};
use crate::{
    app::App,
    json::Json,
    problem::{Failure, Problem},
};

/// Whether an address is subscribed to a list.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Subscription")]
struct SubscriptionOut {
    /// The name of the list.
    list: String,
    /// `true` if the recipient has unsubscribed from the list.
    unsubscribed: bool,
}

#[derive(Debug)]
pub struct Unsubscribe;

#[OpenApi(prefix_path = "/v1/unsubscribe", tag = "Tag::Unsubscribing")]
impl Unsubscribe {
    /// Show the page to unsubscribe
    ///
    /// Shows whose mail the link is about, and asks whether to unsubscribe. It changes nothing: mail systems open links
    /// to examine them. The page is in the language of the mail if that is English, German or Dutch, and needs no
    /// script. The token of the link has no end, and is valid after the mail was removed from the service.
    #[oai(path = "/:token", method = "get", operation_id = "getUnsubscribePage")]
    async fn ask(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        /// The token of the link, which is sealed with the secret of the deployment.
        token: Path<String>,
    ) -> Result<Page, Failure<UnsubscribePageErrors>> {
        let Some(subscription) = app.service.subscription(&token.0).await? else {
            return page::for_people(request, Page::invalid_link()).ok_or_else(not_found);
        };
        let is_unsubscribed = app.service.ledger.is_unsubscribed(&subscription).await?;
        let view = if is_unsubscribed {
            View::Unsubscribed
        } else {
            View::Asking
        };
        Ok(shown(&app, &subscription, view).await?)
    }

    /// Unsubscribe, or undo it
    ///
    /// With `List-Unsubscribe=One-Click` (RFC 8058), the address is not sent mail of this list of this API key any more;
    /// with `action=undo` that is undone, and nothing else: other reasons for which the address is suppressed stay. Both
    /// may be repeated. They are the events `unsubscribed` and `resubscribed` of the recipient while it is in the
    /// ledger. A request that accepts `text/html` is answered with a page.
    #[oai(path = "/:token", method = "post", operation_id = "unsubscribe")]
    async fn change(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        /// The token of the link.
        token: Path<String>,
        form: Form,
    ) -> Result<Answer<Success<SubscriptionOut>>, Failure<UnsubscribeErrors>> {
        let Some(subscription) = app.service.subscription(&token.0).await? else {
            return page::for_people(request, Page::invalid_link())
                .map(Answer::Page)
                .ok_or_else(not_found);
        };
        let ledger = &app.service.ledger;
        let (message, view) = match form.action {
            Action::Unsubscribe => {
                ledger.unsubscribe(&subscription).await?;
                ("Unsubscribed", View::Unsubscribed)
            }
            Action::Undo => {
                ledger.resubscribe(&subscription).await?;
                ("Unsubscribing undone", View::Undone)
            }
        };
        if page::is_for_people(request) {
            return Ok(Answer::Page(shown(&app, &subscription, view).await?));
        }
        let data = SubscriptionOut {
            list: subscription.list.name,
            unsubscribed: view == View::Unsubscribed,
        };
        Ok(Answer::Json(Json(Success::new(200, message, data))))
    }
}

async fn shown(app: &App, subscription: &Subscription, view: View) -> Result<Page, Problem> {
    let ledger = &app.service.ledger;
    let sender = ledger.shown_sender(subscription.mailing_id).await?;
    Ok(Page::new(
        subscription.language,
        view,
        &subscription.list.name,
        sender.as_deref(),
    ))
}

fn not_found<T>() -> Failure<T> {
    Problem::not_found().into()
}
