//! SES's way of filling in a template: by Handlebars, without escaping.

use handlebars::Handlebars;
use serde_json::Value;

/// Fills in a template. A variable without a value is an error, as in SES.
pub fn fill_in(template: &str, data: &Value) -> String {
    let mut engine = Handlebars::new();
    engine.register_escape_fn(handlebars::no_escape);
    engine.set_strict_mode(true);
    engine
        .render_template(template, data)
        .unwrap_or_else(|error| panic!("{template}: {error}"))
}
