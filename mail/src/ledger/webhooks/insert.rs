//! The deliveries of new events, which are inserted in the statement or transaction that inserts the events.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::fmt::Simple;

use crate::{
    error::Result,
    ledger::{Transaction, document::to_text, events::NewEvent},
};

/// The condition that a webhook `w` takes events of this kind and API key.
pub(super) fn takes(kind: &str, api_key_id: &str) -> String {
    format!(
        "(w.statuses IS NULL OR w.statuses LIKE '%,' || {kind} || ',%') \
         AND (w.api_key_id IS NULL OR w.api_key_id = {api_key_id})"
    )
}

/// The condition that such an event is sent to it now.
fn is_wanted(kind: &str, api_key_id: &str) -> String {
    format!("w.disabled_at IS NULL AND {}", takes(kind, api_key_id))
}

/// Returns the part of a statement of `PostgreSQL` that inserts the deliveries of the ends of the recipients in `moved`,
/// whose mailing belongs to the key that the expression `api_key_id` names. Without a webhook it reads nothing but that
/// there is none.
pub(in crate::ledger) fn insert_moved_deliveries(api_key_id: &str) -> String {
    let wanted = is_wanted("m.status", api_key_id);
    format!(
        "INSERT INTO webhook_delivery (event_id, webhook_id, added_at, due_at) \
         SELECT m.event_id, w.id, m.ended_at, m.ended_at FROM webhook AS w CROSS JOIN moved AS m \
         WHERE m.event_id IS NOT NULL AND m.ended_at IS NOT NULL AND {wanted} \
         ON CONFLICT (event_id, webhook_id) DO NOTHING"
    )
}

/// Inserts the deliveries of events that the transaction has inserted.
pub(in crate::ledger) async fn insert_deliveries(
    transaction: &Transaction,
    events: &[NewEvent<'_>],
) -> Result<()> {
    let backend = transaction.get_database_backend();
    let wanted = is_wanted("e.kind", "e.api_key_id");
    // A parameter for each id would be too many for a large step.
    let ids: Vec<Simple> = events.iter().map(|event| event.id.simple()).collect();
    let ids = to_text(&ids)?;
    let which = if backend == DbBackend::Postgres {
        "SELECT CAST(value AS UUID) FROM json_array_elements_text($1::json) AS value"
    } else {
        "SELECT unhex(value) FROM json_each($1)"
    };
    let sql = format!(
        "INSERT INTO webhook_delivery (event_id, webhook_id, added_at, due_at) \
         SELECT e.id, w.id, e.added_at, e.added_at FROM webhook AS w CROSS JOIN event AS e \
         WHERE e.id IN ({which}) AND {wanted} \
         ON CONFLICT (event_id, webhook_id) DO NOTHING"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [ids.into()]);
    transaction.execute_raw(statement).await?;
    Ok(())
}
