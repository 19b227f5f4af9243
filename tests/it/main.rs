//! Behaviour of the whole program, shown through the binary.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says why")]

mod access;
mod alike;
mod bad_input;
mod ci;
mod classify;
mod declared;
mod determinism;
mod diff;
mod documents;
mod facts;
mod fault;
mod fix;
mod flows;
mod formats;
mod gaps;
mod gate;
mod guides;
mod hostile;
mod house;
mod iac;
mod labels;
mod ledger;
mod lineage;
mod machine;
mod oracle;
mod output;
mod planted;
mod platforms;
mod policies;
mod privacy;
mod program;
#[cfg(feature = "prove")]
mod prove;
mod purposes;
mod python;
mod recorded;
mod released;
mod secrets;
mod suggest;
