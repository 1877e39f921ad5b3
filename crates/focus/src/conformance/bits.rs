//! A truth value per row of a batch, cheap when every row agrees.

/// Which rows of a batch a statement holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bits {
    /// No row.
    Never,
    /// Every row.
    Always,
    /// The rows whose bit is set; bits beyond the batch are unset.
    Some(Vec<u64>),
}

impl Bits {
    /// Collects a truth value per row.
    pub(super) fn collect(rows: usize, mut test: impl FnMut(usize) -> bool) -> Self {
        let mut words = vec![0u64; rows.div_ceil(64)];
        let mut any = false;
        for (word, start) in words.iter_mut().zip((0..rows).step_by(64)) {
            for row in start..rows.min(start + 64) {
                *word |= u64::from(test(row)) << (row - start);
            }
            any |= *word != 0;
        }
        if any { Self::Some(words) } else { Self::Never }
    }

    /// The rows whose mask has a bit.
    pub(super) fn pick(masks: &[u64], bit: u8) -> Self {
        let mut any = 0;
        let words = masks.chunks(64).map(|masks| {
            let word = masks.iter().rev().fold(0, |word, mask| word << 1 | (mask >> (bit & 63)) & 1);
            any |= word;
            word
        });
        let words = words.collect();
        if any == 0 { Self::Never } else { Self::Some(words) }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, bits) | (bits, Self::Always) => bits,
            (Self::Some(mut left), Self::Some(right)) => {
                left.iter_mut().zip(right).for_each(|(l, r)| *l &= r);
                Self::Some(left)
            }
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, bits) | (bits, Self::Never) => bits,
            (Self::Some(mut left), Self::Some(right)) => {
                left.iter_mut().zip(right).for_each(|(l, r)| *l |= r);
                Self::Some(left)
            }
        }
    }

    pub(super) fn not(self, rows: usize) -> Self {
        match self {
            Self::Never => Self::Always,
            Self::Always => Self::Never,
            Self::Some(mut words) => {
                words.iter_mut().for_each(|word| *word = !*word);
                if let (Some(last), tail @ 1..) = (words.last_mut(), rows % 64) {
                    *last &= (1 << tail) - 1;
                }
                Self::Some(words)
            }
        }
    }

    pub(super) fn count(&self, rows: usize) -> u64 {
        match self {
            Self::Never => 0,
            Self::Always => rows as u64,
            Self::Some(words) => words.iter().map(|word| u64::from(word.count_ones())).sum(),
        }
    }

    pub(super) fn get(&self, row: usize) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Some(words) => words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1),
        }
    }

    /// The first rows that are set.
    pub(super) fn first(&self, rows: usize, limit: usize) -> Vec<usize> {
        match self {
            Self::Never => Vec::new(),
            _ => (0..rows).filter(|&row| self.get(row)).take(limit).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logic_agrees_with_booleans_row_by_row() {
        for rows in [0, 1, 63, 64, 65, 200] {
            let a = |row: usize| row.is_multiple_of(3);
            let b = |row: usize| row.is_multiple_of(5);
            let (left, right) = (Bits::collect(rows, a), Bits::collect(rows, b));
            let masks: Vec<u64> = (0..rows).map(|row| if a(row) { 1 << 63 | 8 } else { 16 }).collect();
            assert_eq!((Bits::pick(&masks, 3), Bits::pick(&masks, 63)), (left.clone(), left.clone()));
            let both = left.clone().and(right.clone());
            let either = left.clone().or(right.clone());
            let neither = either.clone().not(rows);
            for row in 0..rows {
                assert_eq!(both.get(row), a(row) && b(row));
                assert_eq!(either.get(row), a(row) || b(row));
                assert_eq!(neither.get(row), !(a(row) || b(row)));
            }
            assert_eq!(either.count(rows) + neither.count(rows), rows as u64);
        }
    }

    #[test]
    fn constants_short_cut() {
        assert_eq!(Bits::collect(10, |_| false), Bits::Never);
        assert_eq!(Bits::Always.not(10), Bits::Never);
        assert_eq!(Bits::Always.count(10), 10);
        assert_eq!(Bits::Always.first(10, 3), [0, 1, 2]);
    }
}
