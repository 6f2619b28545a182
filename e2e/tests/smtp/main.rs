//! The transport `smtp://` against a real SMTP server: what becomes of a mail at every answer the
//! server can give, and what the server is given.

mod aiosmtpd;
mod content;
mod encryption;
mod health;
mod outcomes;
mod singles;
mod slow;
