//! What Bursar does: workspaces with their sources, asking them, refreshing them, the demo.
//!
//! No HTTP and no command line here: `bursar-server` and `bursar` turn their words into calls of
//! [`Workspace`] and its answers into theirs.

pub mod answer;
mod cache;
mod catalogue;
mod conformance;
mod dashboard;
pub mod data_dir;
pub mod demo;
mod dimensions;
pub mod error;
pub mod export;
mod history;
pub mod insight;
pub mod installation;
pub mod question;
mod refresh;
mod table;
pub mod workspace;
pub mod workspace_file;

pub use answer::Answer;
pub use data_dir::{DataDir, DataDirError};
pub use error::AskError;
pub use installation::{Installation, InstallationConfig};
pub use question::{Compare, Conversion, Dimension, Filter, Grain, Measure, Operator, Question};
pub use workspace::{Environment, Keep, Workspace, engine};
pub use workspace_file::{SourceEntry, WorkspaceFile};
