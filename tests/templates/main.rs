//! The built-in templates: each is made into a project, which its own verbs lint and test, and which
//! `gaia up --wait` serves. `scripts/toolchains` installs what that takes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    unreachable_pub,
    missing_docs,
    reason = "tests"
)]

#[allow(dead_code, reason = "written for more than these tests")]
#[path = "../it/house.rs"]
mod house;
mod project;
mod tools;

use std::path::Path;

use project::Project;

/// Makes the project, and runs all that is promised of it.
fn keeps_its_promises(template: &str, vars: &[&str], served: &[(&str, &str, &str)]) {
    let Some(tools) = tools::found() else { return };
    let project = Project::new(&tools, template, vars);
    project.runs("just", &["setup"]);
    project.runs("just", &["lint"]);
    project.runs("just", &["test"]);
    project.has_good_ci();
    let up = project.up();
    for (service, path, text) in served {
        let body = up.get(service, path);
        assert!(body.contains(text), "{template}: {service} answers {path} with {body}");
    }
    up.down();
}

#[test]
fn a_go_api_is_linted_tested_and_served() {
    let answers = ["port=0", "module_path=example.com/team/p"];
    keeps_its_promises("go-api", &answers, &[("api", "/healthz", "ok"), ("api", "/readyz", "ok")]);
}

#[test]
fn a_react_app_is_linted_tested_and_served() {
    let served = [("web", "/healthz", "ok"), ("web", "/", "<div id=\"root\">")];
    keeps_its_promises("react-app", &["port=0"], &served);
}

#[test]
fn both_parts_of_a_full_stack_are_linted_tested_and_served_through_its_proxy() {
    let served = [
        ("web", "/", "<div id=\"root\">"),
        ("web", "/api/healthz", "ok"),
        ("web", "/api/items", "[]"),
        ("api", "/healthz", "ok"),
    ];
    keeps_its_promises("full-stack", &["port=0", "web_port=0"], &served);
}

#[test]
fn a_rust_cli_is_linted_tested_and_served() {
    keeps_its_promises("rust-cli", &["port=0"], &[("serve", "/healthz", "ok")]);
}

#[test]
fn a_rust_axum_api_is_linted_tested_and_served() {
    let served = [("api", "/healthz", "ok"), ("api", "/readyz", "ok")];
    keeps_its_promises("rust-axum-api", &["port=0"], &served);
}

#[test]
fn a_python_fastapi_is_linted_tested_and_served() {
    let served = [("api", "/healthz", "ok"), ("api", "/openapi.json", "/items")];
    keeps_its_promises("python-fastapi", &["port=0"], &served);
}

#[test]
fn a_node_express_is_linted_tested_and_served() {
    let served = [("api", "/healthz", "ok"), ("api", "/readyz", "ok")];
    keeps_its_promises("node-express", &["port=0"], &served);
}

/// Files that two templates have in common and cannot share, for they lie in different folders.
#[test]
fn what_stands_twice_is_the_same() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let read = |path: String| {
        std::fs::read(templates.join(&path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    };
    for file in [
        ".node-version",
        "Dockerfile",
        "biome.json",
        "index.html.tera",
        "package-lock.json.tera",
        "package.json.tera",
        "public/favicon.svg",
        "public/healthz",
        "public/readyz",
        "src/index.css",
        "src/main.tsx",
        "tsconfig.json",
    ] {
        let one = read(format!("react-app/files/{file}"));
        assert!(
            one == read(format!("full-stack/files/web/{file}")),
            "react-app and full-stack: {file}"
        );
    }
    for file in ["clippy.toml", "rust-toolchain.toml", "rustfmt.toml"] {
        let one = read(format!("rust-cli/files/{file}"));
        assert!(one == read(format!("rust-axum-api/files/{file}")), "the Rust templates: {file}");
    }
    for file in [".node-version", "biome.json"] {
        let one = read(format!("react-app/files/{file}"));
        assert!(one == read(format!("node-express/files/{file}")), "the npm templates: {file}");
    }
}
