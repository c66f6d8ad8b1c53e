//! Whether an expression is so.

use serde_json::Value;

use super::{Expr, Operand};
use crate::workflow::text::Lookup;

/// Whether it is so. What has no value is told, never taken for false; what is decided by the left
/// side of `and` and `or` does not need the right one.
pub(crate) fn eval(expr: &Expr, lookup: &dyn Lookup) -> Result<bool, String> {
    match expr {
        Expr::All(all) => {
            for one in all {
                if !eval(one, lookup)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Expr::Any(all) => {
            for one in all {
                if eval(one, lookup)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Expr::Not(one) => eval(one, lookup).map(|so| !so),
        Expr::Equal(left, right) => Ok(same(&of(left, lookup)?, &of(right, lookup)?)),
        Expr::In(one, others) => {
            let (one, others) = (of(one, lookup)?, of(others, lookup)?);
            match others {
                Value::Array(others) => Ok(others.iter().any(|other| same(&one, other))),
                Value::Null => Ok(false),
                Value::Object(_) | Value::String(_) | Value::Bool(_) | Value::Number(_) => {
                    Err("what stands after `in` is no list".to_owned())
                }
            }
        }
        Expr::Is(one) => of(one, lookup).map(|value| is_so(&value)),
    }
}

fn of(operand: &Operand, lookup: &dyn Lookup) -> Result<Value, String> {
    match operand {
        Operand::Value(reference) => reference.look(lookup),
        Operand::Literal(value) => Ok(value.clone()),
    }
}

/// Whether two values are equal; 1 and 1.0 are.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => left == right,
    }
}

/// Whether a value stands for something.
fn is_so(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(so) => *so,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workflow::{
        expr::parse,
        text::{Reference, Root},
    };

    struct Values;
    impl Lookup for Values {
        fn root(&self, root: &Root) -> Option<Value> {
            let Root::Input(name) = root else { return None };
            Some(match name.as_str() {
                "mode" => json!("full"),
                "n" => json!(3),
                "yes" => json!(true),
                "nothing" => json!(null),
                "list" => json!(["a", "b"]),
                "empty" => json!([]),
                "text" => json!(""),
                _ => return None,
            })
        }
    }

    fn so(text: &str) -> Result<bool, String> {
        let mut wrongs = vec![];
        let input = |words: &str| {
            let root = Root::Input(words.to_owned());
            Ok(Reference { root, path: vec![] })
        };
        let expr = parse(text, &input, &mut wrongs);
        assert!(wrongs.is_empty(), "{text}: {wrongs:?}");
        eval(&expr.unwrap(), &Values)
    }

    #[test]
    fn what_is_so() {
        for (text, wanted) in [
            ("mode == 'full'", true),
            ("mode != \"full\"", false),
            ("n == 3 and n == 3.0", true),
            ("n == '3'", false),
            ("yes", true),
            ("not yes", false),
            ("not n == 4", true),
            ("mode in ['quick', 'full']", true),
            ("mode not in [ 'quick' ]", true),
            ("'a' in list", true),
            ("'a' in nothing", false),
            ("nothing == null", true),
            ("empty or text or nothing", false),
            ("yes and (mode == 'x' or n in [1, 2, 3])", true),
            ("yes or mode == 'x' and mode == 'y'", true),
            ("{{ mode }} == 'full' and ${yes}", true),
            ("{{ mode == 'full' }}", true),
            ("true", true),
            ("not (true and false)", true),
            ("n == -3", false),
            // The right side is not looked at.
            ("mode == 'full' or missing", true),
            ("mode == 'x' and missing", false),
        ] {
            assert_eq!(so(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_has_no_value_is_told() {
        assert_eq!(so("missing").unwrap_err(), "`inputs.missing` has no value");
        assert_eq!(so("missing != 'x'").unwrap_err(), "`inputs.missing` has no value");
        assert_eq!(so("'a' in mode").unwrap_err(), "what stands after `in` is no list");
    }
}
