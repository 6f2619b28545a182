// Names below `localhost` are this machine's (RFC 6761), also where its resolver does not know them.
import dns from "node:dns";

const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, ...rest);
