//! Kinds of problems: what an API can answer instead of what was asked for, as data.
//!
//! A kind is declared by [`problem_kinds!`](crate::problem_kinds), which puts it into a list at the same time. So whatever
//! answers with a problem, and whatever explains all problems, has the same kinds.
//!
//! Deliberately absent: any response. A kind says what is always true of such a problem, and whoever
//! answers what is wrong in the case at hand.

/// Where each kind is explained, by every process that may answer with it: this, and its slug.
pub const PROBLEMS_PATH: &str = "/problems/";

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProblemKind {
    /// The statuses it comes with, the usual one first.
    pub statuses: &'static [u16],
    /// Its name, which is promised to clients.
    pub slug: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// When it is answered.
    pub when: &'static str,
    /// What whoever gets it can do.
    pub remedy: &'static str,
    /// What the `detail` of such a problem says, for example.
    pub example: &'static str,
}

impl ProblemKind {
    /// For [`problem_kinds!`](crate::problem_kinds), which also lists it.
    #[doc(hidden)]
    #[must_use]
    pub const fn declared(
        statuses: &'static [u16],
        [slug, title, when, remedy, example]: [&'static str; 5],
    ) -> Self {
        Self { statuses, slug, title, when, remedy, example }
    }

    /// The usual status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.statuses.first().copied().unwrap_or(500)
    }

    /// The `type` of such a problem: where it is explained, at the process that has answered.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{PROBLEMS_PATH}{}", self.slug)
    }
}

/// The name of a kind, from the `type` of a problem.
#[must_use]
pub fn slug_of(url: &str) -> &str {
    url.strip_prefix(PROBLEMS_PATH).unwrap_or(url)
}

/// Declares kinds of problems, and the list of them.
#[macro_export]
macro_rules! problem_kinds {
    (
        $(#[doc = $doc:literal])*
        $vis:vis $all:ident;
        $($name:ident: $($status:literal)|+, $slug:literal, $title:literal {
            when: $when:literal,
            remedy: $remedy:literal,
            example: $example:literal,
        })+
    ) => {
        $(#[doc = $doc])*
        $vis static $all: &[&$crate::problem_kind::ProblemKind] = &[$(&$name),+];
        $(
            #[doc = $title]
            $vis static $name: $crate::problem_kind::ProblemKind =
                $crate::problem_kind::ProblemKind::declared(
                    &[$($status),+],
                    [$slug, $title, $when, $remedy, $example],
                );
        )+
    };
}

/// What is wrong with lists of kinds that are explained together: slugs that are no part of a path or
/// mean two things, statuses that are no errors, and texts that say nothing. For tests.
#[must_use]
pub fn faults(lists: &[&[&ProblemKind]]) -> Vec<String> {
    let all: Vec<&ProblemKind> = lists.iter().copied().flatten().copied().collect();
    let mut faults = Vec::new();
    for (nth, kind) in all.iter().enumerate() {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        if kind.slug.is_empty() || !kind.slug.bytes().all(is_plain) {
            faults.push(format!("{:?} is no part of a path", kind.slug));
        }
        if all.iter().take(nth).any(|other| other.slug == kind.slug) {
            faults.push(format!("{} means two things", kind.slug));
        }
        if kind.statuses.is_empty() || !kind.statuses.iter().all(|one| (400..600).contains(one)) {
            faults.push(format!("{} has no status of an error", kind.slug));
        }
        let texts = [kind.title, kind.when, kind.remedy, kind.example];
        if texts.iter().any(|text| text.trim().is_empty()) {
            faults.push(format!("{} leaves something unsaid", kind.slug));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    problem_kinds! {
        /// Mugs.
        MUGS;
        BROKEN: 409 | 410, "broken-mug", "The mug is broken" {
            when: "Somebody drinks from it.",
            remedy: "Take another.",
            example: "mug 7 has no bottom",
        }
        NO_MUG: 404, "no-mug", "There is no such mug" {
            when: "The id is of none.",
            remedy: "List them.",
            example: "there is no mug 8",
        }
    }

    #[test]
    fn what_is_declared_is_listed_and_has_a_url() {
        assert_eq!(MUGS, [&BROKEN, &NO_MUG]);
        assert_eq!((BROKEN.status(), BROKEN.statuses), (409, &[409, 410][..]));
        assert_eq!(slug_of(&NO_MUG.url()), "no-mug");
        assert!(faults(&[MUGS]).is_empty());
    }

    #[test]
    fn what_cannot_be_explained_is_found() {
        let twice = faults(&[MUGS, MUGS]);
        assert_eq!(twice, ["broken-mug means two things", "no-mug means two things"]);
        let wrong = ProblemKind::declared(&[200], ["A b", "t", "w", "", "e"]);
        assert_eq!(faults(&[&[&wrong]]).len(), 3);
    }
}
