//! Judges an inventory by Cedar policies and frameworks
