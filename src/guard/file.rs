use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{
    globs::Globs,
    model::{Commit, Dependencies, Fence, Network, OnViolation, WithoutKernel},
    rule::Rule,
};
use crate::{
    base::nearest,
    define::{Any, Faults, Page, Text},
};

/// What an agent may touch, as it is written in `[fence]` and `[agents.NAME.fence]`. What is left
/// out is as in `[fence]`, and there as gaia's default. `protect`, `read_deny` and `deny` add to
/// that; an entry with `!` before it takes one away.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawFence {
    /// `false`: only the diff and the commands are checked, the kernel holds nothing.
    kernel: Option<bool>,
    /// Paths of the worktree that the diff may touch, e.g. `["src/**"]`; all if it is left out.
    #[schemars(with = "Option<Vec<String>>")]
    write: Option<Vec<Text>>,
    /// Paths that the diff may not touch, besides the default ones.
    #[schemars(with = "Vec<String>")]
    protect: Vec<Text>,
    /// Folders beside the worktree that its programs may write, e.g. `["~/.cargo/registry"]`.
    #[schemars(with = "Option<Vec<String>>")]
    also_write: Option<Vec<Text>>,
    /// Files and folders that its programs cannot read, besides the default ones.
    #[schemars(with = "Vec<String>")]
    read_deny: Vec<Text>,
    /// `true`, `false`, or TCP ports: `[443, "localhost:5432"]`. Only the port is checked.
    #[schemars(with = "Option<bool>")]
    network: Option<Any>,
    /// Who commits the work: `gaia` (the default), `agent`, or `none`.
    #[schemars(with = "Option<String>")]
    commit: Option<Text>,
    /// Commands it may not run, besides the default ones: `["git push", "rm -r /", "rails db:*"]`.
    #[schemars(with = "Vec<String>")]
    deny: Vec<Text>,
    /// Commands it may run although they are denied, if told exactly so: `["git push origin gaia/*"]`.
    #[schemars(with = "Option<Vec<String>>")]
    allow: Option<Vec<Text>>,
    /// Most files of a diff.
    #[schemars(with = "Option<u32>")]
    max_files: Option<Spanned<u32>>,
    /// Most lines of a diff, added and removed.
    #[schemars(with = "Option<u32>")]
    max_lines: Option<Spanned<u32>>,
    /// Most lines that a file may have after it was added to.
    #[schemars(with = "Option<u32>")]
    max_file_lines: Option<Spanned<u32>>,
    /// Dependencies that a manifest may gain: `any` (the default), `none`, or `["serde"]`.
    #[schemars(with = "Option<Vec<String>>")]
    dependencies: Option<Any>,
    /// `true`: it may restart services of its workspace.
    restart_services: Option<bool>,
    /// Where the kernel cannot hold the fence: `refuse` (the default) or `run`.
    #[schemars(with = "Option<String>")]
    without_kernel: Option<Text>,
    /// When the agent goes against it: `halt` (the default) or `notice`.
    #[schemars(with = "Option<String>")]
    on_violation: Option<Text>,
}

impl RawFence {
    /// The fence of `[fence]`: over gaia's default.
    pub(crate) fn read(self, page: &Page<'_>, faults: &mut Faults) -> Fence {
        self.over(&Fence::default(), page, faults)
    }

    /// The fence of an agent: over the one of its workspace.
    pub(crate) fn over(self, base: &Fence, page: &Page<'_>, faults: &mut Faults) -> Fence {
        let mut read = Reader { page, faults };
        let base = base.clone();
        let commits = [("gaia", Commit::Gaia), ("agent", Commit::Agent), ("none", Commit::None)];
        let withouts = [("refuse", WithoutKernel::Refuse), ("run", WithoutKernel::Run)];
        let halts = [("halt", OnViolation::Halt), ("notice", OnViolation::Notice)];
        Fence {
            kernel: self.kernel.unwrap_or(base.kernel),
            write: read.list(self.write, base.write, Reader::glob),
            protect: read.more(self.protect, base.protect, Reader::glob),
            also_write: read.list(self.also_write, base.also_write, Reader::place),
            read_deny: read.more(self.read_deny, base.read_deny, Reader::place),
            network: self.network.and_then(|raw| read.network(&raw)).unwrap_or(base.network),
            commit: read.word(self.commit, &commits, base.commit),
            deny: read.more(self.deny, base.deny, Reader::rule),
            allow: read.list(self.allow, base.allow, Reader::rule),
            max_files: read.most(self.max_files, base.max_files),
            max_lines: read.most(self.max_lines, base.max_lines),
            max_file_lines: read.most(self.max_file_lines, base.max_file_lines),
            dependencies: self
                .dependencies
                .and_then(|raw| read.dependencies(&raw))
                .unwrap_or(base.dependencies),
            restart_services: self.restart_services.unwrap_or(base.restart_services),
            without_kernel: read.word(self.without_kernel, &withouts, base.without_kernel),
            on_violation: read.word(self.on_violation, &halts, base.on_violation),
        }
    }
}

struct Reader<'a, 'p> {
    page: &'a Page<'p>,
    faults: &'a mut Faults,
}

type Check = fn(&str) -> Result<(), (String, &'static str)>;

impl Reader<'_, '_> {
    fn fault(&mut self, at: std::ops::Range<usize>, what: impl Into<String>, help: &str) {
        self.faults.push(self.page.fault(at, what).help(help));
    }

    /// A list in place of the one it builds on.
    fn list(&mut self, raw: Option<Vec<Text>>, base: Vec<String>, check: Check) -> Vec<String> {
        raw.map_or(base, |raw| self.more(raw, vec![], check))
    }

    /// A list with more entries, and with fewer where `!` says so.
    fn more(&mut self, raw: Vec<Text>, mut all: Vec<String>, check: Check) -> Vec<String> {
        for text in raw {
            let at = text.span();
            let written = text.into_inner();
            if let Some(less) = written.strip_prefix('!').map(str::trim) {
                let before = all.len();
                all.retain(|entry| entry != less);
                if all.len() == before {
                    let near = nearest(less, all.iter().map(String::as_str));
                    let help = near.map_or("it takes away nothing".to_owned(), |near| {
                        format!("did you mean `!{near}`?")
                    });
                    self.fault(at, format!("there is no `{less}` to take away"), &help);
                }
            } else if let Err((what, help)) = check(&written) {
                self.fault(at, what, help);
            } else if !all.contains(&written) {
                all.push(written);
            }
        }
        all
    }

    fn glob(text: &str) -> Result<(), (String, &'static str)> {
        let help = "write paths of the worktree, like src/** or docs/*.md";
        if text.is_empty() || text.starts_with(['/', '~']) || text.split('/').any(|p| p == "..") {
            return Err((format!("`{text}` is no path inside the worktree"), help));
        }
        let globs = Globs::new(&[text], false);
        globs.map(drop).map_err(|(_, why)| (format!("`{text}` is no pattern: {why}"), help))
    }

    fn place(text: &str) -> Result<(), (String, &'static str)> {
        let good = text.starts_with('/') || text == "~" || text.starts_with("~/");
        if good && !text.contains('\0') {
            return Ok(());
        }
        Err((format!("`{text}` is no absolute path"), "write it like /opt/data or ~/.ssh"))
    }

    fn rule(text: &str) -> Result<(), (String, &'static str)> {
        let bad = || (format!("`{text}` is no command"), "write the program and its first words");
        let program = Rule::new(text).map(|_| text.trim()).ok_or_else(bad)?;
        if program.starts_with('*') {
            return Err((format!("`{text}` is about every command"), "name the program"));
        }
        Ok(())
    }

    fn word<T: Copy>(&mut self, raw: Option<Text>, known: &[(&str, T)], base: T) -> T {
        let Some(raw) = raw else { return base };
        let found = known.iter().find(|(word, _)| word == raw.get_ref());
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let help = format!("one of {}", words.join(", "));
            self.fault(raw.span(), format!("`{}` is none of its words", raw.get_ref()), &help);
        }
        found.map_or(base, |(_, value)| *value)
    }

    fn most(&mut self, raw: Option<Spanned<u32>>, base: Option<u32>) -> Option<u32> {
        let Some(raw) = raw else { return base };
        if *raw.get_ref() == 0 {
            self.fault(raw.span(), "a limit of 0 lets nothing land", "leave it out for no limit");
        }
        Some(raw.into_inner())
    }

    fn network(&mut self, raw: &Any) -> Option<Network> {
        let ports = match raw.get_ref() {
            toml::Value::Boolean(true) => return Some(Network::All),
            toml::Value::Boolean(false) => return Some(Network::None),
            toml::Value::Array(all) => all.iter().map(port).collect::<Option<Vec<u16>>>(),
            _ => None,
        };
        if ports.is_none() {
            let help = "write true, false, or ports like [443, \"localhost:5432\"]";
            self.fault(raw.span(), "this is no network", help);
        }
        ports.map(Network::Ports)
    }

    fn dependencies(&mut self, raw: &Any) -> Option<Dependencies> {
        let names = match raw.get_ref() {
            toml::Value::String(word) if word == "any" => return Some(Dependencies::Any),
            toml::Value::String(word) if word == "none" => return Some(Dependencies::None),
            toml::Value::Array(all) => {
                let text = |value: &toml::Value| value.as_str().map(str::to_owned);
                all.iter().map(text).collect::<Option<Vec<String>>>()
            }
            _ => None,
        };
        if names.is_none() {
            let help = "write \"any\", \"none\", or names like [\"serde\", \"@types/*\"]";
            self.fault(raw.span(), "these are no dependencies", help);
        }
        names.map(Dependencies::Only)
    }
}

/// A port, alone or after a host.
fn port(value: &toml::Value) -> Option<u16> {
    let number = match value {
        toml::Value::Integer(number) => u16::try_from(*number).ok(),
        toml::Value::String(text) => {
            let (host, port) = text.rsplit_once(':')?;
            port.parse().ok().filter(|_| !host.is_empty())
        }
        _ => None,
    };
    number.filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, base: &Fence) -> (Fence, Vec<String>) {
        let (page, mut faults) = (Page { path: "gaia.toml", text }, Faults::new());
        let raw: RawFence = page.parse(&mut faults).unwrap_or_default();
        let fence = raw.over(base, &page, &mut faults);
        let shown = |fault: &crate::base::ConfigError| {
            let (line, column) = fault.place();
            format!("{line}:{column} {fault}")
        };
        (fence, faults.iter().map(shown).collect())
    }

    #[test]
    fn an_agents_fence_builds_on_the_one_of_its_workspace() {
        let text = "write = [\"src/**\"]\nprotect = [\"Cargo.lock\"]\ndeny = [\"!cargo publish\", \"make\"]\n\
                    network = [443, \"localhost:5432\"]\ncommit = \"agent\"\nmax_files = 9\n\
                    dependencies = [\"serde\"]\nwithout_kernel = \"run\"\n";
        let (common, faults) = read(text, &Fence::default());
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(common.network, Network::Ports(vec![443, 5432]));
        assert!(common.protect.contains(&".github".to_owned()), "the default stays");
        assert!(!common.deny.contains(&"cargo publish".to_owned()));
        assert!(common.deny.contains(&"git push".to_owned()));
        let (own, faults) =
            read("deny = [\"!make\"]\nnetwork = false\non_violation = \"notice\"\n", &common);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!((own.network, own.max_files), (Network::None, Some(9)));
        assert_eq!(own.deny.len(), common.deny.len() - 1);
        assert_eq!((own.commit, own.write), (Commit::Agent, vec!["src/**".to_owned()]));
        let stored = serde_json::to_string(&common).unwrap();
        assert_eq!(serde_json::from_str::<Fence>(&stored).unwrap(), common);
    }

    #[test]
    fn every_fault_is_told_at_its_place() {
        let text = "write = [\"/etc\", \"a[\", \"../x\"]\nread_deny = [\"secrets\"]\nnetwork = \"all\"\n\
                    commit = \"me\"\ndeny = [\" \", \"!git pusk\", \"* x\"]\nmax_lines = 0\n\
                    dependencies = 3\n";
        let (_, faults) = read(text, &Fence::default());
        let wanted = [
            "1:10 `/etc` is no path inside the worktree",
            "1:18 `a[` is no pattern: unclosed character class; missing ']'",
            "1:24 `../x` is no path inside the worktree",
            "2:14 `secrets` is no absolute path",
            "3:11 this is no network",
            "4:10 `me` is none of its words",
            "5:14 there is no `git pusk` to take away",
            "5:27 `* x` is about every command",
            "5:9 ` ` is no command",
            "6:13 a limit of 0 lets nothing land",
            "7:16 these are no dependencies",
        ];
        let mut faults = faults;
        faults.sort();
        assert_eq!(faults, wanted);
        let (fence, faults) = read("wirte = []\n", &Fence::default());
        assert_eq!((fence, faults.len()), (Fence::default(), 1));
    }

    #[test]
    fn the_default_fence_is_one_that_could_be_written() {
        let fence = Fence::default();
        for (list, check) in [
            (&fence.write, Reader::glob as Check),
            (&fence.protect, Reader::glob),
            (&fence.read_deny, Reader::place),
            (&fence.deny, Reader::rule),
        ] {
            for text in list {
                assert_eq!(check(text), Ok(()), "{text}");
            }
        }
        assert!(fence.commands().programs().contains("git"));
        assert!(!fence.commands().programs().contains("mkfs*"));
    }
}
