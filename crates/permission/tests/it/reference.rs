//! The reference page says what the policies say.
//!
//! `BURSAR_WRITE_DOCS=1 cargo test -p bursar-permission --test it` writes it anew.

use bursar_permission::{PermissionEngine, reference_page};
use std::path::PathBuf;

#[test]
fn the_printed_matrix_is_current() {
    // claim C5
    let text = reference_page(&PermissionEngine::new().unwrap());
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/permissions.md");
    if std::env::var_os("BURSAR_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "docs/reference/permissions.md is not current: run this test with BURSAR_WRITE_DOCS=1"
    );
}
