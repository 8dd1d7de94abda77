//! The one error type of the core: where, expected, received, hint.

use std::fmt;

/// What went wrong, in the words a user of the library can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where: an origin such as `dense "dense_2"`, or a part of the core.
    pub place: String,
    /// What would have been right.
    pub expected: String,
    /// What was there.
    pub received: String,
    /// What to do about it; empty when there is nothing to say.
    pub hint: String,
}

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without a hint.
    pub fn new(
        place: impl Into<String>,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            expected: expected.into(),
            received: received.into(),
            hint: String::new(),
        }
    }

    /// The same error with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same error at another place.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected {}, received {}.",
            self.place, self.expected, self.received
        )?;
        if !self.hint.is_empty() {
            write!(f, " Hint: {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
