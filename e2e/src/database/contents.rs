//! Searches for a text in every column of every table, regardless of the schema.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};
use uuid::Uuid;

use super::Database;

impl Database {
    /// Returns the columns, as `table.column`, that contain this ASCII text in any row: in text, in JSON, or as bytes.
    /// The case of letters does not matter.
    pub async fn columns_with(&self, text: &str) -> Vec<String> {
        let connection = self.connect().await;
        let mut found = Vec::new();
        for (table, column) in self.columns(&connection).await {
            let condition = self.condition(&column, text);
            let rows = format!("SELECT COUNT(*) FROM \"{table}\" WHERE {condition}");
            if numbers(&connection, &rows).await != [0] {
                found.push(format!("{table}.{column}"));
            }
        }
        connection.close().await.expect("the connection closes");
        found
    }

    /// Returns every column of every table of the programs.
    async fn columns(&self, connection: &DatabaseConnection) -> Vec<(String, String)> {
        let query = if self.is_postgres() {
            "SELECT table_name::text AS t, column_name::text AS c FROM information_schema.columns \
             WHERE table_schema = 'public'"
        } else {
            "SELECT m.name AS t, p.name AS c FROM sqlite_master m, pragma_table_info(m.name) p \
             WHERE m.type = 'table'"
        };
        let rows = connection
            .query_all_raw(statement(connection.get_database_backend(), query))
            .await
            .expect("the database lists its columns");
        assert!(!rows.is_empty(), "the database has no tables");
        rows.iter()
            .map(|row| {
                let table = row.try_get("", "t").expect("a table's name");
                (table, row.try_get("", "c").expect("a column's name"))
            })
            .collect()
    }

    /// Makes everything in the database older by `time`: the programs' times are milliseconds in columns that end in
    /// `_at` and `_until`.
    pub async fn age(&self, time: Duration) {
        self.make_older(time, "").await;
    }

    /// Does the same as `age`, except for recipients that are at an end: their published data stays the same.
    pub async fn age_what_waits(&self, time: Duration) {
        self.make_older(time, " WHERE ended_at IS NULL").await;
    }

    /// Gives a mailing the id that it would have if it had been made so much earlier, because an id contains the time.
    pub async fn made_earlier(&self, id: &str, by: Duration) -> String {
        let id = Uuid::parse_str(id).expect("the id is a UUID");
        let earlier = Uuid::from_u128(id.as_u128() - (by.as_millis() << 80));
        let literal = |id: Uuid| {
            if self.is_postgres() {
                format!("'{id}'")
            } else {
                format!("x'{}'", id.simple())
            }
        };
        let connection = self.connect().await;
        let columns = self.columns(&connection).await;
        let own = columns.iter().filter(|(table, _)| table == "mailing");
        let own: Vec<_> = own.map(|(_, column)| format!("\"{column}\"")).collect();
        let (names, id, new) = (own.join(", "), literal(id), literal(earlier));
        let values = names.replace("\"id\"", &new);
        let mut statements = vec![format!(
            "INSERT INTO mailing ({names}) SELECT {values} FROM mailing WHERE id = {id}"
        )];
        for (table, _) in columns.iter().filter(|(_, column)| column == "mailing_id") {
            statements.push(format!(
                "UPDATE \"{table}\" SET mailing_id = {new} WHERE mailing_id = {id}"
            ));
        }
        statements.push(format!("DELETE FROM mailing WHERE id = {id}"));
        for statement in statements {
            connection
                .execute_unprepared(&statement)
                .await
                .unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        connection.close().await.expect("the connection closes");
        earlier.to_string()
    }

    async fn make_older(&self, time: Duration, recipients: &str) {
        let connection = self.connect().await;
        let mut times = self.columns(&connection).await;
        times.retain(|(table, column)| {
            let is_time = column.ends_with("_at") || column.ends_with("_until");
            // What an event says was told to others, and the mark of the feed is a transaction.
            let stays = (table == "event" && column != "added_at") || table == "feed";
            is_time && !stays && !table.contains("migration")
        });
        assert!(!times.is_empty(), "the database has no times");
        let by = time.as_millis();
        for (table, column) in times {
            let which = if table == "recipient" { recipients } else { "" };
            let older = format!("UPDATE \"{table}\" SET \"{column}\" = \"{column}\" - {by}{which}");
            connection
                .execute_unprepared(&older)
                .await
                .unwrap_or_else(|error| panic!("{older}: {error}"));
        }
        connection.close().await.expect("the connection closes");
    }

    /// Returns the single number that a query selects.
    pub async fn count(&self, query: &str) -> i64 {
        let [number] = self.numbers(query).await[..] else {
            panic!("{query} answers one number");
        };
        number
    }

    /// Returns the numbers that a query selects, one per row.
    pub async fn numbers(&self, query: &str) -> Vec<i64> {
        let connection = self.connect().await;
        let numbers = numbers(&connection, query).await;
        connection.close().await.expect("the connection closes");
        numbers
    }

    fn condition(&self, column: &str, text: &str) -> String {
        let text = text.to_ascii_lowercase();
        assert!(text.is_ascii() && !text.contains('\''), "{text}");
        if self.is_postgres() {
            format!(
                "position('{text}' IN lower(\"{column}\"::text)) > 0 \
                 OR position(encode('{text}', 'hex') IN \"{column}\"::text) > 0"
            )
        } else {
            format!("instr(lower(CAST(\"{column}\" AS TEXT)), '{text}') > 0")
        }
    }
}

async fn numbers(connection: &DatabaseConnection, query: &str) -> Vec<i64> {
    let rows = connection
        .query_all_raw(statement(connection.get_database_backend(), query))
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"));
    let number = |row: &QueryResult| row.try_get_by_index(0).expect("a number");
    rows.iter().map(number).collect()
}

fn statement(backend: DbBackend, query: &str) -> Statement {
    Statement::from_string(backend, query.to_owned())
}
