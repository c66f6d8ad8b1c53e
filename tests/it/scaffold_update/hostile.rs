//! What went wrong in other programs of this kind.

use std::{fs, os::unix::fs::symlink};

use super::{Yard, said};

#[test]
fn an_address_of_two_readings_is_refused_before_git_is_asked() {
    let yard = Yard::new();
    let mark = yard.house.workspace().join("mark");
    let addresses = [
        "ext::sh -c touch% mark".to_owned(),
        format!("file://{}", yard.url()),
        "https://example.com/good/../evil/t".to_owned(),
        "https://example.com/good/%2e%2e/evil/t".to_owned(),
        "https://example.com/good%2f..%2fevil/t".to_owned(),
        "http://example.com/t".to_owned(),
        "ssh://-oProxyCommand=touch/t".to_owned(),
        format!("{}/../t.git#main", yard.url()),
        format!("{}#--upload-pack=x", yard.url()),
    ];
    for address in addresses {
        let refused = yard.house.gaia(&["template", "add", "x", "--", &address]);
        assert_eq!(refused.status.code(), Some(2), "{address}: {}", said(&refused));
        assert!(!mark.exists() && !yard.house.home().join("cache").exists(), "{address}");
    }
}

#[test]
fn the_manifest_of_a_stranger_fetches_and_touches_nothing_else() {
    let yard = Yard::new();
    yard.version("1.0.0", "", &[("f", "1\n")]);
    yard.make(&[]);
    let place = "p/.gaia/scaffold.toml";
    let good = yard.read(place);
    let url = format!("source = \"{}\"", yard.url());
    assert!(good.contains(&url), "{good}");
    let out = yard.house.workspace().join("out");
    fs::write(&out, "mine\n").unwrap();
    let table = [
        (url.as_str(), "source = \"ext::sh -c 'touch mark'\""),
        (url.as_str(), "source = \"https://example.com/a/%2e%2e/b\""),
        ("\"f\" = ", "\"../out\" = "),
        ("\"f\" = ", "\".git/hooks/pre-commit\" = "),
        ("\"f\" = { ", "\"f\" = { at = \"../out\", "),
        ("ref = \"v1.0.0\"", "ref = \"--upload-pack=touch mark\""),
    ];
    for (from, to) in table {
        assert!(good.contains(from), "{from}: {good}");
        yard.write(place, &good.replace(from, to));
        let refused = yard.update(&["--force"]);
        assert_eq!(refused.status.code(), Some(2), "{to}: {}", said(&refused));
        assert_eq!(fs::read_to_string(&out).unwrap(), "mine\n");
        assert!(!yard.house.workspace().join("mark").exists());
    }
}

#[test]
fn a_version_with_links_paths_or_submodules_out_of_it_is_not_taken() {
    let yard = Yard::new();
    yard.version("1.0.0", "", &[("f", "1\n")]);
    yard.make(&[]);
    let before = yard.whole();
    yard.version("1.1.0", "", &[("f", "2\n")]);
    symlink("../../../etc", yard.repo().join("files/etc")).unwrap();
    yard.commit("t.git");
    yard.git("t.git", &["tag", "-f", "v1.1.0"]);
    let refused = yard.update(&[]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("leads out of the template"), "{}", said(&refused));

    // An answer that leads out, by a name of a file.
    let head = "[answers.name]\ntype = \"text\"\ndefault = \"../../out\"\n";
    yard.version("1.2.0", head, &[("{{ name }}", "x\n")]);
    let refused = yard.update(&[]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert_eq!(yard.whole(), before);
}

#[test]
fn a_folder_that_became_a_link_is_not_written_through() {
    let yard = Yard::new();
    yard.version("1.0.0", "", &[("d/f", "1\n")]);
    yard.make(&[]);
    yard.version("1.1.0", "", &[("d/f", "2\n"), ("d/g", "2\n")]);
    let out = yard.house.workspace().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("f"), "1\n").unwrap();
    fs::remove_dir_all(yard.house.workspace().join("p/d")).unwrap();
    symlink(&out, yard.house.workspace().join("p/d")).unwrap();
    yard.commit("p");
    let done = yard.update(&[]);
    assert_eq!(done.status.code(), Some(1), "{}", said(&done));
    assert_eq!(fs::read_to_string(out.join("f")).unwrap(), "1\n");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    assert_eq!(yard.read("p/d.theirs/g"), "2\n");
}
