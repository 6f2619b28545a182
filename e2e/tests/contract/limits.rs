//! Limits of the size of a body and of the numbers of its elements.

use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::letter::addressed;
use e2e::raw::Connection;
use e2e::{Caller, Database, Server, With, everywhere, letter, mailing, on_both_databases};
use serde_json::{Value, json};

const MIB: usize = 1024 * 1024;

everywhere!(
    a_body_of_nearly_4_mib_is_read,
    ten_thousand_recipients_are_taken_and_one_more_is_not,
    fifty_addresses_are_taken_and_one_more_is_not,
    a_subject_of_998_characters_is_taken_and_one_more_is_not,
    names_of_320_characters_are_taken_and_one_more_is_not,
    a_mail_that_its_values_make_too_long_is_refused,
    attachments_of_two_and_a_half_mib_are_taken_and_one_byte_more_is_not,
);

// API Gateway reads the whole body before it invokes a function.
on_both_databases!(
    a_body_over_4_mib_is_refused_before_it_is_read,
    a_chunked_body_over_4_mib_is_refused_before_it_ends,
    clients_get_to_read_that_a_body_is_too_large,
);

fn head(server: &Server, key: &str, length: &str) -> String {
    let host = server.url().trim_start_matches("http://");
    format!(
        "POST /v1/mail HTTP/1.1\r\nhost: {host}\r\nx-api-key: {key}\r\n\
         content-type: application/json\r\n{length}\r\n\r\n"
    )
}

async fn key(server: &Server) -> String {
    let key = server.new_key(json!({})).await;
    key["api_key"].as_str().expect("a key").to_owned()
}

async fn a_body_over_4_mib_is_refused_before_it_is_read(database: Database) {
    let server = Server::on(&database).start().await;
    let key = key(&server).await;
    for size in [4 * MIB + 1, 100 * MIB, 10_000 * MIB] {
        let mut connection = Connection::to(server.url()).await;
        let head = head(&server, &key, &format!("content-length: {size}"));
        connection.write(head.as_bytes()).await.expect("a request");
        let (status, text) = connection.answer().await;
        assert_eq!(status, 413, "{text}");
        assert!(text.contains("\"payload_too_large\""), "{text}");
        assert!(text.to_lowercase().contains("x-request-id:"), "{text}");
    }
}

async fn a_chunked_body_over_4_mib_is_refused_before_it_ends(database: Database) {
    let server = Server::on(&database).start().await;
    let key = key(&server).await;
    let mut connection = Connection::to(server.url()).await;
    let head = head(&server, &key, "transfer-encoding: chunked");
    connection.write(head.as_bytes()).await.expect("a request");
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
    for _ in 0..=(4 * MIB / (64 * 1024)) {
        if connection.write(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let (status, text) = connection.answer().await;
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("\"payload_too_large\""), "{text}");
}

/// These clients write their whole body before they read the answer.
async fn clients_get_to_read_that_a_body_is_too_large(database: Database) {
    const PYTHON: &str = "\
import sys, urllib.request, urllib.error
request = urllib.request.Request(sys.argv[1], b' ' * int(sys.argv[2]), {'content-type': 'application/json', 'x-api-key': sys.argv[3]})
try: urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)
except urllib.error.HTTPError as error: print(error.code, error.read().decode())";
    const NODE: &str = "\
const [url, size, key] = process.argv.slice(1);
const headers = { 'content-type': 'application/json', 'x-api-key': key };
fetch(url, { method: 'POST', body: ' '.repeat(+size), headers })
  .then(async (answer) => console.log(answer.status, await answer.text()));";
    const CURL: &str = "\
head -c \"$2\" /dev/zero | tr '\\0' ' ' | curl --silent --noproxy '*' --write-out ' %{http_code}' \
  --header 'content-type: application/json' --header \"x-api-key: $3\" --data-binary @- \"$1\"";
    const CHUNKED: &str = "\
head -c \"$2\" /dev/zero | tr '\\0' ' ' | curl --silent --noproxy '*' --write-out ' %{http_code}' --http1.1 \
  --header 'transfer-encoding: chunked' --header 'expect:' --header 'content-type: application/json' \
  --header \"x-api-key: $3\" --data-binary @- \"$1\"";
    let server = Server::on(&database).start().await;
    let key = key(&server).await;
    let url = format!("{}/v1/mail", server.url());
    for size in ["5000000", "20000000"] {
        for (client, arguments) in [
            ("python3", &["-c", PYTHON][..]),
            ("node", &["-e", NODE, "--"]),
            ("sh", &["-c", CURL, "curl"]),
            ("sh", &["-c", CHUNKED, "curl"]),
        ] {
            let mut command = tokio::process::Command::new(client);
            command.args(arguments).args([&*url, size, &*key]);
            let printed = e2e::program::passes(command).await;
            assert!(printed.contains("413"), "{client} {size}: {printed}");
            assert!(
                printed.contains("payload_too_large"),
                "{client} {size}: {printed}"
            );
        }
    }
}

async fn a_body_of_nearly_4_mib_is_read(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let room = 4 * MIB - letter("ann@example.org").to_string().len() - 100;
    let body = letter("ann@example.org").with("text_template", "a".repeat(room));
    sender.mail(&body).await.data(200);
}

async fn ten_thousand_recipients_are_taken_and_one_more_is_not(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let answer = sender.mail(&mailing(10_001)).await;
    answer.only_fault("recipients");
    assert!(sender.get("/v1/mail").await.items().is_empty());
    let begin = Instant::now();
    let data = sender.mail(&mailing(10_000)).await.data(202);
    assert_eq!(data["accepted"], 10_000);
    assert!(begin.elapsed().as_secs() < 25, "{:?}", begin.elapsed());
    let answer = sender.mail(&mailing(0)).await;
    answer.only_fault("recipients");
}

async fn fifty_addresses_are_taken_and_one_more_is_not(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let many = |name: &str, count: usize| -> Value {
        (0..count)
            .map(|index| format!("{name}-{index}@example.org"))
            .collect()
    };
    let body = letter("ann@example.org")
        .with("cc", many("cc", 25))
        .with("bcc", many("bcc", 24));
    sender.mail(&body).await.data(200);
    let answer = sender.mail(&body.with("cc", many("cc", 26))).await;
    let faults = answer.faults();
    assert!(
        faults
            .iter()
            .all(|path| path.starts_with("cc") || path.starts_with("bcc") || path == "recipients"),
        "{faults:?}"
    );
}

async fn a_subject_of_998_characters_is_taken_and_one_more_is_not(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for letters in ["a", "é"] {
        let body = letter("ann@example.org").with("subject", letters.repeat(998));
        sender.mail(&body).await.data(200);
        let body = body.with("subject", letters.repeat(999));
        sender.mail(&body).await.only_fault("subject");
    }
    let empty = letter("ann@example.org").with("subject", "");
    sender.mail(&empty).await.only_fault("subject");
}

async fn names_of_320_characters_are_taken_and_one_more_is_not(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let named = |sender_name: String, name: String| {
        let recipient = json!({ "mail": "ann@example.org", "name": name });
        letter("")
            .with("recipients", json!([recipient]))
            .with("sender_name", sender_name)
    };
    for letters in ["a", "é", "\"", "🎉"] {
        let (fits, too_long) = (letters.repeat(320), letters.repeat(321));
        sender
            .mail(&named(fits.clone(), fits.clone()))
            .await
            .data(200);
        let answer = sender.mail(&named(fits.clone(), too_long.clone())).await;
        answer.only_fault("recipients.0.name");
        let answer = sender.mail(&named(too_long, fits)).await;
        answer.only_fault("sender_name");
    }
}

async fn a_mail_that_its_values_make_too_long_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let recipient = |index: usize| {
        let value = if index == 2 {
            "&".repeat(1_900_000)
        } else {
            "x".to_owned()
        };
        json!({ "mail": format!("r-{index}@example.org"), "variables": { "a": value } })
    };
    let body = addressed(&(0..3).map(recipient).collect());
    for (field, template) in [
        ("subject", "{{a}}".to_owned()),
        ("html_template", "{{a}}".repeat(400_000)),
        ("text_template", "{{a}}".repeat(400_000)),
    ] {
        let answer = sender.mail(&body.clone().with(field, template)).await;
        answer.only_fault("recipients.2");
    }
    assert!(sender.get("/v1/mail").await.items().is_empty());
}

async fn attachments_of_two_and_a_half_mib_are_taken_and_one_byte_more_is_not(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let half = 5 * MIB / 4;
    attach(&sender, &[half, half]).await.data(200);
    let answer = attach(&sender, &[half, half + 1]).await;
    let faults = answer.faults();
    assert!(
        faults.iter().all(|path| path.starts_with("attachments")),
        "{faults:?}"
    );
}

async fn attach(sender: &Caller, sizes: &[usize]) -> e2e::Answer {
    let attachments: Value = sizes
        .iter()
        .enumerate()
        .map(|(index, size)| {
            let content = BASE64_STANDARD.encode(vec![7; *size]);
            json!({ "filename": format!("{index}.bin"), "content": content })
        })
        .collect();
    let body = letter("ann@example.org").with("attachments", attachments);
    sender.mail(&body).await
}
