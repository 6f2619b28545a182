//! Checks of what a request says of links to unsubscribe.

use mail::{
    mailer::is_link_header,
    message::{HeaderFields, Recipient},
    template::UNSUBSCRIBE_URL,
};

use super::placeholders::{Templates, own_headers, sound};
use crate::request::ObjectNode;

/// What is said of one of the header fields of links.
const OF_LIST: &str = "is set by the service, because the mail has a list";

impl Templates {
    /// Checks that a link to unsubscribe is used only where there is one, and that there is no other one beside it.
    pub fn check_links(
        &self,
        object: &ObjectNode<'_>,
        headers: &HeaderFields,
        recipients: &[Option<Recipient>],
        has_list: bool,
    ) {
        if self.link.is_none() {
            self.check_without_links(object, recipients, has_list);
            return;
        }
        for name in headers.keys().filter(|name| is_link_header(name)) {
            object.fault(&format!("headers.{name}"), OF_LIST);
        }
        for (index, recipient) in sound(recipients) {
            for name in recipient.headers.keys().filter(|name| is_link_header(name)) {
                object.fault(&format!("recipients.{index}.headers.{name}"), OF_LIST);
            }
        }
    }

    fn check_without_links(
        &self,
        object: &ObjectNode<'_>,
        recipients: &[Option<Recipient>],
        has_list: bool,
    ) {
        let fault = if has_list {
            "names unsubscribe_url: there are no links, because the service has no PUBLIC_URL"
        } else {
            "names unsubscribe_url: only mail with a list has such a link"
        };
        let has_own = |recipient: &Recipient| recipient.variables.contains_key(UNSUBSCRIBE_URL);
        let named: Vec<&str> = self
            .each()
            .filter(|(_, template)| template.names(UNSUBSCRIBE_URL))
            .map(|(field, _)| field.as_str())
            .collect();
        if sound(recipients).any(|(_, recipient)| !has_own(recipient)) {
            for field in named {
                object.fault(field, fault);
            }
        }
        for (index, recipient) in sound(recipients) {
            if has_own(recipient) {
                continue;
            }
            for (field, template) in own_headers(index, recipient) {
                if template.names(UNSUBSCRIBE_URL) {
                    object.fault(&field, fault);
                }
            }
        }
    }
}
