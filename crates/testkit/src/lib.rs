//! What tests share: peers, fixtures, a running program
