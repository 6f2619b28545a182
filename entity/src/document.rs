//! JSON in the ledger. A value that is no longer valid JSON is read as unreadable, and does not prevent other rows from
//! being read.

use sea_orm::{
    ColIdx, DbErr, QueryResult, RuntimeErr, TryGetError, TryGetable, Value,
    entity::prelude::Json,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    Readable(Json),
    /// The column has a value that is not JSON.
    Unreadable,
}

impl Document {
    pub fn readable(self) -> Option<Json> {
        match self {
            Self::Readable(json) => Some(json),
            Self::Unreadable => None,
        }
    }
}

impl From<Json> for Document {
    fn from(json: Json) -> Self {
        Self::Readable(json)
    }
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        Self::Json(document.readable().map(Box::new))
    }
}

impl TryGetable for Document {
    fn try_get_by<I: ColIdx>(row: &QueryResult, column: I) -> Result<Self, TryGetError> {
        match Json::try_get_by(row, column) {
            Ok(json) => Ok(Self::Readable(json)),
            Err(TryGetError::DbErr(DbErr::Query(RuntimeErr::SqlxError(error))))
                if matches!(*error, sea_orm::SqlxError::ColumnDecode { .. }) =>
            {
                Ok(Self::Unreadable)
            }
            Err(other) => Err(other),
        }
    }
}

impl ValueType for Document {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <Json as ValueType>::try_from(value).map(Self::Readable)
    }

    fn type_name() -> String {
        "Document".to_owned()
    }

    fn array_type() -> ArrayType {
        Json::array_type()
    }

    fn column_type() -> ColumnType {
        Json::column_type()
    }
}

impl Nullable for Document {
    fn null() -> Value {
        Json::null()
    }
}
