//! What the tests of a column say of many texts at once, without looking at them.

use super::column::SOME;
use super::values::{Plain, PlainAnswer, Test};

/// What is known of a column's tests before any value is seen.
#[derive(Debug)]
pub(super) struct Shortcuts {
    /// By first byte: the text is a value and passes no test.
    excluded: [bool; 256],
    numbers: Option<Numbers>,
}

/// The flags of tests that a plain number passes: always, or in one of three cases.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    always: u64,
    zero: u64,
    at_least_zero: u64,
    point: u64,
}

impl Shortcuts {
    /// Looks at the tests, in the order of their bits.
    pub(super) fn new(tests: &[Test]) -> Self {
        let mut excluded = [false; 256];
        for (byte, excluded) in (0..=u8::MAX).zip(&mut excluded) {
            *excluded = tests.iter().all(|test| test.excludes(byte)) && Test::NullText.excludes(byte);
        }
        let mut numbers = Some(Numbers { always: SOME, ..Numbers::default() });
        for (position, test) in tests.iter().enumerate().take(63) {
            let flag = 2 << position;
            match (&mut numbers, test.of_plain_numbers()) {
                (Some(numbers), Some(answer)) => match answer {
                    PlainAnswer::Always => numbers.always |= flag,
                    PlainAnswer::Never => {}
                    PlainAnswer::Zero => numbers.zero |= flag,
                    PlainAnswer::AtLeastZero => numbers.at_least_zero |= flag,
                    PlainAnswer::Point => numbers.point |= flag,
                },
                _ => numbers = None,
            }
        }
        Self { excluded, numbers }
    }

    /// Whether the text is a value that passes no test. "No" says nothing.
    pub(super) fn excluded(&self, text: &str) -> bool {
        text.as_bytes().first().is_some_and(|first| self.excluded[usize::from(*first)])
    }

    /// The answers for a plain number, unless a test must see its text.
    pub(super) fn number(&self, plain: Plain) -> Option<u64> {
        let numbers = self.numbers?;
        let when = |holds: bool, flags: u64| if holds { flags } else { 0 };
        Some(
            numbers.always
                | when(plain.value == 0.0, numbers.zero)
                | when(plain.value >= 0.0, numbers.at_least_zero)
                | when(plain.point, numbers.point),
        )
    }
}
