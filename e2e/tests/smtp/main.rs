//! The transport `smtp://` against a real SMTP server: the fate of a mail after every possible reply of the server, and
//! the commands and messages that the server receives.

mod aiosmtpd;
mod content;
mod encryption;
mod health;
mod outcomes;
mod singles;
mod slow;
