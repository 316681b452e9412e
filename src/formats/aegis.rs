//! Aegis: plain and encrypted vaults, both directions.
