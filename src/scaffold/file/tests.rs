use super::read;
use crate::scaffold::render::tests::pack;

/// Place, sentence and advice of each fault.
fn faults(toml: &str) -> Vec<String> {
    let faults = read(&pack(toml, &[])).unwrap_err();
    let line = |f: &crate::base::ConfigError| {
        let ((line, column), (_, _, _, what, help)) = (f.place(), f.parts());
        format!("{line}:{column} {what}{}", help.map_or(String::new(), |help| format!(" ({help})")))
    };
    faults.iter().map(line).collect()
}

#[test]
fn all_faults_are_told_with_their_place_and_a_way_out() {
    let toml = "name = 'other'
version = '1'
abuot = 'x'
[answers.Port]
type = 'imt'
[answers.kind]
type = 'choice'
[answers.n]
type = 'int'
default = [1]
chioces = []
[computed]
kind = 5
target = 'x'
[[files]]
when = 'x'
[[files]]
path = 'a'
delimiters = { block = ['<', '>'] }
[hooks]
after = ['make']
timeout = 'soon'
[[tests]]
answers = { a = 1.5 }
[[migrations]]
moved = []
";
    assert_eq!(
        faults(toml),
        [
            "3:1 there is no key `abuot` here (did you mean `about`?)",
            "1:8 the template is named `other`, and its folder `t` (write name = \"t\", or rename the folder)",
            "2:11 `1` is no version (write three numbers, e.g. \"1.0.0\")",
            "4:10 `Port` cannot be the name of a value (use small letters, digits and _, beginning with a letter)",
            "5:8 there is no type `imt` (did you mean \"int\"?)",
            "6:10 there is nothing to choose from (write choices = [\"a\", \"b\"])",
            "11:1 there is no key `chioces` here (did you mean `choices`?)",
            "10:11 this default is no value of the type int (a text is rendered first and then read as the type)",
            "13:1 `kind` is asked for already (choose another name)",
            "13:8 this is no computed value (write \"{{ a text }}\", or { expr = \"an expression\" })",
            "14:1 `target` is a value that every template has (choose another name)",
            "22:11 `soon` is no span of time (write it like 30s or 2m)",
            "21:10 this is no command of `after` (write [\"program\", \"argument\"])",
            "15:1 this rule names no files (write path = \"docker/**\", below files/)",
            "19:24 `block` is no pair of delimiters (write two texts of two bytes each, e.g. [\"<%\", \"%>\"])",
            "23:1 this test has no name (write name = \"plain\")",
            "26:9 this is no table of paths (write moved = { \"old/path\" = \"new/path\" })",
            "25:1 this migration has no version (write version = \"2.0.0\": the version that needs it)",
        ]
    );
}

#[test]
fn text_that_is_no_toml_is_told_line_by_line() {
    let found = faults("name = \nversion = 1.0.0\n");
    assert!(found.len() >= 2 && found[0].starts_with("1:"), "{found:?}");
    assert!(found.iter().any(|fault| fault.starts_with("2:")), "{found:?}");
    let deep = format!("a = {}{}", "[".repeat(5000), "]".repeat(5000));
    assert!(!faults(&deep).is_empty());
}

#[test]
fn the_other_dialect_has_places_too() {
    let mut pack = pack("", &[]);
    let all = &mut pack.layers[0].files;
    let mut file = all.remove("template.toml").unwrap();
    file.bytes =
        b"name: x\nvariabels: []\nvariables:\n  - nmae: a\n  - name: B-c\nfiles:\n  - path: a\n"
            .to_vec();
    all.insert("template.yaml".to_owned(), file);
    let faults = read(&pack).unwrap_err();
    let seen: Vec<_> = faults.iter().map(|f| (f.place().0, f.parts().3.to_owned())).collect();
    let line = |line: usize, what: &str| (line, what.to_owned());
    assert_eq!(
        seen,
        [
            line(2, "there is no key `variabels` here"),
            line(4, "there is no key `nmae` here"),
            line(4, "this variable has no name"),
            line(5, "`B-c` cannot be the name of a value"),
            line(7, "this file has no text"),
        ]
    );
}
