use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::{Code, Name, Refusal},
    trigger::{
        actor::Handle,
        cron::{Dst, Pattern, Rhythm, Shown, Timetable, Unreadable, preview},
        file, find,
        model::Source,
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia trigger next`
pub(super) struct Next;

/// Arguments of [`Next`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of a trigger; all that go by the clock if it is left out
    name: Option<Name>,
    /// How many, at most 1000
    #[arg(long, short = 'n', default_value_t = 5)]
    #[serde(default = "five")]
    count: u32,
    /// From this date or moment on, by the clocks of the trigger
    #[arg(long)]
    from: Option<String>,
    /// A cron pattern instead of a trigger
    #[arg(long, conflicts_with = "name")]
    cron: Option<String>,
    /// Zone of the pattern
    #[arg(long, requires = "cron")]
    tz: Option<String>,
    /// Let what comes twice run twice
    #[arg(long, requires = "cron")]
    #[serde(default)]
    elapsed: bool,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

fn five() -> u32 {
    5
}

/// When one trigger fires.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Times {
    /// The trigger, or the pattern.
    name: String,
    /// The zone whose clocks count.
    zone: String,
    /// The next times.
    next: Vec<Shown>,
}

impl Args {
    fn tables(&self, handle: &Handle) -> Result<Vec<(String, Timetable)>, Refusal> {
        let bad = |bad: Unreadable| Refusal::new(Code::Invalid, bad.what).help(bad.help);
        if let Some(text) = &self.cron {
            let pattern = Pattern::read(text).map_err(bad)?;
            let zone = self.tz.as_deref().map_or_else(|| Ok(find::local()), file::zone);
            let table = Timetable {
                rhythm: Rhythm::Cron(Box::new(pattern)),
                zone: zone.map_err(bad)?,
                dst: if self.elapsed { Dst::Elapsed } else { Dst::Wall },
                start: None,
                end: None,
                exclude: vec![],
                delay: std::time::Duration::ZERO,
            };
            return Ok(vec![(text.clone(), table)]);
        }
        let declared = handle.declared(self.at.dir()?)?;
        let mut found = Vec::new();
        for trigger in declared.triggers {
            let wanted = self.name.as_ref().is_none_or(|name| *name == trigger.name);
            if let Source::Time { table, .. } = trigger.source
                && wanted
            {
                found.push((trigger.name.to_string(), *table));
            } else if wanted && self.name.is_some() {
                let message = format!("the trigger `{}` does not go by the clock", trigger.name);
                return Err(Refusal::new(Code::Invalid, message));
            }
        }
        match (&self.name, found.is_empty()) {
            (Some(name), true) => {
                let message = format!("there is no trigger `{name}` in {}", declared.workspace);
                Err(Refusal::new(Code::NotFound, message).help("`gaia trigger list` shows them"))
            }
            _ => Ok(found),
        }
    }
}

impl Verb for Next {
    const NAME: &'static str = "next";
    const ABOUT: &'static str =
        "Show when triggers fire next by the clock, and what the clocks do then";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/schedule/next";
    type Args = Args;
    type Reply = Vec<Times>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        if args.cron.is_none() {
            args.at.enlist(&handle).await?;
        }
        let mut all = Vec::new();
        for (name, table) in args.tables(&handle)? {
            let from = match &args.from {
                None => handle.now(),
                Some(text) => file::moment(text, &table.zone, false).ok_or_else(|| {
                    Refusal::new(Code::Invalid, format!("`{text}` is no date and no moment"))
                        .help("write 2027-01-31, 2027-01-31T08:00 or 2027-01-31T08:00:00Z")
                })?,
            };
            let count = args.count.clamp(1, 1000) as usize;
            let zone = table.zone.iana_name().unwrap_or("UTC").to_owned();
            all.push(Times { name, zone, next: preview(&table, from, count) });
        }
        Ok(all)
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        if reply.is_empty() {
            return "no trigger goes by the clock".to_owned();
        }
        let mut lines = Vec::new();
        for times in reply {
            lines.push(format!("{} ({})", ui.paint("1", &times.name), times.zone));
            if times.next.is_empty() {
                lines.push("  never".to_owned());
            }
            for one in &times.next {
                let at = one.at.split('[').next().unwrap_or_default();
                let note = one.note.as_ref().map(|note| format!("  {note}")).unwrap_or_default();
                lines.push(format!("  {at}  {}{note}", one.utc));
            }
        }
        lines.join("\n")
    }
}
