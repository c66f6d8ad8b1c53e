//! What `list-panes` says.

use std::collections::BTreeSet;

use crate::{
    base::UnitId,
    port::{Listing, Made, SeenPane, TmuxError},
};

/// One line a pane; 0x1f stands in no name, and free text comes last. Without
/// `pane_current_command` and `pane_current_path`: those read /proc for every pane.
pub(super) const FORMAT: &str = "#{pid}\u{1f}#{session_id}\u{1f}#{window_id}\u{1f}#{pane_id}\u{1f}#{window_index}\u{1f}#{pane_index}\u{1f}#{@gaia_id}\u{1f}#{@gaia_win}\u{1f}#{@gaia_ws}\u{1f}#{pane_pid}\u{1f}#{pane_dead}\u{1f}#{pane_width}\u{1f}#{pane_height}\u{1f}#{pane_active}\u{1f}#{window_active}\u{1f}#{session_attached}\u{1f}#{session_activity}\u{1f}#{pane_in_mode}\u{1f}#{window_layout}\u{1f}#{session_name}\u{1f}#{window_name}\u{1f}#{pane_title}\u{1f}#{pane_start_command}";

/// Fields of a line.
const FIELDS: usize = 23;
/// The session that keeps the server and the control client; nobody's business.
pub(super) const KEEPER: &str = "gaia-ctl";

/// Reads the listing; a window that is linked into several sessions counts once.
pub(super) fn read(text: &str) -> Listing {
    let mut known = BTreeSet::new();
    let server = text.split('\u{1f}').next().and_then(|pid| pid.parse().ok()).unwrap_or(0);
    let panes = text.lines().filter_map(pane);
    // A person may move a pane of ours anywhere, even there.
    let others = |p: &SeenPane| p.session_name != KEEPER || p.unit.is_some();
    let panes = panes.filter(|p| others(p) && known.insert(p.pane.clone()));
    Listing { server, panes: panes.collect() }
}

fn pane(line: &str) -> Option<SeenPane> {
    let fields: Vec<&str> = line.splitn(FIELDS, '\u{1f}').collect();
    let [
        _,
        session,
        window,
        pane,
        window_index,
        pane_index,
        unit,
        window_tag,
        session_tag,
        rest @ ..,
    ] = &fields[..]
    else {
        return None;
    };
    let [pid, dead, cols, rows, active, window_active, attached, activity, in_mode, texts @ ..] =
        rest
    else {
        return None;
    };
    let [layout, session_name, window_name, title, start] = texts else { return None };
    Some(SeenPane {
        session: (*session).to_owned(),
        session_name: (*session_name).to_owned(),
        window: (*window).to_owned(),
        window_index: window_index.parse().ok()?,
        window_name: (*window_name).to_owned(),
        pane: (*pane).to_owned(),
        pane_index: pane_index.parse().ok()?,
        unit: unit.parse().ok().or_else(|| from_command(start)),
        window_tag: (*window_tag).to_owned(),
        session_tag: (*session_tag).to_owned(),
        title: (*title).to_owned(),
        pid: pid.parse().unwrap_or(0),
        dead: *dead == "1",
        cols: cols.parse().unwrap_or(0),
        rows: rows.parse().unwrap_or(0),
        layout: (*layout).to_owned(),
        active: *active == "1",
        window_active: *window_active == "1",
        attached: attached.parse().unwrap_or(0),
        activity: activity.parse().unwrap_or(0),
        in_mode: *in_mode != "0" && !in_mode.is_empty(),
    })
}

/// A pane whose maker died before it could tag it still says in its command which unit it runs.
fn from_command(command: &str) -> Option<UnitId> {
    let words = shell_words::split(command).ok()?;
    let at = words.iter().position(|word| word == "pane")?;
    let name = std::path::Path::new(words.last()?).file_name()?.to_str()?;
    if at + 1 < words.len() { name.parse().ok() } else { None }
}

/// Reads the ids of what was made.
pub(super) fn made(text: &str) -> Result<Made, TmuxError> {
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        [session, window, pane] => Ok(Made {
            session: session.to_owned(),
            window: window.to_owned(),
            pane: pane.to_owned(),
        }),
        _ => Err(TmuxError::Failed {
            command: "new pane".to_owned(),
            reason: format!("it does not say what it made: {text:?}"),
        }),
    }
}
