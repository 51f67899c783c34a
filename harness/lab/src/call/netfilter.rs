//! Packet filters: requests of nf_tables, which nft(8) makes.
//!
//! How a request is written and sent lives in `rtnetlink`.

use super::argument::Text;
use super::calls;
use super::rtnetlink::{CREATE, RequestBody, attributes, exchange, message, text_of, value_of};
use crate::outcome::{Errno, Value};
use netlink_packet_core::{DefaultNla, NLM_F_ACK, NLM_F_DUMP};
use netlink_sys::{Socket, protocols::NETLINK_NETFILTER};

calls! {
    /// Requests about packet filters.
    Netfilter, NetfilterCalls, actor:

    /// Adds a table for IPv4 with a chain that drops all that is sent.
    nft_drop_output(table: Text) composes "NFT_MSG_NEWTABLE and NFT_MSG_NEWCHAIN of nf_tables, in one batch" {
        let hook = [
            DefaultNla::new(NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT.to_be_bytes().to_vec()),
            DefaultNla::new(NFTA_HOOK_PRIORITY, 0u32.to_be_bytes().to_vec()),
        ];
        let new_table = ipv4().with_text(NFTA_TABLE_NAME, &table.0);
        let new_chain = ipv4()
            .with_text(NFTA_CHAIN_TABLE, &table.0)
            .with_text(NFTA_CHAIN_NAME, b"output")
            .with_nested(NFTA_CHAIN_HOOK, &hook)
            .with(NFTA_CHAIN_POLICY, &NF_DROP.to_be_bytes())
            .with_text(NFTA_CHAIN_TYPE, b"filter");
        let batch = [
            message(NFNL_MSG_BATCH_BEGIN, &RequestBody::netfilter(0, NFNL_SUBSYS_NFTABLES), 0),
            message(request(NFT_MSG_NEWTABLE), &new_table, CREATE),
            // The answer to it is the one that counts: where the table fails the whole batch does.
            message(request(NFT_MSG_NEWCHAIN), &new_chain, NLM_F_ACK | CREATE),
            message(NFNL_MSG_BATCH_END, &RequestBody::netfilter(0, NFNL_SUBSYS_NFTABLES), 0),
        ];
        exchange(&Socket::new(NETLINK_NETFILTER)?, &batch.concat())?;
        Ok(Value::ZERO)
    }

    /// Lists the tables for IPv4.
    nft_tables() observes "NFT_MSG_GETTABLE of nf_tables for all tables; of each the name" {
        let ask = message(request(NFT_MSG_GETTABLE), &ipv4(), NLM_F_DUMP);
        let mut names = Vec::new();
        for reply in exchange(&Socket::new(NETLINK_NETFILTER)?, &ask)? {
            let found = attributes(&reply, NETFILTER_HEADER)?;
            let name = value_of(&found, NFTA_TABLE_NAME).ok_or(Errno(libc::EPROTO))?;
            names.push(Value::word(text_of(name)));
        }
        Ok(Value::List(names))
    }
}

/// The length of `struct nfgenmsg`.
const NETFILTER_HEADER: usize = 4;

/// Numbers of linux/netfilter.h, linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h.
const NFPROTO_IPV4: u8 = 2;
const NF_DROP: u32 = 0;
const NF_INET_LOCAL_OUT: u32 = 3;
const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
const NFNL_MSG_BATCH_END: u16 = 0x11;
const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFT_MSG_NEWTABLE: u16 = 0;
const NFT_MSG_GETTABLE: u16 = 1;
const NFT_MSG_NEWCHAIN: u16 = 3;
const NFTA_TABLE_NAME: u16 = 1;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_POLICY: u16 = 5;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;

/// A body about IPv4.
fn ipv4() -> RequestBody {
    RequestBody::netfilter(NFPROTO_IPV4, 0)
}

/// The type of a message of nf_tables, which has its subsystem in the upper byte.
fn request(kind: u16) -> u16 {
    NFNL_SUBSYS_NFTABLES << 8 | kind
}
