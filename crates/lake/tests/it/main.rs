//! The lake against real stores.

#[cfg(test)]
mod sources;
