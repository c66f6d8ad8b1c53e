//! The part of a fence that Landlock does not cover, by filters on system calls: kinds of sockets,
//! limits of processes elsewhere, and mounts.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp,
    SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::base::unit::Network;

/// On x86-64 a second set of numbers leads to the same calls where the kernel has the x32 ABI.
#[cfg(target_arch = "x86_64")]
const NUMBER_SETS: &[i64] = &[0, 0x4000_0000];
#[cfg(not(target_arch = "x86_64"))]
const NUMBER_SETS: &[i64] = &[0];
/// The lowest bits of a socket type; flags stand above them (socket(2)).
const TYPE: u64 = 0xf;

/// Calls that could lift a cover, or reach below it, given the right to: mounts and handles of files.
const MOUNTS: &[i64] = &[
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_open_by_handle_at,
];
/// The same number on all processors.
const OPEN_TREE_ATTR: i64 = 467;
/// Namespaces in which a process could have that right.
const NAMESPACES: &[i32] = &[libc::CLONE_NEWNS, libc::CLONE_NEWUSER];

/// One test of an argument.
type Test = (u8, SeccompCmpOp, u64);

/// Calls and the rules by which they are refused; none: always.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The filters of a fence. A program for another processor than ours (a 32-bit one) is killed by
/// them.
pub(super) fn filters(network: &Network, covers: bool) -> Result<Vec<BpfProgram>, BackendError> {
    let mut rules = Rules::new();
    let mut refuse = |call, tests: &[Vec<Test>]| add(&mut rules, call, tests);
    // A limit of processor time kills, and signals are fenced.
    refuse(libc::SYS_prlimit64, &[vec![(0, SeccompCmpOp::Ne, 0)]])?;
    if *network != Network::All {
        refuse_ways_out(network, &mut refuse)?;
    }
    if !covers {
        return Ok(vec![program(rules, libc::EACCES)?]);
    }
    refuse_mounts(&mut refuse)?;
    let mut unknown = Rules::new();
    // Its flags lie in memory, where no filter looks. Who is told that there is no such call uses
    // the older one.
    add(&mut unknown, libc::SYS_clone3, &[])?;
    Ok(vec![program(rules, libc::EACCES)?, program(unknown, libc::ENOSYS)?])
}

fn add(rules: &mut Rules, call: i64, tests: &[Vec<Test>]) -> Result<(), BackendError> {
    for set in NUMBER_SETS {
        let all = tests.iter().map(|tests| rule(tests)).collect::<Result<Vec<_>, _>>()?;
        rules.insert(set | call, all);
    }
    Ok(())
}

fn program(rules: Rules, errno: i32) -> Result<BpfProgram, BackendError> {
    let arch = std::env::consts::ARCH.try_into()?;
    let refused = SeccompAction::Errno(errno as u32);
    SeccompFilter::new(rules, SeccompAction::Allow, refused, arch)?.try_into()
}

fn refuse_mounts(
    refuse: &mut impl FnMut(i64, &[Vec<Test>]) -> Result<(), BackendError>,
) -> Result<(), BackendError> {
    MOUNTS.iter().try_for_each(|call| refuse(*call, &[]))?;
    let one = |flag: &i32| (0, SeccompCmpOp::MaskedEq(*flag as u64), *flag as u64);
    let new: Vec<Vec<Test>> = NAMESPACES.iter().map(|flag| vec![one(flag)]).collect();
    refuse(libc::SYS_unshare, &new)?;
    refuse(libc::SYS_clone, &new)
}

fn refuse_ways_out(
    network: &Network,
    refuse: &mut impl FnMut(i64, &[Vec<Test>]) -> Result<(), BackendError>,
) -> Result<(), BackendError> {
    refuse(libc::SYS_socket, &sockets(network))?;
    // A ring of requests opens sockets past this filter.
    refuse(libc::SYS_io_uring_setup, &[])?;
    // TCP Fast Open connects by sending, and Landlock looks at connect(2) only.
    let fast = libc::MSG_FASTOPEN as u64;
    for (call, flags) in [(libc::SYS_sendto, 3), (libc::SYS_sendmsg, 2), (libc::SYS_sendmmsg, 3)] {
        refuse(call, &[vec![(flags, SeccompCmpOp::MaskedEq(fast), fast)]])?;
    }
    Ok(())
}

fn rule(tests: &[Test]) -> Result<SeccompRule, BackendError> {
    let one = |(at, how, value): &Test| SeccompCondition::new(*at, Dword, how.clone(), *value);
    SeccompRule::new(tests.iter().map(one).collect::<Result<_, _>>()?)
}

/// Sockets that are refused: each entry by all its tests.
fn sockets(network: &Network) -> Vec<Vec<Test>> {
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let number = |value: i32| value as u64;
    let (v4, v6) = (number(libc::AF_INET), number(libc::AF_INET6));
    let known = [number(libc::AF_UNIX), number(libc::AF_NETLINK), v4, v6];
    // Neighbours of a virtual machine, raw frames, and what else carries data elsewhere.
    let mut all = vec![known.map(|family| (0, Ne, family)).to_vec()];
    for family in [v4, v6] {
        match network {
            Network::All => (),
            Network::None => all.push(vec![(0, Eq, family)]),
            Network::Ports(_) => {
                let kind = |kind: i32| vec![(0, Eq, family), (1, MaskedEq(TYPE), number(kind))];
                // Streams that are not TCP itself (MPTCP, SMC, SCTP) know no fence of ports.
                let tcp = number(libc::IPPROTO_TCP);
                all.push([kind(libc::SOCK_STREAM), vec![(2, Ne, 0), (2, Ne, tcp)]].concat());
                all.push(kind(libc::SOCK_SEQPACKET));
                all.push(kind(libc::SOCK_DCCP));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_network_takes_a_longer_filter() {
        let length = |network| filters(&network, false).unwrap()[0].len();
        let (all, none, ports) = (Network::All, Network::None, Network::Ports(vec![443]));
        let (all, none, ports) = (length(all), length(none), length(ports));
        assert!(0 < all && all < none && none < ports, "{all} {none} {ports}");
        assert_eq!(filters(&Network::All, true).unwrap().len(), 2);
    }
}
