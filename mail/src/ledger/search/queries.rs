//! The statements of a search.

use entity::{
    mailing,
    recipient::{Column, Entity},
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Alias, Expr, Query, SelectStatement, SimpleExpr},
};

use super::{Place, RecipientFilter, filter::TROUBLE};
use crate::ledger::{Scope, is_in};

/// The recipients that the filter names, by their index.
pub(in crate::ledger) fn by_recipient(
    filter: RecipientFilter<'_>,
    after: Option<Place>,
) -> Select<Entity> {
    let mut query = narrow(after)
        .filter(filter.of_recipient())
        .filter(filter.of_id(Column::MailingId));
    if filter.mail.is_none() {
        // The condition of the index.
        query = query.filter(is_in(TROUBLE));
    }
    query
}

/// The few recipients of a message, in no order: to find them in theirs, `PostgreSQL` may read all recipients.
pub(in crate::ledger) fn by_message(
    filter: RecipientFilter<'_>,
    after: Option<Place>,
) -> Select<Entity> {
    let mut query = narrow(after).filter(filter.of_recipient());
    QueryTrait::query(&mut query).clear_order_by();
    query
}

/// Recipients without what a mail is made of, which may be large.
pub(super) fn narrow(after: Option<Place>) -> Select<Entity> {
    let query = Entity::find()
        .select_only()
        .columns([
            Column::MailingId,
            Column::Position,
            Column::Mail,
            Column::EmailRecipientId,
            Column::Status,
            Column::MessageId,
            Column::StatusDetail,
            Column::LastError,
            Column::QueuedAt,
            Column::SentAt,
            Column::Attempts,
            Column::LeaseUntil,
        ])
        .order_by_desc(Column::MailingId)
        .order_by_desc(Column::Position);
    match after {
        Some(place) => query.filter(is_after(place)),
        None => query,
    }
}

fn is_after(place: Place) -> SimpleExpr {
    let column = |column: Column| Expr::col((Entity, column));
    Expr::tuple([column(Column::MailingId), column(Column::Position)]).lt(Expr::tuple([
        Expr::val(place.mailing_id),
        Expr::val(place.position),
    ]))
}

/// Mailings, newest first, with the number of their recipients that the filter names, counted up to `most`.
pub(in crate::ledger) fn by_mailing(
    scope: Scope,
    filter: RecipientFilter<'_>,
    after: Option<Place>,
    size: u64,
    most: u64,
) -> SelectStatement {
    let walked = Alias::new("walked");
    let mut mailings = mailing::Entity::find()
        .select_only()
        .column(mailing::Column::Id)
        .filter(filter.of_mailing(scope))
        .filter(filter.of_id(mailing::Column::Id))
        .order_by_desc(mailing::Column::Id)
        .limit(size);
    if let Some(place) = after {
        // At its first position, all of the mailing has been seen.
        mailings = mailings.filter(if place.position > 0 {
            mailing::Column::Id.lte(place.mailing_id)
        } else {
            mailing::Column::Id.lt(place.mailing_id)
        });
    }
    let id = Expr::col((walked.clone(), mailing::Column::Id));
    let mut own = Query::select();
    own.expr(Expr::val(1))
        .from(Entity)
        .and_where(
            Expr::col((Entity, Column::MailingId)).equals((walked.clone(), mailing::Column::Id)),
        )
        .cond_where(filter.of_recipient())
        .limit(most);
    if let Some(place) = after {
        own.and_where(is_after(place));
    }
    let number = Query::select()
        .expr(Expr::cust("COUNT(*)"))
        .from_subquery(own, Alias::new("own"))
        .to_owned();
    Query::select()
        .expr_as(id, Alias::new("id"))
        .expr_as(
            SimpleExpr::SubQuery(None, Box::new(number.into())),
            Alias::new("number"),
        )
        .from_subquery(mailings.into_query(), walked)
        .to_owned()
}
