//! The right to the usual ports. Two supervisors that start at the same time would both find them free;
//! and a process that is restarted lets go of its port for a moment, in which nobody else may take it.
//! So one supervisor at a time has all of them, for as long as it lives.

use std::os::unix::net::UnixListener;

/// Held by the supervisor that may use the usual ports.
#[derive(Debug)]
pub(crate) struct PortReservation {
    _held: Option<UnixListener>,
}

impl PortReservation {
    /// Takes it; none while somebody else on this machine holds it.
    #[cfg(target_os = "linux")]
    pub(crate) fn try_take() -> Option<Self> {
        use std::os::linux::net::SocketAddrExt as _;
        use std::os::unix::net::SocketAddr;

        // A name without a file is in the same namespace as the ports are, and ends with its process.
        let name = SocketAddr::from_abstract_name("murmuration/usual-ports").ok()?;
        let held = UnixListener::bind_addr(&name).ok()?;
        Some(Self { _held: Some(held) })
    }

    /// Elsewhere there are no such names: two that start at once may meet, and one falls back later.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn try_take() -> Option<Self> {
        Some(Self { _held: None })
    }
}
