//! An answer that is JSON for programs and a page for people.

use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
    types::ToJSON,
};

use super::page::Page;
use crate::json::Json;

#[derive(Debug)]
pub enum Answer<T> {
    Json(Json<T>),
    Page(Page),
}

impl<T: ToJSON> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Json(json) => json.into_response(),
            Self::Page(page) => page.into_response(),
        }
    }
}

impl<T: ToJSON> ApiResponse for Answer<T> {
    fn meta() -> MetaResponses {
        let mut meta = Json::<T>::meta();
        let pages = Page::meta().responses;
        for (response, page) in meta.responses.iter_mut().zip(pages) {
            response.content.extend(page.content);
        }
        meta
    }

    fn register(registry: &mut Registry) {
        Json::<T>::register(registry);
    }
}
