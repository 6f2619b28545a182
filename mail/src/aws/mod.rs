//! The clients of AWS, each created when it is first needed, so that a start without AWS costs nothing.
//!
//! Endpoints, region and credentials come from the SDK's own variables
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html>).

pub mod secret;

use std::time::Duration;

use aws_config::{
    BehaviorVersion, ConfigLoader, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use tokio::sync::OnceCell;

/// Shorter than the time for which any server keeps an idle connection: if a request is sent over a connection that is
/// just being closed, it cannot be known whether it arrived. A function may also have been frozen meanwhile.
const IDLE: Duration = Duration::from_secs(4);
const CONNECT: Duration = Duration::from_secs(3);
/// A queue or a secret that does not answer within this time counts as unreachable.
const READ: Duration = Duration::from_secs(5);
/// The longest time that a mail may take. Every call has a shorter limit of its own, which is not set here: the SDK
/// does not share connections between clients with different connect or read time-outs.
const LONGEST_CALL: Duration = Duration::from_secs(20);
/// The longest wait of a receive
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>).
pub const LONG_POLL: Duration = Duration::from_secs(20);

/// Returns a configuration whose time-outs leave a receive the time to wait.
pub fn long_poll() -> aws_sdk_sqs::config::Builder {
    let limit = LONG_POLL + READ;
    aws_sdk_sqs::Config::builder().timeout_config(
        TimeoutConfig::builder()
            .read_timeout(limit)
            .operation_attempt_timeout(limit)
            .operation_timeout(limit)
            .build(),
    )
}

#[derive(Debug, Default)]
pub struct Aws {
    sdk: OnceCell<SdkConfig>,
    ses: OnceCell<aws_sdk_sesv2::Client>,
    sqs: OnceCell<aws_sdk_sqs::Client>,
    secrets: OnceCell<aws_sdk_secretsmanager::Client>,
}

impl Aws {
    /// Creates clients as in production, but with another endpoint.
    #[cfg(test)]
    pub async fn at(
        endpoint: String,
        credentials: aws_sdk_sesv2::config::SharedCredentialsProvider,
    ) -> Self {
        let loader = loader()
            .region("eu-central-1")
            .credentials_provider(credentials)
            .endpoint_url(endpoint);
        Self {
            sdk: OnceCell::new_with(Some(loader.load().await)),
            ..Self::default()
        }
    }

    async fn sdk(&self) -> &SdkConfig {
        self.sdk.get_or_init(|| loader().load()).await
    }

    /// Returns a client that never retries: a mail whose answer was lost must not be sent again. Each call sets its own
    /// time limit ([`within`]).
    pub async fn ses(&self) -> &aws_sdk_sesv2::Client {
        self.ses
            .get_or_init(|| async {
                let config = aws_sdk_sesv2::config::Builder::from(self.sdk().await)
                    .retry_config(RetryConfig::disabled())
                    .timeout_config(
                        TimeoutConfig::builder()
                            .connect_timeout(CONNECT)
                            .read_timeout(LONGEST_CALL)
                            .operation_attempt_timeout(LONGEST_CALL)
                            .operation_timeout(LONGEST_CALL)
                            .build(),
                    );
                aws_sdk_sesv2::Client::from_conf(config.build())
            })
            .await
    }

    pub async fn sqs(&self) -> &aws_sdk_sqs::Client {
        self.sqs
            .get_or_init(|| async { aws_sdk_sqs::Client::new(self.sdk().await) })
            .await
    }

    pub async fn secrets(&self) -> &aws_sdk_secretsmanager::Client {
        self.secrets
            .get_or_init(|| async { aws_sdk_secretsmanager::Client::new(self.sdk().await) })
            .await
    }
}

fn loader() -> ConfigLoader {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .pool_idle_timeout(IDLE)
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .read_timeout(READ)
                .operation_attempt_timeout(READ)
                .operation_timeout(2 * READ)
                .build(),
        )
}

/// Returns the configuration of one call to SES, which takes no longer than `limit` in all.
pub fn within(limit: Duration) -> aws_sdk_sesv2::config::Builder {
    let limits = TimeoutConfig::builder().operation_timeout(limit).build();
    aws_sdk_sesv2::Config::builder().timeout_config(limits)
}
