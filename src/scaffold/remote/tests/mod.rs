//! Addresses, versions and trees; `with_git`: templates in real repositories.

mod with_git;

use super::{Address, is_address, pick, tree_of, versions};
use crate::port::PastFile;

fn read(text: &str) -> (String, Option<String>) {
    let address = Address::read(text).unwrap();
    (address.url, address.reference)
}

#[test]
fn an_address_may_name_a_version() {
    let table = [
        ("https://example.com/a/t.git", "https://example.com/a/t.git", None),
        ("https://example.com/a/t#v1.0.0", "https://example.com/a/t", Some("v1.0.0")),
        ("https://example.com/a/t@1.0.0", "https://example.com/a/t", Some("1.0.0")),
        ("https://example.com:8443/a/t#a/b", "https://example.com:8443/a/t", Some("a/b")),
        ("ssh://git@example.com/t.git#main", "ssh://git@example.com/t.git", Some("main")),
        ("git@example.com:a/t.git", "git@example.com:a/t.git", None),
        ("git@example.com:a/t.git@v2", "git@example.com:a/t.git", Some("v2")),
        ("git@example.com:t@v2", "git@example.com:t", Some("v2")),
        ("/srv/t.git#v1", "/srv/t.git", Some("v1")),
    ];
    for (text, url, reference) in table {
        assert_eq!(read(text), (url.to_owned(), reference.map(str::to_owned)), "{text}");
        assert!(is_address(text), "{text}");
    }
    for word in ["go-api", "./t", "/srv/t", "../t", "a@b", "C:x"] {
        assert!(!is_address(word), "{word}");
    }
}

#[test]
fn an_address_with_a_second_reading_is_refused() {
    let table = [
        ("", "option"),
        ("-uroot", "option"),
        ("--upload-pack=touch /tmp/x", "option"),
        ("ext::sh -c touch% /tmp/x", "no address has"),
        ("ext::sh", "helpers"),
        ("fd::17", "helpers"),
        ("https::https://example.com/x", "helpers"),
        ("https://example.com/good/../evil/t", "goes up"),
        ("https://example.com/good/%2e%2e/evil/t", "encoded"),
        ("https://example.com/good%2Fevil", "encoded"),
        ("https://example.com/./t", "goes up"),
        ("git@example.com:../evil", "goes up"),
        ("/srv/../etc/t.git", "goes up"),
        ("https://user:word@example.com/t", "password"),
        ("ssh://git:word@example.com/t", "password"),
        ("ssh://-oProxyCommand=x/t", "no host"),
        ("ssh://git@-oProxyCommand=x/t", "no host"),
        ("https://example.com", "no repository"),
        ("http://example.com/t", "http:// is not used"),
        ("file:///srv/t.git", "file:// is not used"),
        ("https://example.com/t\u{1b}", "no address has"),
        ("https://example.com\\@evil/t", "no address has"),
        ("https://example.com/t#-x", "no version"),
        ("https://example.com/t#a..b", "no version"),
        ("https://example.com/t#v1:x", "no version"),
        ("https://example.com/t#", "no version"),
    ];
    for (text, why) in table {
        let refusal = Address::read(text).unwrap_err();
        assert!(refusal.message.contains(why), "{text}: {refusal}");
        assert!(!refusal.message.contains(":word@"), "{refusal}");
    }
}

#[test]
fn the_folder_of_the_cache_is_one_plain_name() {
    for url in ["https://example.com/a/t.git", "git@example.com:..t", "/srv/a b"] {
        let slug = Address { url: url.into(), reference: None }.slug();
        assert!(!slug.contains(['/', '.', ' ']), "{slug}");
    }
}

#[test]
fn versions_are_the_tags_that_are_some() {
    let all = versions(["v1.10.0", "v1.9.0", "latest", "2.0.0-rc.1", "v1"]);
    let tags: Vec<&str> = all.iter().map(|v| v.tag.as_str()).collect();
    assert_eq!(tags, ["v1.9.0", "v1.10.0", "2.0.0-rc.1"]);
    assert_eq!(pick(&all, None).unwrap().unwrap().tag, "v1.10.0");
    assert_eq!(pick(&all, Some("1.9.0")).unwrap().unwrap().tag, "v1.9.0");
    assert_eq!(pick(&all, Some("v2.0.0-rc.1")).unwrap().unwrap().tag, "2.0.0-rc.1");
    assert!(pick(&all, Some("3")).unwrap_err().help.unwrap().contains("v1.10.0"));
    assert_eq!(pick(&[], None).unwrap(), None);
}

#[test]
fn a_template_of_a_stranger_holds_only_what_stays_inside() {
    let file = |path: &str, mode: &str, bytes: &str| {
        let (path, mode) = (path.to_owned(), mode.to_owned());
        tree_of("t", vec![PastFile { path, mode, bytes: bytes.into() }])
    };
    let bad = [
        ("../x", "100644", ""),
        ("files/../../x", "100644", ""),
        ("/etc/x", "100644", ""),
        ("files/.git/hooks/post-checkout", "100755", ""),
        ("files/.GIT/config", "100644", ""),
        ("files/a\nb", "100644", ""),
        ("files/a\\b", "100644", ""),
        ("files/sub", "160000", ""),
        ("files/odd", "040000", ""),
        ("files/l", "120000", "/etc/passwd"),
        ("files/l", "120000", "../template.toml"),
        ("files/a/l", "120000", "../../partials/x"),
        ("files/a/l", "120000", "b/../../../x"),
        ("files/l", "120000", ".git/config"),
        ("files", "120000", "../.."),
        ("files", "120000", "../x"),
        ("partials/x", "120000", "../../x"),
    ];
    for (path, mode, bytes) in bad {
        assert!(file(path, mode, bytes).is_err(), "{path} {mode} {bytes}");
    }
    for (path, mode, bytes) in [
        ("files/l", "120000", "a/b"),
        ("files/a/l", "120000", "../b"),
        ("template.toml", "100644", ""),
    ] {
        assert!(file(path, mode, bytes).is_ok(), "{path} {bytes}");
    }
}
