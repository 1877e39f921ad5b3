//! The nouns of Bursar: money, currencies, periods, ids, who acts, roles, scopes, the clock and randomness as
//! values.
//!
//! Everything here is plain data. The crate does no I/O, knows no clock but the one it is
//! handed, and depends on no other crate of the workspace (floor 0).
//!
//! Refused on purpose: adding two currencies, a period that includes its end, an id of one
//! kind where another is asked for.

pub mod clock;
pub mod currency;
pub mod email;
pub mod event;
pub mod id;
pub mod money;
pub mod period;
pub mod principal;
pub mod random;
pub mod rate;
pub mod region;
pub mod role;
pub mod scope;

pub use clock::Clock;
pub use currency::CurrencyCode;
pub use email::EmailAddress;
pub use money::{Amount, AmountError, Money};
pub use period::{BillingPeriod, DateRange};
pub use principal::{Actor, Principal};
pub use random::{Randomness, RandomnessError};
pub use region::RegionName;
pub use role::{Action, Page, Role, RoleName};
pub use scope::{Scope, ScopeRule};
