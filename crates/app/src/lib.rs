//! What the product does: workspaces, sources, asking, the demo

pub mod demo;
