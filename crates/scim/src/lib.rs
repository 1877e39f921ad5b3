//! SCIM 2.0 as code: what an identity provider may say about users and groups, and what it means.
//!
//! Sources: RFC 7643 (schema), RFC 7644 (protocol), RFC 9865 (cursor pagination); where Microsoft Entra ID
//! says things otherwise ("True" for true, `Add` for `add`, a path where no attribute is yet), both are
//! understood.
//!
//! Pure: it knows neither HTTP nor where users are kept. What it refuses: a filter, a path or a value
//! beyond the bounds in [`filter`] and [`resource`]; a change of what only the server may set; a removal
//! of what must be there. Attributes that no schema here names are left out silently, as RFC 7644 §3.3
//! allows: providers send many.
//!
//! ```
//! use bursar_scim::{Kind, Patch, Resource, User};
//! use serde_json::json;
//!
//! let mut resource = Resource::read(Kind::User, &json!({ "userName": "ana@example.com" }))?;
//! let patch = Patch::read(&json!({ "Operations": [{ "op": "Replace", "path": "active", "value": "False" }] }))?;
//! assert!(resource.apply(&patch)?);
//! let user = User::try_from(resource)?;
//! assert_eq!((user.user_name.as_str(), user.active), ("ana@example.com", Some(false)));
//! # Ok::<(), bursar_scim::ScimError>(())
//! ```

pub mod discovery;
pub mod error;
pub mod filter;
pub mod group;
pub mod listing;
pub mod patch;
pub mod path;
pub mod projection;
mod render;
pub mod resource;
pub mod schema;
pub mod sort;
pub mod user;
mod value;

pub use error::{ScimError, ScimType};
pub use filter::Filter;
pub use group::Group;
pub use listing::{Cursor, ListAnswer, PageRequest, Query};
pub use patch::Patch;
pub use path::AttributePath;
pub use projection::Projection;
pub use render::{GroupOf, Identity, put_groups};
pub use resource::Resource;
pub use schema::Kind;
pub use sort::Sort;
pub use user::User;
