//! Plays the reports of a mail system where mail is captured, so that every status can be seen without one.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    Status,
    address::Address,
    ledger::Claim,
    mail_event::{MailEvent, Report},
    mailer::Mailer,
    recipient_update::RecipientUpdate,
    service::Service,
    simulator, telemetry,
};

impl Service {
    /// Applies what the simulator reports of mail that was captured, in the background.
    pub(crate) fn simulate_reports(self: &Arc<Self>, claim: &Claim, updates: &[RecipientUpdate]) {
        if !matches!(&*self.mailer, Mailer::Mailbox(_)) {
            return;
        }
        let reports: Vec<MailEvent> = updates
            .iter()
            .flat_map(|update| reports_of(claim, update))
            .collect();
        if reports.is_empty() {
            return;
        }
        let service = Arc::clone(self);
        self.tasks.spawn(async move {
            if let Err(error) = service.apply_reports(&reports).await {
                tracing::warn!(
                    error = telemetry::causes(&error),
                    "the simulator's reports were not recorded"
                );
            }
        });
    }
}

fn reports_of(claim: &Claim, update: &RecipientUpdate) -> Vec<MailEvent> {
    let sent = update.sent_at.filter(|_| update.status == Status::Sent);
    let address = update
        .mail
        .as_deref()
        .and_then(|mail| Address::parse(mail).ok());
    let (Some(sent_at), Some(address), Some(message_id)) = (sent, address, &update.message_id)
    else {
        return Vec::new();
    };
    let key = address.key();
    let event = |report: Report, number: i64| MailEvent {
        mailing_id: update.mailing_id,
        position: update.position,
        attempt: Some(claim.token),
        message_id: message_id.clone(),
        accepted_at: sent_at,
        occurred_at: sent_at + number,
        addresses: vec![key.clone()],
        destinations: 1,
        report,
        id: Uuid::new_v5(
            &Uuid::NAMESPACE_OID,
            format!("{message_id}/{number}").as_bytes(),
        ),
    };
    (1..)
        .zip(simulator::reports(&key))
        .map(|(number, report)| event(report, number))
        .collect()
}
