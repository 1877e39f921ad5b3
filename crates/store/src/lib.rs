//! The control plane, on SQLCipher files or PostgreSQL, behind one concrete type.
