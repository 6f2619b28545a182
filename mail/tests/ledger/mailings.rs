//! Mailings for tests, and access to their rows.

use std::time::Duration;

use entity::recipient::{Column, Entity, Model, Status};
use mail::{
    api_key::ApiKeySecret,
    ledger::{Claim, NewEntry, NewKey, Resent, Scope, StoreOutcome, Stored},
    message::{Attachment, Body, CallerId, CallerIds, Envelope, NewMailing, Recipient, Variable},
    outcome::{Fault, Outcome, Reason},
    recipient_update::RecipientUpdate,
    wake_up::Range,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    fixtures::{self, address},
};

/// Returns a mailing to `r0@example.com`, `r1@example.com` and so on.
pub fn mailing_to(recipients: usize) -> NewMailing {
    NewMailing {
        envelope: Envelope {
            sender_email: address("sender@example.org"),
            sender_name: "Sender".to_owned(),
            ids: CallerIds {
                email_id: Some(CallerId::Text("msg-1".to_owned())),
                ..CallerIds::default()
            },
            ..fixtures::envelope()
        },
        body: Body {
            text: Some("Dear {{name}}".to_owned()),
            ..Body::default()
        },
        attachments: vec![Attachment {
            filename: "a.txt".to_owned(),
            content_type: "text/plain".to_owned(),
            content_id: None,
            content: b"attached".to_vec(),
        }],
        recipients: (0..recipients)
            .map(|number| Recipient {
                name: Some(format!("R {number}")),
                company: Some("Company".to_owned()),
                email_recipient_id: i64::try_from(number).ok().map(CallerId::Integer),
                variables: [("code".to_owned(), Variable::Text("x".to_owned()))].into(),
                ..fixtures::recipient(&format!("r{number}@example.com"))
            })
            .collect(),
        send_at: None,
        expires_at: None,
    }
}

/// Returns the entry of a mailing that waits for a worker.
pub fn queued(api_key_id: Uuid, request: &NewMailing) -> NewEntry<'_> {
    NewEntry {
        api_key_id,
        request,
        claimed: false,
        idempotency: None,
        meter: None,
    }
}

pub fn all_of(mailing_id: Uuid) -> Range {
    Range {
        mailing_id,
        first: 0,
        last: i32::MAX,
    }
}

pub fn positions(claim: &Claim) -> Vec<i32> {
    claim.recipients.iter().map(|r| r.position).collect()
}

pub fn reason() -> Reason {
    Reason {
        code: mail::outcome::StatusDetail::Refused,
        text: "for the test".to_owned(),
    }
}

pub fn accepted() -> Outcome {
    Outcome::Accepted {
        message_id: "m-1".to_owned(),
    }
}

pub fn refused() -> Outcome {
    Outcome::Refused(reason())
}

pub fn unknown() -> Outcome {
    Outcome::Unknown(reason())
}

pub fn not_accepted(again_in: Duration, fault: Fault) -> Outcome {
    Outcome::NotAccepted {
        reason: reason(),
        again_in,
        fault,
    }
}

impl TestLedger {
    pub async fn key(&self) -> Uuid {
        let key = NewKey::new(ApiKeySecret::generate());
        self.ledger.create_key(key).await.unwrap().unwrap().id
    }

    pub async fn try_store(&self, entry: NewEntry<'_>) -> Option<Stored> {
        match self.ledger.store(entry).await.unwrap() {
            StoreOutcome::Stored(stored) => Some(stored),
            StoreOutcome::KeyTaken
            | StoreOutcome::Expired
            | StoreOutcome::TooFarAhead
            | StoreOutcome::Revoked
            | StoreOutcome::OverLimit => None,
        }
    }

    /// Stores a mailing under a new key, queued.
    pub async fn store(&self, request: &NewMailing) -> Uuid {
        let entry = queued(self.key().await, request);
        self.try_store(entry).await.unwrap().id
    }

    pub async fn claim_all(&self, mailing_id: Uuid) -> Claim {
        self.ledger.claim(all_of(mailing_id), 1000).await.unwrap()
    }

    /// Claims the due recipients and marks them as `sending`.
    pub async fn send(&self, mailing_id: Uuid) -> Claim {
        let claim = self.claim_all(mailing_id).await;
        let claimed = positions(&claim);
        assert!(!claimed.is_empty(), "nothing is due");
        let begun = self.ledger.begin_sending(&claim, &claimed).await.unwrap();
        assert_eq!(begun, claimed);
        claim
    }

    /// Sends to all due recipients, and records `outcome` for each.
    pub async fn finish(&self, mailing_id: Uuid, outcome: Outcome) -> Claim {
        let claim = self.send(mailing_id).await;
        let outcomes: Vec<_> = positions(&claim)
            .into_iter()
            .map(|position| (position, outcome.clone()))
            .collect();
        let moved = self.ledger.record(&claim, &outcomes).await.unwrap();
        assert_eq!(moved.len(), outcomes.len());
        claim
    }

    /// Cancels by an administrator.
    pub async fn cancel(&self, mailing_id: Uuid) -> Vec<RecipientUpdate> {
        let cancelled = self.ledger.cancel(Scope::Everybody, mailing_id).await;
        cancelled.unwrap().unwrap()
    }

    /// Resends by an administrator.
    pub async fn resend(&self, mailing_id: Uuid, status: Status) -> Resent {
        let resent = self
            .ledger
            .resend(Scope::Everybody, mailing_id, status)
            .await;
        resent.unwrap()
    }

    /// Returns the rows in the order of the request, in the form in which the ledger returns rows that it has moved.
    pub async fn updates(&self, mailing_id: Uuid) -> Vec<RecipientUpdate> {
        let rows = self.rows(mailing_id).await.into_iter();
        rows.map(RecipientUpdate::from).collect()
    }

    pub async fn rows(&self, mailing_id: Uuid) -> Vec<Model> {
        Entity::find()
            .filter(Column::MailingId.eq(mailing_id))
            .order_by_asc(Column::Position)
            .all(&self.db)
            .await
            .unwrap()
    }

    pub async fn row(&self, mailing_id: Uuid) -> Model {
        self.rows(mailing_id).await.swap_remove(0)
    }

    pub async fn envelope(&self, mailing_id: Uuid) -> serde_json::Value {
        let stored = self.mailing_row(mailing_id).await.envelope;
        stored.readable().unwrap()
    }

    pub async fn mailing_row(&self, mailing_id: Uuid) -> entity::mailing::Model {
        entity::mailing::Entity::find_by_id(mailing_id)
            .one(&self.db)
            .await
            .unwrap()
            .unwrap()
    }
}
