//! Templates that SES fills in equal the locally rendered mail, byte for byte.

use std::collections::BTreeMap;

use super::*;
use crate::{
    fixtures,
    mailer::{self, compose::render},
    message::{Body, Envelope, Recipient, Variable},
};
use e2e::ses::fill_in;

fn mailing(subject: &str, html: Option<&str>, text: Option<&str>) -> Mailing {
    let envelope = Envelope {
        sender_name: "Team <&> {{mail}}".into(),
        subject: subject.into(),
        ..fixtures::envelope()
    };
    let body = Body {
        html: html.map(Into::into),
        text: text.map(Into::into),
        ..Body::default()
    };
    mailer::fixtures::mailing(envelope, body)
}

fn recipient(x: &str) -> Recipient {
    Recipient {
        name: Some("Ann \"{{x}}\"".into()),
        variables: BTreeMap::from([
            ("x".to_owned(), Variable::Text(x.into())),
            ("y".to_owned(), Variable::Text("\ny}}".into())),
            ("n".to_owned(), Variable::Number(5.into())),
            ("b".to_owned(), Variable::Boolean(false)),
        ]),
        ..fixtures::recipient("ann@example.org")
    }
}

type Parts = (String, Option<String>, Option<String>);

fn by_handlebars(template: &SesTemplate<'_>, data: &Value) -> Parts {
    let render = |part: &String| fill_in(part, data);
    (
        render(&template.subject),
        template.html.as_ref().map(render),
        template.text.as_ref().map(render),
    )
}

/// Replaces one variable after the other, in either order.
fn by_replacing(template: &SesTemplate<'_>, data: &Value, backwards: bool) -> Parts {
    let mut variables: Vec<_> = data.as_object().unwrap().iter().collect();
    variables.sort_by_key(|(name, _)| *name);
    if backwards {
        variables.reverse();
    }
    let render = |part: &String| {
        let mut text = part.clone();
        for (name, value) in &variables {
            text = text.replace(&format!("{{{{{name}}}}}"), value.as_str().unwrap());
        }
        text
    };
    (
        render(&template.subject),
        template.html.as_ref().map(render),
        template.text.as_ref().map(render),
    )
}

fn assert_same(mailing: &Mailing, recipient: &Recipient) {
    let values = Values::new(&mailing.envelope, recipient);
    let rendered = render(mailing, &values).unwrap();
    let expected = (rendered.subject, rendered.html, rendered.text);
    let template = SesTemplate::new(mailing);
    let data = template.data(&values).unwrap();
    let data: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(by_handlebars(&template, &data), expected);
    assert_eq!(by_replacing(&template, &data, false), expected);
    assert_eq!(by_replacing(&template, &data, true), expected);
}

const VALUES: [&str; 12] = [
    "",
    "plain",
    "<b>\"a\" & 'b'</b> ü",
    "{{x}}{{name}}{{n}}",
    "{",
    "}",
    "{{",
    "}}",
    "\\",
    "{{{x}}}",
    "{{#if x}}{{/if}}{{> x}}{{!x}}",
    "a\r\nBcc: b\r",
];

#[test]
fn any_text_around_placeholders_comes_out_as_it_was() {
    let pieces = [
        "{{x}}",
        "{{ name }}",
        "{",
        "}",
        "\\",
        "{{",
        "}}",
        "{{!",
        "{{#if x}}",
        "{{>",
        "{{{x}}}",
        "{{&x}}",
        "{{~x~}}",
        "\\{{x}}",
        "\\\\{{x}}",
        "p { a: b }",
        " \n",
    ];
    let recipient = recipient("{{y}} <");
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let text = format!("{first}{second}{third}");
                assert_same(&mailing("s", Some(&text), None), &recipient);
            }
        }
    }
}

#[test]
fn any_value_comes_out_as_it_was() {
    let text = "{{x}} {{{x}}} {{x}}{{x}} \\{{x}} {{company}}|{{mail}}{{y}}{{n}}{{b}}{{sender_name}}{{closureId}}";
    let mailing = mailing(text, Some(text), Some(text));
    for value in VALUES {
        assert_same(&mailing, &recipient(value));
    }
}

#[test]
fn values_that_meet_in_the_subject_are_on_one_line() {
    let mailing = mailing("{{x}}{{y}}", None, Some("x"));
    assert_same(&mailing, &recipient("a\r"));
}

#[test]
fn a_mailing_has_only_the_parts_that_it_came_with() {
    let recipient = recipient("x");
    for (html, text) in [
        (Some("{{x}}"), None),
        (None, Some("{{x}}")),
        (Some(""), Some("")),
    ] {
        assert_same(&mailing("s", html, text), &recipient);
    }
}

#[test]
fn text_without_placeholders_stays_readable() {
    let css = "<style>p { color: red } @media print { p { color: black } }</style>";
    let mailing = mailing("s", Some(css), None);
    assert_eq!(SesTemplate::new(&mailing).html.as_deref(), Some(css));
}

#[test]
fn no_value_can_name_a_variable() {
    let mailing = mailing("s", None, None);
    let names = || SesTemplate::new(&mailing).subject;
    assert_ne!(names(), names());
}

#[test]
fn a_name_stands_once_in_the_data_however_often_it_is_used() {
    let text = "{{x}} {{ x }} {{x}}}} {{x}}}} {{name}}";
    let mailing = mailing("{{x}}", None, Some(text));
    let template = SesTemplate::new(&mailing);
    let recipient = recipient("x");
    let data = template.data(&Values::new(&mailing.envelope, &recipient));
    let data: Value = serde_json::from_str(&data.unwrap()).unwrap();
    assert_eq!(data.as_object().unwrap().len(), 4);
}

#[test]
fn what_would_be_too_long_is_refused_before_it_is_rendered() {
    let text = "{{x}}".repeat(2_000);
    let mailing = mailing("s", None, Some(&text));
    let recipient = recipient(&"x".repeat(10_000));
    let data = SesTemplate::new(&mailing).data(&Values::new(&mailing.envelope, &recipient));
    assert!(data.is_err());
}
