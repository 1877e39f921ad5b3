//! How ids, moments and words stand in columns, the same in both databases.
//!
//! Ids are UUIDs (16 bytes on SQLite). Moments are whole microseconds since 1970 in a 64-bit
//! integer: text would keep nanoseconds on one database and not on the other.

use crate::StoreError;
use bursar_domain::id;
use bursar_keyring::{Randomness, RandomnessError};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// An id of the domain as a column value.
pub(crate) trait Key: Copy {
    fn uuid(self) -> Uuid;
    fn from_uuid(uuid: Uuid) -> Self;
}

macro_rules! keys {
    ($($name:ident),* $(,)?) => {$(
        impl Key for id::$name {
            fn uuid(self) -> Uuid {
                Uuid::from_u128(self.as_u128())
            }
            fn from_uuid(uuid: Uuid) -> Self {
                Self::from_u128(uuid.as_u128())
            }
        }
    )*};
}

keys!(
    WorkspaceId,
    SourceId,
    AccountId,
    SessionId,
    LinkId,
    PasskeyId,
    IdentityProviderId,
    TeamId,
    RoleId,
    TokenId,
    InvitationId,
    ScimUserId,
    GroupId,
    BackupId,
    StaffAccessId,
    RecordId,
    CertificateId,
    RequestId,
    EventId,
    WebhookId,
    ChannelId,
    AlertRuleId,
    DispatchId,
    NoticeId,
);

/// Makes ids in the order in which they are asked for.
///
/// An id is 48 bits of milliseconds, a 12-bit count and 62 random bits (RFC 9562, version 7, with the
/// counter of its section 6.2), so that the order of ids is the order of making, which is what
/// lists are paged by. More than 4096 ids in a millisecond run ahead of the clock.
#[derive(Debug, Default)]
pub(crate) struct Ids(AtomicU64);

impl Ids {
    pub(crate) fn next(&self, now: DateTime<Utc>, random: &dyn Randomness) -> Result<Uuid, RandomnessError> {
        let floor = u64::try_from(now.timestamp_millis()).unwrap_or_default() << 12;
        let step = |last: u64| floor.max(last.saturating_add(1));
        let last = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(step(last)));
        let count = last.map_or(floor, step);
        let mut bytes = [0; 10];
        random.fill(&mut bytes)?;
        // The version is put over the first four bits, the variant over two of the third byte.
        bytes[..2].copy_from_slice(&((count & 0xFFF) as u16).to_be_bytes());
        Ok(uuid::Builder::from_unix_timestamp_millis(count >> 12, &bytes).into_uuid())
    }
}

/// A moment as a column value.
pub(crate) const fn micros(moment: DateTime<Utc>) -> i64 {
    moment.timestamp_micros()
}

/// The moment that a column has.
pub(crate) fn moment(micros: i64, table: &'static str) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros)
        .ok_or(StoreError::Damaged { table, what: "a moment is out of range" })
}

/// The same for a column that may be empty.
pub(crate) fn maybe_moment(
    micros: Option<i64>,
    table: &'static str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    micros.map(|micros| moment(micros, table)).transpose()
}

/// A span as a column value; longer than 292,000 years counts as that.
pub(crate) fn span(delta: TimeDelta) -> i64 {
    delta.num_microseconds().unwrap_or(i64::MAX / 4)
}

/// A column's text as one of the domain's words.
pub(crate) fn word<T: std::str::FromStr>(text: &str, table: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged { table, what: "a word is not known" })
}

/// A list of words in one column, separated by spaces.
pub(crate) fn list<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Reads what [`list`] wrote.
pub(crate) fn unlist<T: std::str::FromStr>(text: &str, table: &'static str) -> Result<Vec<T>, StoreError> {
    text.split_ascii_whitespace().map(|item| word(item, table)).collect()
}

/// JSON in a column.
pub(crate) fn json<T: serde::Serialize>(value: &T, table: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Damaged { table, what: "a value has no JSON" })
}

/// Reads what [`json`] wrote.
pub(crate) fn unjson<T: serde::de::DeserializeOwned>(
    text: &str,
    table: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged { table, what: "its JSON does not read" })
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging<K> {
    /// The last one of the page before; none for the first page.
    pub after: Option<K>,
    /// At most this many; more than [`MAX_PAGE`] count as that.
    pub limit: u64,
}

/// The longest page.
pub const MAX_PAGE: u64 = 1_000;

impl<K> Default for Paging<K> {
    fn default() -> Self {
        Self { after: None, limit: MAX_PAGE }
    }
}

impl<K> Paging<K> {
    pub(crate) fn limit(&self) -> u64 {
        self.limit.clamp(1, MAX_PAGE)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $($(#[$item:meta])* $variant:ident = $word:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$item])* $variant,)*
        }

        impl $name {
            /// The word, as it is stored and written in answers.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::StoreError;
            fn from_str(text: &str) -> Result<Self, $crate::StoreError> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::StoreError::Damaged { table: stringify!($name), what: "a word is not known" }),
                }
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_back_to_the_microsecond() {
        let now = DateTime::from_timestamp_micros(1_795_358_096_123_456).unwrap();
        assert_eq!(moment(micros(now), "t").unwrap(), now);
        assert!(moment(i64::MAX, "t").is_err());
    }

    #[test]
    fn ids_are_in_order_even_when_the_clock_stands_still_or_goes_back() {
        struct Zeros;
        impl Randomness for Zeros {
            fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
                buffer.fill(0);
                Ok(())
            }
        }
        let (ids, now) = (Ids::default(), DateTime::from_timestamp_millis(1_795_358_096_123).unwrap());
        let mut last = Uuid::nil();
        for n in 0..10_000_i64 {
            let now = if n % 7 == 0 { now - TimeDelta::seconds(n) } else { now };
            let id = ids.next(now, &Zeros).unwrap();
            assert!(id > last, "{id} after {last}");
            assert_eq!(id.get_version_num(), 7);
            last = id;
        }
    }

    #[test]
    fn lists_read_back() {
        use bursar_domain::Page;
        let pages = [Page::Dashboard, Page::Sql];
        assert_eq!(unlist::<Page>(&list(&pages), "t").unwrap(), pages);
        assert!(unlist::<Page>("dashboard boss", "t").is_err());
        assert!(unlist::<Page>("", "t").unwrap().is_empty());
    }
}
