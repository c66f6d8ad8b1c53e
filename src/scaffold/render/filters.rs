//! Filters beside the engine's own: other ways to write a name, and JSON.

use heck::{
    ToKebabCase, ToLowerCamelCase, ToPascalCase, ToShoutySnakeCase, ToSnakeCase, ToTitleCase,
};
use tera::{Kwargs, State, Tera, TeraResult, Value};

type Case = fn(&str) -> String;

const CASES: &[(&str, Case)] = &[
    ("snake", |text| text.to_snake_case()),
    ("kebab", |text| text.to_kebab_case()),
    ("pascal", |text| text.to_pascal_case()),
    ("camel", |text| text.to_lower_camel_case()),
    ("shouty", |text| text.to_shouty_snake_case()),
    ("title", |text| text.to_title_case()),
];

/// Adds them all.
pub(super) fn add(tera: &mut Tera) {
    for (name, case) in CASES {
        tera.register_filter(*name, |text: &str, _: Kwargs, _: &State| case(text));
    }
    tera.register_filter("json", |value: Value, _: Kwargs, _: &State| -> TeraResult<String> {
        serde_json::to_string(&value).map_err(tera::Error::message)
    });
}
