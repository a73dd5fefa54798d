//! What changed between two contracts, as their AsyncAPI documents tell them: which change breaks whom, which
//! is safe once the readers were upgraded first, and which is safe at any time.
//!
//! Rows are kept for ever, and an upgrade is never done everywhere at once. So a build of the new contract has
//! to read whatever was stored under the old one, and a build of the old one meets rows of the new one: before
//! its own upgrade, and after it was taken back.
//!
//! Deliberately absent: who reacts to what in which state. `murmur contract check` judges that, of one contract.

mod contract;
mod fields;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

pub use contract::NoContract;
use contract::{Contract, Event};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The kind of the event.
    pub event: String,
    /// What changed of it.
    pub what: What,
    /// What that does.
    pub impact: Impact,
    /// Whom it concerns; nobody, where it is safe. An owner is among them that could not be restored.
    pub whom: BTreeSet<String>,
}

/// What a change does. The worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impact {
    /// Old and new builds read each other's rows.
    Safe,
    /// Builds of the old contract hold rows of the new one: readers are upgraded before anybody writes it.
    ReadersFirst,
    /// Rows can no longer be read, or mean something else under the same version.
    Breaks,
}

/// What changed of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is there.
    EventAdded,
    /// It is no longer there, and its rows still are.
    EventRemoved,
    /// A version is read and not written yet.
    VersionRead(u16),
    /// A version is written that the old contract does not read.
    VersionWritten(u16),
    /// A version that was read is not any more: there is no upcaster from it.
    VersionDropped(u16),
    /// A field may be there.
    FieldAdded(String),
    /// A field has to be there, and stored rows do not have it.
    MandatoryFieldAdded(String),
    /// A field is there, in something that accepts no unknown one.
    FieldAddedToClosed(String),
    /// A field that had to be there is gone.
    FieldRemoved(String),
    /// A field that could be there is gone.
    OptionalFieldRemoved(String),
    /// A field that could be missing has to be there.
    FieldMadeMandatory(String),
    /// A field that had to be there may be missing.
    FieldMadeOptional(String),
    /// A field is something else.
    TypeChanged(String, String, String),
    /// A field has no longer all of its values.
    ValuesRemoved(String, Vec<String>),
    /// A field may have more values.
    ValuesAdded(String, Vec<String>),
}

/// All that changed from the old document to the new one, by event.
///
/// # Errors
/// When one of them is no contract.
pub fn changes(old: &Value, new: &Value) -> Result<Vec<Change>, NoContract> {
    let (old, new) = (Contract::of(old)?, Contract::of(new)?);
    let mut changes = Vec::new();
    for (kind, before) in &old.events {
        let mut change = |what: What| changes.push(Change::of(kind, what, &old, before));
        match new.events.get(kind) {
            Some(after) => {
                versions(before, after, &mut change);
                shapes(before, after, &mut change);
            }
            None => change(What::EventRemoved),
        }
    }
    let added = new.events.iter().filter(|(kind, _)| !old.events.contains_key(*kind));
    changes.extend(added.map(|(kind, event)| Change::of(kind, What::EventAdded, &old, event)));
    changes.sort_by(|one, other| (&one.event, other.impact).cmp(&(&other.event, one.impact)));
    Ok(changes)
}

fn versions(before: &Event, after: &Event, change: &mut impl FnMut(What)) {
    for version in before.shapes.keys().filter(|version| !after.shapes.contains_key(*version)) {
        change(What::VersionDropped(*version));
    }
    for version in after.shapes.keys().filter(|version| !before.shapes.contains_key(*version)) {
        let is_written = *version == after.writes;
        change(if is_written {
            What::VersionWritten(*version)
        } else {
            What::VersionRead(*version)
        });
    }
}

/// A version says for ever what it says: what changed of its shape.
fn shapes(before: &Event, after: &Event, change: &mut impl FnMut(What)) {
    for (version, old) in &before.shapes {
        let Some(new) = after.shapes.get(version) else { continue };
        fields::compare(old, new).into_iter().for_each(&mut *change);
    }
}

impl Change {
    fn of(kind: &str, what: What, old: &Contract, event: &Event) -> Self {
        let mut whom = match (&what, what.impact()) {
            (_, Impact::Safe) => BTreeSet::new(),
            (What::EventAdded, _) => old.readers_of_stream(&event.stream),
            _ => event.readers.clone(),
        };
        let mut impact = what.impact();
        if what.concerns_stored_rows() {
            // It restores itself from its own rows.
            whom.insert(event.owner.clone());
        }
        if whom.is_empty() && impact == Impact::ReadersFirst {
            impact = Impact::Safe;
        }
        Self { event: kind.to_owned(), what, impact, whom }
    }
}

impl What {
    const fn impact(&self) -> Impact {
        match self {
            Self::VersionRead(_) | Self::FieldAdded(_) | Self::OptionalFieldRemoved(_) => {
                Impact::Safe
            }
            Self::EventAdded
            | Self::VersionWritten(_)
            | Self::FieldMadeOptional(_)
            | Self::ValuesAdded(..) => Impact::ReadersFirst,
            Self::EventRemoved
            | Self::VersionDropped(_)
            | Self::MandatoryFieldAdded(_)
            | Self::FieldAddedToClosed(_)
            | Self::FieldRemoved(_)
            | Self::FieldMadeMandatory(_)
            | Self::TypeChanged(..)
            | Self::ValuesRemoved(..) => Impact::Breaks,
        }
    }

    /// Whether rows that are stored are no longer understood.
    const fn concerns_stored_rows(&self) -> bool {
        match self {
            Self::EventRemoved
            | Self::VersionDropped(_)
            | Self::MandatoryFieldAdded(_)
            | Self::FieldMadeMandatory(_)
            | Self::TypeChanged(..)
            | Self::ValuesRemoved(..) => true,
            Self::EventAdded
            | Self::VersionRead(_)
            | Self::VersionWritten(_)
            | Self::FieldAdded(_)
            | Self::FieldAddedToClosed(_)
            | Self::FieldRemoved(_)
            | Self::OptionalFieldRemoved(_)
            | Self::FieldMadeOptional(_)
            | Self::ValuesAdded(..) => false,
        }
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safe => "safe",
            Self::ReadersFirst => "readers first",
            Self::Breaks => "breaks",
        })
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventAdded => f.write_str("the event is new: old readers of its stream hold it"),
            Self::EventRemoved => {
                f.write_str("the event was removed, and its rows are still there")
            }
            Self::VersionRead(version) => {
                write!(f, "version {version} is read, and not written yet")
            }
            Self::VersionWritten(version) => {
                write!(f, "version {version} is written, which old readers hold")
            }
            Self::VersionDropped(version) => write!(
                f,
                "version {version} is no longer read: there is no upcaster for the rows in it"
            ),
            Self::FieldAdded(field) => write!(f, "{field} was added, and may be missing"),
            Self::MandatoryFieldAdded(field) => {
                write!(f, "{field} was added and is mandatory: stored rows do not have it")
            }
            Self::FieldAddedToClosed(field) => {
                write!(f, "{field} was added where old readers accept no unknown field")
            }
            Self::FieldRemoved(field) => write!(f, "{field} was removed, and was mandatory"),
            Self::OptionalFieldRemoved(field) => {
                write!(f, "{field} was removed, and could always be missing")
            }
            Self::FieldMadeMandatory(field) => {
                write!(f, "{field} was made mandatory: stored rows may not have it")
            }
            Self::FieldMadeOptional(field) => {
                write!(f, "{field} may be missing, which old readers do not accept")
            }
            Self::TypeChanged(field, from, to) => write!(f, "{field} was {from} and is {to}"),
            Self::ValuesRemoved(field, values) => {
                write!(f, "{field} is no longer {}: stored rows may be", values.join(" or "))
            }
            Self::ValuesAdded(field, values) => {
                write!(f, "{field} may be {}, which old readers do not know", values.join(" or "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
