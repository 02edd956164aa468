//! Tables that one of their keys names, such as `{ call = "db", timeout = "200ms" }`, and values with a short form, such as
//! `retry = 3` for `retry = { max_attempts = 3 }`.

use super::decode::{Decode, expected};
use super::diagnostic::{At, Problem};
use super::names;
use super::schema::Definitions;
use super::tree::{Entry, Node, Value};

/// A value in its short form, or a table that says more.
#[derive(Debug, Clone)]
pub(super) enum ShortOr<S, T> {
    Short(S),
    Table(T),
}

impl<S: Decode, T: Decode> Decode for ShortOr<S, T> {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match node.value {
            Value::Table(_) => T::decode(node, log).map(ShortOr::Table),
            _ => S::decode(node, log).map(ShortOr::Short),
        }
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "anyOf": [S::schema(definitions), T::schema(definitions)] })
    }
}

/// A list that may be empty, where doing nothing is something that a user may want to say.
#[derive(Debug, Clone)]
pub(super) struct Any<T>(pub Vec<At<T>>);

impl<T: Decode> Decode for Any<T> {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match &node.value {
            Value::List(items) if items.is_empty() => Some(Any(Vec::new())),
            _ => Vec::decode(node, log).map(Any),
        }
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "array", "items": T::schema(definitions) })
    }
}

/// A table whose keys mean something by their order too.
#[derive(Debug, Clone)]
pub(super) struct Ordered<T> {
    pub of: T,
    /// Its keys as the document has them.
    pub keys: Vec<At<String>>,
}

impl<T: Decode> Decode for Ordered<T> {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let of = T::decode(node, log)?;
        let Value::Table(entries) = &node.value else { return None };
        let keys = entries.iter().map(|entry| At { value: entry.key.clone(), place: entry.key_place }).collect();
        Some(Ordered { of, keys })
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        T::schema(definitions)
    }
}

/// Keys that name a table of their own, but are an option of the table that the second names.
const BESIDE: [(&str, &str); 1] = [("reply", "publish")];

/// The one key that names what a table is.
pub(super) fn head<'a>(
    node: &'a Node,
    what: &'static str,
    heads: &[&'static str],
    later: &[&'static str],
    log: &mut Vec<Problem>,
) -> Option<&'a str> {
    let list = || heads.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let Value::Table(entries) = &node.value else {
        let help = format!("write a table such as {{ {} = ... }}; there is {}", heads[0], list());
        log.push(expected(what, node).help(help));
        return None;
    };
    let given = |key: &str| entries.iter().any(|entry| entry.key == key);
    let beside = |key: &str| BESIDE.iter().any(|(option, head)| *option == key && given(head));
    let names = |entry: &&Entry| heads.contains(&entry.key.as_str()) && !beside(&entry.key);
    let named: Vec<&Entry> = entries.iter().filter(names).collect();
    match named.as_slice() {
        [one] => return Some(&one.key),
        [first, second, ..] => log.push(
            Problem::error(second.key_place, format!("{what} is one thing, here are `{}` and `{}`", first.key, second.key))
                .related(first.key_place, "the first")
                .label("one too many")
                .help("put the second into a table of its own"),
        ),
        [] => log.push(match entries.first() {
            Some(first) if later.contains(&first.key.as_str()) => {
                Problem::error(first.key_place, format!("`{}` is not simulated by this version", first.key))
                    .label("a word of the language, but without effect yet")
                    .help("remove it; a key that changes nothing would only mislead")
            }
            Some(first) => {
                let close = entries.iter().find_map(|entry| Some((entry, names::closest(&entry.key, heads.iter().copied())?)));
                match close {
                    Some((entry, close)) => Problem::error(entry.key_place, format!("`{}` is not {what}", entry.key))
                        .help(format!("did you mean `{close}`?")),
                    None => Problem::error(first.key_place, format!("no key of this table makes it {what}"))
                        .help(format!("one of its keys says what it is: {}", list())),
                }
            }
            None => Problem::error(node.place, format!("an empty table is not {what}"))
                .help(format!("one of its keys says what it is: {}", list())),
        }),
    }
    None
}

/// Declares a choice of tables, each named by one of its keys: `"key" => Variant(Table)`.
macro_rules! headed {
    (
        $(#[doc = $doc:literal])+
        $name:ident $what:literal { $( $key:literal => $variant:ident($ty:ty) ),* $(,)? }
        $( later [ $($later:literal),* ] )?
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        pub(super) enum $name { $( #[doc = concat!("`", $key, "`")] $variant($ty), )* }

        impl Decode for $name {
            fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
                match head(node, $what, &[$($key),*], &[$($($later),*)?], log)? {
                    $( $key => <$ty>::decode(node, log).map($name::$variant), )*
                    _ => None,
                }
            }

            fn schema(definitions: &mut Definitions) -> serde_json::Value {
                definitions.named(stringify!($name), |definitions| {
                    let choices = vec![$( <$ty>::schema(definitions) ),*];
                    schema::choice(&[$($doc),+], choices)
                })
            }
        }
    };
}

pub(super) use headed;
