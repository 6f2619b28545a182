//! The settings, read once from the environment, which no other module reads.

use std::env;

use thiserror::Error;
use url::Url;
use webhook::{EMULATOR, Reach};

/// Set by Lambda itself: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.
const LAMBDA_RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const QUEUE: &str = "WEBHOOK_OUTCOME_QUEUE_URL";
const REACH: &str = "WEBHOOK_REACH";

#[derive(Debug)]
pub struct Settings {
    /// The queue to which the outcomes are written.
    pub outcome_queue_url: Url,
    /// The addresses that messages may be sent to.
    pub reach: Reach,
}

/// One line that names the variable, and not its value.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{variable}: {reason}")]
pub struct InvalidSetting {
    variable: &'static str,
    reason: String,
}

impl Settings {
    pub fn from_env() -> Result<Self, InvalidSetting> {
        Self::read(|name| env::var(name).ok())
    }

    /// An empty variable counts as unset.
    fn read(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, InvalidSetting> {
        let text = |name| lookup(name).filter(|value| !value.is_empty());
        let invalid = |variable, reason| InvalidSetting { variable, reason };
        if text(LAMBDA_RUNTIME_API).is_none() {
            let reason = "is not set: this program is a Lambda function only";
            return Err(invalid(LAMBDA_RUNTIME_API, reason.to_owned()));
        }
        let outcome_queue_url = text(QUEUE)
            .and_then(|text| Url::parse(&text).ok())
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| invalid(QUEUE, "must be the URL of an SQS queue".to_owned()))?;
        let reach = text(REACH)
            .map_or(Ok(Reach::Public), |text| Reach::parse(&text))
            .and_then(|reach| reach.on_lambda(text(EMULATOR).is_some()));
        Ok(Self {
            outcome_queue_url,
            reach: reach.map_err(|reason| invalid(REACH, reason))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNTIME: (&str, &str) = (LAMBDA_RUNTIME_API, "127.0.0.1:9001");
    const OUTCOMES: (&str, &str) = (QUEUE, "https://sqs.example/1/outcomes");

    fn read(variables: &[(&str, &str)]) -> Result<Settings, InvalidSetting> {
        Settings::read(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn messages_go_to_public_addresses_but_with_an_emulator() {
        assert_eq!(read(&[RUNTIME, OUTCOMES]).unwrap().reach, Reach::Public);
        let local = [RUNTIME, OUTCOMES, (REACH, "loopback")];
        assert_eq!(read(&local).unwrap_err().variable, REACH);
        let emulator = (EMULATOR, "http://127.0.0.1:4566");
        let local = read(&[&local[..], &[emulator]].concat()).unwrap();
        assert_eq!(local.reach, Reach::PublicAndLoopback);
    }

    #[test]
    fn a_variable_that_makes_no_sense_is_named_without_its_value() {
        for (variables, named) in [
            (vec![OUTCOMES], LAMBDA_RUNTIME_API),
            (vec![RUNTIME], QUEUE),
            (vec![RUNTIME, (QUEUE, "outcomes")], QUEUE),
            (vec![RUNTIME, OUTCOMES, (REACH, "everything")], REACH),
        ] {
            let error = read(&variables).unwrap_err();
            assert_eq!(error.variable, named);
            assert!(!error.to_string().contains("outcomes"), "{error}");
            assert!(!error.to_string().contains("everything"), "{error}");
        }
    }
}
