//! Writes a mailing to `PostgreSQL` in one statement, and therefore one round trip.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value, sea_query::ValueType};

use super::{DEFAULT_LIFETIME_MS, LONGEST_PLAN_MS, Ledger, StoreOutcome, Writing};
use crate::{
    error::Result,
    ledger::{
        document::to_text,
        idempotency::KEPT_FOR_MS,
        limits::{Count, is_over_limit, limit_values, note_use_sql},
        suppressions::SUPPRESSED,
    },
    message::Attachment,
};

/// The values of a statement, which are numbered from 1.
#[derive(Default)]
struct Values(Vec<Value>);

impl Values {
    /// Adds a value, and returns its place in the statement.
    fn add(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    /// Adds one value of each item as an array.
    fn add_each<I, T>(&mut self, items: &[I], value: impl Fn(&I) -> T) -> String
    where
        T: ValueType + Into<Value>,
    {
        let values = items.iter().map(|item| value(item).into()).collect();
        self.add(Value::Array(T::array_type(), Some(Box::new(values))))
    }

    /// Adds one text of each item, or none, and returns the set of them. The driver takes no array in which a value is
    /// missing, JSON does. Nothing is sent if all are missing: the set is then filled up to the length of the others.
    fn add_optional<I>(
        &mut self,
        items: &[I],
        text: impl Fn(&I) -> Result<Option<String>>,
    ) -> Result<String> {
        let mut texts = items.iter().map(text).collect::<Result<Vec<_>>>()?;
        if texts.iter().all(Option::is_none) {
            texts.clear();
        }
        let texts = self.add(to_text(&texts)?);
        Ok(format!("json_array_elements_text({texts}::json)"))
    }
}

impl Ledger {
    pub(super) async fn write_at_once(&self, writing: &Writing<'_>) -> Result<StoreOutcome> {
        let db = self.db().await?.repeatable();
        let row = match db.query_one_raw(statement(self, writing)?).await {
            Err(error) if is_over_limit(&error) => return Ok(StoreOutcome::OverLimit),
            row => row?,
        };
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the clock".to_owned()))?;
        Ok(writing.outcome(&row)?)
    }
}

/// Every part of the statement sees the database as it was before, so that each part takes its rows from the one that
/// it depends on: the recipients from the mailing, the mailing from a key that is live and an idempotency key that is
/// free.
#[expect(clippy::too_many_lines, reason = "it is one statement")]
fn statement(ledger: &Ledger, writing: &Writing<'_>) -> Result<Statement> {
    let request = writing.entry.request;
    let mut values = Values::default();
    let id = values.add(writing.id);
    let api_key_id = values.add(writing.entry.api_key_id);
    let expires_at = values.add(request.expires_at);
    let send_at = values.add(request.send_at);
    let token = values.add(writing.token);
    let lease = values.add(writing.lease_ms);
    let ids = &request.envelope.ids;
    let [email_id, client_env_id] = [&ids.email_id, &ids.client_env_id]
        .map(|id| values.add(id.as_ref().map(ToString::to_string)));
    let envelope = values.add(to_text(&request.envelope)?);
    let body = values.add(to_text(&request.body)?);
    let idempotency = writing.entry.idempotency;
    let key = values.add(idempotency.map(|request| request.key.clone()));
    let fingerprint = values.add(idempotency.map(|request| request.fingerprint.clone()));
    let correspondents: Vec<String> = writing.correspondents().into_iter().collect();
    let correspondents = values.add_each(&correspondents, Clone::clone);
    let cost = values.add(writing.cost());
    let patience = values.add(writing.patience());
    let starts = values.add(writing.starts());
    let list = request.envelope.list.as_ref();
    let list_key_id = values.add(list.map(|list| list.api_key_id));
    let list = values.add(list.map(|list| list.name.clone()));
    let copies = copies(&mut values, writing)?;
    let suppressed = Suppressed::new(ledger, &mut values, writing, &api_key_id);
    let metering = metering(&mut values, writing, &api_key_id, &key);
    let Metering {
        ctes,
        allows,
        columns,
        table,
    } = metering;
    let recipients = recipients(&mut values, writing)?;
    let attachments = attachments(&mut values, &request.attachments)?;
    let sql = format!(
        "WITH clock AS MATERIALIZED (\
           SELECT CAST(FLOOR(EXTRACT(EPOCH FROM t) * 1000) AS BIGINT) AS now, \
                  CAST(FLOOR(EXTRACT(EPOCH FROM t) * 1000000) AS BIGINT) AS micros \
           FROM clock_timestamp() AS t), \
         plan AS (SELECT now, GREATEST(now, {send_at}) AS due_at FROM clock), \
         live AS (\
           SELECT id FROM api_key, clock WHERE id = {api_key_id} AND revoked_at IS NULL \
             AND (api_key.expires_at IS NULL OR api_key.expires_at > now)), \
         request AS (\
           SELECT now, COALESCE({expires_at}, due_at + {DEFAULT_LIFETIME_MS}) AS expires_at \
           FROM plan, live WHERE ({expires_at} IS NULL OR {expires_at} > due_at) \
             AND due_at <= now + {LONGEST_PLAN_MS}), \
         idempotency_key AS (\
           INSERT INTO idempotency (api_key_id, key, fingerprint, mailing_id, lease_until, expires_at) \
           SELECT {api_key_id}, {key}, {fingerprint}, {id}, \
                  now + CASE WHEN {token} IS NULL THEN 0 ELSE {lease} END, now + {KEPT_FOR_MS} \
           FROM request WHERE {key} IS NOT NULL \
           ON CONFLICT (api_key_id, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, \
             mailing_id = EXCLUDED.mailing_id, answer = NULL, lease_until = EXCLUDED.lease_until, \
             expires_at = EXCLUDED.expires_at \
           WHERE idempotency.expires_at <= EXCLUDED.expires_at - {KEPT_FOR_MS} \
           RETURNING key), \
         {ctes}entry AS (\
           INSERT INTO mailing (id, api_key_id, email_id, client_env_id, envelope, body, list, list_key_id, anonymous, created_at, expires_at, \
             send_at, expiry_given) \
           SELECT {id}, {api_key_id}, {email_id}, {client_env_id}, {envelope}::json, {body}::json, {list}, {list_key_id}, FALSE, now, expires_at, \
             {send_at}, {expires_at} IS NOT NULL \
           FROM request WHERE ({key} IS NULL OR EXISTS (SELECT FROM idempotency_key)){allows} \
           RETURNING id, created_at, expires_at), \
         correspondents AS (\
           INSERT INTO correspondent (mailing_id, mail_key) \
           SELECT id, mail_key FROM entry, UNNEST({correspondents}) AS mail_key), \
         attachments AS ({attachments}), \
         suppressed AS ({entry_of_list}), \
         turn AS (\
           UPDATE pace SET next_single_turn = GREATEST(next_single_turn, micros) + {cost}, \
             next_turn = GREATEST(next_turn, micros) + {cost} \
           FROM clock, entry WHERE {cost} IS NOT NULL AND holds = 0 AND NOT EXISTS (SELECT FROM suppressed) \
             AND next_single_turn <= micros + {patience} \
           RETURNING next_single_turn - micros - {cost} AS wait), \
         start AS (\
           SELECT {starts} AND holds = 0 AND ({cost} IS NULL OR (SELECT wait FROM turn) <= 0) IS TRUE \
             AND NOT EXISTS (SELECT FROM suppressed) AS goes \
           FROM pace), \
         moved AS (\
           INSERT INTO recipient (mailing_id, position, mail, mail_key, mail_hash, name, company, \
             email_recipient_id, variables, headers, status, claim_token, lease_until, due_at, expires_at, \
             woken_at, attempts, queued_at{end_columns}) \
           SELECT entry.id, place - 1, mail, mail_key, mail_hash, name, company, email_recipient_id::json, \
             variables::json, headers::json, {status}, {token}, \
             CASE WHEN {token} IS NOT NULL THEN created_at + {lease} END, due_at, entry.expires_at, \
             CASE WHEN {token} IS NULL AND due_at = created_at THEN created_at END, CASE WHEN goes THEN 1 ELSE 0 END, \
             CASE WHEN {token} IS NULL THEN created_at END{end_values} \
           FROM entry, plan, start, {recipients}{returning}){ends} \
         SELECT now, EXISTS (SELECT FROM live) AS live, EXISTS (SELECT FROM request) AS in_time, \
           EXISTS (SELECT FROM entry) AS stored, goes, (SELECT wait FROM turn) AS wait, \
           (SELECT reason FROM suppressed) AS suppressed, {copies} AS copies{columns} \
         FROM clock CROSS JOIN start{table}",
        entry_of_list = suppressed.entry,
        status = suppressed.status,
        end_columns = suppressed.columns,
        end_values = suppressed.values,
        returning = suppressed.returning,
        ends = suppressed.ends,
    );
    Ok(Statement::from_sql_and_values(
        DbBackend::Postgres,
        sql,
        values.0,
    ))
}

/// Returns the expression of the hashes of suppressed copies, as a JSON array.
fn copies(values: &mut Values, writing: &Writing<'_>) -> Result<String> {
    let copies = writing.copies();
    if copies.is_empty() {
        return Ok("CAST(NULL AS TEXT)".to_owned());
    }
    let copies = values.add(to_text(&copies)?);
    Ok(format!(
        "(SELECT json_agg(encode(mail_hash, 'hex'))::text FROM suppression WHERE scope = '' AND mail_hash IN (\
           SELECT decode(hash, 'hex') FROM json_array_elements_text({copies}::json) AS hash))"
    ))
}

/// The parts of the statement that end a single mail whose recipient is suppressed. Recipients of mailings are looked up
/// when they are claimed.
struct Suppressed {
    entry: String,
    status: &'static str,
    columns: &'static str,
    values: String,
    returning: &'static str,
    ends: String,
}

impl Suppressed {
    fn new(ledger: &Ledger, values: &mut Values, writing: &Writing<'_>, api_key_id: &str) -> Self {
        let Some(hash) = writing.looked_up() else {
            return Self {
                entry: "SELECT CAST(NULL AS TEXT) AS reason WHERE FALSE".to_owned(),
                status: "CASE WHEN goes THEN 'sending' ELSE 'queued' END",
                columns: "",
                values: String::new(),
                returning: "",
                ends: String::new(),
            };
        };
        let hash = values.add(hash);
        let scope = values.add(writing.scope());
        let event = values.add(writing.event_id);
        let is_hit = "EXISTS (SELECT FROM suppressed)";
        Self {
            entry: format!(
                "SELECT reason FROM suppression, entry WHERE mail_hash = {hash} AND scope IN ('', {scope}) LIMIT 1"
            ),
            status: "CASE WHEN EXISTS (SELECT FROM suppressed) THEN 'suppressed' WHEN goes THEN 'sending' \
                ELSE 'queued' END",
            columns: ", ended_at, event_id, events, status_detail, last_error",
            values: format!(
                ", CASE WHEN {is_hit} THEN created_at END, CASE WHEN {is_hit} THEN {event}::uuid END, \
                 CASE WHEN {is_hit} THEN 1 ELSE 0 END, 'suppressed_' || (SELECT reason FROM suppressed), \
                 CASE WHEN {is_hit} THEN '{SUPPRESSED}' END"
            ),
            returning: " RETURNING *",
            ends: format!(", {}", ledger.insert_ends(&format!("{api_key_id}::uuid"))),
        }
    }
}

/// The parts of the statement for a key with limits, and for a use that is to be noted. They are empty for other keys.
#[derive(Default)]
struct Metering {
    ctes: String,
    /// A condition of the mailing.
    allows: &'static str,
    columns: &'static str,
    table: &'static str,
}

/// The key's row is taken after that of the idempotency key, so that a repeated request is not counted, and before the
/// pace. A count over the limit fails the whole statement.
fn metering(values: &mut Values, writing: &Writing<'_>, api_key_id: &str, key: &str) -> Metering {
    let mut parts = Metering::default();
    if let Some(meter) = writing.entry.limited() {
        let count = Count {
            api_key_id: api_key_id.to_owned(),
            recipients: values.add(writing.addressees()),
            limits: limit_values(&meter.limits).map(|limit| values.add(limit)),
            source: format!(
                "(SELECT now FROM request WHERE {key} IS NULL OR EXISTS (SELECT FROM idempotency_key)) AS counted"
            ),
        };
        parts.ctes = format!("usage AS ({}), ", count.sql(DbBackend::Postgres));
        parts.allows = " AND EXISTS (SELECT FROM usage WHERE within_limits)";
        parts.columns = ", usage.*";
        parts.table = " LEFT JOIN usage ON TRUE";
    }
    if writing.entry.first_use().is_some() {
        let now = "(SELECT now FROM clock)";
        let note = note_use_sql(DbBackend::Postgres, api_key_id, now);
        parts.ctes = format!("{}noted_use AS ({note}), ", parts.ctes);
    }
    parts
}

fn recipients(values: &mut Values, writing: &Writing<'_>) -> Result<String> {
    let recipients = &writing.entry.request.recipients;
    let mail = values.add_each(recipients, |one| one.mail.as_str().to_owned());
    let keys: Vec<String> = recipients.iter().map(|one| one.mail.key()).collect();
    let mail_key = values.add_each(&keys, Clone::clone);
    let hash = values.add_each(&keys, |key| writing.secret.address(key).to_vec());
    let name = values.add_optional(recipients, |one| Ok(one.name.clone()))?;
    let company = values.add_optional(recipients, |one| Ok(one.company.clone()))?;
    let id = values.add_optional(recipients, |one| {
        one.email_recipient_id.as_ref().map(to_text).transpose()
    })?;
    let variables = values.add_optional(recipients, |one| {
        let some = (!one.variables.is_empty()).then_some(&one.variables);
        some.map(to_text).transpose()
    })?;
    let headers = values.add_optional(recipients, |one| {
        let some = (!one.headers.is_empty()).then_some(&one.headers);
        some.map(to_text).transpose()
    })?;
    Ok(format!(
        "ROWS FROM (UNNEST({mail}), UNNEST({mail_key}), UNNEST({hash}), {name}, {company}, {id}, {variables}, {headers}) \
         WITH ORDINALITY \
         AS one (mail, mail_key, mail_hash, name, company, email_recipient_id, variables, headers, place)"
    ))
}

fn attachments(values: &mut Values, attachments: &[Attachment]) -> Result<String> {
    let filename = values.add_each(attachments, |one| one.filename.clone());
    let content_type = values.add_each(attachments, |one| one.content_type.clone());
    let content_id = values.add_optional(attachments, |one| Ok(one.content_id.clone()))?;
    let content = values.add_each(attachments, |one| one.content.clone());
    Ok(format!(
        "INSERT INTO attachment (mailing_id, position, filename, content_type, content_id, content) \
         SELECT id, place - 1, filename, content_type, content_id, content \
         FROM entry, ROWS FROM (UNNEST({filename}), UNNEST({content_type}), {content_id}, UNNEST({content})) \
         WITH ORDINALITY AS one (filename, content_type, content_id, content, place)"
    ))
}
