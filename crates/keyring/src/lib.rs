//! Envelope keys: a master key wraps a key per workspace, which wraps keys by purpose
