//! The one error type of the core: where, expected, received, hint.
//!
//! Builds that only predict read what `exportModel` wrote, and say no more than the cause: a sixth of
//! their code would be texts otherwise, and what makes them.

use std::fmt;

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What may go wrong with a graph that was right when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is not what it was.
    Damage,
    /// It is too large for this place.
    Memory,
    /// It was written by another version.
    Version,
}

/// Where, expected, received, hint.
///
/// In a box: every `?` moves it, and one pointer is a tenth less code than four texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    /// Where: an origin such as `dense "dense_2"`, or a part of the core.
    place: String,
    /// What would have been right.
    expected: String,
    /// What was there.
    received: String,
    /// What to do about it; empty when there is nothing to say.
    hint: &'static str,
}

impl Words {
    /// Words without a hint.
    pub fn new(
        place: impl Into<String>,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Self {
        Self(Box::new(Parts {
            place: place.into(),
            expected: expected.into(),
            received: received.into(),
            hint: "",
        }))
    }
}

/// Makes an [`Error`] of a place, what was expected and what was received; builds that only predict
/// evaluate none of the three.
macro_rules! error {
    ($place:expr, $expected:expr, $received:expr $(,)?) => {
        $crate::error::Error::say(|| $crate::error::Words::new($place, $expected, $received))
    };
}
pub(crate) use error;

/// What went wrong, in the words a user of the library can act on.
#[cfg(feature = "train")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Words);

#[cfg(feature = "train")]
impl Error {
    /// An error with these words.
    pub fn say(words: impl FnOnce() -> Words) -> Self {
        Self(words())
    }

    /// The same error with a hint.
    pub fn hint(mut self, hint: &'static str) -> Self {
        self.0 .0.hint = hint;
        self
    }

    /// The same error at another place.
    pub fn at(mut self, place: impl FnOnce() -> String) -> Self {
        self.0 .0.place = place();
        self
    }

    /// The same error: its words say the cause.
    pub fn because(self, _cause: Cause) -> Self {
        self
    }
}

#[cfg(feature = "train")]
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts {
            place,
            expected,
            received,
            hint,
        } = &*self.0 .0;
        write!(f, "{place}: expected {expected}, received {received}.")?;
        if !hint.is_empty() {
            write!(f, " Hint: {hint}")?;
        }
        Ok(())
    }
}

/// What went wrong, in few words.
#[cfg(not(feature = "train"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(Cause);

#[cfg(not(feature = "train"))]
impl Error {
    /// An error, without these words.
    pub fn say(_words: impl FnOnce() -> Words) -> Self {
        Self(Cause::Damage)
    }

    /// The same error.
    pub fn hint(self, _hint: &'static str) -> Self {
        self
    }

    /// The same error.
    pub fn at(self, _place: impl FnOnce() -> String) -> Self {
        self
    }

    /// The same error with another cause.
    pub fn because(self, cause: Cause) -> Self {
        Self(cause)
    }

    /// The error in words; whom to name, the caller knows.
    pub fn words(self) -> &'static str {
        match self.0 {
            Cause::Damage => ": expected a graph as exportModel writes it, received a damaged one.",
            Cause::Memory => {
                ": expected a size that fits into memory (WebAssembly has 4 GB at most), received more."
            }
            Cause::Version => {
                ": expected an operation of this version, received another one. \
                 Hint: take the version that wrote the file, or a later one"
            }
        }
    }
}

#[cfg(not(feature = "train"))]
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl std::error::Error for Error {}
