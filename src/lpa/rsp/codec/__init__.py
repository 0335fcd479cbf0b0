"""ASN.1: TLVs, the schema, and the codec: tables made from `asn1/rsp.asn`, and what interprets them."""
