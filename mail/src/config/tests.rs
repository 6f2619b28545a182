use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Config, InvalidConfig> {
    Config::read(|name| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        Ok(found.map(|(_, value)| (*value).to_owned()))
    })
}

#[test]
fn unset_means_the_embedded_default() {
    let config = read(&[]).unwrap();
    assert!(
        matches!(config.database, DatabaseSource::Sqlite(ref path) if path.ends_with("data/mmms.db"))
    );
    assert!(
        matches!(config.transport, Transport::Mailbox(ref dir) if dir.ends_with("data/mailbox"))
    );
    assert_eq!(
        (config.host.to_string().as_str(), config.port),
        ("127.0.0.1", 8000)
    );
    assert_eq!(config.send_timeout(), Duration::from_secs(15));
}

#[test]
fn a_variable_that_makes_no_sense_is_named_without_its_value() {
    for (variable, value) in [
        ("DATABASE_URL", "mysql://root:secret@localhost/x"),
        ("DATABASE_URL", "sqlite::memory:"),
        ("DATABASE_URL", "postgres://localhost"),
        ("MAIL_TRANSPORT", "pigeon"),
        ("HOST", "somewhere"),
        ("PORT", "65536"),
        ("RETENTION_DAYS", "-1"),
        ("KEEP_DAYS", "-1"),
        ("KEEP_DAYS", "36501"),
        ("KEEP_DAYS", "forever"),
        ("KEEP_DAYS", "7"),
        ("LEASE_SECONDS", "-7"),
        ("SWEEP_SECONDS", "soon"),
        ("MAX_ATTEMPTS", "-7"),
        ("LOG_FORMAT", "xml"),
        ("ADMIN_TOKEN", "two words in one admin token"),
        ("ADMIN_TOKEN", "short"),
        ("ADMIN_TOKEN", "nineteen-characters"),
        ("DB_SSLMODE", "maybe"),
        ("DB_MIGRATE", "yes"),
        ("DB_ROLE_SECRET_NAME", "mmms/role"),
        ("DB_SSLMODE", "verify-full"),
        ("DB_SSLROOTCERT", "/nowhere/ca.pem"),
        ("MAIL_QUEUE_URL", "arn:aws:sqs:eu-central-1:1:mail"),
        (
            "MAIL_RESULT_QUEUE_URL",
            "arn:aws:sqs:eu-central-1:1:results",
        ),
        ("MAIL_QUEUE_URL", "https://sqs.example/1/mail.fifo"),
        ("MAIL_QUEUE_URL", "https://sqs.example/1/mail.fifo/"),
        (
            "MAIL_RESULT_QUEUE_URL",
            "https://sqs.example/1/results.fifo?",
        ),
        ("MAIL_EVENT_QUEUE_URL", "arn:aws:sqs:eu-central-1:1:events"),
        ("MAIL_EVENT_QUEUE_URL", "https://sqs.example/1/events.fifo"),
        ("WEBHOOK_QUEUE_URL", "arn:aws:sqs:eu-central-1:1:webhooks"),
        (
            "WEBHOOK_OUTCOME_QUEUE_URL",
            "https://sqs.example/1/outcomes.fifo",
        ),
        ("WEBHOOK_REACH", "everything"),
        ("PUBLIC_URL", "mail.example.org"),
        ("PUBLIC_URL", "ftp://mail.example.com"),
        ("PUBLIC_URL", "https://mail.example.com/?x=1"),
        ("PUBLIC_URL", "https://user@mail.example.com"),
        ("MAX_SEND_RATE", "-7"),
        ("MAX_SEND_RATE", "fast"),
        ("DB_HOST", "db.example"),
        ("SES_CONFIGURATION_SET", "ours"),
    ] {
        let error = read(&[(variable, value)]).expect_err(variable);
        assert_eq!(error.variable, variable);
        assert!(!error.to_string().contains(value), "{error}");
    }
}

#[test]
fn the_ssl_mode_goes_before_the_one_of_the_address() {
    let address = "postgres://me@db.example/mmms?application_name=mmms&sslmode=disable";
    let config = read(&[("DATABASE_URL", address), ("DB_SSLMODE", "verify-full")]).unwrap();
    let DatabaseSource::Postgres(url) = config.database else {
        panic!("not PostgreSQL");
    };
    assert_eq!(
        url.query(),
        Some("application_name=mmms&sslmode=verify-full")
    );
}

#[test]
fn other_hosts_must_say_how_mail_leaves() {
    assert_eq!(
        read(&[("HOST", "0.0.0.0")]).unwrap_err().variable,
        "MAIL_TRANSPORT"
    );
    assert!(read(&[("HOST", "0.0.0.0"), ("MAIL_TRANSPORT", "mailbox")]).is_ok());
}

#[test]
fn a_queue_of_sqs_means_sending_by_ses() {
    let config = read(&[("MAIL_QUEUE_URL", "https://sqs.example/1/mail")]).unwrap();
    assert!(matches!(config.transport, Transport::Ses { .. }));
    assert!(config.result_queue_url.is_none());
}

#[test]
fn events_come_by_a_queue_of_their_own() {
    let queue = |variable| (variable, "https://sqs.example/1/one");
    let (events, wake_ups, results) = (
        queue("MAIL_EVENT_QUEUE_URL"),
        queue("MAIL_QUEUE_URL"),
        queue("MAIL_RESULT_QUEUE_URL"),
    );
    assert!(read(&[wake_ups]).unwrap().event_queue_url.is_none());
    assert!(read(&[events]).unwrap().event_queue_url.is_some());
    for other in [wake_ups, results] {
        let refused = read(&[events, other]).unwrap_err();
        assert_eq!(refused.variable, events.0);
        assert!(refused.reason.contains(other.0), "{refused}");
    }
}

#[test]
fn webhooks_go_by_two_queues_of_their_own_or_by_none() {
    let queue = |variable, name: &'static str| (variable, name);
    let messages = queue("WEBHOOK_QUEUE_URL", "https://sqs.example/1/webhooks");
    let outcomes = queue(
        "WEBHOOK_OUTCOME_QUEUE_URL",
        "https://sqs.example/1/outcomes",
    );
    assert!(
        read(&[messages, outcomes])
            .unwrap()
            .webhook_queues
            .is_some()
    );
    assert!(read(&[]).unwrap().webhook_queues.is_none());
    let refused = |given: &[_]| read(given).unwrap_err();
    assert_eq!(refused(&[messages]).variable, outcomes.0);
    assert_eq!(refused(&[outcomes]).variable, messages.0);
    for other in ["MAIL_QUEUE_URL", "MAIL_EVENT_QUEUE_URL"] {
        let error = refused(&[messages, outcomes, (other, outcomes.1)]);
        assert_eq!(error.variable, outcomes.0);
        assert!(error.reason.contains(other), "{error}");
    }
    let one_for_both = refused(&[messages, (outcomes.0, messages.1)]);
    assert_eq!(one_for_both.variable, outcomes.0);
}

#[test]
fn a_function_posts_to_webhooks_by_queues_only() {
    let function = [
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
        ("DATABASE_URL", "postgres://me@db.example/mmms"),
        ("MAIL_QUEUE_URL", "https://sqs.example/1/mail"),
    ];
    let queues = [
        ("WEBHOOK_QUEUE_URL", "https://sqs.example/1/webhooks"),
        (
            "WEBHOOK_OUTCOME_QUEUE_URL",
            "https://sqs.example/1/outcomes",
        ),
    ];
    assert!(!read(&function).unwrap().posts_to_webhooks());
    let with_queues = [&function[..], &queues[..]].concat();
    assert!(read(&with_queues).unwrap().posts_to_webhooks());
    assert!(read(&function[1..]).unwrap().posts_to_webhooks());
}

#[test]
fn webhooks_are_at_public_addresses_but_in_the_embedded_default() {
    let reach = |given: &[_]| read(given).unwrap().webhook_reach();
    let queue = ("MAIL_QUEUE_URL", "https://sqs.example/1/mail");
    assert_eq!(reach(&[]), Reach::PublicAndLoopback);
    assert_eq!(reach(&[("WEBHOOK_REACH", "public")]), Reach::Public);
    assert_eq!(reach(&[queue]), Reach::Public);
    let local = [queue, ("WEBHOOK_REACH", "loopback")];
    assert_eq!(reach(&local), Reach::PublicAndLoopback);
}

#[test]
fn webhooks_are_not_at_addresses_of_an_instance_of_lambda() {
    let function = [
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
        ("DATABASE_URL", "postgres://me@db.example/mmms"),
        ("MAIL_TRANSPORT", "ses"),
        ("MAIL_QUEUE_URL", "https://sqs.example/1/mail"),
        ("ADMIN_TOKEN", "a-token-of-the-management"),
        ("HASH_SECRET", "a-secret-of-the-hashes-of-addresses"),
        ("WEBHOOK_REACH", "loopback"),
    ];
    assert_eq!(read(&function).unwrap_err().variable, "WEBHOOK_REACH");
    let emulator = ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
    assert!(read(&[&function[..], &[emulator]].concat()).is_ok());
}

#[test]
fn a_call_to_ses_needs_a_third_of_the_lease() {
    let (ses, lease) = (("MAIL_TRANSPORT", "ses"), "LEASE_SECONDS");
    assert_eq!(read(&[ses, (lease, "5")]).unwrap_err().variable, lease);
    assert!(read(&[ses, (lease, "6")]).is_ok() && read(&[(lease, "1")]).is_ok());
}

#[test]
fn mailings_are_kept_at_least_as_long_as_their_addresses() {
    let days = |variables: &[_]| read(variables).map(|config| config.keep.as_secs() / 86_400);
    let (retention, keep) = ("RETENTION_DAYS", "KEEP_DAYS");
    assert_eq!(days(&[]), Ok(400));
    assert_eq!(days(&[(retention, "3650")]), Ok(3650));
    assert_eq!(days(&[(retention, "0"), (keep, "1")]), Ok(1));
    assert_eq!(days(&[(retention, "90"), (keep, "90")]), Ok(90));
    assert_eq!(days(&[(keep, "36500")]), Ok(36_500));
    assert!(days(&[(retention, "0"), (keep, "0")]).is_err());
    let refused = days(&[(retention, "90"), (keep, "89")]).unwrap_err();
    assert_eq!(refused.variable, keep);
    assert!(refused.reason.contains("RETENTION_DAYS"), "{refused}");
}

#[test]
fn a_secret_names_the_database_and_wants_it_checked() {
    let given = [("SECRET_NAME", "mmms/db"), ("DB_NAME", "mmms")];
    let DatabaseSource::Secret(secret) = read(&given).unwrap().database else {
        panic!("not a secret");
    };
    assert_eq!(secret.ssl_mode, "verify-full");
    assert_eq!((secret.host, secret.port), (None, None));
    assert_eq!(read(&given[..1]).unwrap_err().variable, "DB_NAME");
}

#[test]
fn a_function_needs_what_outlives_it() {
    let function = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
    let database = ("DATABASE_URL", "postgres://me@db.example/mmms");
    let queue = ("MAIL_QUEUE_URL", "https://sqs.example/1/mail");
    let refused = |given: &[_]| read(given).unwrap_err().variable;
    assert_eq!(refused(&[function, queue]), "SECRET_NAME");
    assert_eq!(refused(&[function, database]), "MAIL_QUEUE_URL");
    let config = read(&[function, database, queue]).unwrap();
    assert!(config.is_function && config.log_format == LogFormat::Json);
    assert!(matches!(config.transport, Transport::Ses { .. }));
}

#[test]
fn the_admin_token_is_given_or_in_a_secret() {
    let (token, secret) = (
        ("ADMIN_TOKEN", "t0ken-of-twenty-chars"),
        ("ADMIN_SECRET_NAME", "mmms/admin"),
    );
    assert!(matches!(
        read(&[token]).unwrap().admin,
        Some(Admin::Token(_))
    ));
    assert!(matches!(
        read(&[secret]).unwrap().admin,
        Some(Admin::Secret(_))
    ));
    let both = read(&[token, secret]).unwrap_err();
    assert_eq!(both.variable, "ADMIN_SECRET_NAME");
}

#[test]
fn the_function_that_migrates_needs_a_server_and_no_queue() {
    let function = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
    let database = ("DATABASE_URL", "postgres://me@db.example/mmms");
    let role = ("DB_ROLE_SECRET_NAME", "mmms/role");
    let config = read(&[function, database, role]).unwrap();
    assert_eq!(config.role_secret.as_deref(), Some("mmms/role"));
    let not_migrating = [function, database, role, ("DB_MIGRATE", "false")];
    assert_eq!(
        read(&not_migrating).unwrap_err().variable,
        "DB_ROLE_SECRET_NAME"
    );
}
