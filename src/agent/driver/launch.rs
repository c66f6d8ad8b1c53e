use super::{
    ask::{Launch, LaunchAsk, Mode},
    job::Job,
    model::{Driver, Keys, Stop, Style, Wire},
};

impl Driver {
    /// The make, e.g. `claude`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.driver.name
    }

    /// How listings call it.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.driver.title
    }

    /// The settings files and hook messages it speaks.
    #[must_use]
    pub fn wire(&self) -> Wire {
        self.wiring.style
    }

    /// Keys that steer it in a pane.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// How its process tree is ended.
    #[must_use]
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// True if it can be started this way.
    #[must_use]
    pub fn has(&self, mode: Mode) -> bool {
        self.style(mode).is_some()
    }

    /// True if it ends by itself after `max_turns`; else gaia has to count.
    #[must_use]
    pub fn counts_turns(&self, mode: Mode) -> bool {
        // Gemini CLI takes the number from its settings file, which has a place for it.
        let settings = self.wiring.style == Wire::Gemini;
        self.style(mode).is_some_and(|style| !style.max_turns.is_empty() || settings)
    }

    /// True if it ends by itself when `max_cost_usd` is spent, give or take a turn; else gaia has
    /// to watch.
    #[must_use]
    pub fn counts_cost(&self, mode: Mode) -> bool {
        self.style(mode).is_some_and(|style| !style.max_cost.is_empty())
    }

    fn style(&self, mode: Mode) -> Option<&Style> {
        match mode {
            Mode::Headless => self.headless.as_ref(),
            Mode::Interactive => self.interactive.as_ref(),
        }
    }

    /// Everything that is needed to start one attempt.
    pub fn launch(&self, ask: &LaunchAsk) -> Result<Launch, String> {
        let face = match ask.mode {
            Mode::Headless => "headless",
            Mode::Interactive => "interactive",
        };
        let style = self.style(ask.mode);
        let style = style.ok_or_else(|| format!("{} has no {face} mode", self.name()))?;
        let launch = Job::new(self, style, ask).run();
        launch.map_err(|why| format!("{} cannot be started: {why}", self.name()))
    }
}
