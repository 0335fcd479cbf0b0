"""ASN.1: TLVs, the schema, and the way into asn1tools."""
