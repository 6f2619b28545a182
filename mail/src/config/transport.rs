//! How mail leaves.

use std::{path::PathBuf, time::Duration};

use url::Url;

#[derive(Clone, Debug)]
pub enum Transport {
    Mailbox(PathBuf),
    Smtp {
        url: Url,
        /// Most connections to the server.
        connections: usize,
        /// How long the exchange for one mail may take, to the server's last answer.
        timeout: Duration,
    },
    Ses {
        /// The configuration set that every mail names.
        configuration_set: Option<String>,
    },
}

impl Transport {
    pub(super) fn smtp(text: &str, connections: usize, timeout: Duration) -> Result<Self, String> {
        Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host())
            .filter(|url| matches!(url.path(), "" | "/") && url.query().is_none())
            .map(|url| Self::Smtp {
                url,
                connections,
                timeout,
            })
            .ok_or_else(|| "must be ses, mailbox, smtp://HOST:PORT or smtps://HOST:PORT".to_owned())
    }
}
