use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::slots::{Timetable, Why, zoned};
use crate::base::Moment;

/// A slot as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Shown {
    /// When it fires, with its offset: `2027-03-14T03:00:00-04:00[America/New_York]`.
    pub(crate) at: String,
    /// The same in milliseconds since 1970.
    pub(crate) moment: Moment,
    /// The same in UTC.
    pub(crate) utc: String,
    /// What is unusual about it.
    pub(crate) note: Option<String>,
}

/// The next slots after a moment.
pub(crate) fn preview(table: &Timetable, from: Moment, count: usize) -> Vec<Shown> {
    // The first slot may be the moment itself.
    let mut at = Moment(from.0.saturating_sub(1));
    let mut all = Vec::new();
    while all.len() < count {
        let Some(slot) = table.after(at) else { break };
        at = slot.at;
        let fires = slot.at.after(table.delay);
        let Some(shown) = zoned(fires, &table.zone) else { break };
        let note = match slot.why {
            Why::Plain => None,
            Why::AfterGap => {
                Some("the clocks are set forward over its time: it runs at the end of the gap")
            }
            Why::First => Some("the clocks are set back, its time comes twice: this is the first"),
            Why::Second => {
                Some("the clocks are set back, its time comes twice: this is the second")
            }
        };
        let utc = shown.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let note = note.map(str::to_owned);
        all.push(Shown { at: shown.to_string(), moment: fires, utc, note });
    }
    all
}
