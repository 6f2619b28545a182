//! The settings of the transport.

use std::{path::PathBuf, time::Duration};

use url::Url;

#[derive(Clone, Debug)]
pub enum Transport {
    Mailbox(PathBuf),
    Smtp {
        url: Url,
        /// The maximum number of connections to the server.
        connections: usize,
        /// The time limit of the exchange for one mail, up to the server's last answer.
        timeout: Duration,
    },
    Ses {
        /// The configuration set of every mail.
        configuration_set: Option<String>,
    },
}

impl Transport {
    /// Returns a description of the mail's destination for the operator, without user name and password.
    pub fn destination(&self) -> String {
        match self {
            Self::Mailbox(folder) => {
                let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
                format!("captured in {}, none of it is sent", folder.display())
            }
            Self::Smtp { url, .. } => {
                let host = url.host_str().unwrap_or_default();
                let port = url.port().map(|port| format!(":{port}"));
                format!(
                    "sent for real, through the SMTP server {}://{host}{}",
                    url.scheme(),
                    port.unwrap_or_default()
                )
            }
            Self::Ses { .. } => "sent for real, through Amazon SES".to_owned(),
        }
    }

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
