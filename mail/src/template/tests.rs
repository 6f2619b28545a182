//! The values of placeholders, and texts that are no placeholders.

use super::*;
use crate::{
    fixtures,
    message::{CallerIds, Variable},
};

fn envelope() -> Envelope {
    Envelope {
        ids: CallerIds {
            email_id: Some(CallerId::Integer(7)),
            ..CallerIds::default()
        },
        ..fixtures::envelope()
    }
}

fn recipient(variables: &[(&str, Variable)]) -> Recipient {
    Recipient {
        name: Some("Ann <3".into()),
        variables: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        ..fixtures::recipient("ann@example.com")
    }
}

fn html(template: &str, variables: &[(&str, Variable)]) -> String {
    Template::parse(template).html(&Values::new(&envelope(), &recipient(variables)))
}

#[test]
fn a_placeholder_stands_for_the_variable_before_the_field() {
    assert_eq!(html("{{mail}}", &[]), "ann@example.com");
    assert_eq!(
        html("{{ mail }}", &[("mail", Variable::Text("x".into()))]),
        "x"
    );
    assert_eq!(
        html(
            "{{email_id}} {{n}} {{b}}",
            &[
                ("n", Variable::Number(5.into())),
                ("b", Variable::Boolean(true)),
            ]
        ),
        "7 5 true"
    );
}

#[test]
fn a_known_field_that_is_absent_is_empty() {
    assert_eq!(html("[{{company}}{{closureId}}]", &[]), "[]");
}

#[test]
fn values_are_escaped_in_html_and_plain_in_text() {
    assert_eq!(html("<b>{{name}}</b>", &[]), "<b>Ann &lt;3</b>");
    let (envelope, recipient) = (
        envelope(),
        recipient(&[("q", Variable::Text("\"'&".into()))]),
    );
    let values = Values::new(&envelope, &recipient);
    assert_eq!(Template::parse("{{name}}").text(&values), "Ann <3");
    assert_eq!(Template::parse("{{q}}").html(&values), "&quot;&#x27;&amp;");
}

#[test]
fn other_braces_are_plain_text() {
    for text in [
        "{{",
        "{{}}",
        "{{ }}",
        "{{a b}}",
        "{{a-b}}",
        "{{ü}}",
        "{{\nname}}",
        "{name}",
        "{{name}",
        "{{#if}}",
    ] {
        assert_eq!(html(text, &[]), text);
    }
    assert_eq!(html("{{{mail}}}", &[]), "ann@example.com");
    assert_eq!(html("a{{{mail}} }", &[]), "a{ann@example.com }");
    assert_eq!(html("{{ {{mail}}", &[]), "{{ ann@example.com");
}

#[test]
fn a_value_is_never_taken_for_a_template() {
    assert_eq!(
        html("{{a}}", &[("a", Variable::Text("{{mail}}".into()))]),
        "{{mail}}"
    );
}

#[test]
fn a_line_end_in_a_value_never_reaches_a_header() {
    let recipient = recipient(&[("a", Variable::Text("x\r\nBcc: y\nz\0".into()))]);
    let envelope = envelope();
    let values = Values::new(&envelope, &recipient);
    assert_eq!(Template::parse("{{a}}").header(&values), "x Bcc: y z ");
}

#[test]
fn names_that_are_no_fields_need_a_variable() {
    let template = Template::parse("{{name}} {{code}} {{ code }} {{x_1}}");
    assert_eq!(template.variables().collect::<Vec<_>>(), ["code", "x_1"]);
    let recipient = recipient(&[
        ("code", Variable::Number(1.into())),
        ("other", Variable::Number(1.into())),
    ]);
    assert_eq!(template.count_missing(&recipient), 1);
}

#[test]
fn the_length_is_known_before_anything_is_rendered() {
    let envelope = envelope();
    let recipient = recipient(&[
        ("html", Variable::Text("<a href=\"ü\">'&'</a>".into())),
        (
            "company",
            Variable::Text("a variable of a field's name".into()),
        ),
        ("number", Variable::Number(1234.into())),
        ("not_named", Variable::Text("x".repeat(100))),
    ]);
    let values = Values::new(&envelope, &recipient);
    for text in [
        "",
        "no placeholder, <b>ü</b>",
        "{{html}} {{ html }} {{number}} ü {{name}}{{mail}}",
        "{{company}}{{closureId}}{{email_id}}{{unknown}}",
    ] {
        let template = Template::parse(text);
        assert_eq!(template.html_length(&values), template.html(&values).len());
        assert_eq!(template.text_length(&values), template.text(&values).len());
        let characters = template.header(&values).chars().count();
        assert_eq!(template.header_length(&values), characters);
    }
}

#[test]
fn the_length_of_what_could_never_be_rendered_is_known_at_once() {
    let template = Template::parse(&"{{a}}".repeat(400_000));
    let recipient = recipient(&[("a", Variable::Text("&".repeat(1_900_000)))]);
    let envelope = envelope();
    let values = Values::new(&envelope, &recipient);
    assert_eq!(template.text_length(&values), 400_000 * 1_900_000);
    assert_eq!(template.html_length(&values), 5 * 400_000 * 1_900_000);
}
