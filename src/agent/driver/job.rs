use std::path::{Path, PathBuf};

use super::{
    ask::{Launch, LaunchAsk, Mode, Permission, PromptWay},
    fill::{Quote, Values},
    model::{Driver, Modes, PromptBy, Role, Style},
    wiring,
};

/// Longer texts never travel as an argument: the kernel takes 128 KiB for one.
const MAX_ARGUMENT: usize = 100_000;

/// Variables of the person that every program gets.
const COMMON: &[&str] = &[
    "PATH",
    "HOME",
    "LANG",
    "LC_*",
    "TERM",
    "COLORTERM",
    "USER",
    "LOGNAME",
    "SHELL",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// What the places of this driver stand for.
fn values(ask: &LaunchAsk) -> Values {
    let mut values = Values::default();
    let paths = [
        ("home", &ask.home),
        ("tmp", &ask.tmp),
        ("worktree", &ask.worktree),
        ("repo_root", &ask.repo_root),
        ("gaia", &ask.gaia),
    ];
    for (name, path) in paths {
        values.set(name, text(path));
    }
    values.set("session", &ask.session);
    values.maybe("resume", ask.resume.as_deref());
    values.maybe("model", ask.model.as_deref());
    values.maybe("effort", ask.effort.as_deref());
    values.maybe("role", ask.role.as_deref());
    values.maybe("max_turns", ask.max_turns.map(|turns| turns.to_string()));
    values.maybe("max_cost", ask.max_cost_usd.map(|cost| cost.to_string()));
    values.maybe("port", ask.port.map(|port| port.to_string()));
    values.maybe("user_home", ask.user_home.as_deref().map(text));
    let key = ask.env.get("ANTHROPIC_API_KEY").or_else(|| ask.caller_env.get("ANTHROPIC_API_KEY"));
    values.maybe("key_tail", key.map(|key| key[tail(key)..].to_owned()));
    values
}

/// Where the last twenty characters of a key begin.
fn tail(key: &str) -> usize {
    key.char_indices().rev().nth(19).map_or(0, |(at, _)| at)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// One launch while it is put together.
pub(super) struct Job<'a> {
    driver: &'a Driver,
    style: &'a Style,
    ask: &'a LaunchAsk,
    values: Values,
    launch: Launch,
}

impl<'a> Job<'a> {
    pub(super) fn new(driver: &'a Driver, style: &'a Style, ask: &'a LaunchAsk) -> Self {
        Self { driver, style, ask, values: values(ask), launch: Launch::default() }
    }

    pub(super) fn run(mut self) -> Result<Launch, String> {
        // Codex fails in silence there, and a temp folder may be swept at any time.
        if self.ask.home.starts_with(&self.ask.tmp) {
            return Err("its state folder lies in its temp folder; keep them apart".to_owned());
        }
        self.program()?;
        self.session()?;
        self.options()?;
        self.role()?;
        self.wiring()?;
        self.launch.argv.extend(self.ask.args.iter().cloned());
        self.prompt()?;
        self.environment()?;
        self.seeds()?;
        self.login()?;
        self.launch.hidden.clone_from(&self.driver.driver.hidden);
        self.launch.silence_s = self.style.silence_s;
        for path in &self.driver.fence.write {
            self.launch.write.push(self.values.fill(path, Quote::Plain)?.into());
        }
        let mut words = self.launch.argv.iter().chain(self.launch.env.values());
        if words.any(|word| word.contains('\0')) {
            return Err("an argument or a variable holds a zero byte".to_owned());
        }
        Ok(self.launch)
    }

    fn push(&mut self, words: &[String]) -> Result<(), String> {
        let words = self.values.words(words)?;
        self.launch.argv.extend(words);
        Ok(())
    }

    fn program(&mut self) -> Result<(), String> {
        let (program, rest) = match self.style.command.split_first() {
            Some((program, rest)) => (vec![program.clone()], rest),
            None => (vec![], &[][..]),
        };
        if self.ask.command.is_empty() {
            self.push(&program)?;
        } else {
            // A person's words are no template, but for the one place that `command` offers.
            self.launch.argv.clone_from(&self.ask.command);
        }
        if self.launch.argv.is_empty() {
            return Err("there is no command; write command = [\"program\", \"argument\"]".into());
        }
        self.push(rest)
    }

    fn session(&mut self) -> Result<(), String> {
        if self.ask.resume.is_none() {
            return self.push(&self.style.new_session);
        }
        if self.style.resume.is_empty() {
            return Err("it cannot go on with a conversation; start a new one".into());
        }
        self.push(&self.style.resume)
    }

    fn options(&mut self) -> Result<(), String> {
        let style = self.style;
        let given = [
            ("model", &style.model),
            ("effort", &style.effort),
            ("max_turns", &style.max_turns),
            ("max_cost", &style.max_cost),
            ("port", &style.port),
        ];
        for (name, words) in given {
            if self.values.get(name).is_some() {
                self.push(words)?;
            }
        }
        let modes: &Modes = match &style.fenced {
            Some(fenced) if self.ask.fenced => fenced,
            Some(_) | None => &style.modes,
        };
        self.push(match self.ask.permission {
            Permission::Edit => &modes.edit,
            Permission::Plan => &modes.plan,
            Permission::Full => &modes.full,
        })
    }

    /// The role goes in as an argument if it is short, else in a file, like the instructions.
    fn role(&mut self) -> Result<(), String> {
        let role: &Role = &self.driver.role;
        let mut lines = vec![];
        match self.ask.role.as_deref() {
            Some(text) if text.len() <= MAX_ARGUMENT && !role.args.is_empty() => {
                self.push(&role.args)?;
            }
            Some(text) => lines.push(text.to_owned()),
            None => {}
        }
        for path in &self.ask.instructions {
            self.values.set("path", text(path));
            self.push(&role.each)?;
            if let Some(include) = &role.include {
                lines.push(self.values.fill(include, Quote::Plain)?);
            }
        }
        let Some(file) = &role.file else {
            let lost = !lines.is_empty() && self.driver.name() != "command";
            return if lost { Err("it has no place for a role".into()) } else { Ok(()) };
        };
        if !lines.is_empty() {
            let file = self.values.fill(file, Quote::Plain)?;
            self.values.set("role_file", &file);
            self.launch.files.push((file.into(), lines.join("\n\n") + "\n"));
            self.push(&role.file_args)?;
        }
        Ok(())
    }

    fn wiring(&mut self) -> Result<(), String> {
        let wiring = &self.driver.wiring;
        self.launch.files.extend(wiring::files(self.driver, self.ask));
        self.push(&wiring.args)?;
        match self.ask.mode {
            Mode::Headless => self.push(&wiring.headless_args),
            Mode::Interactive => Ok(()),
        }
    }

    fn prompt(&mut self) -> Result<(), String> {
        let Some(prompt) = self.ask.prompt.clone() else {
            let waits = self.ask.mode == Mode::Headless && self.driver.name() != "script";
            let waits = waits && self.driver.name() != "command";
            return if waits { Err("there is no task to give it".into()) } else { Ok(()) };
        };
        if self.style.prompt_max.is_some_and(|max| prompt.len() > max) {
            return Err(format!("the task is longer than the {} bytes it takes", self.max()));
        }
        self.values.set("prompt", &prompt);
        if self.ask.command.iter().any(|word| word.contains("{prompt}")) {
            return self.prompt_in_command(&prompt);
        }
        match self.style.prompt {
            PromptBy::Arg if prompt.len() <= MAX_ARGUMENT => self.push(&self.style.prompt_args),
            PromptBy::Arg if self.ask.mode == Mode::Headless => {
                Err(format!("the task is longer than {MAX_ARGUMENT} bytes; put it in a file"))
            }
            PromptBy::Arg | PromptBy::Paste => {
                self.launch.prompt = PromptWay::Paste;
                Ok(())
            }
            PromptBy::Http => self.prompt_by_http(&prompt),
            PromptBy::Stdin => {
                self.launch.stdin = Some(prompt);
                self.push(&self.style.prompt_args)
            }
            PromptBy::File => {
                let file = self.ask.tmp.join("prompt.md");
                self.values.set("prompt_file", text(&file));
                self.launch.files.push((file, prompt));
                self.push(&self.style.prompt_args)
            }
        }
    }

    fn max(&self) -> usize {
        self.style.prompt_max.unwrap_or(usize::MAX)
    }

    fn prompt_in_command(&mut self, prompt: &str) -> Result<(), String> {
        if prompt.len() > MAX_ARGUMENT {
            return Err("the task is too long for {prompt}; without it, it goes to stdin".into());
        }
        for word in &mut self.launch.argv {
            *word = word.replace("{prompt}", prompt);
        }
        Ok(())
    }

    fn prompt_by_http(&mut self, prompt: &str) -> Result<(), String> {
        match self.ask.port {
            Some(port) => self.launch.prompt = PromptWay::Http { port },
            None if prompt.len() <= MAX_ARGUMENT => return self.push(&self.style.prompt_args),
            None => self.launch.prompt = PromptWay::Paste,
        }
        Ok(())
    }

    fn environment(&mut self) -> Result<(), String> {
        let wanted: Vec<&str> = COMMON
            .iter()
            .copied()
            .chain(self.driver.driver.pass.iter().map(String::as_str))
            .collect();
        for (name, value) in &self.ask.caller_env {
            // What gaia told its own processes is for them alone.
            if !name.starts_with("GAIA_") && wanted.iter().any(|want| is_named(want, name)) {
                self.launch.env.insert(name.clone(), value.clone());
            }
        }
        let offline = self.driver.offline.iter().filter(|_| self.ask.offline);
        for (name, value) in self.driver.env.iter().chain(offline) {
            let value = self.values.fill(value, Quote::Plain)?;
            self.launch.env.insert(name.clone(), value);
        }
        self.launch.env.extend(self.ask.env.clone());
        // Last, for it adds to what the definition says.
        self.launch.env.extend(wiring::env(self.driver, self.ask));
        Ok(())
    }

    fn seeds(&mut self) -> Result<(), String> {
        for seed in &self.driver.seed {
            let has =
                |name: &Option<String>| name.as_ref().map(|n| self.launch.env.contains_key(n));
            if has(&seed.if_env) == Some(false) || has(&seed.unless_env) == Some(true) {
                continue;
            }
            let path = self.values.fill(&seed.path, Quote::Plain)?;
            let coded = path.ends_with(".json") || path.ends_with(".toml");
            let quote = if coded { Quote::Json } else { Quote::Plain };
            let content = self.values.fill(&seed.content, quote)?;
            self.launch.files.push((path.into(), content));
        }
        Ok(())
    }

    fn login(&mut self) -> Result<(), String> {
        if !self.ask.login {
            return Ok(());
        }
        let home = self.ask.user_home.as_deref();
        let home = home.ok_or("the login of the person lies in their home, which is not known")?;
        for login in &self.driver.driver.login {
            let to = PathBuf::from(self.values.fill(&login.to, Quote::Plain)?);
            self.launch.links.push((home.join(&login.from), to));
        }
        Ok(())
    }
}

fn is_named(want: &str, name: &str) -> bool {
    want.strip_suffix('*').map_or(want == name, |prefix| name.starts_with(prefix))
}
