"""ASN.1: TLVs, the schema, and the codec of asn1tools."""
