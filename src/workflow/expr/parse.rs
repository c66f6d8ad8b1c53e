//! From a text to an expression.

use std::ops::Range;

use serde_json::Value;

use super::{
    Expr, Operand,
    token::{NO_WORK, Token, tokens},
};
use crate::workflow::text::{Reference, Root, Wrong};

/// Finds what a reference leads to; else says what is wrong with it and what to write.
pub(crate) type Resolve<'a> = dyn Fn(&str) -> Result<Reference, (String, String)> + 'a;

/// Deeper brackets are none that a person wrote.
const MAX_DEPTH: usize = 50;

/// Reads an expression; what is wrong is added, with its place in the text.
pub(crate) fn parse(text: &str, resolve: &Resolve<'_>, wrongs: &mut Vec<Wrong>) -> Option<Expr> {
    let all = match tokens(text) {
        Ok(all) => all,
        Err(wrong) => {
            wrongs.push(wrong);
            return None;
        }
    };
    let before = wrongs.len();
    let end = text.len();
    let mut parser = Parser { all, next: 0, end, depth: 0, resolve, wrongs };
    let expr = parser.any().and_then(|expr| match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected("`and` or `or`")),
    });
    match expr {
        Ok(expr) => (wrongs.len() == before).then_some(expr),
        Err(wrong) => {
            wrongs.push(wrong);
            None
        }
    }
}

struct Parser<'a, 'w> {
    all: Vec<(Token<'a>, Range<usize>)>,
    next: usize,
    end: usize,
    depth: usize,
    resolve: &'a Resolve<'a>,
    wrongs: &'w mut Vec<Wrong>,
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.all.get(self.next).map(|(token, _)| token)
    }

    fn take(&mut self, wanted: &Token<'_>) -> bool {
        let there = self.peek() == Some(wanted);
        self.next += usize::from(there);
        there
    }

    fn place(&self) -> Range<usize> {
        self.all.get(self.next).map_or(self.end..self.end, |(_, at)| at.clone())
    }

    fn unexpected(&self, wanted: &str) -> Wrong {
        let at = self.place();
        match self.peek() {
            None => Wrong::new(at, format!("this ends where {wanted} should stand"), ""),
            Some(Token::Sign("(")) if self.next > 0 => {
                let before = self.all.get(self.next - 1).map(|(token, _)| token);
                let name = if let Some(Token::Word(name)) = before { *name } else { "" };
                let at = self.all.get(self.next - 1).map_or(at.clone(), |(_, b)| b.start..at.end);
                Wrong::new(at, format!("there is no function `{name}`"), function_help(name))
            }
            Some(token) => {
                let shown = match token {
                    Token::Word(word) => (*word).to_owned(),
                    Token::Quoted(words) => format!("'{words}'"),
                    Token::Sign(sign) => (*sign).to_owned(),
                };
                Wrong::new(at, format!("`{shown}` stands where {wanted} should"), "")
            }
        }
    }

    fn any(&mut self) -> Result<Expr, Wrong> {
        let mut all = vec![self.all_of()?];
        while self.take(&Token::Word("or")) {
            all.push(self.all_of()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::Any(all) })
    }

    fn all_of(&mut self) -> Result<Expr, Wrong> {
        let mut all = vec![self.not()?];
        while self.take(&Token::Word("and")) {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::All(all) })
    }

    fn not(&mut self) -> Result<Expr, Wrong> {
        if self.depth > MAX_DEPTH {
            return Err(Wrong::new(self.place(), "this is too deep", "split it into steps"));
        }
        self.depth += 1;
        let found = if self.take(&Token::Word("not")) {
            self.not().map(|one| Expr::Not(Box::new(one)))
        } else if self.take(&Token::Sign("(")) {
            self.any().and_then(|one| {
                let closed = self.take(&Token::Sign(")"));
                if closed { Ok(one) } else { Err(self.unexpected("`)`")) }
            })
        } else {
            self.comparison()
        };
        self.depth -= 1;
        found
    }

    fn comparison(&mut self) -> Result<Expr, Wrong> {
        let left = self.operand()?;
        if self.take(&Token::Sign("==")) {
            return Ok(Expr::Equal(left, self.operand()?));
        }
        if self.take(&Token::Sign("!=")) {
            return Ok(Expr::Not(Box::new(Expr::Equal(left, self.operand()?))));
        }
        if self.take(&Token::Word("in")) {
            return Ok(Expr::In(left, self.operand()?));
        }
        if self.take(&Token::Word("not")) {
            if !self.take(&Token::Word("in")) {
                return Err(self.unexpected("`in`"));
            }
            return Ok(Expr::Not(Box::new(Expr::In(left, self.operand()?))));
        }
        Ok(Expr::Is(left))
    }

    fn operand(&mut self) -> Result<Operand, Wrong> {
        const WANTED: &str = "a reference or a value";
        let at = self.place();
        let token = self.peek().cloned().ok_or_else(|| self.unexpected(WANTED))?;
        let value = match token {
            Token::Quoted(words) => Value::String(words),
            Token::Sign("[") => return self.list(),
            Token::Sign(_) | Token::Word("and" | "or" | "in" | "not") => {
                return Err(self.unexpected(WANTED));
            }
            Token::Word(word) => match literal(word) {
                Some(value) => value,
                None => {
                    self.next += 1;
                    if self.peek() == Some(&Token::Sign("(")) {
                        return Err(self.unexpected(""));
                    }
                    return Ok(Operand::Value(self.reference(word, at)));
                }
            },
        };
        self.next += 1;
        Ok(Operand::Literal(value))
    }

    /// A reference; one that leads nowhere is told, and the rest is read on.
    fn reference(&mut self, word: &str, at: Range<usize>) -> Reference {
        (self.resolve)(word).unwrap_or_else(|(what, help)| {
            self.wrongs.push(Wrong::new(at, what, help));
            Reference { root: Root::Run(String::new()), path: vec![] }
        })
    }

    fn list(&mut self) -> Result<Operand, Wrong> {
        self.next += 1;
        let mut items = vec![];
        while !self.take(&Token::Sign("]")) {
            if !items.is_empty() && !self.take(&Token::Sign(",")) {
                return Err(self.unexpected("`,` or `]`"));
            }
            let at = self.place();
            if self.peek() == Some(&Token::Sign("[")) {
                return Err(self.unexpected("a value"));
            }
            match self.operand()? {
                Operand::Literal(value) => items.push(value),
                Operand::Value(_) => {
                    let help = "write texts between quotes: ['a', 'b']";
                    return Err(Wrong::new(at, "a list holds values, not references", help));
                }
            }
        }
        Ok(Operand::Literal(Value::Array(items)))
    }
}

/// A number or a word that is a value.
fn literal(word: &str) -> Option<Value> {
    match word {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ => serde_json::from_str::<serde_json::Number>(word).ok().map(Value::Number),
    }
}

/// What is written instead of a function of another tool.
fn function_help(name: &str) -> &'static str {
    match name {
        "always" => "write `needs: {step: done}`, or put the step under `finally`",
        "failure" => "write `needs: {step: failed}`, or ask for `step.status == 'failed'`",
        "success" => "leave it out: a step begins when what it needs ended well",
        "cancelled" => "put the step under `finally`: it runs however the run ends",
        "contains" => "write `'x' in step.output.list`",
        _ => NO_WORK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_expression_is_told_at_its_column() {
        let known = |words: &str| match words {
            "a" | "b.output" => Ok(Reference { root: Root::Run(words.to_owned()), path: vec![] }),
            _ => Err((format!("no {words}"), String::new())),
        };
        let deep = "(".repeat(4000);
        for (text, at, wanted) in [
            ("", 0, "this ends where a reference or a value should stand"),
            ("a ==", 4, "this ends where a reference or a value should stand"),
            ("a = 'x'", 2, "`=` means nothing here"),
            ("a && b.output", 2, "`&&` means nothing here"),
            ("a > 3", 2, "`>` means nothing here"),
            ("a == 'x", 5, "this quote has no end"),
            ("a b.output", 2, "`b.output` stands where `and` or `or` should"),
            ("(a", 2, "this ends where `)` should stand"),
            ("a)", 1, "`)` stands where `and` or `or` should"),
            ("always()", 0, "there is no function `always`"),
            ("a == 'x' and failure()", 13, "there is no function `failure`"),
            ("a not b.output", 6, "`b.output` stands where `in` should"),
            ("a in [b.output]", 6, "a list holds values, not references"),
            ("a in ['x' 'y']", 10, "`'y'` stands where `,` or `]` should"),
            ("a in [[1]]", 6, "`[` stands where a value should"),
            ("a == c and d", 5, "no c|no d"),
            ("a == ü", 5, "no ü"),
            ("a ; b.output", 2, "`;` means nothing here"),
            ("a and", 5, "this ends where a reference or a value should stand"),
            (&deep, MAX_DEPTH + 1, "this is too deep"),
        ] {
            let mut wrongs = vec![];
            assert_eq!(parse(text, &known, &mut wrongs), None, "{text}");
            let whats: Vec<_> = wrongs.iter().map(|wrong| wrong.what.clone()).collect();
            assert_eq!((wrongs[0].at.start, whats.join("|").as_str()), (at, wanted), "{text}");
        }
    }
}
