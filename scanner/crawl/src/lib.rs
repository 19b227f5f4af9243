//! Reads bytes into an inventory of the platform
