//! Whole series out of rows in any order.

use super::Series;
use super::read::{Points, SeriesError};
use super::stamp::{Spelling, Stamp};
use std::collections::{HashMap, VecDeque};
use std::io::Read;

/// How much may be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Up to so many values rows may come in any order. Above it a series is handed out as soon as the next
    /// one begins, so that the file must have each series' rows together.
    pub any_order_points: usize,
    /// A single series with more values is refused.
    pub points_per_series: usize,
    /// More series are refused.
    pub series: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { any_order_points: 4_000_000, points_per_series: 2_000_000, series: 2_000_000 }
    }
}

/// Series in the order in which they first appear, each complete.
#[derive(Debug)]
pub struct Collected<R> {
    points: Points<R>,
    bounds: Bounds,
    known: HashMap<String, Place>,
    open: VecDeque<Growing>,
    gone: usize,
    held: usize,
    current: usize,
    ended: bool,
}

/// How many series came before this one; those below `gone` are handed out.
type Place = usize;

#[derive(Debug)]
struct Growing {
    series: Series,
    rows: Vec<u64>,
}

impl<R: Read> Collected<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// If the header is not that of a file of series.
    pub fn new(input: R, bounds: Bounds) -> Result<Self, SeriesError> {
        Ok(Self {
            points: Points::new(input)?,
            bounds,
            known: HashMap::new(),
            open: VecDeque::new(),
            gone: 0,
            held: 0,
            current: 0,
            ended: false,
        })
    }

    /// The next complete series, or `None` at the end.
    ///
    /// # Errors
    /// If a row cannot be read, a moment comes twice, or a bound is passed.
    pub fn next_series(&mut self) -> Result<Option<Series>, SeriesError> {
        while !self.ended {
            if self.held > self.bounds.any_order_points && self.open.len() > 1 {
                return self.hand_out().transpose();
            }
            self.ended = !self.take_row()?;
        }
        self.hand_out().transpose()
    }

    fn hand_out(&mut self) -> Option<Result<Series, SeriesError>> {
        let growing = self.open.pop_front()?;
        self.gone += 1;
        self.held -= growing.rows.len();
        Some(growing.sorted())
    }

    fn take_row(&mut self) -> Result<bool, SeriesError> {
        let Some(point) = self.points.next_point()? else { return Ok(false) };
        let same = self.current.checked_sub(self.gone).and_then(|at| self.open.get(at));
        if same.is_none_or(|growing| growing.series.id != point.series) {
            self.current = match self.known.get(point.series) {
                Some(place) => *place,
                None => {
                    if self.known.len() >= self.bounds.series {
                        return Err(SeriesError::TooManySeries { limit: self.bounds.series });
                    }
                    let place = self.gone + self.open.len();
                    self.known.insert(point.series.to_owned(), place);
                    self.open.push_back(Growing::new(point.series, point.spelling));
                    place
                }
            };
        }
        let growing = self.current.checked_sub(self.gone).and_then(|at| self.open.get_mut(at));
        let Some(growing) = growing else {
            return Err(SeriesError::NotGrouped { row: point.row, series: point.series.to_owned() });
        };
        let first = growing.series.spelling;
        if !first.agrees_with(point.spelling) {
            let (found, first) = (point.spelling.name(), first.name());
            return Err(SeriesError::Mixed { row: point.row, found, first });
        }
        if growing.rows.len() >= self.bounds.points_per_series {
            return Err(SeriesError::TooManyPoints { limit: self.bounds.points_per_series });
        }
        growing.push(point.stamp, point.spelling, point.value, point.row);
        self.held += 1;
        Ok(true)
    }
}

impl Growing {
    fn new(id: &str, spelling: Spelling) -> Self {
        let series = Series { id: id.to_owned(), timestamps: Vec::new(), values: Vec::new(), spelling };
        Self { series, rows: Vec::new() }
    }

    fn push(&mut self, stamp: Stamp, spelling: Spelling, value: Option<f64>, row: u64) {
        self.series.timestamps.push(stamp);
        self.series.values.push(value.unwrap_or(f64::NAN));
        self.series.spelling = spelling;
        self.rows.push(row);
    }

    /// In time order, each moment once.
    fn sorted(mut self) -> Result<Series, SeriesError> {
        let stamps = &self.series.timestamps;
        if !stamps.is_sorted_by(|one, two| one.instant() < two.instant()) {
            let mut order: Vec<usize> = (0..stamps.len()).collect();
            order.sort_by_key(|at| stamps[*at].instant());
            if let Some(pair) =
                order.windows(2).find(|pair| stamps[pair[0]].instant() == stamps[pair[1]].instant())
            {
                let mut ts = String::new();
                stamps[pair[0]].write(self.series.spelling, &mut ts);
                let (first, second) = (self.rows[pair[0]], self.rows[pair[1]]);
                return Err(SeriesError::Duplicate { series: self.series.id, ts, first, second });
            }
            self.series.timestamps = order.iter().map(|at| stamps[*at]).collect();
            self.series.values = order.iter().map(|at| self.series.values[*at]).collect();
        }
        Ok(self.series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, bounds: Bounds) -> Result<Vec<Series>, SeriesError> {
        let mut collected = Collected::new(text.as_bytes(), bounds)?;
        let mut out = Vec::new();
        while let Some(series) = collected.next_series()? {
            out.push(series);
        }
        Ok(out)
    }

    #[test]
    fn rows_in_any_order_become_series_in_time_order() {
        let text = "series,ts,value\nb,2025-01-02,2\na,2025-01-01,10\nb,2025-01-01,1\na,2025-01-02,\n";
        let found = all(text, Bounds::default()).unwrap();
        assert_eq!(found[0].id, "b");
        assert_eq!(found[0].values, [1.0, 2.0]);
        assert!(found[1].values[1].is_nan());
    }

    #[test]
    fn a_moment_that_comes_twice_is_named_by_both_rows() {
        let text = "ts,value\n2025-01-02,2\n2025-01-01,10\n2025-01-02,1\n";
        let says = all(text, Bounds::default()).unwrap_err().to_string();
        assert_eq!(says, "series `` has `2025-01-02` twice, in rows 2 and 4: add the two up or drop one");
    }

    #[test]
    fn a_large_file_streams_if_its_rows_are_together() {
        let bounds = Bounds { any_order_points: 3, ..Bounds::default() };
        let grouped: String = (0..20).map(|n| format!("s{},{},1\n", n / 2, n % 2)).collect();
        let mut collected =
            Collected::new(format!("series,ts,value\n{grouped}").leak().as_bytes(), bounds).unwrap();
        let mut most = 0;
        let mut count = 0;
        while let Some(series) = collected.next_series().unwrap() {
            assert_eq!(series.id, format!("s{count}"));
            count += 1;
            most = most.max(collected.held);
        }
        assert_eq!(count, 10);
        assert!(most <= 4, "{most}");
        let apart = format!("series,ts,value\n{grouped}s0,9,1\n");
        assert!(matches!(all(&apart, bounds), Err(SeriesError::NotGrouped { row: 22, .. })));
    }

    #[test]
    fn bounds_and_mixed_spellings_are_errors() {
        let bounds = Bounds { points_per_series: 2, ..Bounds::default() };
        assert!(matches!(
            all("ts,value\n1,1\n2,1\n3,1\n", bounds),
            Err(SeriesError::TooManyPoints { limit: 2 })
        ));
        let bounds = Bounds { series: 1, ..Bounds::default() };
        assert!(matches!(
            all("series,ts,value\na,1,1\nb,1,1\n", bounds),
            Err(SeriesError::TooManySeries { limit: 1 })
        ));
        let mixed = all("ts,value\n2025-01-01,1\n7,1\n", Bounds::default()).unwrap_err().to_string();
        assert!(mixed.starts_with("row 3, column `ts`: a whole number"), "{mixed}");
    }
}
