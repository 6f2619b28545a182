//! Black-box tests of the programs, and their fixtures: databases, the programs as child processes, an SMTP server that
//! counts mails, and an HTTP client. This crate does not use the programs' code, only their binaries, their protocols
//! and the database that they write.

pub mod answer;
pub mod authority;
pub mod aws;
pub mod balance;
pub mod binaries;
pub mod caller;
pub mod database;
pub mod deployment;
pub mod description;
pub mod event_source;
pub mod gateway;
pub mod hook;
pub mod http;
pub mod letter;
pub mod listener;
pub mod mailbox;
pub mod postgres_server;
pub mod printed;
pub mod process;
pub mod program;
pub mod proxy;
pub mod raw;
pub mod receiver;
pub mod reckoning;
pub mod results;
pub mod runtime;
pub mod server;
pub mod service;
pub mod ses;
pub mod small_disk;
pub mod smtp;
pub mod stack;
pub mod times;
pub mod waiting;
pub mod webhook_example;
pub mod worker;

pub use answer::Answer;
pub use authority::Authority;
pub use caller::Caller;
pub use database::Database;
pub use deployment::{Cloud, Deployment};
pub use hook::Hook;
pub use letter::{With, letter, mailing};
pub use postgres_server::PostgresServer;
pub use proxy::Proxy;
pub use receiver::Receiver;
pub use server::Server;
pub use service::Service;
pub use ses::Ses;
pub use small_disk::SmallDisk;
pub use smtp::SmtpServer;
pub use stack::Stack;
pub use waiting::eventually;
pub use worker::Worker;
