//! Writes a mailing to `SQLite` in one transaction. Its statements cost no round trip.

use entity::recipient::{Column, Status};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, QueryFilter, QueryResult, Statement, Value,
    sea_query::Expr,
};
use serde::Serialize;

use super::{DEFAULT_LIFETIME_MS, LONGEST_PLAN_MS, Ledger, StoreOutcome, Writing};
use crate::{
    error::Result,
    hash_secret::HashSecret,
    ledger::{
        document::to_text,
        idempotency::KEPT_FOR_MS,
        limits::{Count, limit_values, note_use_sql, usage},
        suppressions::SUPPRESSED,
        transaction::Transaction,
    },
    limits::Meter,
    message::{Attachment, CallerId, HeaderFields, NewMailing, Recipient, Variables},
    suppression::SuppressionReason,
};

/// A recipient as an element of a JSON array.
#[derive(Serialize)]
struct Row<'a> {
    mail: &'a str,
    mail_key: String,
    /// In hexadecimal.
    mail_hash: String,
    name: Option<&'a str>,
    company: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_recipient_id: Option<&'a CallerId>,
    #[serde(skip_serializing_if = "Variables::is_empty")]
    variables: &'a Variables,
    #[serde(skip_serializing_if = "HeaderFields::is_empty")]
    headers: &'a HeaderFields,
}

impl<'a> Row<'a> {
    fn new(one: &'a Recipient, secret: &HashSecret) -> Self {
        let mail_key = one.mail.key();
        Self {
            mail: one.mail.as_str(),
            mail_hash: hex::encode(secret.address(&mail_key)),
            mail_key,
            name: one.name.as_deref(),
            company: one.company.as_deref(),
            email_recipient_id: one.email_recipient_id.as_ref(),
            variables: &one.variables,
            headers: &one.headers,
        }
    }
}

impl Ledger {
    pub(super) async fn write_in_steps(&self, writing: &Writing<'_>) -> Result<StoreOutcome> {
        let transaction = self.begin().await?;
        let start = read_start(&transaction, writing).await?;
        let outcome = if !start.try_get::<bool>("", "live")? {
            StoreOutcome::Revoked
        } else if !start.try_get::<bool>("", "in_time")? {
            writing.not_in_time(start.try_get("", "now")?)
        } else {
            write(&transaction, writing, &start).await?
        };
        match &outcome {
            StoreOutcome::Stored(stored) => {
                if let Some(reason) = stored.suppressed {
                    self.end_suppressed(&transaction, writing, reason).await?;
                }
                transaction.commit().await?;
            }
            StoreOutcome::Revoked
            | StoreOutcome::Expired
            | StoreOutcome::TooFarAhead
            | StoreOutcome::KeyTaken
            | StoreOutcome::OverLimit => {
                transaction.rollback().await?;
            }
        }
        Ok(outcome)
    }
}

impl Ledger {
    /// Ends a single mail that was just stored.
    async fn end_suppressed(
        &self,
        transaction: &Transaction,
        writing: &Writing<'_>,
        reason: SuppressionReason,
    ) -> Result<()> {
        let detail = reason.status_detail().as_str();
        let ended = self
            .end(Status::Suppressed, Expr::value(writing.event_id))
            .col_expr(Column::StatusDetail, Expr::value(detail))
            .col_expr(Column::LastError, Expr::value(SUPPRESSED))
            .filter(Column::MailingId.eq(writing.id))
            .exec_with_returning(transaction)
            .await?;
        self.add_ends(transaction, &ended).await
    }
}

async fn read_start(db: &Transaction, writing: &Writing<'_>) -> Result<QueryResult> {
    let sql = "WITH clock AS MATERIALIZED (SELECT unixepoch('subsec') AS t), \
               plan AS MATERIALIZED (\
                 SELECT t, MAX(CAST(t * 1000 AS INTEGER), IFNULL($3, 0)) AS due_at FROM clock) \
               SELECT CAST(t * 1000 AS INTEGER) AS now, CAST(t * 1000000 AS INTEGER) AS micros, holds, due_at, \
                 EXISTS (SELECT 1 FROM api_key WHERE id = $1 AND revoked_at IS NULL \
                   AND (expires_at IS NULL OR expires_at > CAST(t * 1000 AS INTEGER))) AS live, \
                 (($2 IS NULL OR $2 > due_at) AND due_at <= CAST(t * 1000 AS INTEGER) + $4) AS in_time, \
                 (SELECT reason FROM suppression WHERE mail_hash = $5 AND scope IN ('', $6) LIMIT 1) AS suppressed, \
                 (SELECT json_group_array(hex(mail_hash)) FROM suppression WHERE scope = '' \
                   AND mail_hash IN (SELECT unhex(value) FROM json_each($7))) AS copies \
               FROM plan, pace";
    let request = writing.entry.request;
    let values = [
        writing.entry.api_key_id.into(),
        request.expires_at.into(),
        request.send_at.into(),
        LONGEST_PLAN_MS.into(),
        writing.looked_up().into(),
        writing.scope().into(),
        to_text(&writing.copies())?.into(),
    ];
    let row = one(db, sql, values).await?;
    Ok(row.ok_or_else(|| DbErr::RecordNotFound("the clock".to_owned()))?)
}

/// Writes the idempotency record if there is a key, and returns whether the key is free.
async fn has_key(db: &Transaction, writing: &Writing<'_>, now: i64) -> Result<bool, DbErr> {
    let Some(request) = writing.entry.idempotency else {
        return Ok(true);
    };
    let sql = "INSERT INTO idempotency (api_key_id, key, fingerprint, mailing_id, lease_until, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (api_key_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
                 mailing_id = excluded.mailing_id, answer = NULL, lease_until = excluded.lease_until, \
                 expires_at = excluded.expires_at \
               WHERE idempotency.expires_at <= $7 RETURNING key";
    let lease = writing.token.map_or(0, |_| writing.lease_ms);
    let values = [
        writing.entry.api_key_id.into(),
        request.key.clone().into(),
        request.fingerprint.clone().into(),
        writing.id.into(),
        (now + lease).into(),
        (now + KEPT_FOR_MS).into(),
        now.into(),
    ];
    Ok(one(db, sql, values).await?.is_some())
}

async fn write(
    db: &Transaction,
    writing: &Writing<'_>,
    start: &QueryResult,
) -> Result<StoreOutcome> {
    let request = writing.entry.request;
    let now: i64 = start.try_get("", "now")?;
    let due_at: i64 = start.try_get("", "due_at")?;
    let expires_at = request.expires_at.unwrap_or(due_at + DEFAULT_LIFETIME_MS);
    insert_mailing(db, writing, now, expires_at).await?;
    if !has_key(db, writing, now).await? {
        return Ok(StoreOutcome::KeyTaken);
    }
    if let Some(meter) = writing.entry.limited()
        && !count(db, writing, meter, now).await?
    {
        return Ok(StoreOutcome::OverLimit);
    }
    if let Some(meter) = writing.entry.first_use() {
        let note = note_use_sql(DbBackend::Sqlite, "$1", "$2");
        execute(db, &note, [meter.api_key_id.into(), now.into()]).await?;
        meter.use_noted();
    }
    let suppressed: Option<String> = start.try_get("", "suppressed")?;
    let works = start.try_get::<i32>("", "holds")? == 0 && writing.starts() && suppressed.is_none();
    let wait = match writing.cost() {
        Some(cost) if works => {
            take_turn(db, cost, writing.patience(), start.try_get("", "micros")?).await?
        }
        _ => None,
    };
    let goes = works && (writing.cost().is_none() || wait.is_some_and(|wait| wait <= 0));
    insert_recipients(db, writing, goes, [now, due_at, expires_at]).await?;
    for (position, attachment) in (0..).zip(&request.attachments) {
        insert_attachment(db, writing, position, attachment).await?;
    }
    let copies: Option<String> = start.try_get("", "copies")?;
    let copies = writing.places(copies.as_deref());
    Ok(writing.stored(now, goes, wait, suppressed.as_deref(), copies))
}

/// Counts the request and its recipients, and returns whether they are within the limits of the key.
async fn count(
    db: &Transaction,
    writing: &Writing<'_>,
    meter: &Meter,
    now: i64,
) -> Result<bool, DbErr> {
    let count = Count {
        api_key_id: "$1".to_owned(),
        recipients: "$2".to_owned(),
        limits: ["$3", "$4", "$5"].map(ToOwned::to_owned),
        source: "(SELECT $6 AS now) AS clock".to_owned(),
    };
    let [requests, minute, day] = limit_values(&meter.limits);
    let values = [
        meter.api_key_id.into(),
        writing.addressees().into(),
        requests.into(),
        minute.into(),
        day.into(),
        now.into(),
    ];
    let row = one(db, &count.sql(DbBackend::Sqlite), values).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the counters of a key".to_owned()))?;
    let is_within = row.try_get("", "within_limits")?;
    if is_within {
        meter.counted(usage(&row, now)?);
    }
    Ok(is_within)
}

/// Takes a turn of a single mail, and returns the microseconds until it comes.
async fn take_turn(
    db: &Transaction,
    cost: i64,
    patience: i64,
    now: i64,
) -> Result<Option<i64>, DbErr> {
    let sql = "UPDATE pace SET next_single_turn = MAX(next_single_turn, $1) + $2, \
                 next_turn = MAX(next_turn, $1) + $2 \
               WHERE next_single_turn <= $1 + $3 RETURNING next_single_turn - $1 - $2 AS wait";
    let row = one(db, sql, [now.into(), cost.into(), patience.into()]).await?;
    row.map(|row| row.try_get("", "wait")).transpose()
}

async fn insert_mailing(
    db: &Transaction,
    writing: &Writing<'_>,
    now: i64,
    expires_at: i64,
) -> Result<()> {
    let request = writing.entry.request;
    let NewMailing { envelope, body, .. } = request;
    let sql = "INSERT INTO mailing (id, api_key_id, email_id, envelope, body, anonymous, created_at, \
                 expires_at, send_at, expiry_given, list, list_key_id, client_env_id) \
               VALUES ($1, $2, $3, $4, $5, FALSE, $6, $7, $8, $9, $10, $11, $12)";
    let list = envelope.list.as_ref();
    let text = |id: &Option<CallerId>| id.as_ref().map(ToString::to_string);
    let values = [
        writing.id.into(),
        writing.entry.api_key_id.into(),
        text(&envelope.ids.email_id).into(),
        to_text(envelope)?.into(),
        to_text(body)?.into(),
        now.into(),
        expires_at.into(),
        request.send_at.into(),
        request.expires_at.is_some().into(),
        list.map(|list| list.name.clone()).into(),
        list.map(|list| list.api_key_id).into(),
        text(&envelope.ids.client_env_id).into(),
    ];
    execute(db, sql, values).await?;
    let correspondents = writing.correspondents();
    if !correspondents.is_empty() {
        let sql = "INSERT INTO correspondent (mailing_id, mail_key) \
                   SELECT $1, value FROM json_each($2)";
        execute(
            db,
            sql,
            [writing.id.into(), to_text(&correspondents)?.into()],
        )
        .await?;
    }
    Ok(())
}

async fn insert_recipients(
    db: &Transaction,
    writing: &Writing<'_>,
    goes: bool,
    [now, due_at, expires_at]: [i64; 3],
) -> Result<()> {
    let sql = "INSERT INTO recipient (mailing_id, position, mail, mail_key, mail_hash, name, company, \
                 email_recipient_id, variables, headers, status, claim_token, lease_until, due_at, \
                 expires_at, woken_at, attempts, queued_at) \
               SELECT $1, key, value ->> 'mail', value ->> 'mail_key', \
                 unhex(value ->> 'mail_hash'), value ->> 'name', \
                 value ->> 'company', value -> 'email_recipient_id', value -> 'variables', \
                 value -> 'headers', $2, $3, $4, $5, $6, $7, $8, $10 \
               FROM json_each($9)";
    let rows: Vec<Row> = writing
        .entry
        .request
        .recipients
        .iter()
        .map(|one| Row::new(one, writing.secret))
        .collect();
    let lease_until = writing.token.map(|_| now + writing.lease_ms);
    let queued_at = writing.token.is_none().then_some(now);
    // The sweep or the poll wakes what is planned when it is due.
    let woken_at = queued_at.filter(|_| due_at == now);
    let values = [
        writing.id.into(),
        if goes { "sending" } else { "queued" }.into(),
        writing.token.into(),
        lease_until.into(),
        due_at.into(),
        expires_at.into(),
        woken_at.into(),
        i32::from(goes).into(),
        to_text(&rows)?.into(),
        queued_at.into(),
    ];
    execute(db, sql, values).await?;
    Ok(())
}

async fn insert_attachment(
    db: &Transaction,
    writing: &Writing<'_>,
    position: i32,
    attachment: &Attachment,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO attachment \
                 (mailing_id, position, filename, content_type, content_id, content) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        writing.id.into(),
        position.into(),
        attachment.filename.clone().into(),
        attachment.content_type.clone().into(),
        attachment.content_id.clone().into(),
        attachment.content.clone().into(),
    ];
    execute(db, sql, values).await
}

async fn execute<const N: usize>(
    db: &Transaction,
    sql: &str,
    values: [Value; N],
) -> Result<(), DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    db.execute_raw(statement).await.map(drop)
}

async fn one<const N: usize>(
    db: &Transaction,
    sql: &str,
    values: [Value; N],
) -> Result<Option<QueryResult>, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    db.query_one_raw(statement).await
}
