//! tun devices: Documentation/networking/tuntap.rst.
//!
//! Their file is made and opened by the calls of `file`; once made, they are devices like others:
//! see `device`.

use super::argument::{Descriptor, Text};
use super::calls;
use crate::outcome::{Errno, check};

/// `TUNSETIFF` and `TUNGETDEVNETNS` of linux/if_tun.h.
const TUNSETIFF: u64 = 0x4004_54ca;
const TUNGETDEVNETNS: u64 = 0x54e3;

calls! {
    /// Calls about tun devices.
    Tun, TunCalls, actor:

    /// Makes a tun device of this name, in the network namespace in which the descriptor was opened, and attaches it to the descriptor.
    ioctl_tunsetiff(fd: Descriptor, name: Text) => "ioctl({}, TUNSETIFF, {ifr_name={}, ifr_flags=IFF_TUN|IFF_NO_PI})" {
        if name.0.len() >= libc::IFNAMSIZ {
            return Err(Errno(libc::EINVAL));
        }
        // SAFETY: all-zero is a valid ifreq, which has room for the name and its end; it outlives the call.
        check(unsafe {
            let mut request: libc::ifreq = std::mem::zeroed();
            for (place, byte) in request.ifr_name.iter_mut().zip(&name.0) {
                *place = *byte as libc::c_char;
            }
            request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
            libc::ioctl(fd.0, TUNSETIFF as _, &raw mut request)
        })
    }

    /// Opens the network namespace that the device of a descriptor is in.
    ioctl_tungetdevnetns(fd: Descriptor) => "ioctl({}, TUNGETDEVNETNS)" {
        // SAFETY: this request takes no argument.
        check(unsafe { libc::ioctl(fd.0, TUNGETDEVNETNS as _, 0) })
    }
}
