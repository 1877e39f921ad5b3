//! What people set up for the figures, as one sealed document each, changed by comparing.

use super::InsightError;
use crate::installation::Entered;
use bursar_store::{Entry, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Times that a change is tried when others change the same document.
const ATTEMPTS: usize = 5;

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It does not read.
    #[error("the document `{0}` of the workspace is damaged or of a newer version")]
    Damaged(&'static str),
    /// It could not be written.
    #[error("the document `{0}` cannot be written")]
    Encode(&'static str),
    /// Others change it at the same time.
    #[error("`{0}` is being changed by others: try again")]
    Contended(&'static str),
}

/// The document, or an empty one.
pub(super) async fn read<T: DeserializeOwned + Default>(
    by: &Entered,
    name: &'static str,
) -> Result<T, InsightError> {
    let text = by.store().setting(name).await?;
    Ok(parse(name, text.as_deref())?)
}

fn parse<T: DeserializeOwned + Default>(name: &'static str, text: Option<&str>) -> Result<T, DocumentError> {
    match text {
        None => Ok(T::default()),
        Some(text) => serde_json::from_str(text).map_err(|_| DocumentError::Damaged(name)),
    }
}

/// Changes the document; `change` may be called again when somebody else was quicker. The record has what
/// `change` says was done.
pub(super) async fn change<T: DeserializeOwned + Serialize + Default, R>(
    by: &Entered,
    name: &'static str,
    mut change: impl FnMut(&mut T) -> Result<(Entry, R), InsightError>,
) -> Result<R, InsightError> {
    for _ in 0..ATTEMPTS {
        let before = by.store().setting(name).await?;
        let mut document: T = parse(name, before.as_deref())?;
        let (entry, result) = change(&mut document)?;
        let after = serde_json::to_string(&document).map_err(|_| DocumentError::Encode(name))?;
        if before.as_deref() == Some(after.as_str()) {
            return Ok(result);
        }
        match by.store().change_setting(by.actor(), name, before.as_deref(), Some(&after), entry).await {
            Ok(()) => return Ok(result),
            Err(StoreError::Stale(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(DocumentError::Contended(name).into())
}
