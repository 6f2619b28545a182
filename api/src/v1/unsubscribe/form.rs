//! The body of a request to unsubscribe: a form, in one of the two encodings that RFC 8058, 3.2, allows.

use futures_util::stream;
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};
use serde_json::json;

use crate::{
    problem::{ErrorType, Problem},
    request::read_body,
};

const URL_ENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";
const ONE_CLICK: &str = "List-Unsubscribe";
const ACTION: &str = "action";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Unsubscribe,
    Undo,
}

impl Action {
    fn of(fields: &[(String, String)]) -> Result<Self, Problem> {
        let has = |name: &str, value: &str| {
            fields
                .iter()
                .any(|(own_name, own_value)| own_name == name && own_value == value)
        };
        if has(ACTION, "undo") {
            Ok(Self::Undo)
        } else if has(ONE_CLICK, "One-Click") {
            Ok(Self::Unsubscribe)
        } else {
            Err(Problem::invalid(ONE_CLICK, "must be One-Click"))
        }
    }
}

#[derive(Debug)]
pub struct Form {
    pub action: Action,
}

impl<'a> ApiExtractor<'a> for Form {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let content = [URL_ENCODED, MULTIPART].map(|content_type| MetaMediaType {
            content_type,
            schema: schema(),
        });
        Some(MetaRequest {
            description: None,
            content: content.into(),
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let content_type = request.content_type().unwrap_or(URL_ENCODED);
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let fields = if essence.eq_ignore_ascii_case(URL_ENCODED) {
            let (bytes, _share) = read_body(request, body).await?;
            url::form_urlencoded::parse(&bytes).into_owned().collect()
        } else if let Ok(boundary) = multer::parse_boundary(content_type) {
            let (bytes, _share) = read_body(request, body).await?;
            parts(bytes, boundary).await.map_err(|error| {
                Problem::new(ErrorType::ValidationError, "The body is not a valid form")
                    .with_details(error.to_string())
            })?
        } else {
            return Err(Problem::new(
                ErrorType::UnsupportedMediaType,
                format!("The body must be {URL_ENCODED} or {MULTIPART}"),
            )
            .into());
        };
        Ok(Self {
            action: Action::of(&fields)?,
        })
    }
}

fn schema() -> MetaSchemaRef {
    let value = |value: &str| {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            enum_items: vec![json!(value)],
            ..MetaSchema::new("string")
        }))
    };
    MetaSchemaRef::Inline(Box::new(MetaSchema {
        properties: vec![(ONE_CLICK, value("One-Click")), (ACTION, value("undo"))],
        ..MetaSchema::new("object")
    }))
}

async fn parts(bytes: Vec<u8>, boundary: String) -> multer::Result<Vec<(String, String)>> {
    let body = stream::iter([Ok::<_, std::io::Error>(bytes)]);
    let mut form = multer::Multipart::new(body, boundary);
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        fields.push((name, field.text().await?));
    }
    Ok(fields)
}
