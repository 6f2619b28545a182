//! JSON bodies of requests. They are read here only as bytes, within their limit; `parse` makes sense of them.

use std::{io, marker::PhantomData, time::Duration};

use futures_util::{Stream, StreamExt};
use poem::{
    FromRequest, Request, RequestBody, Result,
    http::header,
    web::headers::{ContentLength, HeaderMapExt},
};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};

use super::bodies::{MAX_BODY, Share, Unread};
use crate::{
    app::App,
    connection_limits::{Arriving, OfConnection},
    json::CONTENT_TYPE,
    problem::{ErrorType, Problem},
};

/// Most that is read of a body that is refused for its size, in bytes, and for how long.
const MAX_DROPPED: usize = 64 * 1024 * 1024;
const DROPPING: Duration = Duration::from_secs(10);

/// The bytes of a JSON request of which `T` is the published schema.
#[derive(Debug)]
pub struct RawJson<T> {
    pub bytes: Vec<u8>,
    /// Kept until the request is answered: the parsed values take memory as long.
    _share: Share,
    schema: PhantomData<T>,
}

impl<T: Type> Payload for RawJson<T> {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case(CONTENT_TYPE)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> ParsePayload for RawJson<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let (bytes, share) = read_body(request, body).await?;
        Ok(Self {
            bytes,
            _share: share,
            schema: PhantomData,
        })
    }
}

impl_apirequest_for_payload!(RawJson<T>, T: Type);

/// A body that may be left out, also together with its content type.
#[derive(Debug)]
pub struct OptionalJson<T> {
    pub bytes: Vec<u8>,
    /// Kept until the request is answered: the parsed values take memory as long.
    _share: Share,
    schema: PhantomData<T>,
}

impl<'a, T: Type> poem_openapi::ApiExtractor<'a> for OptionalJson<T> {
    const TYPES: &'static [poem_openapi::ApiExtractorType] =
        &[poem_openapi::ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<poem_openapi::registry::MetaRequest> {
        RawJson::<T>::request_meta().map(|meta| poem_openapi::registry::MetaRequest {
            required: false,
            ..meta
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: poem_openapi::ExtractParamOptions<()>,
    ) -> Result<Self> {
        let (bytes, share) = read_body(request, body).await?;
        let typed = request
            .content_type()
            .is_some_and(RawJson::<T>::check_content_type);
        if !bytes.is_empty() && !typed {
            return Err(Problem::new(
                ErrorType::UnsupportedMediaType,
                "The body must be application/json",
            )
            .into());
        }
        Ok(Self {
            bytes: if bytes.is_empty() {
                b"{}".to_vec()
            } else {
                bytes
            },
            _share: share,
            schema: PhantomData,
        })
    }
}

/// Refuses a body by its announced length, or as soon as more than the limit has arrived. Most clients read an answer
/// only after they have written their body: a bounded rest of it is read and dropped, so that they read the refusal.
pub async fn read_body(request: &Request, body: &mut RequestBody) -> Result<(Vec<u8>, Share)> {
    let announced = request.headers().typed_get::<ContentLength>();
    let body = poem::Body::from_request(request, body).await?;
    let mut frames = body.into_bytes_stream();
    let connection = request.extensions().get::<OfConnection>();
    let arriving = connection.map(OfConnection::body_arrives);
    if announced.is_some_and(|ContentLength(length)| length > MAX_BODY as u64) {
        // A caller that expects `100 Continue` has not begun to send the body.
        if !request.headers().contains_key(header::EXPECT) {
            tokio::spawn(drop_rest(frames, arriving));
        }
        return Err(Problem::from(Unread::TooLarge).into());
    }
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(
            ErrorType::UnsupportedMediaType,
            "The body must not be encoded",
        )
        .into());
    }
    let app = App::of(request)?;
    let read = app.bodies.read(&mut frames).await;
    read.map_err(|unread| {
        if unread != Unread::Broken {
            tokio::spawn(drop_rest(frames, arriving));
        }
        Problem::from(unread).into()
    })
}

/// Reads on while the answer is sent. A longer rest ends the connection.
async fn drop_rest(
    mut frames: impl Stream<Item = io::Result<impl AsRef<[u8]>>> + Unpin,
    _arriving: Option<Arriving>,
) {
    let rest = async {
        let mut dropped = 0;
        while let Some(Ok(frame)) = frames.next().await {
            dropped += frame.as_ref().len();
            if dropped > MAX_DROPPED {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DROPPING, rest).await;
}
