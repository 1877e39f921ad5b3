//! Exit statuses, which scripts rely on.
//!
//! | status | meaning |
//! |---|---|
//! | 0 | good |
//! | 1 | checked, and found wanting |
//! | 2 | bad input or usage |
//! | 3 | refused |
//! | 4 | something needed could not be reached |
//!
//! A command returns an [`Outcome`] when it did its work, and a [`Failure`] when it could not.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// How a command that did its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Status 0.
    Good,
    /// Status 1: the check ran and found something, which it has printed.
    Wanting,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::SUCCESS,
            Outcome::Wanting => Self::from(1),
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Status 2: the arguments or the data are wrong.
    BadInput,
    /// Status 3: it could be done, and must not be.
    Refused,
    /// Status 4: a store, a folder or a port could not be reached.
    Unreachable,
}

impl From<Kind> for ExitCode {
    fn from(kind: Kind) -> Self {
        Self::from(match kind {
            Kind::BadInput => 2,
            Kind::Refused => 3,
            Kind::Unreachable => 4,
        })
    }
}

/// An error with the status it ends the program with.
///
/// `?` on any error makes one: an I/O error counts as unreachable unless the thing is simply not
/// there, everything else as bad input.
pub(crate) struct Failure {
    kind: Kind,
    error: anyhow::Error,
}

impl Failure {
    /// The arguments or the data are wrong.
    pub(crate) fn bad_input(error: impl Into<anyhow::Error>) -> Self {
        Self { kind: Kind::BadInput, error: error.into() }
    }

    /// It could be done, and must not be.
    pub(crate) fn refused(error: impl Into<anyhow::Error>) -> Self {
        Self { kind: Kind::Refused, error: error.into() }
    }

    /// A store, a folder or a port could not be reached.
    pub(crate) fn unreachable(error: impl Into<anyhow::Error>) -> Self {
        Self { kind: Kind::Unreachable, error: error.into() }
    }

    /// What decides the exit status.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the only trouble is that nobody reads our output any more.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        io_kind(&self.error) == Some(io::ErrorKind::BrokenPipe)
    }
}

fn io_kind(error: &anyhow::Error) -> Option<io::ErrorKind> {
    error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind)
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let kind = match io_kind(&error) {
            None
            | Some(io::ErrorKind::NotFound | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                Kind::BadInput
            }
            Some(_) => Kind::Unreachable,
        };
        Self { kind, error }
    }
}

/// The message and its causes on one line.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:#}", self.kind, self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(error: io::ErrorKind) -> Kind {
        Failure::from(io::Error::from(error)).kind()
    }

    #[test]
    fn io_errors_are_classified_by_what_the_user_can_do() {
        assert_eq!(kind_of(io::ErrorKind::NotFound), Kind::BadInput);
        assert_eq!(kind_of(io::ErrorKind::PermissionDenied), Kind::Unreachable);
        assert_eq!(kind_of(io::ErrorKind::ConnectionRefused), Kind::Unreachable);
    }

    #[test]
    fn a_reader_that_left_is_recognised_under_any_context() {
        let error = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("cannot write");
        assert!(Failure::from(error).is_broken_pipe());
    }

    #[test]
    fn causes_are_printed_on_one_line() {
        let error = anyhow::anyhow!("no such column").context("cannot read `a.csv`");
        assert_eq!(Failure::bad_input(error).to_string(), "cannot read `a.csv`: no such column");
    }
}
