"""The SGP.22 messages as ASN.1: `rsp.asn` is the source, `rsp.json` its parsed form (`make schema`)."""
