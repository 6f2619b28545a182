//! One connection to the SMTP server, from the greeting to QUIT (RFC 5321).

use std::io::{Error, Result};
use std::sync::atomic::Ordering;
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::{Accepted, Counted, Phase, Pipelining, Reaction, State, Tls};

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

struct Session<'a> {
    state: &'a State,
    stream: BufStream<Box<dyn Stream>>,
    encrypted: bool,
    user: Option<String>,
    transaction: Option<Transaction<'a>>,
    /// The number of mails that were begun.
    begun: usize,
}

struct Transaction<'a> {
    sender: String,
    recipients: Vec<String>,
    _counted: Counted<'a>,
}

pub(super) async fn run(stream: TcpStream, state: &State) -> Result<()> {
    stream.set_nodelay(true)?;
    let (stream, encrypted): (Box<dyn Stream>, bool) = match &state.options.tls {
        Tls::Implicit(acceptor) => (Box::new(acceptor.accept(stream).await?), true),
        Tls::None | Tls::Offered(_) => (Box::new(stream), false),
    };
    let mut session = Session {
        state,
        stream: BufStream::new(stream),
        encrypted,
        user: None,
        transaction: None,
        begun: 0,
    };
    if let Some((most, greeting)) = state.options.most_connections
        && state.sessions.load(Ordering::SeqCst) > most
    {
        return session.reply(greeting).await;
    }
    session.step(Phase::Connect, "220 test ESMTP").await?;
    while let Some(line) = session.line().await? {
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => session.capabilities().await?,
            "HELO" | "NOOP" => session.reply("250 ok").await?,
            "STARTTLS" => session = session.encrypt().await?,
            "AUTH" => session.log_in(rest).await?,
            "MAIL" => session.mail(rest).await?,
            "RCPT" => session.recipient(rest).await?,
            "DATA" => session.data().await?,
            "RSET" => {
                session.transaction = None;
                session.step(Phase::Reset, "250 ok").await?;
            }
            "QUIT" => {
                session.step(Phase::Quit, "221 bye").await?;
                return Ok(());
            }
            _ => session.reply("502 5.5.1 not known").await?,
        }
    }
    Ok(())
}

impl Session<'_> {
    async fn capabilities(&mut self) -> Result<()> {
        let mut lines = vec!["test", "8BITMIME"];
        if matches!(self.state.options.tls, Tls::Offered(_)) && !self.encrypted {
            lines.push("STARTTLS");
        }
        if self.state.options.pipelining != Pipelining::NotOffered {
            lines.push("PIPELINING");
        }
        if self.state.options.credentials.is_some() {
            lines.push("AUTH PLAIN");
        }
        let last = lines.pop().expect("there are lines");
        let mut reply = String::new();
        for line in lines {
            reply.push_str("250-");
            reply.push_str(line);
            reply.push_str("\r\n");
        }
        reply.push_str("250 ");
        reply.push_str(last);
        self.step(Phase::Hello, &reply).await?;
        Ok(())
    }

    async fn encrypt(mut self) -> Result<Self> {
        let Tls::Offered(acceptor) = &self.state.options.tls else {
            self.reply("502 5.5.1 not known").await?;
            return Ok(self);
        };
        self.reply("220 go ahead").await?;
        let stream = acceptor.accept(self.stream.into_inner()).await?;
        Ok(Self {
            stream: BufStream::new(Box::new(stream)),
            encrypted: true,
            ..self
        })
    }

    async fn log_in(&mut self, arguments: &str) -> Result<()> {
        let given = arguments
            .strip_prefix("PLAIN ")
            .and_then(|coded| BASE64_STANDARD.decode(coded).ok())
            .and_then(|plain| String::from_utf8(plain).ok());
        let tried = given.as_deref().and_then(|plain| plain.split('\0').nth(1));
        self.state.note_user(tried.unwrap_or_default());
        let known = self.state.options.credentials;
        let user = known
            .filter(|(user, password)| given == Some(format!("\0{user}\0{password}")))
            .map(|(user, _)| user.to_owned());
        let usual = match user {
            Some(_) => "235 2.7.0 welcome",
            None => "535 5.7.8 not these",
        };
        if self.step(Phase::LogIn, usual).await? {
            self.user = user;
        }
        Ok(())
    }

    async fn mail(&mut self, arguments: &str) -> Result<()> {
        if self.state.options.credentials.is_some() && self.user.is_none() {
            return self.reply("530 5.7.0 who are you").await;
        }
        self.begun += 1;
        if let Some((most, reply)) = self.state.options.mails_per_session
            && self.begun > most
        {
            return self.reply(reply).await;
        }
        self.transaction = Some(Transaction {
            sender: address(arguments),
            recipients: Vec::new(),
            _counted: Counted::one(&self.state.transactions),
        });
        if !self.step(Phase::Mail, "250 ok").await? {
            self.transaction = None;
        }
        Ok(())
    }

    async fn recipient(&mut self, arguments: &str) -> Result<()> {
        let Some(transaction) = &mut self.transaction else {
            return self.reply("503 5.5.1 MAIL first").await;
        };
        transaction.recipients.push(address(arguments));
        if !self.step(Phase::Recipient, "250 ok").await? {
            let transaction = self.transaction.as_mut();
            transaction.map(|transaction| transaction.recipients.pop());
        }
        Ok(())
    }

    async fn data(&mut self) -> Result<()> {
        let has_recipients = |transaction: &Transaction| !transaction.recipients.is_empty();
        if !self.transaction.as_ref().is_some_and(has_recipients) {
            if self.state.options.pipelining == Pipelining::OfferedWithAnyData {
                self.reply("354 go ahead").await?;
                assert!(self.message().await?.is_empty(), "a mail to nobody");
                return self.reply("554 5.5.1 no valid recipients").await;
            }
            return self.reply("503 5.5.1 RCPT first").await;
        }
        if !self.step(Phase::Data, "354 go ahead").await? {
            return Ok(());
        }
        let data = self.message().await?;
        let _answering = Counted::one(&self.state.answering);
        let transaction = self.transaction.take().expect("a transaction");
        let reaction = self
            .state
            .react(Phase::End, &transaction.sender, &transaction.recipients);
        if reaction.accepts() {
            let accepted = Accepted {
                sender: transaction.sender.clone(),
                recipients: transaction.recipients.clone(),
                data,
                user: self.user.clone(),
                encrypted: self.encrypted,
                at: Instant::now(),
            };
            self.state
                .accepted
                .send_modify(|messages| messages.push(accepted));
        }
        self.carry_out(reaction, "250 2.0.0 taken").await?;
        Ok(())
    }

    /// Carries out the script's reaction, and returns whether the client may go on.
    async fn step(&mut self, phase: Phase, usual: &str) -> Result<bool> {
        let reaction = match &self.transaction {
            Some(transaction) => {
                self.state
                    .react(phase, &transaction.sender, &transaction.recipients)
            }
            None => self.state.react(phase, "", &[]),
        };
        self.carry_out(reaction, usual).await
    }

    async fn carry_out(&mut self, reaction: Reaction, usual: &str) -> Result<bool> {
        match reaction {
            Reaction::Continue => self.reply(usual).await.map(|()| true),
            Reaction::Delay(time) => {
                sleep(time).await;
                self.reply(usual).await.map(|()| true)
            }
            Reaction::Reply(instead) => self.reply(instead).await.map(|()| false),
            Reaction::ReplyAfter(time, instead) => {
                sleep(time).await;
                self.reply(instead).await.map(|()| false)
            }
            Reaction::Close | Reaction::AcceptAndClose => Err(closed()),
            Reaction::Stall | Reaction::AcceptAndStall => {
                // Everything that the client sends is ignored until it disconnects.
                let mut ignored = Vec::new();
                self.stream.read_to_end(&mut ignored).await?;
                Err(closed())
            }
            Reaction::ReplyAndClose => {
                self.reply(usual).await?;
                Err(closed())
            }
        }
    }

    /// Reads the message up to the line with the dot, without the dots that SMTP adds.
    async fn message(&mut self) -> Result<Vec<u8>> {
        let mut message = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await? == 0 {
                return Err(closed());
            }
            if line == b".\r\n" {
                return Ok(message);
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    async fn line(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line).await?;
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        Ok((read > 0).then_some(text))
    }

    async fn reply(&mut self, reply: &str) -> Result<()> {
        self.stream.write_all(reply.as_bytes()).await?;
        self.stream.write_all(b"\r\n").await?;
        self.stream.flush().await
    }
}

/// Returns the address between the angle brackets of `FROM:<…>` and `TO:<…>`.
fn address(arguments: &str) -> String {
    let inside = arguments
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(address, _)| address.to_owned())
}

fn closed() -> Error {
    Error::from(std::io::ErrorKind::ConnectionAborted)
}
