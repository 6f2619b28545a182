//! A client of the HTTP API: a base URL and the headers of every request.

use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde_json::Value;
use url::Url;

use crate::answer::Answer;

#[derive(Clone)]
pub struct Caller {
    http: Client,
    base: String,
    headers: HeaderMap,
}

impl Caller {
    pub fn new(base: &str) -> Self {
        let mut http = Client::builder().no_proxy().timeout(Duration::from_mins(2));
        let url: Url = base.parse().expect("a URL");
        let host = url.host_str().unwrap_or_default();
        if let (true, Some(port)) = (host.ends_with(".localhost"), url.port()) {
            // RFC 6761: names under `localhost` are this machine. Not every resolver knows that.
            http = http.resolve(host, (Ipv4Addr::LOCALHOST, port).into());
        }
        let http = http.build().expect("an HTTP client");
        Self {
            http,
            base: base.to_owned(),
            headers: HeaderMap::new(),
        }
    }

    /// Sets a header of the caller's requests.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        let value = HeaderValue::from_str(value).expect("a header value");
        self.headers.insert(name, value);
        self
    }

    #[must_use]
    pub fn key(self, api_key: &str) -> Self {
        self.with("x-api-key", api_key)
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    #[must_use]
    pub fn origin(self, origin: &str) -> Self {
        self.with("origin", origin)
    }

    #[must_use]
    pub fn idempotency_key(self, key: &str) -> Self {
        self.with("idempotency-key", key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).await
    }

    pub async fn options(&self, path: &str) -> Answer {
        self.request(Method::OPTIONS, path).await
    }

    /// Makes a request without a body.
    pub async fn request(&self, method: Method, path: &str) -> Answer {
        let request = self.builder(method, path);
        let response = request.send().await.expect("the server answers");
        Answer::read(response).await.expect("the whole answer")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let answer = self.try_post(path, body).await;
        answer.expect("the server answers")
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        let request = self.builder(Method::PATCH, path).json(body);
        let response = request.send().await.expect("the server answers");
        Answer::read(response).await.expect("the whole answer")
    }

    /// Does the same as `post`, for requests whose server may die before it answers.
    pub async fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<Answer> {
        let request = self.builder(Method::POST, path).json(body);
        Answer::read(request.send().await?).await
    }

    /// Posts a body that need not be JSON.
    pub async fn post_bytes(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let request = self
            .builder(Method::POST, path)
            .header("content-type", content_type)
            .body(body.into());
        let response = request.send().await.expect("the server answers");
        Answer::read(response).await.expect("the whole answer")
    }

    /// `POST /v1/mail`.
    pub async fn mail(&self, body: &Value) -> Answer {
        self.post("/v1/mail", body).await
    }

    fn builder(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let address = format!("{}{path}", self.base);
        self.http
            .request(method, address)
            .headers(self.headers.clone())
    }
}
