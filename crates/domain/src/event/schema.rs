//! The JSON schema of the values that events are made of.

use crate::id;
use crate::role::RoleName;
use crate::{Amount, BillingPeriod, CurrencyCode};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

/// A moment in an event: RFC 3339, UTC.
pub type Moment = DateTime<Utc>;

/// A value that events have, and its JSON schema (2020-12).
pub trait Field {
    /// The schema.
    fn schema() -> Value;
    /// Whether the value may be missing.
    const OPTIONAL: bool = false;
    /// Whether it is missing.
    fn is_missing(&self) -> bool {
        false
    }
}

impl<T: Field> Field for Option<T> {
    fn schema() -> Value {
        T::schema()
    }
    const OPTIONAL: bool = true;
    fn is_missing(&self) -> bool {
        self.is_none()
    }
}

impl<T: Field> Field for Vec<T> {
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema(), "maxItems": 100 })
    }
}

impl Field for String {
    fn schema() -> Value {
        json!({ "type": "string", "maxLength": 1000 })
    }
}

impl Field for u64 {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0 })
    }
}

impl Field for bool {
    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl Field for Moment {
    fn schema() -> Value {
        json!({ "type": "string", "format": "date-time" })
    }
}

impl Field for NaiveDate {
    fn schema() -> Value {
        json!({ "type": "string", "format": "date" })
    }
}

impl Field for Amount {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" })
    }
}

impl Field for CurrencyCode {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[A-Z]{3}$" })
    }
}

impl Field for BillingPeriod {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$" })
    }
}

impl Field for RoleName {
    fn schema() -> Value {
        json!({ "type": "string", "maxLength": 100 })
    }
}

macro_rules! id_fields {
    ($($name:ident = $prefix:literal),* $(,)?) => {$(
        impl Field for id::$name {
            fn schema() -> Value {
                json!({ "type": "string", "pattern": concat!("^", $prefix, "_[0-9a-f]{32}$") })
            }
        }
    )*};
}

id_fields!(
    AccountId = "acc",
    SessionId = "ses",
    SourceId = "src",
    TokenId = "tok",
    RoleId = "rol",
    StaffAccessId = "sta",
    BackupId = "bkp",
    WebhookId = "whk",
    WorkspaceId = "wsp",
    CertificateId = "crt",
);

/// A closed list of words as a field.
pub trait Word {
    /// The words.
    const WORDS: &'static [&'static str];
}

macro_rules! event_words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$item])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl $crate::event::Word for $name {
            const WORDS: &'static [&'static str] = &[$($word),*];
        }

        impl $crate::event::Field for $name {
            fn schema() -> serde_json::Value {
                serde_json::json!({ "type": "string", "enum": <Self as $crate::event::Word>::WORDS })
            }
        }
    )*};
}
pub(super) use event_words;
