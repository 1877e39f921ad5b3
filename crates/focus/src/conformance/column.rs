//! One column of a batch, turned into answers.
//!
//! Cost is what this module is about: a bill has few distinct values in most columns, so a text is
//! hashed once per row and judged once per distinct value. Columns with too many distinct values
//! (resource ids, some tags) fall back to judging every row; memory stays bounded either way.
//! Where the first byte or a plainly written number decides, not even that is done.

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, TimeUnit};

use super::bits::Bits;
use super::shortcuts::Shortcuts;
use super::values::{Keys, Test, moment, number, plain_number, reads_as_null};

/// A code for null.
pub(super) const NULL: u32 = u32::MAX;
/// A code for a value that was not remembered.
pub(super) const UNKNOWN: u32 = u32::MAX - 1;
/// A moment that is null or unreadable.
pub(super) const NO_MOMENT: i64 = i64::MIN;

/// Distinct values remembered per column, and bytes of them.
const MAX_VALUES: usize = 1 << 16;
const MAX_BYTES: usize = 16 << 20;
/// Places looked at for a value before it is judged afresh: a file made of texts with one hash must
/// not slow the check down.
const MAX_STEPS: usize = 64;

/// What a column must answer, over all batches.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) id: String,
    /// Position in the file now read.
    pub(super) index: Option<usize>,
    pub(super) tests: Vec<Test>,
    pub(super) wants_codes: bool,
    pub(super) wants_numbers: bool,
    pub(super) wants_moments: bool,
    /// Values that are not null, over everything read.
    pub(super) values_seen: u64,
    /// The column is one of numbers: judged row by row instead of remembered.
    pub(super) numeric: bool,
    /// An empty text is null, as in CSV.
    pub(super) empty_is_null: bool,
    memory: Memory,
    /// What the tests have in common, once they are asked.
    shortcuts: Option<Box<Shortcuts>>,
    /// The dictionary of the batch before, with its answers: batches of one row group share theirs.
    dictionary: Option<(ArrayRef, Answers)>,
}

/// The answers for the rows of one batch.
#[derive(Debug, Default)]
pub(super) struct Answers {
    masks: Vec<u64>,
    any: u64,
    all: u64,
    pub(super) codes: Vec<u32>,
    pub(super) numbers: Vec<f64>,
    pub(super) moments: Vec<i64>,
}

/// Bit 0 says "not null"; bit n + 1 answers test n.
pub(super) const SOME: u64 = 1;

impl Column {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            index: None,
            tests: Vec::new(),
            wants_codes: false,
            wants_numbers: false,
            wants_moments: false,
            values_seen: 0,
            numeric: false,
            empty_is_null: false,
            memory: Memory::default(),
            shortcuts: None,
            dictionary: None,
        }
    }

    /// The bit of a test, adding it if it is new. At most 62 tests fit; more are answered "no".
    pub(super) fn bit(&mut self, test: &Test) -> u8 {
        let position = self.tests.iter().position(|known| known == test).unwrap_or_else(|| {
            self.tests.push(test.clone());
            self.shortcuts = None;
            self.tests.len() - 1
        });
        u8::try_from(position + 1).unwrap_or(63).min(63)
    }

    /// The text behind a code.
    pub(super) fn text(&self, code: u32) -> Option<&str> {
        self.memory.entries.get(code as usize).map(|entry| entry.text.as_ref())
    }

    fn judge(tests: &[Test], text: &str) -> u64 {
        let null = reads_as_null(text);
        let mut mask = if null { 0 } else { SOME };
        let mut keys = None;
        for (position, test) in tests.iter().enumerate().take(63) {
            if null && !test.asks_about_absence() {
                continue;
            }
            let holds = if test.asks_keys() {
                test.holds_for(keys.get_or_insert_with(|| Keys::read(text)).as_ref())
            } else {
                test.holds(text)
            };
            mask |= u64::from(holds) << (position + 1);
        }
        mask
    }

    /// A typed number, date or anything else that is not text.
    fn judge_typed(tests: &[Test], value: Option<f64>) -> u64 {
        let mut mask = SOME;
        for (position, test) in tests.iter().enumerate().take(63) {
            let holds = match (test, value) {
                (Test::Zero, Some(number)) => number == 0.0,
                (Test::AtLeastZero, Some(number)) => number >= 0.0,
                (Test::Numeric, Some(number)) => number.is_finite(),
                (Test::DateTime, None) => true,
                _ => false,
            };
            mask |= u64::from(holds) << (position + 1);
        }
        mask
    }

    /// Answers for every row of an array.
    pub(super) fn answer(&mut self, array: &ArrayRef) -> Answers {
        let rows = array.len();
        let mut answers = Answers { any: 0, all: u64::MAX, ..Answers::default() };
        answers.masks.reserve(rows);
        match array.data_type() {
            DataType::Utf8 => self.texts(array.as_string::<i32>(), &mut answers),
            DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView => {
                match cast(array, &DataType::Utf8) {
                    Ok(texts) => self.texts(texts.as_string::<i32>(), &mut answers),
                    Err(_) => self.typed(array, &[], &mut answers),
                }
            }
            DataType::Dictionary(_, value) if matches!(**value, DataType::Utf8 | DataType::LargeUtf8) => {
                let plain = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                if *array.data_type() == plain {
                    self.dictionary(array.as_dictionary::<Int32Type>(), &mut answers);
                } else {
                    match cast(array, &plain) {
                        Ok(array) => self.dictionary(array.as_dictionary::<Int32Type>(), &mut answers),
                        Err(_) => self.typed(array, &[], &mut answers),
                    }
                }
            }
            DataType::Map(..) | DataType::Struct(_) | DataType::List(_) | DataType::LargeList(_) => {
                self.nested(array, &mut answers);
            }
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
                let seconds = cast(array, &DataType::Timestamp(TimeUnit::Second, None))
                    .and_then(|moments| cast(&moments, &DataType::Int64));
                if let Ok(seconds) = &seconds {
                    let seconds: &Int64Array = seconds.as_primitive();
                    answers.moments = seconds.iter().map(|moment| moment.unwrap_or(NO_MOMENT)).collect();
                }
                self.typed(array, &[], &mut answers);
            }
            kind if kind.is_numeric() => {
                let numbers = cast(array, &DataType::Float64);
                let numbers: Vec<f64> = match &numbers {
                    Ok(numbers) => {
                        let numbers: &Float64Array = numbers.as_primitive();
                        numbers.iter().map(|number| number.unwrap_or(f64::NAN)).collect()
                    }
                    Err(_) => vec![f64::NAN; rows],
                };
                self.typed(array, &numbers, &mut answers);
                answers.numbers = numbers;
            }
            _ => self.typed(array, &[], &mut answers),
        }
        self.values_seen += answers.masks.iter().map(|mask| mask & SOME).sum::<u64>();
        for &mask in &answers.masks {
            answers.any |= mask;
            answers.all &= mask;
        }
        if self.wants_codes && answers.codes.len() != rows {
            answers.codes =
                answers.masks.iter().map(|m| if m & SOME == 0 { NULL } else { UNKNOWN }).collect();
        }
        if self.wants_numbers && answers.numbers.len() != rows {
            answers.numbers = vec![f64::NAN; rows];
        }
        if self.wants_moments && answers.moments.len() != rows {
            answers.moments = vec![NO_MOMENT; rows];
        }
        answers
    }

    fn typed(&self, array: &ArrayRef, numbers: &[f64], answers: &mut Answers) {
        let nulls = array.logical_nulls();
        let constant = Self::judge_typed(&self.tests, None);
        for row in 0..array.len() {
            let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            answers.masks.push(match (null, numbers.get(row)) {
                (true, _) => 0,
                (false, Some(&number)) => Self::judge_typed(&self.tests, Some(number)),
                (false, None) => constant,
            });
        }
    }

    /// Maps and structs are flat key-value pairs unless they hold nested values; lists are not.
    fn nested(&self, array: &ArrayRef, answers: &mut Answers) {
        let nested = |kind: &DataType| kind.is_nested();
        let (key_value, has_nested) = match array.data_type() {
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) => (true, fields.iter().skip(1).any(|f| nested(f.data_type()))),
                _ => (true, false),
            },
            DataType::Struct(fields) => (true, fields.iter().any(|f| nested(f.data_type()))),
            _ => (false, true),
        };
        let mut mask = SOME;
        for (position, test) in self.tests.iter().enumerate().take(63) {
            let holds = match test {
                Test::KeyValue => key_value,
                Test::NestedValue => has_nested,
                _ => false,
            };
            mask |= u64::from(holds) << (position + 1);
        }
        answers.masks.extend((0..array.len()).map(|row| if array.is_null(row) { 0 } else { mask }));
    }

    fn dictionary(&mut self, array: &DictionaryArray<Int32Type>, answers: &mut Answers) {
        let distinct = match self.dictionary.take() {
            Some((values, answers)) if values.to_data().ptr_eq(&array.values().to_data()) => answers,
            _ => {
                let mut answers = Answers::default();
                self.texts(array.values().as_string::<i32>(), &mut answers);
                answers
            }
        };
        for key in array.keys().iter().map(|key| key.and_then(|key| usize::try_from(key).ok())) {
            answers.masks.push(key.and_then(|key| distinct.masks.get(key).copied()).unwrap_or(0));
            if self.wants_codes {
                answers.codes.push(key.and_then(|key| distinct.codes.get(key).copied()).unwrap_or(NULL));
            }
            if self.wants_numbers {
                let number = key.and_then(|key| distinct.numbers.get(key).copied());
                answers.numbers.push(number.unwrap_or(f64::NAN));
            }
            if self.wants_moments {
                let moment = key.and_then(|key| distinct.moments.get(key).copied());
                answers.moments.push(moment.unwrap_or(NO_MOMENT));
            }
        }
        self.dictionary = Some((ArrayRef::clone(array.values()), distinct));
    }

    fn texts(&mut self, array: &StringArray, answers: &mut Answers) {
        let shortcuts = self.shortcuts.take().unwrap_or_else(|| Box::new(Shortcuts::new(&self.tests)));
        if self.wants_codes || self.wants_moments {
            self.remembered(array, answers);
        } else if self.numeric {
            self.numbers(array, &shortcuts, answers);
        } else {
            self.names(array, &shortcuts, answers);
        }
        self.shortcuts = Some(shortcuts);
    }

    /// A column of numbers: each is read once, and that answers.
    fn numbers(&self, array: &StringArray, shortcuts: &Shortcuts, answers: &mut Answers) {
        for text in array {
            let Some(text) = text.filter(|text| !(self.empty_is_null && text.is_empty())) else {
                answers.push(0, self.wants_numbers, f64::NAN);
                continue;
            };
            let plain = plain_number(text);
            let mask = plain.and_then(|plain| shortcuts.number(plain));
            let mask = mask.unwrap_or_else(|| Self::judge(&self.tests, text));
            let value = match plain {
                Some(plain) => plain.value,
                None if self.wants_numbers && mask & SOME != 0 => number(text).unwrap_or(f64::NAN),
                None => f64::NAN,
            };
            answers.push(mask, self.wants_numbers, value);
        }
    }

    /// A column of which only the tests are asked.
    fn names(&mut self, array: &StringArray, shortcuts: &Shortcuts, answers: &mut Answers) {
        let mut last: Option<(&str, u64)> = None;
        for text in array {
            let mask = match text {
                None => 0,
                Some("") if self.empty_is_null => 0,
                Some(text) if shortcuts.excluded(text) => SOME,
                Some(text) => match last {
                    Some((same, mask)) if same == text => mask,
                    _ => {
                        let (mask, _) = self.memory.recall(text, |text| Self::judge(&self.tests, text));
                        last = Some((text, mask));
                        mask
                    }
                },
            };
            let value = match text {
                Some(text) if self.wants_numbers && mask & SOME != 0 => number(text).unwrap_or(f64::NAN),
                _ => f64::NAN,
            };
            answers.push(mask, self.wants_numbers, value);
        }
    }

    /// A column whose values have codes, or moments: each is remembered.
    fn remembered(&mut self, array: &StringArray, answers: &mut Answers) {
        let mut last: Option<(&str, u64, u32, i64)> = None;
        for text in array {
            let (mask, code, at) = match text {
                None => (0, NULL, NO_MOMENT),
                Some("") if self.empty_is_null => (0, NULL, NO_MOMENT),
                Some(text) => match last {
                    Some((same, mask, code, at)) if same == text => (mask, code, at),
                    _ => {
                        let (mask, code) = self.memory.recall(text, |text| Self::judge(&self.tests, text));
                        let wanted = self.wants_moments && mask & SOME != 0;
                        let at = if wanted { self.memory.moment(code, text) } else { NO_MOMENT };
                        let code = if mask & SOME == 0 { NULL } else { code };
                        last = Some((text, mask, code, at));
                        (mask, code, at)
                    }
                },
            };
            let value = match text {
                Some(text) if self.wants_numbers && mask & SOME != 0 => number(text).unwrap_or(f64::NAN),
                _ => f64::NAN,
            };
            answers.push(mask, self.wants_numbers, value);
            if self.wants_codes {
                answers.codes.push(code);
            }
            if self.wants_moments {
                answers.moments.push(at);
            }
        }
    }
}

impl Answers {
    fn push(&mut self, mask: u64, wants_number: bool, number: f64) {
        self.masks.push(mask);
        if wants_number {
            self.numbers.push(number);
        }
    }

    /// The rows for which the test of a bit holds; bit 0 asks for a value.
    pub(super) fn bit(&self, bit: u8) -> Bits {
        let flag = 1u64 << bit;
        if self.any & flag == 0 {
            Bits::Never
        } else if self.all & flag != 0 {
            Bits::Always
        } else {
            Bits::pick(&self.masks, bit)
        }
    }
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    mask: u64,
    text: Box<str>,
    moment: Option<i64>,
}

/// Distinct values with their answers: open addressing, no deletion, bounded.
#[derive(Debug, Default)]
struct Memory {
    slots: Vec<u32>,
    entries: Vec<Entry>,
    bytes: usize,
}

impl Memory {
    fn recall(&mut self, text: &str, judge: impl FnOnce(&str) -> u64) -> (u64, u32) {
        if self.entries.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = hash(text.as_bytes());
        let places = self.slots.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "the low bits of a hash are a place")]
        let mut place = (hash ^ (hash >> 32)) as usize & places;
        let mut steps = 0;
        while let Some(&slot) = self.slots.get(place) {
            steps += 1;
            if steps > MAX_STEPS {
                return (judge(text), UNKNOWN);
            }
            match self.entries.get(slot as usize) {
                Some(entry) if entry.hash == hash && *entry.text == *text => return (entry.mask, slot),
                Some(_) => place = (place + 1) & places,
                None => break,
            }
        }
        let mask = judge(text);
        if self.entries.len() >= MAX_VALUES || self.bytes + text.len() > MAX_BYTES {
            return (mask, UNKNOWN);
        }
        let code = u32::try_from(self.entries.len()).unwrap_or(UNKNOWN);
        self.bytes += text.len();
        self.entries.push(Entry { hash, mask, text: text.into(), moment: None });
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = code;
        }
        (mask, code)
    }

    fn moment(&mut self, code: u32, text: &str) -> i64 {
        match self.entries.get_mut(code as usize) {
            Some(entry) => *entry.moment.get_or_insert_with(|| moment(text).unwrap_or(NO_MOMENT)),
            None => moment(text).unwrap_or(NO_MOMENT),
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(256);
        self.slots = vec![NULL; size];
        for (code, entry) in self.entries.iter().enumerate() {
            #[expect(clippy::cast_possible_truncation, reason = "the low bits of a hash are a place")]
            let mut place = (entry.hash ^ (entry.hash >> 32)) as usize & (size - 1);
            while self.slots.get(place).is_some_and(|&slot| slot != NULL) {
                place = (place + 1) & (size - 1);
            }
            if let Some(slot) = self.slots.get_mut(place) {
                *slot = u32::try_from(code).unwrap_or(NULL);
            }
        }
    }
}

/// A quick hash, eight bytes at a time. Collisions cost time only: texts are compared, and the
/// number of values remembered is bounded.
fn hash(bytes: &[u8]) -> u64 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = (hash.rotate_left(23) ^ u64::from_le_bytes(*chunk)).wrapping_mul(K);
    }
    let mut tail = [0u8; 8];
    tail.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    (hash.rotate_left(23) ^ u64::from_le_bytes(tail)).wrapping_mul(K)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use arrow::array::{Decimal128Array, DictionaryArray, Float64Array, StringArray};

    fn answers(array: ArrayRef, test: &Test) -> (Vec<bool>, Vec<bool>) {
        let mut column = Column::new("c");
        let bit = column.bit(test);
        let rows = array.len();
        let answers = column.answer(&array);
        let list = |bits: Bits| (0..rows).map(|row| bits.get(row)).collect();
        (list(answers.bit(0)), list(answers.bit(bit)))
    }

    #[test]
    fn text_and_dictionary_agree() {
        let values = [Some("a"), None, Some("NULL"), Some(""), Some("a"), Some("b")];
        let text: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        let dictionary: ArrayRef = Arc::new(values.into_iter().collect::<DictionaryArray<Int32Type>>());
        let test = Test::In(vec!["a".into()]);
        let expected =
            (vec![true, false, false, false, true, true], vec![true, false, false, false, true, false]);
        assert_eq!(answers(text, &test), expected);
        assert_eq!(answers(dictionary, &test), expected);
    }

    #[test]
    fn numbers_of_any_type() {
        let doubles: ArrayRef =
            Arc::new(Float64Array::from(vec![Some(0.0), Some(-1.5), None, Some(f64::NAN)]));
        assert_eq!(answers(doubles.clone(), &Test::Zero).1, [true, false, false, false]);
        assert_eq!(answers(doubles.clone(), &Test::AtLeastZero).1, [true, false, false, false]);
        assert_eq!(answers(doubles, &Test::Numeric).1, [true, true, false, false]);
        let decimals: ArrayRef =
            Arc::new(Decimal128Array::from(vec![0, 1]).with_precision_and_scale(38, 18).expect("valid"));
        assert_eq!(answers(decimals, &Test::Zero).1, [true, false]);
    }

    #[test]
    fn shortcuts_answer_as_the_tests_do() {
        let texts = [
            "",
            " ",
            "NULL",
            "n/a",
            "Usage",
            "usage",
            "Purchase",
            "0",
            "-0.0",
            "-1.5",
            "0.25",
            "1E3",
            ".5",
            "12345678901234567",
            "{}",
            "{\"a\":1,\"a\":{}}",
            "us-east-1",
            "2026-01-01T00:00:00Z",
            "é",
            "Usage",
            "0.25",
        ];
        let tests = [
            Test::In(vec!["Usage".into()]),
            Test::OnlyCasing(vec!["Usage".into()]),
            Test::Zero,
            Test::AtLeastZero,
            Test::Numeric,
            Test::PriceLike,
            Test::Placeholder,
            Test::NullText,
            Test::KeyValue,
            Test::RepeatedKey,
            Test::NestedValue,
        ];
        let array: ArrayRef = Arc::new(StringArray::from(texts.repeat(2)));
        let ask = |tests: &[Test], numeric: bool, codes: bool| {
            let mut column = Column::new("c");
            (column.numeric, column.wants_codes, column.wants_numbers) = (numeric, codes, true);
            for test in tests {
                column.bit(test);
            }
            let answers = column.answer(&array);
            (answers.masks, answers.numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>())
        };
        for asked in tests.iter().map(std::slice::from_ref).chain([&tests[..], &tests[2..8], &tests[5..8]]) {
            let judged: Vec<u64> = texts.repeat(2).iter().map(|text| Column::judge(asked, text)).collect();
            for (numeric, codes) in [(false, false), (true, false), (false, true)] {
                let (masks, numbers) = ask(asked, numeric, codes);
                assert_eq!(masks, judged, "{asked:?}");
                let expected = texts
                    .repeat(2)
                    .iter()
                    .zip(&judged)
                    .map(|(text, mask)| {
                        let value = if mask & SOME == 0 { None } else { number(text) };
                        value.unwrap_or(f64::NAN).to_bits()
                    })
                    .collect::<Vec<_>>();
                assert_eq!(numbers, expected, "{asked:?}");
            }
        }
    }

    #[test]
    fn memory_is_bounded_and_still_answers() {
        let mut memory = Memory::default();
        for number in 0..(MAX_VALUES + 1000) {
            memory.recall(&format!("value {number}"), |_| 1);
        }
        assert_eq!(memory.entries.len(), MAX_VALUES);
        assert_eq!(memory.recall("value 7", |_| 0), (1, 7));
        assert_eq!(memory.recall("new", |_| 5), (5, UNKNOWN));
    }
}
