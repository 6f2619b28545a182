//! An SMTP server that accepts every mail, after a delay that Debian's `smtp-sink` can only have in whole seconds.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::recipients::Recipients;

/// Accepts mails until it is aborted; `delay` is before the answer to the end of each.
pub async fn serve(listener: TcpListener, recipients: Arc<Recipients>, delay: Duration) {
    while let Ok((stream, _)) = listener.accept().await {
        let recipients = Arc::clone(&recipients);
        tokio::spawn(async move {
            let _ = session(stream, &recipients, delay).await;
        });
    }
}

async fn session(
    stream: TcpStream,
    recipients: &Recipients,
    delay: Duration,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    let mut answers = b"220 stand-in ESMTP\r\n".to_vec();
    let mut envelope: Vec<String> = Vec::new();
    let mut line = String::new();
    loop {
        // Commands that came together are answered together.
        if reading.buffer().is_empty() {
            writing.write_all(&answers).await?;
            answers.clear();
        }
        line.clear();
        if reading.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb: String = line.chars().take(4).collect();
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => "250-stand-in\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n",
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                envelope.push(address.to_owned());
                "250 Ok\r\n"
            }
            "DATA" => {
                answers.extend(b"354 End with a dot\r\n");
                writing.write_all(&answers).await?;
                answers.clear();
                skip_content(&mut reading).await?;
                tokio::time::sleep(delay).await;
                recipients.add(envelope.iter().map(String::as_str));
                envelope.clear();
                "250 Ok: accepted\r\n"
            }
            "RSET" => {
                envelope.clear();
                "250 Ok\r\n"
            }
            "QUIT" => {
                answers.extend(b"221 Bye\r\n");
                return writing.write_all(&answers).await;
            }
            _ => "250 Ok\r\n",
        };
        answers.extend(answer.as_bytes());
    }
}

async fn skip_content(reading: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if reading.read_until(b'\n', &mut line).await? == 0 || line == b".\r\n" {
            return Ok(());
        }
    }
}
