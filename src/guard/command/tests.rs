#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::guard::Fence;

/// Denied by the default fence.
const DENIED: &[&str] = &[
    "git push",
    "git push origin main --force",
    "/usr/bin/git push",
    "./node_modules/../../usr/bin/git push",
    "git -C sub push",
    "git -c user.name=x push",
    "git --git-dir=.git --no-pager push",
    "git --no-pager -C x -c a=b push origin",
    "git -p push",
    "cd x && git push",
    "true; git push",
    "true & git push",
    "true | git push",
    "true\ngit push",
    "(git push)",
    "{ git push; }",
    "! git push",
    "if true; then git push; fi",
    "while git push; do :; done",
    "for x in a; do git push; done",
    "case $x in a) git push;; esac",
    "f() { git push; }; f",
    "function f { git push; }",
    "echo $(git push)",
    "echo \"now $(git push)\"",
    "echo `git push`",
    "echo `echo \\`git push\\``",
    "cat <(git push)",
    "X=$(git push) true",
    "echo ${X:-$(git push)}",
    "cat <<E\n$(git push)\nE",
    "GIT_SSH=x git push",
    "A=1 B=2 git push",
    "sudo git push",
    "sudo -u me -E git push",
    "env git push",
    "env -i A=b -u C git push",
    "env -S 'git push'",
    "env --split-string='git push'",
    "nohup git push &",
    "time -p git push",
    "timeout 5 git push",
    "timeout -s KILL 1m git push",
    "nice -n 10 git push",
    "xargs git push",
    "echo origin | xargs -n 1 git push",
    "setsid -w git push",
    "command git push",
    "exec git push",
    "sh -c 'git push'",
    "bash -lc \"git push\"",
    "bash -o pipefail -c 'cd x; git push'",
    "/bin/sh -ec 'git push'",
    "sudo sh -c 'git push'",
    "sh -c \"sh -c 'git push'\"",
    "busybox sh -c 'git push'",
    "eval git push",
    "eval 'git push'",
    "trap 'git push' EXIT",
    "alias p='git push'; p",
    "git -c alias.p=push p",
    "git -c alias.p='!git push' p",
    "git config alias.p push",
    "find . -name x -exec git push \\;",
    "flock /tmp/l git push",
    "flock /tmp/l -c 'git push'",
    "ssh host git push",
    "tmux new-window 'git push'",
    "tmux send-keys 'git push' Enter",
    "script -c 'git push' /dev/null",
    "su me -c 'git push'",
    "git submodule foreach 'git push'",
    "git submodule foreach git push",
    "git bisect run git push",
    "git rebase --exec 'git push' main",
    "git rebase --exec='git push' main",
    "gi''t pu\"sh\"",
    "\\git push",
    "g\\it pu\\sh",
    "git pu\\\nsh",
    "$'\\x67it' push",
    "$'\\147it' push",
    "{git,push}",
    "git {push,origin}",
    "X=git; $X push",
    "X=push; git $X",
    "git \"$@\"",
    "$(echo git) push",
    "git $(echo push)",
    "git pus?",
    "/usr/bin/gi? push",
    "sh <<E\ngit push\nE",
    "bash -s <<'E'\ngit push\nE",
    "sudo bash <<E\ngit push\nE",
    "bash <<< 'git push'",
    "echo git push | sh",
    "echo 'git push' | sudo bash -s",
    "printf 'git\\040push' | cat; git push",
    "bash <(echo git push)",
    "python3 -c 'import os; os.system(\"git push\")'",
    "python3 -c \"import subprocess as s; s.run(['git', 'push'])\"",
    "python3 <<E\nimport os\nos.system('git push')\nE",
    "perl -e 'system(\"git push\")'",
    "node -e 'require(\"child_process\").execSync(\"git push\")'",
    "awk 'BEGIN { system(\"git push\") }'",
    "git push 'unclosed",
    "echo \"$(git push",
    "git push\0",
    "docker run -it img git push",
    "docker compose exec web git push",
    ">log git push",
    "2>/dev/null git push 2>&1",
    "git push # harmless",
    "coproc git push",
    "time ! git push",
    "git\tpush",
    "git send-pack x",
    "git remote set-url origin x",
    "gh pr merge 3",
    "gh -R a/b pr merge",
    "npm publish",
    "npm --prefix x publish",
    "yarn npm publish",
    "cargo +nightly publish",
    "cargo publish --dry-run",
    "terraform -chdir=x apply",
    "kubectl -n prod delete pod x",
    "kubectl --context prod delete ns x",
    "npx prisma migrate reset",
    "npx --yes prisma@latest migrate deploy",
    "pnpm exec prisma db push",
    "python manage.py migrate",
    "python3.12 ./manage.py migrate",
    "python -m alembic upgrade head",
    "uv run alembic upgrade head",
    "bundle exec rails db:migrate",
    "bin/rails db:drop",
    "php artisan migrate --force",
    "DATABASE_URL=x sqlx migrate run",
    "rm -rf /",
    "rm -fr /",
    "rm -r -f /",
    "rm --recursive --force /",
    "rm -Rf /*",
    "rm -rf //",
    "rm -rf --no-preserve-root /",
    "rm -rf a b /",
    "rm -rf ~",
    "rm -rf ~/",
    "rm -rf $HOME",
    "rm -rf \"$HOME\"/",
    "rm -rf ./.git",
    "mkfs.ext4 /dev/sda",
    "gaia approve q1",
    "git${IFS}push",
    "sudo git$IFS'push'",
    "X='git push'; $X",
    "X='git push'; eval $X",
    "X='git push'; bash -c \"$X\"",
    "X='git push'; env $X",
    "echo push | xargs git",
    "echo git push | xargs -I{} sh -c {}",
    "echo 'git push' | parallel",
    "source <(echo git push)",
    ". /dev/stdin <<< 'git push'",
    "echo 'import os; os.system(\"git push\")' | python3",
    "env -S'git push'",
    "su -c'git push' me",
    "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=alias.x GIT_CONFIG_VALUE_0=push git x",
    "ssh host <<E\ngit push\nE",
    "at now <<< 'git push'",
    "cat x | while read a; do git $a; done",
];

/// Allowed by it.
const ALLOWED: &[&str] = &[
    "",
    "   ",
    "# git push",
    "git status",
    "git pull && git log --oneline | head",
    "git commit -m 'git push later'",
    "git commit -am \"push the button\"",
    "git log --grep push",
    "git stash push",
    "git diff -- push",
    "git remote -v",
    "git checkout push",
    "git config user.name push",
    "git rebase main",
    "git submodule update --init",
    "echo git push",
    "echo 'git push' > notes",
    "grep -rn 'git push' docs",
    "rg \"rm -rf /\" src",
    "cat > a.md <<'E'\nrun `git push` and rm -rf /\nE",
    "awk '/git/ { print $2 }' push.log",
    "sed -i 's/git pull/git push/' doc.md",
    "for x in a b; do echo $x; done",
    "if [ -f x ]; then cargo test; fi",
    "cargo test --workspace push",
    "cargo build && ./target/debug/app push",
    "npm run publish-docs",
    "npm test",
    "npx prisma migrate dev",
    "npx eslint .",
    "python -m pytest tests/test_migrate.py -k 'a and b'",
    "python manage.py makemigrations",
    "python3 - <<E\nprint(1)\nE",
    "rails test",
    "rm -rf target /tmp/x",
    "rm -rf \"$BUILD\"",
    "rm -f /",
    "find . -name '*.rs' -exec grep push {} +",
    "kubectl get pods",
    "terraform plan",
    "gh pr create --title 'merge'",
    "timeout 60 cargo test",
    "bash scripts/test",
    "bash -c 'cargo test && git add -A'",
    "curl -s https://example.org | sh",
    "$EDITOR file",
    "docker build -t push .",
    "x=$((1 + 2)); echo $x",
    "make -j4 2>&1 | tee log",
    "env | sort",
    "ls {a,b}/*.c",
    "tmux list-panes",
    "gaia service list",
    "find . -name '*.rs' | xargs git add",
    "git ls-files | xargs rm -rf",
    "cat x | while read a; do echo $a; done",
    "python3 --version",
    "source .venv/bin/activate && pytest",
    "GIT_PAGER=cat git log",
    "\"$PYTHON\" -m pytest",
];

fn rules() -> Rules {
    Fence::default().commands()
}

fn denied(line: &str) -> Option<String> {
    match judge(&rules(), line) {
        Verdict::Allow => None,
        Verdict::Deny { rule, .. } => Some(rule),
    }
}

#[test]
fn what_is_denied_is_denied_however_it_is_written() {
    let allowed: Vec<&str> = DENIED.iter().copied().filter(|line| denied(line).is_none()).collect();
    assert_eq!(allowed, Vec::<&str>::new());
}

#[test]
fn what_people_do_all_day_is_allowed() {
    let found = ALLOWED.iter().filter_map(|line| Some((*line, denied(line)?)));
    assert_eq!(found.collect::<Vec<_>>(), []);
}

#[test]
fn the_part_and_the_rule_are_told() {
    let deny = Verdict::Deny { rule: "git push".to_owned(), part: "git push origin".to_owned() };
    assert_eq!(judge(&rules(), "cd x && sudo sh -c 'true; git push origin'"), deny);
}

#[test]
fn words_that_no_shell_looks_at_mean_themselves() {
    let verdict = |words: &[&str]| {
        let argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        judge_argv(&rules(), &argv) != Verdict::Allow
    };
    assert!(verdict(&["git", "push"]));
    assert!(verdict(&["/opt/guard/git", "-C", "a b", "push"]));
    assert!(verdict(&["sh", "-c", "git push"]));
    assert!(verdict(&["rm", "-rf", "/"]));
    assert!(!verdict(&["git", "$X"]), "nobody fills in a variable");
    assert!(!verdict(&["git", "commit", "-m", "x; git push"]));
    assert!(!verdict(&["sh"]), "what comes on its input is judged by the guards of its programs");
    assert!(!verdict(&[]));
}

#[test]
fn what_is_allowed_must_be_told_exactly_so() {
    let rules = Rules::new(&["git push", "make"], &["git push origin gaia/*", "make test *"]);
    for (line, allowed) in [
        ("git push origin gaia/t1", true),
        ("/usr/bin/git push origin gaia/t1", true),
        ("sudo git push origin gaia/t1", true),
        ("git push origin gaia/t1 --force", false),
        ("git push origin gaia/t1; git push", false),
        ("git push origin main", false),
        ("git push origin gaia/$X", false),
        ("git -C . push origin gaia/t1", false),
        ("make test", true),
        ("make test a b", true),
        ("make test $X", false),
        ("make", false),
    ] {
        assert_eq!(judge(&rules, line) == Verdict::Allow, allowed, "{line}");
    }
    let stored = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<Rules>(&stored).unwrap(), rules);
}

fn quoted(line: &str) -> String {
    format!("'{}'", line.replace('\'', "'\\''"))
}

fn wrap(line: &str, how: u8) -> String {
    match how {
        0 => format!("true && {line}"),
        1 => format!("{line}; true"),
        2 => format!("({line})"),
        3 => format!("echo $({line}\n)"),
        4 => format!("sh -c {}", quoted(line)),
        5 => format!("sudo -n bash -lc {}", quoted(line)),
        6 => format!("eval {}", quoted(line)),
        7 => format!("if true; then {line}\nfi"),
        8 => format!("env A=b timeout 5 sh -c {}", quoted(line)),
        9 => format!("true | {{ {line}\n}}"),
        10 => format!("sh <<'EOT{}'\n{line}\nEOT{}\n", line.len(), line.len()),
        11 => format!("cat <({line}\n)"),
        12 => format!("trap {} EXIT", quoted(line)),
        13 => format!("echo {} | sh", quoted(line)),
        14 => format!("echo {} a", quoted("'")) + &format!("\n{line}"),
        _ => format!("nohup xargs -0 nice -n 3 sh -c {} &", quoted(line)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_upsets_it(text in "\\PC{0,120}") {
        let _ = judge(&rules(), &text);
    }

    #[test]
    fn no_piece_of_a_shell_upsets_it(
        pieces in proptest::collection::vec(prop_oneof![
            Just("$("), Just(")"), Just("`"), Just("'"), Just("\""), Just("\\"), Just("${"), Just("}"),
            Just("<<E"), Just("<<<"), Just("\n"), Just(";"), Just("&"), Just(">"), Just("{a,"), Just("#"),
            Just("sh -c "), Just("env "), Just("git "), Just("-c"), Just(" "), Just("x="), Just("E"), Just("$'"),
        ], 0..60),
    ) {
        let _ = judge(&rules(), &pieces.concat());
    }

    #[test]
    fn what_is_denied_stays_denied_when_it_is_wrapped(
        line in prop_oneof![
            Just("git push"), Just("rm -rf /"), Just("git -C 'a b' push"), Just("kubectl -n x delete y"),
            Just("npx prisma db push"), Just("\"git\" push"),
        ],
        hows in proptest::collection::vec(0_u8..16, 0..5),
    ) {
        let mut wrapped = line.to_owned();
        for how in hows {
            wrapped = wrap(&wrapped, how);
            prop_assert!(denied(&wrapped).is_some(), "{wrapped}");
        }
    }
}

#[test]
fn a_line_made_to_tire_it_is_judged_all_the_same() {
    let many = "env -a ".repeat(400);
    for line in [
        format!("{many} git push"),
        format!("{} git push {}", "$(".repeat(200), ")".repeat(200)),
        format!("git {} push", "-x ".repeat(5000)),
        format!("{{{}", "a,{".repeat(300)) + "; git push",
        format!("{}git push", "(".repeat(5000)),
        format!("echo {}; git push", "x".repeat(100_000)),
    ] {
        assert!(denied(&line).is_some(), "{}…", &line[..40]);
    }
}
