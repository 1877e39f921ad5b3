//! What the engine promises, from outside.

mod reference;
