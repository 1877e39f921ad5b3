//! The lake against real stores.

#[cfg(test)]
mod few_rows;
#[cfg(test)]
mod scope;
#[cfg(test)]
mod sources;
