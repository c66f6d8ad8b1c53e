//! From what a person types to an item.

use std::{collections::BTreeMap, sync::Arc};

use super::model::Item;
use crate::base::{Code, ItemId, Refusal, nearest};

/// Ids named in a help line.
const NEAR: usize = 5;

/// The item whose id is `text` or begins with it; open ones are meant first.
pub(super) fn find<'a>(
    items: &'a BTreeMap<ItemId, Arc<Item>>,
    text: &str,
) -> Result<&'a Arc<Item>, Refusal> {
    let text = text.trim().to_ascii_lowercase();
    // The letter that all ids begin with may be left out; what tells ids apart is their end.
    let fits = |id: &ItemId| {
        let id = id.as_str();
        id.starts_with(&text)
            || id[1..].starts_with(&text)
            || (text.len() > 2 && id.ends_with(&text))
    };
    if text.is_empty() || text == "q" {
        return Err(unknown(items, &text));
    }
    let exact = items.iter().find(|(id, _)| id.as_str() == text).map(|(_, item)| item);
    let all: Vec<&Arc<Item>> = items.iter().filter(|(id, _)| fits(id)).map(|(_, i)| i).collect();
    let open: Vec<&Arc<Item>> = all.iter().copied().filter(|item| item.is_open()).collect();
    match (exact, &open[..], &all[..]) {
        (Some(item), _, _) => Ok(item),
        (None, [item], _) | (None, [], [item]) => Ok(*item),
        (None, [], []) => Err(unknown(items, &text)),
        (None, [], many) | (None, many, _) => {
            let ids: Vec<&str> = many.iter().take(NEAR).map(|item| item.id.as_str()).collect();
            let more = if many.len() > NEAR { ", …" } else { "" };
            let message = format!("`{text}` may mean {} items", many.len());
            Err(Refusal::new(Code::Invalid, message).help(format!("{}{more}", ids.join(", "))))
        }
    }
}

fn unknown(items: &BTreeMap<ItemId, Arc<Item>>, text: &str) -> Refusal {
    let refusal = Refusal::new(Code::NotFound, format!("there is no item `{text}` in the inbox"));
    if let Some(near) = nearest(text, items.keys().map(ItemId::as_str)) {
        return refusal.help(format!("did you mean {near}?"));
    }
    let open = items.values().filter(|item| item.is_open());
    let open: Vec<&str> = open.take(NEAR).map(|item| item.id.as_str()).collect();
    match open.is_empty() {
        true => refusal.help("nothing is open; `gaia inbox --all` lists what was"),
        false => refusal.help(format!("open are: {}", open.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::Moment,
        inbox::{
            machine,
            model::{Kind, NewItem},
        },
    };

    fn items(ids: &[(u64, bool)]) -> BTreeMap<ItemId, Arc<Item>> {
        let one = |(millis, open): &(u64, bool)| {
            let id = ItemId::new(*millis, 0);
            let new = NewItem::new(Kind::Question, "?");
            let item = machine::raise(new, id.clone(), Moment(1)).unwrap();
            let closed = machine::withdraw(&item, "x", Moment(2)).unwrap();
            (id, Arc::new(if *open { item } else { closed }))
        };
        ids.iter().map(one).collect()
    }

    #[test]
    fn an_id_may_be_cut_short_where_that_is_plain() {
        let all = items(&[(0x1000_0000, true), (0x2000_0000, false), (0x2000_0001, true)]);
        let ids: Vec<&str> = all.keys().map(ItemId::as_str).collect();
        for (text, wanted) in [
            (ids[0], Ok(0)),
            (&ids[0][1..], Ok(0)),
            (&ids[0][..6], Ok(0)),
            (ids[1], Ok(1)),
            // Of two that fit, the open one is meant.
            (&ids[1][..6], Ok(2)),
            ("q000", Err(Code::Invalid)),
            ("", Err(Code::NotFound)),
            ("q", Err(Code::NotFound)),
            ("zzz", Err(Code::NotFound)),
        ] {
            let found = find(&all, text).map(|item| item.id.as_str());
            assert_eq!(found.map_err(|r| r.code), wanted.map(|at: usize| ids[at]), "{text}");
        }
        let near = find(&all, &ids[0].replace("q0", "qo")).unwrap_err();
        assert_eq!(near.help.unwrap(), format!("did you mean {}?", ids[0]));
        assert!(find(&all, "q000").unwrap_err().help.unwrap().contains(ids[2]));
        assert!(find(&items(&[]), "q1").unwrap_err().help.unwrap().contains("nothing is open"));
    }
}
