//! Conditions on what a command finds, as HTTP has them (RFC 9110, section 13). They are held against
//! the state of the very transaction that decides, so that nothing can come in between.
//!
//! Deliberately absent: their text in headers, which is the shell's.

use protocol::Timestamp;

/// What tells one state of a thing from all others that it has had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validators {
    /// Differs whenever what is shown of the thing does. Strong, and without quotes.
    pub tag: String,
    /// When the thing changed last, if that is known.
    pub modified: Option<Timestamp>,
}

/// A tag that a client names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Without quotes.
    pub opaque: String,
    /// Whether it only says that two states are as good as each other.
    pub weak: bool,
}

/// Which states a client means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    /// `*`: any, as long as the thing exists.
    Any,
    /// One of these.
    Listed(Vec<Tag>),
}

/// What must hold for a command to be decided. By default, nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// The thing is in one of these states.
    pub if_match: Option<Tags>,
    /// The thing is in none of these states.
    pub if_none_match: Option<Tags>,
    /// The thing has not changed after this second.
    pub unmodified_since: Option<Timestamp>,
}

impl Validators {
    /// Of a thing whose state is that of one event.
    #[must_use]
    pub fn of_event(sequence: u64, time: Timestamp) -> Self {
        Self { tag: sequence.to_string(), modified: Some(time) }
    }
}

impl Tags {
    /// Whether the thing is in one of the states: a weak tag never says so.
    #[must_use]
    pub fn match_strongly(&self, current: Option<&Validators>) -> bool {
        self.any(current, |tag, current| !tag.weak && tag.opaque == current.tag)
    }

    /// Whether what the client knows is as good as what there is.
    #[must_use]
    pub fn match_weakly(&self, current: Option<&Validators>) -> bool {
        self.any(current, |tag, current| tag.opaque == current.tag)
    }

    fn any(&self, current: Option<&Validators>, same: impl Fn(&Tag, &Validators) -> bool) -> bool {
        current.is_some_and(|current| match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|tag| same(tag, current)),
        })
    }
}

impl Preconditions {
    /// Whether nothing is asked.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none() && self.unmodified_since.is_none()
    }

    /// Whether they hold for what there is, in the order of RFC 9110, section 13.2.2. A date counts
    /// only where no tag is asked for and the thing has one.
    #[must_use]
    pub fn hold(&self, current: Option<&Validators>) -> bool {
        let unchanged = match (&self.if_match, self.unmodified_since) {
            (Some(tags), _) => tags.match_strongly(current),
            (None, Some(since)) => !current.is_some_and(|current| changed_after(current, since)),
            (None, None) => true,
        };
        unchanged && !self.if_none_match.as_ref().is_some_and(|tags| tags.match_weakly(current))
    }
}

/// Dates of HTTP have whole seconds.
fn changed_after(current: &Validators, since: Timestamp) -> bool {
    let seconds = |time: Timestamp| time.micros().div_euclid(1_000_000);
    current.modified.is_some_and(|modified| seconds(modified) > seconds(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(tags: &[(&str, bool)]) -> Option<Tags> {
        let tag = |(opaque, weak): &(&str, bool)| Tag { opaque: (*opaque).to_owned(), weak: *weak };
        Some(Tags::Listed(tags.iter().map(tag).collect()))
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn tags_are_compared_strongly_where_something_would_be_overwritten_and_weakly_elsewhere() {
        let current = Validators::of_event(7, at(5_500_000));
        let holds = |preconditions: Preconditions| preconditions.hold(Some(&current));
        let matching = |if_match| holds(Preconditions { if_match, ..Preconditions::default() });
        assert!(matching(listed(&[("6", false), ("7", false)])) && matching(Some(Tags::Any)));
        assert!(!matching(listed(&[("7", true)])) && !matching(listed(&[("6", false)])));
        assert!(!matching(listed(&[])));
        let other =
            |if_none_match| holds(Preconditions { if_none_match, ..Preconditions::default() });
        assert!(other(listed(&[("6", false)])) && other(None));
        assert!(!other(listed(&[("7", true)])) && !other(Some(Tags::Any)));
    }

    #[test]
    fn what_does_not_exist_matches_nothing_and_is_free_to_be_made() {
        let create = Preconditions { if_none_match: Some(Tags::Any), ..Preconditions::default() };
        assert!(create.hold(None));
        let change = Preconditions { if_match: Some(Tags::Any), ..Preconditions::default() };
        assert!(!change.hold(None));
        let since = Preconditions { unmodified_since: Some(at(0)), ..Preconditions::default() };
        assert!(since.hold(None), "what has no date is not held against one");
    }

    #[test]
    fn a_date_counts_by_the_second_and_only_where_no_tag_is_named() {
        let current = Validators::of_event(7, at(5_500_000));
        let since = |micros| Preconditions {
            unmodified_since: Some(at(micros)),
            ..Preconditions::default()
        };
        assert!(since(5_000_000).hold(Some(&current)) && since(9_000_000).hold(Some(&current)));
        assert!(!since(4_999_999).hold(Some(&current)));
        let both = Preconditions { if_match: listed(&[("7", false)]), ..since(0) };
        assert!(both.hold(Some(&current)));
    }
}
