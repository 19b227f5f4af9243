//! Governance and compliance scanner for data and ML platforms
