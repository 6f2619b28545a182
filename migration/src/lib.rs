//! The schema of the ledger. A released migration is never edited; a change is a new one.

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::MigratorTrait;

mod m0001_ledger;
mod m0002_pace;
mod m0003_statistics;
mod m0005_transport_health;
mod m0006_owed_turn;
mod m0007_outbox;
mod m0008_background;
mod m0009_recipient_headers;
mod m0010_open_recipients;
mod m0011_removal;
mod m0012_key_limits;
mod m0013_schedule;
mod m0014_events;
mod m0015_webhooks;
mod m0016_suppression;
mod m0017_lists;
mod m0018_reports;
mod m0019_proved;
mod m0020_search;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_ledger::Migration),
            Box::new(m0002_pace::Migration),
            Box::new(m0003_statistics::Migration),
            Box::new(m0005_transport_health::Migration),
            Box::new(m0006_owed_turn::Migration),
            Box::new(m0007_outbox::Migration),
            Box::new(m0008_background::Migration),
            Box::new(m0009_recipient_headers::Migration),
            Box::new(m0010_open_recipients::Migration),
            Box::new(m0011_removal::Migration),
            Box::new(m0012_key_limits::Migration),
            Box::new(m0013_schedule::Migration),
            Box::new(m0014_events::Migration),
            Box::new(m0015_webhooks::Migration),
            Box::new(m0016_suppression::Migration),
            Box::new(m0017_lists::Migration),
            Box::new(m0018_reports::Migration),
            Box::new(m0019_proved::Migration),
            Box::new(m0020_search::Migration),
        ]
    }
}

/// Executes statements one after the other.
async fn execute(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}
