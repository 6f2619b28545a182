//! The role that the service logs in with if another role owns the tables: it reads and writes rows, and cannot create,
//! change, empty or remove a table (`PostgreSQL`).

use std::sync::Arc;

use postgres_protocol::password::scram_sha_256;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TryGetable};
use thiserror::Error;

use super::{
    Ledger, dialect,
    login::{Login, TERMS},
    schema,
    transaction::Transaction,
};
use crate::{aws::Aws, aws::secret::CachedSecret, error::Result};

/// The rule for the name of the role, so that nothing in it has to be escaped.
const NAME: &str = "lower-case letters, digits and _, at most 63, and begin with a letter";

/// The reasons why a role cannot be the service's. None of them passes by itself.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RoleError {
    #[error("the username in the secret of DB_ROLE_SECRET_NAME must consist of {NAME}")]
    Name,
    #[error(
        "the secret of DB_ROLE_SECRET_NAME names the role that migrates: the service needs one of its own"
    )]
    Migrator,
    /// The role would have more rights than those that are granted here.
    #[error("the role {0} {1}: the service needs one that has nothing but what it is granted")]
    Powerful(String, String),
}

/// The names that the rights are granted on and to. All three are quoted.
struct Place {
    database: String,
    schema: String,
    role: String,
}

impl Ledger {
    /// Brings the schema up to date, and creates or changes the role in the secret, so that it has the password of the
    /// secret and rights to the rows of all tables, including tables that are created later. Repeating it changes
    /// nothing.
    pub async fn set_up_role(&self, secret: &str, aws: &Arc<Aws>) -> Result<()> {
        // The secret is read anew each time: its password may have been replaced.
        let secret = CachedSecret::new(
            Arc::clone(aws),
            "DB_ROLE_SECRET_NAME",
            secret.to_owned(),
            Login::parse,
            TERMS,
        );
        let login = secret.get().await?;
        let name = checked(&login.username)?;
        self.db.prepare().await?;
        schema::bring_up_to_date(&self.db).await?;
        let transaction = self.begin().await?;
        dialect::lock_schema(&transaction).await?;
        let place = place(&transaction, name).await?;
        let exists = look_at(&transaction, name).await?;
        for statement in statements(&place, &login.password, exists) {
            transaction.execute_unprepared(&statement).await?;
        }
        transaction.commit().await?;
        tracing::info!("the role of the service has its rights and the password of its secret");
        Ok(())
    }
}

fn checked(name: &str) -> Result<&str, RoleError> {
    let mut characters = name.chars();
    let begins = characters.next().is_some_and(|c| c.is_ascii_lowercase());
    let goes_on = characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if begins && goes_on && name.len() <= 63 {
        Ok(name)
    } else {
        Err(RoleError::Name)
    }
}

async fn place(transaction: &Transaction, role: &str) -> Result<Place> {
    let names =
        "SELECT quote_ident(current_database()), quote_ident(current_schema()), current_user::text";
    let [database, schema, user] = row(transaction, names, role).await?;
    if user == role {
        return Err(RoleError::Migrator.into());
    }
    Ok(Place {
        database,
        schema,
        role: format!("\"{role}\""),
    })
}

/// Returns whether the role exists, and fails if it has more rights than it is granted here.
async fn look_at(transaction: &Transaction, role: &str) -> Result<bool> {
    let rights = "SELECT COALESCE((SELECT CASE \
             WHEN rolsuper OR rolreplication OR rolbypassrls THEN 'has rights over the whole server' \
             WHEN EXISTS (SELECT FROM pg_auth_members WHERE member = role.oid) THEN 'is a member of another role' \
             WHEN EXISTS (SELECT FROM pg_class WHERE relowner = role.oid) \
               OR EXISTS (SELECT FROM pg_namespace WHERE nspowner = role.oid) \
               OR EXISTS (SELECT FROM pg_database WHERE datdba = role.oid AND datname = current_database()) \
               THEN 'owns something in the database' \
             ELSE 'exists' END \
         FROM pg_roles AS role WHERE rolname = $1), 'does not exist')";
    let [state] = row(transaction, rights, role).await?;
    match state.as_str() {
        "exists" => Ok(true),
        "does not exist" => Ok(false),
        _ => Err(RoleError::Powerful(role.to_owned(), state).into()),
    }
}

/// Returns the columns of the single row that a query about the role returns.
async fn row<const N: usize>(
    transaction: &Transaction,
    query: &str,
    role: &str,
) -> Result<[String; N]> {
    let values = if query.contains("$1") {
        vec![role.into()]
    } else {
        Vec::new()
    };
    let query = Statement::from_sql_and_values(DbBackend::Postgres, query, values);
    let found = transaction.query_one_raw(query).await?;
    let mut texts = std::array::from_fn(|_| String::new());
    if let Some(found) = found {
        for (index, text) in texts.iter_mut().enumerate() {
            *text = String::try_get_by_index(&found, index).map_err(sea_orm::DbErr::from)?;
        }
    }
    Ok(texts)
}

/// The server is sent the verifier that it would store, not the password: a statement may be written to its log.
fn statements(place: &Place, password: &str, exists: bool) -> Vec<String> {
    let Place {
        database,
        schema,
        role,
    } = place;
    let verifier = scram_sha_256(password.as_bytes());
    let verb = if exists { "ALTER" } else { "CREATE" };
    vec![
        format!("{verb} ROLE {role} LOGIN NOCREATEDB NOCREATEROLE PASSWORD '{verifier}'"),
        // Rights that every role has by default, and rights that may have been added by hand.
        format!("REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC, {role}"),
        format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}"),
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}"),
        format!("GRANT CONNECT ON DATABASE {database} TO {role}"),
        format!("GRANT USAGE ON SCHEMA {schema} TO {role}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"),
        // Only the role that runs the migrations records which ones have run.
        format!("REVOKE INSERT, UPDATE, DELETE ON {schema}.seaql_migrations FROM {role}"),
        format!("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"),
        format!(
            "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} \
             GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}"
        ),
        format!("ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_have_to_be_quoted_is_refused() {
        assert_eq!(checked("mmms_service2"), Ok("mmms_service2"));
        for name in [
            "",
            "2mmms",
            "Mmms",
            "a b",
            "a\"; DROP ROLE x; --",
            &"a".repeat(64),
        ] {
            assert_eq!(checked(name), Err(RoleError::Name), "{name}");
        }
    }

    #[test]
    fn no_statement_holds_the_password() {
        let place = Place {
            database: "mmms".to_owned(),
            schema: "public".to_owned(),
            role: "\"mmms_service\"".to_owned(),
        };
        for statement in statements(&place, "hunter2", false) {
            assert!(!statement.contains("hunter2"), "{statement}");
        }
    }
}
