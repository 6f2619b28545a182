//! The queues in SQS. Each has one task.

use url::Url;

use super::{InvalidConfig, environment::Environment, invalid};

const WAKE_UPS: &str = "MAIL_QUEUE_URL";
const RESULTS: &str = "MAIL_RESULT_QUEUE_URL";
const EVENTS: &str = "MAIL_EVENT_QUEUE_URL";
const WEBHOOKS: &str = "WEBHOOK_QUEUE_URL";
const OUTCOMES: &str = "WEBHOOK_OUTCOME_QUEUE_URL";

pub struct Queues {
    pub wake_ups: Option<Url>,
    pub results: Option<Url>,
    pub events: Option<Url>,
    pub webhooks: Option<WebhookQueues>,
}

/// The queues by which a function posts to webhooks.
#[derive(Clone, Debug)]
pub struct WebhookQueues {
    /// Signed messages, for the function.
    pub messages: Url,
    /// What came of them, from the function.
    pub outcomes: Url,
}

impl Queues {
    pub fn read<F: Fn(&'static str) -> Result<Option<String>, String>>(
        env: &Environment<F>,
    ) -> Result<Self, InvalidConfig> {
        let queues = Self {
            wake_ups: env.optional(WAKE_UPS, queue)?,
            results: env.optional(RESULTS, queue)?,
            events: env.optional(EVENTS, queue)?,
            webhooks: webhooks(env)?,
        };
        queues.check_tasks()?;
        Ok(queues)
    }

    /// Refuses a queue that has another task: its reader would take messages that are not for it.
    fn check_tasks(&self) -> Result<(), InvalidConfig> {
        let webhooks = self.webhooks.as_ref();
        // A queue is compared with those before it, so that the error names the rarer one.
        let all = [
            (WAKE_UPS, self.wake_ups.as_ref()),
            (RESULTS, self.results.as_ref()),
            (EVENTS, self.events.as_ref()),
            (WEBHOOKS, webhooks.map(|queues| &queues.messages)),
            (OUTCOMES, webhooks.map(|queues| &queues.outcomes)),
        ];
        for (index, (variable, url)) in all.iter().enumerate().skip(2) {
            for (other, same) in &all[..index] {
                if url.is_some() && url == same {
                    return Err(invalid(
                        variable,
                        format!("must be another queue than that of {other}"),
                    ));
                }
            }
        }
        Ok(())
    }
}

fn webhooks<F: Fn(&'static str) -> Result<Option<String>, String>>(
    env: &Environment<F>,
) -> Result<Option<WebhookQueues>, InvalidConfig> {
    match (
        env.optional(WEBHOOKS, queue)?,
        env.optional(OUTCOMES, queue)?,
    ) {
        (Some(messages), Some(outcomes)) => Ok(Some(WebhookQueues { messages, outcomes })),
        (Some(_), None) => Err(invalid(
            OUTCOMES,
            format!("must be given together with {WEBHOOKS}"),
        )),
        (None, Some(_)) => Err(invalid(
            WEBHOOKS,
            format!("must be given together with {OUTCOMES}"),
        )),
        (None, None) => Ok(None),
    }
}

fn queue(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| "must be the URL of an SQS queue".to_owned())?;
    // SQS requires this suffix in lower case.
    let name = url.path().trim_end_matches('/').rsplit('.').next();
    if name == Some("fifo") {
        return Err(
            "must be a standard queue: a FIFO queue (.fifo) takes no message with a delay of its own"
                .to_owned(),
        );
    }
    Ok(url)
}
