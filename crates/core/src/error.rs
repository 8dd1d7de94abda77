//! The one error type of the core: where, expected, received, hint.

use std::fmt;

/// What went wrong, in the words a user of the library can act on.
///
/// In a box: every `?` moves it, and one pointer is a tenth less code than four texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    /// Where: an origin such as `dense "dense_2"`, or a part of the core.
    place: String,
    /// What would have been right.
    expected: String,
    /// What was there.
    received: String,
    /// What to do about it; empty when there is nothing to say.
    hint: String,
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
        Self(Box::new(Parts {
            place: place.into(),
            expected: expected.into(),
            received: received.into(),
            hint: String::new(),
        }))
    }

    /// The same error with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = hint.into();
        self
    }

    /// The same error at another place.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.0.place = place.into();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts {
            place,
            expected,
            received,
            hint,
        } = &*self.0;
        write!(f, "{place}: expected {expected}, received {received}.")?;
        if !hint.is_empty() {
            write!(f, " Hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
