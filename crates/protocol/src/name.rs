//! Short names without a heap: of services, streams and kinds of events.

use std::fmt;

/// A name of at most `N` bytes of ASCII, copied like a number. Names are ordered as texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name<const N: usize> {
    /// Filled up with zeros, which no name holds.
    bytes: [u8; N],
    length: u8,
}

impl<const N: usize> Name<N> {
    /// The name, if the text is ASCII without zeros and fits.
    pub(crate) const fn of(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() > N || text.len() > u8::MAX as usize {
            return None;
        }
        let mut bytes = [0; N];
        let mut at = 0;
        while at < text.len() {
            if text[at] == 0 || !text[at].is_ascii() {
                return None;
            }
            bytes[at] = text[at];
            at += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it was compared above")]
        let length = at as u8;
        Some(Self { bytes, length })
    }

    /// The first so many bytes of it, as a shorter name.
    pub(crate) const fn prefix<const M: usize>(&self, length: u8) -> Name<M> {
        let mut bytes = [0; M];
        let mut at = 0;
        while at < length as usize && at < M {
            bytes[at] = self.bytes[at];
            at += 1;
        }
        Name { bytes, length }
    }

    pub(crate) const fn length(&self) -> u8 {
        self.length
    }

    pub(crate) const fn uppercase(mut self) -> Self {
        self.bytes.make_ascii_uppercase();
        self
    }

    pub(crate) const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.length as usize);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

impl<const N: usize> fmt::Debug for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
