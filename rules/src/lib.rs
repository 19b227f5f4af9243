//! Recognises sensitive values, secrets, resources and library calls by rule packs
