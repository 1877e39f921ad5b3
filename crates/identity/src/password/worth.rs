//! How many characters of a password a guesser really has to guess.
//!
//! A password of fifteen characters that is a common word, a year and the alphabet is not fifteen
//! characters long for somebody who guesses. The text is cut into pieces so that the sum is smallest: a
//! run (`aaaa`, `4567`, `qwerty`, `1qaz`), a year, a word that belongs to the person or the product and
//! a piece that was there before count as one character; a common password inside counts as three;
//! everything else counts as it is. This is a check against trivial passwords, not a measure of
//! strength: it says nothing about those it lets through.

use super::blocklist::{CommonPasswords, SHORTEST};

/// What lies behind is not looked at: the first characters must be worth enough by themselves.
const LOOKED_AT: usize = 128;
const LONGEST_WORD: usize = 24;
const WORD: usize = 3;

/// What pieces of a password are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    Character,
    Run,
    Year,
    Context,
    Again,
    Common,
}

/// The worth of a password in characters, and the pieces it is made of.
pub(super) fn worth(lower: &str, context: &[String], common: &CommonPasswords) -> (usize, Vec<Piece>) {
    let text: Vec<char> = lower.chars().take(LOOKED_AT).collect();
    // best[i]: the least worth of the first i characters, and the last piece of that cut.
    let mut best: Vec<(usize, Piece, usize)> = vec![(usize::MAX, Piece::Character, 0); text.len() + 1];
    best[0] = (0, Piece::Character, 0);
    for start in 0..text.len() {
        let so_far = best[start].0;
        let mut offer = |length: usize, piece: Piece, price: usize| {
            let target = &mut best[start + length];
            if so_far + price < target.0 {
                *target = (so_far + price, piece, start);
            }
        };
        offer(1, Piece::Character, 1);
        let rest = &text[start..];
        for length in 3..=run(rest) {
            offer(length, Piece::Run, 1);
        }
        if is_year(rest) {
            offer(4, Piece::Year, 1);
        }
        for length in 3..=again(&text, start) {
            offer(length, Piece::Again, 1);
        }
        for word in context {
            if starts_with(rest, word) {
                offer(word.chars().count(), Piece::Context, 1);
            }
        }
        for length in SHORTEST..=rest.len().min(LONGEST_WORD) {
            let word: String = rest[..length].iter().collect();
            let plain: String = rest[..length].iter().map(|c| without_leet(*c)).collect();
            if common.contain(&word) || (plain != word && common.contain(&plain)) {
                offer(length, Piece::Common, WORD);
            }
        }
    }
    let mut pieces = Vec::new();
    let mut at = text.len();
    while at > 0 {
        pieces.push(best[at].1);
        at = best[at].2;
    }
    (best[text.len()].0, pieces)
}

fn starts_with(text: &[char], word: &str) -> bool {
    let mut text = text.iter();
    word.chars().all(|c| text.next().is_some_and(|t| *t == c || without_leet(*t) == c))
}

/// `p4ssw0rd` is `password` to every guesser.
fn without_leet(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// How many characters from the start repeat, count, or lie side by side on a keyboard.
fn run(text: &[char]) -> usize {
    fn up(a: char, b: char) -> bool {
        a.is_alphanumeric() && u32::from(a) + 1 == u32::from(b)
    }
    let steps =
        |step: fn(char, char) -> bool| 1 + text.windows(2).take_while(|pair| step(pair[0], pair[1])).count();
    let keyboard = KEYBOARD.iter().map(|row| row_run(text, row)).max().unwrap_or(0);
    let keyboard = if keyboard >= 4 { keyboard } else { 0 };
    steps(|a, b| a == b).max(steps(up)).max(steps(|a, b| up(b, a))).max(keyboard)
}

/// Rows and columns of the keyboards most people have, each also read backwards.
const KEYBOARD: &[&str] = &[
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1234567890",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
    "qaz",
    "wsx",
    "edc",
    "rfv",
    "tgb",
    "yhn",
    "ujm",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
];

fn row_run(text: &[char], row: &str) -> usize {
    let along = |row: &[char]| {
        (0..row.len())
            .map(|start| text.iter().zip(&row[start..]).take_while(|(a, b)| a == b).count())
            .max()
            .unwrap_or(0)
    };
    let row: Vec<char> = row.chars().collect();
    let reversed: Vec<char> = row.iter().rev().copied().collect();
    along(&row).max(along(&reversed))
}

fn is_year(text: &[char]) -> bool {
    matches!(text, ['1', '9', a, b, ..] | ['2', '0', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit())
}

/// The longest piece from `start` that was there before it.
fn again(text: &[char], start: usize) -> usize {
    let length = |from: usize| {
        let earlier = &text[from..start];
        earlier.iter().zip(&text[start..]).take_while(|(a, b)| a == b).count()
    };
    (0..start).map(length).max().unwrap_or(0)
}
