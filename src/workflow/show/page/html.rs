//! Writing HTML: what is not written in the source of gaia goes through [`Html::text`].

use serde_json::Value;

use crate::{
    base::Moment,
    workflow::show::{escape, mark::Mark},
};

/// Characters of a value that are shown.
const MOST_VALUE: usize = 32 << 10;

/// Signs of the states, drawn once and used by their names.
pub(super) const ICONS: &str = concat!(
    "<svg class=\"icons\" aria-hidden=\"true\"><defs>",
    "<symbol id=\"k-done\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"7\"/>",
    "<path class=\"ink\" d=\"M4.6 8.3l2.3 2.3 4.5-4.9\"/></symbol>",
    "<symbol id=\"k-failed\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"7\"/>",
    "<path class=\"ink\" d=\"M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4\"/></symbol>",
    "<symbol id=\"k-running\" viewBox=\"0 0 16 16\"><circle class=\"ring\" cx=\"8\" cy=\"8\" r=\"6\"/>",
    "<circle cx=\"8\" cy=\"8\" r=\"3.2\"/></symbol>",
    "<symbol id=\"k-waiting\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"7\"/>",
    "<path class=\"ink\" d=\"M8 4.4V8l2.6 1.7\"/></symbol>",
    "<symbol id=\"k-held\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"7\"/>",
    "<path class=\"ink\" d=\"M6.3 5.2v5.6M9.7 5.2v5.6\"/></symbol>",
    "<symbol id=\"k-skipped\" viewBox=\"0 0 16 16\"><circle class=\"ring\" cx=\"8\" cy=\"8\" r=\"6.4\"/>",
    "<path class=\"line\" d=\"M5 8h5.4M8.4 5.8L10.6 8l-2.2 2.2\"/></symbol>",
    "<symbol id=\"k-cancelled\" viewBox=\"0 0 16 16\"><circle class=\"ring\" cx=\"8\" cy=\"8\" r=\"6.4\"/>",
    "<path class=\"line\" d=\"M3.6 12.4l8.8-8.8\"/></symbol>",
    "<symbol id=\"k-ready\" viewBox=\"0 0 16 16\">",
    "<circle class=\"ring\" cx=\"8\" cy=\"8\" r=\"6\"/></symbol>",
    "<symbol id=\"k-blocked\" viewBox=\"0 0 16 16\">",
    "<circle class=\"ring dots\" cx=\"8\" cy=\"8\" r=\"6\"/></symbol>",
    "<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" ",
    "patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M0 0V6\"/></pattern>",
    "<marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" ",
    "markerHeight=\"7\" orient=\"auto\"><path class=\"tip\" d=\"M1 1l6 3-6 3\"/></marker>",
    "</defs></svg>\n",
);

/// A page, or a part of it.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Markup as it is written in the source.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// A text of whomever, also inside of an attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&escape::html(text));
        self
    }

    /// A number, with at most two digits after the point.
    pub(super) fn num(&mut self, number: f64) -> &mut Self {
        let text = format!("{number:.2}");
        self.0.push_str(text.trim_end_matches('0').trim_end_matches('.'));
        self
    }

    /// A part that was written before.
    pub(super) fn part(&mut self, part: Self) -> &mut Self {
        self.0.push_str(&part.0);
        self
    }

    /// A moment.
    pub(super) fn time(&mut self, at: Moment) -> &mut Self {
        let shown = at.show();
        let machine = shown.replacen(' ', "T", 1);
        self.raw("<time datetime=\"").text(&machine).raw("\">").text(&shown).raw("</time>")
    }

    /// The sign of a state, with its word for those who do not see it.
    pub(super) fn icon(&mut self, mark: Mark) -> &mut Self {
        self.raw("<svg class=\"icon ")
            .raw(mark.word())
            .raw("\" viewBox=\"0 0 16 16\" role=\"img\" ");
        self.raw("aria-label=\"").raw(mark.word()).raw("\"><use href=\"#k-").raw(mark.word());
        self.raw("\"/></svg>")
    }

    /// A state as a sign and a word.
    pub(super) fn pill(&mut self, mark: Mark, word: &str) -> &mut Self {
        self.raw("<span class=\"pill ").raw(mark.word()).raw("\">").icon_alone(mark).text(word);
        self.raw("</span>")
    }

    /// The sign of a state where its word stands beside it.
    pub(super) fn icon_alone(&mut self, mark: Mark) -> &mut Self {
        self.raw("<svg class=\"icon ").raw(mark.word());
        self.raw("\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><use href=\"#k-").raw(mark.word());
        self.raw("\"/></svg>")
    }

    /// A value: a short one in the line, others as a block.
    pub(super) fn value(&mut self, value: &Value) -> &mut Self {
        match value {
            Value::String(text) if !text.contains('\n') && text.chars().count() <= 120 => {
                self.raw("<code>").text(text).raw("</code>")
            }
            Value::String(text) => self.block(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.raw("<code>").text(&value.to_string()).raw("</code>")
            }
            Value::Array(_) | Value::Object(_) => {
                self.block(&serde_json::to_string_pretty(value).unwrap_or_default())
            }
        }
    }

    fn block(&mut self, text: &str) -> &mut Self {
        let (text, cut) = head_of(text, MOST_VALUE);
        self.raw("<pre tabindex=\"0\">").text(text).raw("</pre>").cut(cut)
    }

    /// Tells how much is not shown, if something is not.
    pub(super) fn cut(&mut self, bytes: usize) -> &mut Self {
        if bytes > 0 {
            self.raw("<p class=\"hint\">").num(bytes.div_ceil(1024) as f64);
            self.raw(" KiB more are not shown here.</p>");
        }
        self
    }

    /// What was written.
    pub(super) fn done(self) -> String {
        self.0
    }
}

/// The beginning of a text, and how many bytes are left out.
pub(super) fn head_of(text: &str, most: usize) -> (&str, usize) {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], text.len() - end)
}

/// The end of a text from the beginning of a line, and how many bytes are left out.
pub(super) fn tail_of(text: &str, most: usize) -> (&str, usize) {
    if text.len() <= most {
        return (text, 0);
    }
    let mut start = text.len() - most;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let line = text[start..].find('\n').map(|at| start + at + 1);
    let start = line.filter(|at| *at < text.len()).unwrap_or(start);
    (&text[start..], start)
}
