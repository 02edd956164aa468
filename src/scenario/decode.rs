//! From the tree to the structures of `document`, every problem reported and none hiding another.
//!
//! Serde stops at the first error, and a document deserves all of them at once. So a structure is declared once, with
//! [`table!`], [`shapes!`] or [`words!`], and the declaration gives three things that cannot drift apart: the Rust type,
//! its decoder, and its JSON Schema with the doc comments as descriptions.

use super::diagnostic::{At, Problem};
use super::names;
use super::schema::Definitions;
use super::tree::{Entry, Node, Value};

/// Something that a node of the tree can be read as.
pub(super) trait Decode: Sized {
    /// Reads the node; `None` when it cannot be read, and then the problem is in `log`.
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self>;
    /// What may be written here, as JSON Schema.
    fn schema(definitions: &mut Definitions) -> serde_json::Value;
}

/// A key of a table: what the document says under it.
#[derive(Debug, Clone, Default)]
pub(super) enum Field<T> {
    /// Nothing.
    #[default]
    Missing,
    /// Something that could not be read, which has been reported.
    Broken,
    /// A value.
    Given(At<T>),
}

impl<T> Field<T> {
    /// The value and its place, where there is one.
    pub fn given(&self) -> Option<&At<T>> {
        match self {
            Field::Given(at) => Some(at),
            _ => None,
        }
    }

    /// The value, where there is one.
    pub fn value(&self) -> Option<&T> {
        self.given().map(|at| &at.value)
    }

    /// Whether the key is not there at all.
    pub fn is_missing(&self) -> bool {
        matches!(self, Field::Missing)
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        T::decode(node, log).map(Box::new)
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        T::schema(definitions)
    }
}

impl<T: Decode> Decode for At<T> {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        T::decode(node, log).map(|value| At { value, place: node.place })
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        T::schema(definitions)
    }
}

/// A list with at least one item. Items that cannot be read make the list unreadable, after all were tried.
impl<T: Decode> Decode for Vec<At<T>> {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let Value::List(items) = &node.value else {
            let help = match node.value {
                Value::Table(_) => {
                    "write the items in brackets: [ ..., ... ]; tables of their own stand under a head such as [[faults]]"
                }
                _ => "write the items in brackets: [ ..., ... ]",
            };
            log.push(expected("a list", node).help(help));
            return None;
        };
        if items.is_empty() {
            log.push(Problem::error(node.place, "an empty list says nothing").help("give at least one item"));
            return None;
        }
        let decoded: Vec<Option<At<T>>> = items.iter().map(|item| At::decode(item, log)).collect();
        decoded.into_iter().collect()
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "array", "minItems": 1, "items": T::schema(definitions) })
    }
}

/// Either a list of items or one table that says the same in another way.
#[derive(Debug, Clone)]
pub(super) enum ListOr<T, F> {
    List(Vec<At<T>>),
    Form(F),
}

impl<T: Decode, F: Decode> Decode for ListOr<T, F> {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match node.value {
            Value::Table(_) => F::decode(node, log).map(ListOr::Form),
            _ => Vec::decode(node, log).map(ListOr::List),
        }
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "oneOf": [<Vec<At<T>>>::schema(definitions), F::schema(definitions)] })
    }
}

/// A table whose keys are the user's own names.
#[derive(Debug, Clone)]
pub(super) struct Entities<T> {
    pub list: Vec<Named<T>>,
}

/// One of the user's own things.
#[derive(Debug, Clone)]
pub(super) struct Named<T> {
    pub name: At<String>,
    /// `None`: it could not be read, which has been reported.
    pub entity: Option<At<T>>,
}

/// So many entities of a kind; more is no system that a person describes.
pub(super) const MOST_ENTITIES: usize = 10_000;

impl<T: Decode> Decode for Entities<T> {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let Value::Table(entries) = &node.value else {
            log.push(
                expected("a table of names", node)
                    .help("each has a name and stands in a table of its own, such as [queues.jobs]"),
            );
            return None;
        };
        if let Some(first_too_many) = entries.get(MOST_ENTITIES) {
            let message = format!("there are {} of a kind; at most 10,000 can be simulated", entries.len());
            log.push(Problem::error(first_too_many.key_place, message).help("let one entity with a `count` stand for many"));
            return None;
        }
        let mut list = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(fault) = names::fault(&entry.key) {
                let message = format!("`{}` cannot be a name", entry.key);
                let plain: String =
                    entry.key.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).take(100).collect();
                let help = if plain.is_empty() { "write a name".to_owned() } else { format!("write `{plain}`") };
                log.push(Problem::error(entry.key_place, message).label(fault).help(help));
            }
            let name = At { value: entry.key.clone(), place: entry.key_place };
            list.push(Named { name, entity: At::decode(&entry.node, log) });
        }
        Some(Entities { list })
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({
            "type": "object",
            "propertyNames": { "pattern": "^[\\w-]+$" },
            "additionalProperties": T::schema(definitions),
        })
    }
}

/// "expected a list, found a number".
pub(super) fn expected(what: &str, node: &Node) -> Problem {
    Problem::error(node.place, format!("expected {what}, found {}", node.value.kind()))
}

/// The keys of one table while it is decoded.
pub(super) struct Keys<'a> {
    what: &'static str,
    node: &'a Node,
    entries: &'a [Entry],
    clean: bool,
}

impl<'a> Keys<'a> {
    /// Opens a table; keys that are not `known` are reported. `later` are words of the language that this version does
    /// not simulate.
    pub fn open(
        node: &'a Node,
        what: &'static str,
        known: &[&'static str],
        later: &[&'static str],
        log: &mut Vec<Problem>,
    ) -> Option<Keys<'a>> {
        let Value::Table(entries) = &node.value else {
            let keys: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
            log.push(expected(&format!("a table ({what})"), node).help(format!("its keys are {}", keys.join(", "))));
            return None;
        };
        let mut clean = true;
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            clean = false;
            log.push(unknown_key(entry, what, known, later));
        }
        Some(Keys { what, node, entries, clean })
    }

    /// The value under a key. Where it must be there and is not, `doc` tells the user what it is.
    pub fn field<T: Decode>(&mut self, key: &str, required: bool, doc: &[&str], log: &mut Vec<Problem>) -> Field<T> {
        let Some(entry) = self.entries.iter().find(|entry| entry.key == key) else {
            if !required {
                return Field::Missing;
            }
            // A misspelt key has been reported as such; that it is also missing would be noise.
            if self.clean {
                let problem = Problem::error(self.node.place, format!("`{key}` is missing in this {}", self.what));
                let what: String = doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
                // A description is a sentence; here it follows a colon.
                let what = what.chars().next().map(char::to_lowercase).into_iter().flatten().chain(what.chars().skip(1));
                let what: String = what.collect();
                log.push(problem.help(format!("add `{key} = ...`: {}", what.trim_end_matches('.'))));
            }
            return Field::Broken;
        };
        match At::decode(&entry.node, log) {
            Some(at) => Field::Given(at),
            None => {
                self.clean = false;
                Field::Broken
            }
        }
    }

    /// Checks that the given keys are exactly one of several groups.
    pub fn one_of(&self, forms: &[&[&str]], log: &mut Vec<Problem>) {
        if forms.is_empty() || !self.clean {
            return;
        }
        let given: Vec<&str> = self.entries.iter().map(|entry| entry.key.as_str()).collect();
        if forms.iter().any(|form| form.len() == given.len() && form.iter().all(|key| given.contains(key))) {
            return;
        }
        let list = |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ");
        let ways = forms.iter().map(|form| list(form)).collect::<Vec<_>>().join(", or ");
        let found = if given.is_empty() { "nothing".to_owned() } else { list(&given) };
        let message = format!("this {} is given by {found}, which does not define it", self.what);
        log.push(Problem::error(self.node.place, message).help(format!("give {ways}")));
    }
}

fn unknown_key(entry: &Entry, what: &str, known: &[&str], later: &[&str]) -> Problem {
    if later.contains(&entry.key.as_str()) {
        return Problem::error(entry.key_place, format!("`{}` is not simulated by this version", entry.key))
            .label("a word of the language, but without effect yet")
            .help("remove it; a key that changes nothing would only mislead");
    }
    Problem::error(entry.key_place, format!("unknown key `{}` in this {what}", entry.key)).help(names::advice(
        &entry.key,
        known.iter().copied(),
        "it has no keys",
    ))
}

/// The one key of an externally tagged table, and its value.
pub(super) fn one_key<'a>(
    node: &'a Node,
    what: &'static str,
    known: &[&'static str],
    later: &[&'static str],
    log: &mut Vec<Problem>,
) -> Option<&'a Entry> {
    let Value::Table(entries) = &node.value else {
        let kinds: Vec<String> = known.iter().take(10).map(|key| format!("`{key}`")).collect();
        let more = if known.len() > kinds.len() { " and others" } else { "" };
        let help = format!("write a table with one key, {{ {} = ... }}; there is {}{more}", known[0], kinds.join(", "));
        log.push(expected(what, node).help(help));
        return None;
    };
    let Some(first) = entries.first() else {
        let problem = Problem::error(node.place, format!("an empty table is not {what}"));
        log.push(problem.help(names::advice("", known.iter().copied(), "")));
        return None;
    };
    if let Some(unknown) = entries.iter().find(|entry| !known.contains(&entry.key.as_str())) {
        log.push(if later.contains(&unknown.key.as_str()) {
            unknown_key(unknown, what, known, later)
        } else {
            Problem::error(unknown.key_place, format!("`{}` is not {what}", unknown.key)).help(names::advice(
                &unknown.key,
                known.iter().copied(),
                "",
            ))
        });
        return None;
    }
    if let Some(second) = entries.get(1) {
        log.push(
            Problem::error(second.key_place, format!("{what} has one key, here are `{}` and `{}`", first.key, second.key))
                .related(first.key_place, "the first")
                .label("one too many")
                .help("keep one of them"),
        );
        return None;
    }
    Some(first)
}

/// A text that is one of the known words.
pub(super) fn word<'a>(node: &'a Node, what: &str, known: &[&'static str], log: &mut Vec<Problem>) -> Option<&'a str> {
    let problem = match &node.value {
        Value::Text(text) if known.contains(&text.as_str()) => return Some(text),
        Value::Text(text) => {
            Problem::error(node.place, format!("`{text}` is not {what}")).help(names::advice(text, known.iter().copied(), ""))
        }
        _ => expected(what, node).help(names::advice("", known.iter().copied(), "")),
    };
    log.push(problem);
    None
}

/// Declares a table: `"key" required field: Type`, and the groups of keys of which exactly one must be given.
macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        $name:ident $what:literal {
            $( $(#[doc = $field_doc:literal])+ $key:literal $need:ident $field:ident : $ty:ty ),* $(,)?
        }
        $( forms [ $( [ $($form:literal),+ ] ),+ ] )?
        $( later [ $($later:literal),* ] )?
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        pub(super) struct $name { $( $(#[doc = $field_doc])+ pub $field: Field<$ty>, )* }

        impl Decode for $name {
            fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
                let mut keys = Keys::open(node, $what, &[$($key),*], &[$($($later),*)?], log)?;
                let decoded = $name {
                    $( $field: keys.field($key, stringify!($need) == "required", &[$($field_doc),+], log), )*
                 };
                keys.one_of(&[$($( &[$($form),+] ),+)?], log);
                Some(decoded)
            }

            fn schema(definitions: &mut Definitions) -> serde_json::Value {
                definitions.named(stringify!($name), |definitions| {
                    let mut table = schema::Table::new(&[$($doc),+]);
                    $( let of = <$ty>::schema(definitions);
                       table.key($key, stringify!($need) == "required", &[$($field_doc),+], of); )*
                    table.finish(&[$($( &[$($form),+] ),+)?])
                })
            }
        }
    };
}

/// Declares an externally tagged choice: `"key" => Variant(Type)`; a value that is no table is read as the bare variant.
macro_rules! shapes {
    (
        $(#[doc = $doc:literal])+
        $name:ident $what:literal $( bare $bare:ident($bare_ty:ty) )? {
            $( $(#[doc = $variant_doc:literal])+ $key:literal => $variant:ident($ty:ty) ),* $(,)?
        }
        $( later [ $($later:literal),* ] )?
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        pub(super) enum $name {
            $( #[doc = "The bare value."] $bare($bare_ty), )?
            $( $(#[doc = $variant_doc])+ $variant($ty), )*
        }

        impl Decode for $name {
            fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
                $( if !matches!(node.value, Value::Table(_)) {
                    return <$bare_ty>::decode(node, log).map($name::$bare);
                } )?
                let entry = one_key(node, $what, &[$($key),*], &[$($($later),*)?], log)?;
                match entry.key.as_str() {
                    $( $key => <$ty>::decode(&entry.node, log).map($name::$variant), )*
                    _ => None,
                }
            }

            fn schema(definitions: &mut Definitions) -> serde_json::Value {
                definitions.named(stringify!($name), |definitions| {
                    let mut choices = Vec::new();
                    $( choices.push(<$bare_ty>::schema(definitions)); )?
                    $( let of = <$ty>::schema(definitions);
                       choices.push(schema::tagged($key, &[$($variant_doc),+], of)); )*
                    schema::choice(&[$($doc),+], choices)
                })
            }
        }
    };
}

/// Declares a choice of words: `"word" => Variant`.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        $name:ident $what:literal { $( $(#[doc = $variant_doc:literal])+ $key:literal => $variant:ident ),* $(,)? }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $name { $( $(#[doc = $variant_doc])+ $variant, )* }

        impl Decode for $name {
            fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
                match word(node, $what, &[$($key),*], log)? {
                    $( $key => Some($name::$variant), )*
                    _ => None,
                }
            }

            fn schema(_: &mut Definitions) -> serde_json::Value {
                schema::words(&[$($doc),+], &[$(($key, &[$($variant_doc),+])),*])
            }
        }
    };
}

pub(super) use {shapes, table, words};
