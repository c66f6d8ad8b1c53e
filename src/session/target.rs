//! How people name a pane: `demo`, `demo:edit`, `demo:1.2`, `demo:edit.editor`, a pane id, `%3`.

use super::view::{PaneView, SessionView, View, WindowView};
use crate::base::{Code, Refusal};

/// Finds the session of this name.
pub(crate) fn session<'a>(view: &'a View, name: &str) -> Result<&'a SessionView, Refusal> {
    view.sessions.iter().find(|s| s.name == name).ok_or_else(|| {
        let names: Vec<&str> = view.sessions.iter().map(|s| s.name.as_str()).collect();
        unknown("session", name, &names, "`gaia up` or `gaia session new` makes one")
    })
}

/// Finds the window that `target` names; without one, the current window of the session.
pub(crate) fn window<'a>(
    view: &'a View,
    target: &str,
) -> Result<(&'a SessionView, &'a WindowView), Refusal> {
    let (name, rest) = target.split_once(':').unwrap_or((target, ""));
    let session = session(view, name)?;
    let word = rest.split('.').next().unwrap_or("");
    if word.is_empty() {
        let current = session.windows.iter().find(|w| w.active).or(session.windows.first());
        return current.map(|w| (session, w)).ok_or_else(|| {
            Refusal::new(Code::NotFound, format!("the session `{name}` has no window"))
        });
    }
    let by_name = session.windows.iter().find(|w| w.name == word);
    let by_index = || session.windows.iter().find(|w| w.index > 0 && w.index.to_string() == word);
    by_name.or_else(by_index).map(|w| (session, w)).ok_or_else(|| {
        let names: Vec<&str> = session.windows.iter().map(|w| w.name.as_str()).collect();
        unknown("window", word, &names, "")
    })
}

/// Finds the pane that `target` names; without one, the current pane of the window.
pub(crate) fn pane<'a>(
    view: &'a View,
    target: &str,
) -> Result<(&'a SessionView, &'a WindowView, &'a PaneView), Refusal> {
    if let Some(found) = by_id(view, target) {
        return Ok(found);
    }
    let (session, window) = window(view, target)?;
    let word = target.split_once(':').and_then(|(_, rest)| rest.split_once('.'));
    let Some((_, word)) = word else {
        let current = window.panes.iter().find(|p| p.active).or(window.panes.first());
        return current.map(|p| (session, window, p)).ok_or_else(|| {
            Refusal::new(Code::NotFound, format!("the window `{}` has no pane", window.name))
        });
    };
    let by_title = window.panes.iter().find(|p| p.title == word);
    let by_index = || window.panes.iter().find(|p| p.index > 0 && p.index.to_string() == word);
    by_title.or_else(by_index).map(|p| (session, window, p)).ok_or_else(|| {
        let names: Vec<&str> = window.panes.iter().map(|p| p.title.as_str()).collect();
        unknown("pane", word, &names, "")
    })
}

fn by_id<'a>(
    view: &'a View,
    target: &str,
) -> Option<(&'a SessionView, &'a WindowView, &'a PaneView)> {
    let is = |p: &PaneView| {
        p.tmux.as_deref() == Some(target) || p.id.as_ref().is_some_and(|id| id.as_str() == target)
    };
    let windows = view.sessions.iter().flat_map(|s| s.windows.iter().map(move |w| (s, w)));
    windows.flat_map(|(s, w)| w.panes.iter().map(move |p| (s, w, p))).find(|(_, _, p)| is(p))
}

fn unknown(what: &str, name: &str, known: &[&str], otherwise: &str) -> Refusal {
    let refusal = Refusal::new(Code::NotFound, format!("there is no {what} `{name}`"));
    if known.is_empty() {
        return if otherwise.is_empty() { refusal } else { refusal.help(otherwise) };
    }
    refusal.help(format!("there is: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::record::Life;

    fn view() -> View {
        let pane = |index: u32, title: &str, active| PaneView {
            id: Some(crate::base::UnitId::new(u64::from(index), 0)),
            index,
            title: title.into(),
            state: Life::Running,
            pid: None,
            shim: None,
            exit: None,
            incarnation: 1,
            command: String::new(),
            tmux: Some(format!("%{index}")),
            size: None,
            active,
            service: None,
            task: None,
            managed: true,
        };
        let window = |index, name: &str, panes| WindowView {
            index,
            name: name.into(),
            tmux: Some(format!("@{index}")),
            layout: String::new(),
            active: index == 2,
            panes,
        };
        let windows = vec![
            window(1, "edit", vec![pane(1, "vim", true)]),
            window(2, "run", vec![pane(2, "api", false), pane(3, "web", true)]),
        ];
        let session = SessionView {
            name: "demo".into(),
            phase: None,
            dir: String::new(),
            created: crate::base::Moment(0),
            attached: 0,
            tmux: None,
            activity: 0,
            windows,
        };
        View { sessions: vec![session] }
    }

    #[test]
    fn every_way_to_name_a_pane() {
        let view = view();
        let title = |target: &str| pane(&view, target).map(|(_, _, p)| p.title.clone());
        for (target, wanted) in [
            ("demo", "web"),
            ("demo:1", "vim"),
            ("demo:edit", "vim"),
            ("demo:2.2", "api"),
            ("demo:run.api", "api"),
            ("%3", "web"),
            (view.sessions[0].windows[0].panes[0].id.clone().unwrap().as_str(), "vim"),
        ] {
            assert_eq!(title(target).unwrap(), wanted, "{target}");
        }
        for target in ["demx", "demo:3", "demo:run.apx", "demo:1.2", "%9", ""] {
            assert_eq!(title(target).unwrap_err().code, Code::NotFound, "{target}");
        }
    }
}
