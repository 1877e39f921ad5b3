//! The cells of an ordinary record, found eight bytes at a time.
//!
//! Nearly every record of a bill lies whole in the buffer, and its quotes are where they belong. The
//! cells of such a record are found where they stand, without copying; every other record is left to
//! the general reader, so that what a broken file means is decided in one place.

/// Bytes that may be looked at beyond the end of what was read; what stands there does not matter.
pub(super) const PADDING: usize = 8;

/// Where a cell stands, without the quotes around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Quotes in it are doubled.
    pub(super) doubled: bool,
}

/// What was found at the start of the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record; its line end stands here.
    Record(usize),
    /// The bytes end first.
    Incomplete,
    /// Text after a closing quote: for the general reader.
    Odd,
}

/// Finds the cells of the record at the start of `bytes`, of which the first `length` were read; the
/// rest is padding.
pub(super) fn record(bytes: &[u8], length: usize, delimiter: u8, cells: &mut Vec<Cell>) -> Found {
    cells.clear();
    let delimiters = every(delimiter);
    let mut start = 0;
    'cell: loop {
        if bytes.get(start) == Some(&b'"') {
            let Some((end, doubled)) = closing_quote(bytes, start + 1) else { return Found::Incomplete };
            // What follows decides whether the quote closes.
            let after = match bytes.get(end + 1) {
                Some(byte) if end + 1 < length => *byte,
                _ => return Found::Incomplete,
            };
            cells.push(Cell { start: start + 1, end, doubled });
            if after == delimiter {
                start = end + 2;
                continue 'cell;
            }
            return if matches!(after, b'\n' | b'\r') { Found::Record(end + 1) } else { Found::Odd };
        }
        let mut base = start;
        let mut hits = match word(bytes, base) {
            Some(word) => equal(word, delimiters) | control(word),
            None => return Found::Incomplete,
        };
        loop {
            while hits == 0 {
                base += 8;
                hits = match word(bytes, base) {
                    Some(word) => equal(word, delimiters) | control(word),
                    None => return Found::Incomplete,
                };
            }
            let end = base + place(hits);
            hits &= hits - 1;
            let byte = match bytes.get(end) {
                Some(byte) if end < length => *byte,
                _ => return Found::Incomplete,
            };
            if byte == delimiter {
                cells.push(Cell { start, end, doubled: false });
                start = end + 1;
                if bytes.get(start) == Some(&b'"') {
                    continue 'cell;
                }
            } else if matches!(byte, b'\n' | b'\r') {
                cells.push(Cell { start, end, doubled: false });
                return Found::Record(end);
            }
            // Other control characters are text.
        }
    }
}

/// The first quote from here on that is not one of two, and whether any was.
fn closing_quote(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let quotes = every(b'"');
    let (mut base, mut next, mut doubled) = (from, from, false);
    loop {
        let mut hits = equal(word(bytes, base)?, quotes);
        while hits != 0 {
            let quote = base + place(hits);
            hits &= hits - 1;
            if quote < next {
                continue;
            }
            if bytes.get(quote + 1) != Some(&b'"') {
                return Some((quote, doubled));
            }
            doubled = true;
            next = quote + 2;
        }
        base += 8;
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map(|bytes| u64::from_le_bytes(*bytes))
}

const HIGH: u64 = every(0x80);
const LOW: u64 = !HIGH;

const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of every byte that equals the pattern's.
const fn equal(word: u64, pattern: u64) -> u64 {
    let differs = word ^ pattern;
    !((differs & LOW).wrapping_add(LOW) | differs) & HIGH
}

/// The high bit of every byte below 16: line ends are among them.
const fn control(word: u64) -> u64 {
    !((word | HIGH).wrapping_sub(every(16)) | word) & HIGH
}

/// The place of the first hit.
const fn place(hits: u64) -> usize {
    (hits.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (Found, Vec<String>) {
        let mut bytes = text.as_bytes().to_vec();
        // The worst padding: it looks like the file going on.
        bytes.extend_from_slice(b"\"\",\n\"\",\n");
        let mut cells = Vec::new();
        let found = record(&bytes, text.len(), b',', &mut cells);
        (found, cells.iter().map(|cell| text[cell.start..cell.end].to_owned()).collect())
    }

    #[test]
    fn words_are_searched_exactly() {
        for byte in 0..=255u8 {
            let mut bytes = *b"abcdefgh";
            for at in 0..8 {
                bytes[at] = byte;
                let word = u64::from_le_bytes(bytes);
                let flags = |test: &dyn Fn(u8) -> bool| {
                    let flags = bytes.iter().map(|byte| u8::from(test(*byte)) << 7).collect::<Vec<_>>();
                    u64::from_le_bytes(flags.try_into().unwrap())
                };
                assert_eq!(equal(word, every(b',')), flags(&|byte| byte == b','));
                assert_eq!(control(word), flags(&|byte| byte < 16));
            }
        }
    }

    #[test]
    fn cells_stand_where_they_are() {
        let (found, cells) = split("a,,\"b,c\",\"say \"\"hi\"\"\",tab\there,ü\nnext");
        assert_eq!(found, Found::Record(33));
        assert_eq!(cells, ["a", "", "b,c", "say \"\"hi\"\"", "tab\there", "ü"]);
        assert_eq!(split("a,b\r\n"), (Found::Record(3), vec!["a".into(), "b".into()]));
        assert_eq!(split("\"two\nlines\"\n").1, ["two\nlines"]);
    }

    #[test]
    fn what_cannot_be_decided_yet_is_incomplete_and_what_is_odd_is_said() {
        for text in ["", "a", "a,", "a,b", "\"a", "\"a\"", "\"a\"\"", "a,\"b\"", "12345678", "a,\""] {
            assert_eq!(split(text).0, Found::Incomplete, "`{text}`");
        }
        assert_eq!(split("\"a\"b,c\n").0, Found::Odd);
    }
}
